"""OpenAPI 3.0 and 3.1 documents (Swagger 2.0 leniently): from bytes to operations that answer with JSON."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urljoin, urlsplit, urlunsplit

from catalog.common.documents import read_document
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.observations import ObservedField
from catalog.connections.connectors.openapi_schema import FieldReader, resolved

METHODS: Final = ("get", "query", "post", "put", "patch", "delete")
READING: Final = frozenset({"get", "query"})
MAX_COMMENT = 3_000
_JSON: Final = re.compile(
    r"(application|text)/([\w.+-]+\+)?(json|x-ndjson|jsonl|json-seq)\b|\*/\*", re.IGNORECASE
)
_FIRST: Final = ("200", "201", "203", "206", "202")  # of several successful answers, the likelier first


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation and the answer it gives when all goes well."""

    method: str
    path: str
    url: str  # where it is asked; empty where the document does not say
    schema: Any
    comment: str
    tags: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.method.upper()} {self.path}"


@dataclass(frozen=True, slots=True)
class Api:
    """A document that was read. `version` is that of the format: 2.0, 3.0.3, 3.1.0."""

    document: Mapping[str, Any]
    version: str
    title: str
    operations: tuple[Operation, ...]

    def fields(self, operation: Operation) -> tuple[ObservedField, ...]:
        return FieldReader(self.document).read(operation.schema)

    def grouped(self, operations: Iterable[Operation]) -> tuple[ObservedField, ...]:
        """The answers of several operations, each as a field."""
        reader = FieldReader(self.document)
        for operation in operations:
            reader.group(operation.name, operation.comment, operation.schema)
        return tuple(reader.found)

    def description_of(self, tag: str) -> str:
        tags = self.document.get("tags")
        for item in tags if isinstance(tags, list) else []:
            if isinstance(item, Mapping) and item.get("name") == tag:
                return _text(item.get("description"))[:MAX_COMMENT]
        return ""


def read_api(raw: bytes, address: str) -> Api:
    """The API a document describes; `address` is where the document was found.

    Raises SourceError: too_large, malformed (with line or path), unsupported.
    """
    read = read_document(raw)
    problem = next((item for item in read.problems if item.severity == "error"), None)
    if problem is not None and problem.rule == "size":
        raise SourceError("too_large", problem.message, "Split the document.")
    if problem is not None:
        raise SourceError("malformed", problem.message, "Check the document with its author.")
    document = read.data
    version = (
        _text(document.get("openapi") or document.get("swagger")) if isinstance(document, Mapping) else ""
    )
    if not version:
        raise SourceError(
            "malformed",
            "This is not an OpenAPI document: it does not begin with “openapi” or “swagger”.",
            "Give the address of the document itself, not of a page that shows it.",
        )
    if not re.match(r"(2\.0|3\.\d+)(\.|$)", version):
        raise SourceError(
            "unsupported", f"OpenAPI {version[:20]} is not read.", "Write it as OpenAPI 3.0 or 3.1."
        )
    info = document.get("info")
    title = _text(info.get("title")) if isinstance(info, Mapping) else ""
    return Api(document, version[:20], title[:200], tuple(_operations(document, address)))


def _operations(document: Mapping[str, Any], address: str) -> Iterator[Operation]:
    paths = document.get("paths")
    for path, item in paths.items() if isinstance(paths, Mapping) else ():
        methods = resolved(document, item)
        for method in METHODS:
            operation = methods.get(method)
            if not isinstance(operation, Mapping):
                continue
            answer = resolved(document, _successful(operation))
            kinds, schema = _json_answer(document, operation, answer)
            if not kinds:
                continue
            tags = operation.get("tags")
            yield Operation(
                method=method,
                path=str(path),
                url=_joined(_server(document, methods, operation, address), str(path)),
                schema=schema,
                comment=_comment(methods, operation, answer, kinds),
                tags=tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
            )


def _successful(operation: Mapping[str, Any]) -> Any:
    """The answer that counts: 200 before other successes, `default` where no success is named."""
    answers = operation.get("responses")
    if not isinstance(answers, Mapping):
        return None
    known = {str(code).upper(): answer for code, answer in answers.items()}
    others = sorted(code for code in known if code.startswith("2") and code not in _FIRST)
    return next((known[code] for code in (*_FIRST, *others, "DEFAULT") if code in known), None)


def _json_answer(
    document: Mapping[str, Any], operation: Mapping[str, Any], answer: Mapping[str, Any]
) -> tuple[list[str], Any]:
    """The media types of an answer and the schema of its JSON; no media types where it has no JSON."""
    content = answer.get("content")
    if isinstance(content, Mapping):
        kinds = [str(kind) for kind in content]
        for kind in kinds:
            if _JSON.match(kind):
                return kinds, resolved(document, content[kind]).get("schema")
        return [], None
    if not _is_swagger(document) or "schema" not in answer:
        return [], None
    produced = operation.get("produces", document.get("produces", ["application/json"]))
    kinds = [str(kind) for kind in produced] if isinstance(produced, list) else []
    return (kinds, answer["schema"]) if any(map(_JSON.match, kinds)) else ([], None)


def _comment(
    methods: Mapping[str, Any], operation: Mapping[str, Any], answer: Mapping[str, Any], kinds: list[str]
) -> str:
    """What the document says of an operation, for people."""
    parts = [_text(operation.get("summary")) or _text(methods.get("summary"))]
    parts.append(_text(operation.get("description")) or _text(methods.get("description")))
    if not any(parts):
        parts.append(_text(answer.get("description")))
    if operation.get("deprecated") is True:
        parts.append("Deprecated.")
    said = "\n\n".join(dict.fromkeys(filter(None, (part.strip() for part in parts))))
    return f"{said[:MAX_COMMENT]}\n\nAnswers with {', '.join(kinds[:10])}.".strip()


def _server(
    document: Mapping[str, Any], methods: Mapping[str, Any], operation: Mapping[str, Any], address: str
) -> str:
    """The first server named nearest to the operation, relative to where the document was found."""
    if _is_swagger(document):
        schemes = document.get("schemes")
        scheme = schemes[0] if isinstance(schemes, list) and schemes else urlsplit(address).scheme or "https"
        host = _text(document.get("host")) or urlsplit(address).netloc
        return _safe(f"{scheme}://{host}{_text(document.get('basePath'))}") if host else ""
    for level in (operation, methods, document):
        servers = level.get("servers")
        if isinstance(servers, list) and servers and isinstance(servers[0], Mapping):
            return _safe(urljoin(address, _filled(servers[0])))
    return _safe(urljoin(address, "/")) if address else ""


def _filled(server: Mapping[str, Any]) -> str:
    """A server's address with the default of each variable."""
    variables = server.get("variables")
    url = _text(server.get("url"))
    for name, variable in variables.items() if isinstance(variables, Mapping) else ():
        if isinstance(variable, Mapping):
            url = url.replace("{" + str(name) + "}", str(variable.get("default", "")))
    return url


def _safe(url: str) -> str:
    """An http(s) address without what signs in; "" for all else."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _joined(server: str, path: str) -> str:
    return server.rstrip("/") + "/" + path.lstrip("/") if server else ""


def _is_swagger(document: Mapping[str, Any]) -> bool:
    return _text(document.get("openapi") or document.get("swagger")).startswith("2")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
