"""The API as people read it: the operations of the OpenAPI document by area, with what goes in and what comes out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from drf_spectacular.generators import SchemaGenerator

from catalog.connections.connectors.observations import ObservedField
from catalog.connections.connectors.openapi_schema import FieldReader, resolved

METHODS: Final = ("get", "post", "put", "patch", "delete")
WRITES: Final = ("post", "put", "patch")


@dataclass(frozen=True, slots=True)
class Parameter:
    """What stands in the address or a header of a request."""

    name: str
    place: str  # path, query, header
    type: str
    is_required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer by its status; `fields` are empty where there is no JSON in it."""

    status: str
    description: str
    kinds: str
    fields: tuple[ObservedField, ...]


@dataclass(frozen=True, slots=True)
class ApiOperation:
    """One method of one address; `id` is its name in clients made from the document."""

    id: str
    method: str
    path: str
    description: str
    parameters: tuple[Parameter, ...]
    body: tuple[ObservedField, ...]
    body_kinds: str
    answers: tuple[Answer, ...]

    @property
    def opening(self) -> str:
        """The first sentence of the description."""
        return self.description.split("\n\n")[0].split(". ")[0].rstrip(".").replace("`", "")

    def command(self, portal: str) -> str:
        """The request as one types it into a shell; `portal` is the address of the portal."""
        method = "" if self.method == "get" else f"-X {self.method.upper()} "
        lines = [f'curl {method}-H "Authorization: Bearer $TOKEN" "{portal}{self.path}"']
        if self.body:
            lines.append('  -H "Content-Type: application/json" -d @body.json')
        return " \\\n".join(lines)


@dataclass(frozen=True, slots=True)
class Area:
    """The operations about one thing."""

    name: str
    operations: tuple[ApiOperation, ...]


@cache
def areas() -> tuple[Area, ...]:
    """Every operation of the portal, by area; read once per process, since addresses do not change while it runs."""
    generator = SchemaGenerator(api_version="1")  # type: ignore[no-untyped-call]  # the library has no types
    document = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    found: dict[str, list[ApiOperation]] = {}
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                operation = methods[method]
                area = next(iter(operation.get("tags", ())), "other")
                found.setdefault(area, []).append(_operation(document, path, method, operation))
    return tuple(Area(name, tuple(operations)) for name, operations in sorted(found.items()))


def _operation(document: Any, path: str, method: str, operation: Mapping[str, Any]) -> ApiOperation:
    body_kinds, body = _content(document, resolved(document, operation.get("requestBody")), is_sent=True)
    return ApiOperation(
        id=operation["operationId"],
        method=method,
        path=path,
        description=operation.get("description", ""),
        parameters=tuple(_parameters(document, operation)),
        body=body if method in WRITES else (),
        body_kinds=body_kinds,
        answers=tuple(_answers(document, operation)),
    )


def _parameters(document: Any, operation: Mapping[str, Any]) -> Iterator[Parameter]:
    for item in operation.get("parameters", ()):
        found = resolved(document, item)
        schema = resolved(document, found.get("schema"))
        words = [found.get("description", "")]
        if schema.get("enum"):
            words.append(f"One of {', '.join(map(str, schema['enum']))}.")
        yield Parameter(
            name=found["name"],
            place=found["in"],
            type=schema.get("format") or schema.get("type") or "text",
            is_required=bool(found.get("required")),
            description=" ".join(word for word in words if word),
        )


def _answers(document: Any, operation: Mapping[str, Any]) -> Iterator[Answer]:
    for status, item in sorted(operation.get("responses", {}).items()):
        answer = resolved(document, item)
        kinds, fields = _content(document, answer)
        yield Answer(str(status), answer.get("description", ""), kinds, fields)


def _content(
    document: Any, holder: Mapping[str, Any], *, is_sent: bool = False
) -> tuple[str, tuple[ObservedField, ...]]:
    """The media types of a body, and the fields of its JSON; those of a page of a list are those of its rows."""
    content = holder.get("content", {})
    schema = next((item.get("schema") for kind, item in content.items() if "json" in kind), None)
    if schema is None:
        return ", ".join(content), ()
    members = resolved(document, schema).get("properties", {})
    if {"count", "results"} <= set(members):
        schema = members["results"]
    return ", ".join(content), FieldReader(document, is_sent=is_sent).read(schema)
