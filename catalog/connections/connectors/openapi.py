"""OpenAPI documents: what an API answers, read from its description and not by asking it."""

import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from catalog.common.documents import MAX_BYTES
from catalog.connections.connectors.asking import TOKEN_FIELDS, ask, tls_of, whole
from catalog.connections.connectors.base import (
    CheckResult,
    CrawlContext,
    PortFacts,
    Steps,
    Wanted,
    read_each,
)
from catalog.connections.connectors.config import Config, ConfigField
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.observations import (
    Observation,
    ObservedAsset,
    ObservedField,
    ObservedReading,
    ObservedTls,
)
from catalog.connections.connectors.openapi_document import READING, Api, Operation, read_api
from catalog.connections.connectors.relational import EXCLUDE, INCLUDE, is_chosen

MAX_LISTED_FIELDS = 200_000  # of all operations together; beyond it the listing leaves them out
_ACCEPT: Final = "application/json, application/yaml;q=0.9, */*;q=0.1"


@dataclass(frozen=True, slots=True)
class _Found:
    """A document that was fetched and read."""

    api: Api
    latency_ms: float
    tls: ObservedTls | None  # None of a file


@dataclass(frozen=True, slots=True)
class _Unit:
    """What becomes one asset: an operation, or the operations of a group."""

    name: str
    address: Mapping[str, Any]
    comment: str
    operations: tuple[Operation, ...]


class OpenApiConnector:
    """The operations of one OpenAPI document that answer with JSON."""

    name = "openapi"
    title = "OpenAPI document"
    description = "What an API answers, from its OpenAPI 3 (or Swagger 2.0) document in JSON or YAML."
    config_fields = (
        ConfigField(
            name="url",
            label="Address of the document",
            kind="url",
            maximum=380,
            help="Such as https://api.example.org/openapi.json. Leave empty for a file.",
        ),
        ConfigField(
            name="path",
            label="File",
            kind="path",
            maximum=380,
            help="Its full path, below a folder an administrator allowed. Leave empty for an address.",
        ),
        ConfigField(
            name="unit",
            label="One port for",
            kind="choice",
            default="operation",
            choices=(
                ("operation", "Each operation that answers with JSON"),
                ("tag", "Each group of operations (by tag, else by path)"),
            ),
        ),
        ConfigField(
            name="operations",
            label="Operations",
            kind="choice",
            default="reading",
            choices=(("reading", "Those that read"), ("all", "All that answer with JSON")),
        ),
        *TOKEN_FIELDS,
        replace(
            INCLUDE, help="One pattern a line, such as GET /plays* or the name of a tag. Empty: everything."
        ),
        EXCLUDE,
    )

    def __init__(self, verify: ssl.SSLContext | None = None) -> None:
        self._verify = verify  # None: the public certificate authorities

    def check(self, config: Config, context: CrawlContext) -> CheckResult:
        steps = Steps()
        try:
            raw, _, _ = self._fetched(config, context)
            where = "The server answers." if config["url"] else "The file is there."
            steps.passed("reachable", where)
            steps.passed("signed_in", "The document may be read.")
            api = read_api(raw, config["url"])
            count = len(_units(api, config, context))
            if not count:
                raise SourceError(
                    "empty",
                    "No operation that matches answers with JSON.",
                    "Check the patterns, and which operations are chosen.",
                )
            steps.passed(
                "readable", f"OpenAPI {api.version}: {api.title or 'no title'}, {count} to choose from."
            )
        except SourceError as error:
            return steps.failed(error)
        return steps.result()

    def discover(self, config: Config, context: CrawlContext) -> Iterator[ObservedAsset]:
        api = self._read(config, context).api
        total = 0
        for unit in _units(api, config, context):
            context.remaining()
            fields = _fields(api, unit) if total < MAX_LISTED_FIELDS else None
            total += len(fields or ())
            yield _asset(config, unit, fields)

    def crawl(self, config: Config, wanted: Sequence[Wanted], context: CrawlContext) -> Iterator[Observation]:
        found = self._read(config, context)
        if found.tls is not None:
            yield found.tls
        everything = {**config, "include": [], "exclude": [], "operations": "all"}
        units = {_key(unit.address): unit for unit in _units(found.api, everything, context)}
        yield from read_each(wanted, context, partial(_observed, config, found, units))

    def facts(self, config: Config, address: Mapping[str, Any]) -> PortFacts:
        what = str(address.get("operation") or address.get("group") or "")
        method, _, path = what.partition(" ")
        where = f"{method} {address['url']}" if path and address.get("url") else f"{_document(config)} {what}"
        return PortFacts(location=where.strip(), format="JSON", platform="OpenAPI", modality="api")

    def _read(self, config: Config, context: CrawlContext) -> _Found:
        raw, latency, tls = self._fetched(config, context)
        return _Found(read_api(raw, config["url"]), latency, tls)

    def _fetched(self, config: Config, context: CrawlContext) -> tuple[bytes, float, ObservedTls | None]:
        """The document's bytes, how long they took to begin, and the encryption. Raises SourceError."""
        if bool(config["url"]) == bool(config["path"]):
            raise SourceError(
                "malformed", "Neither or both of address and file are given.", "Give one of them."
            )
        most = min(context.max_bytes, MAX_BYTES) + 1  # one more, so that what is too large is noticed
        if config["path"]:
            started = time.perf_counter()
            raw = _bytes_of(config, context, most)
            return raw, (time.perf_counter() - started) * 1000, None
        with ask(config, context, accept=_ACCEPT, most_bytes=most, verify=self._verify) as reply:
            raw = whole(reply)
        return raw, reply.latency_ms, tls_of(reply)


def _bytes_of(config: Config, context: CrawlContext, most: int) -> bytes:
    context.remaining()
    path = context.roots.resolve(config["path"])
    if not path.is_file():
        raise SourceError("malformed", "The path is not a file.", "Name the document itself.")
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError as error:
        raise SourceError(
            "refused", "The file may not be read.", "Give the portal's account the right to read it."
        ) from error


def _units(api: Api, config: Config, context: CrawlContext) -> list[_Unit]:
    """What the configuration makes assets of, at most `context.max_assets`, in the order of the document."""
    chosen = [
        operation
        for operation in api.operations
        if config["operations"] == "all" or operation.method in READING
    ]
    units = _groups(api, chosen) if config["unit"] == "tag" else map(_single, chosen)
    return [unit for unit in units if is_chosen(config, unit.name)][: context.max_assets]


def _single(operation: Operation) -> _Unit:
    address = {"operation": operation.name, "url": operation.url}
    return _Unit(operation.name, address, operation.comment, (operation,))


def _groups(api: Api, operations: Sequence[Operation]) -> list[_Unit]:
    groups: dict[str, list[Operation]] = {}
    for operation in operations:
        for name in operation.tags[:1] or (operation.path,):
            groups.setdefault(name, []).append(operation)
    return [
        _Unit(name, {"group": name, "url": ""}, api.description_of(name), tuple(members))
        for name, members in groups.items()
    ]


def _key(address: Mapping[str, Any]) -> tuple[str, str]:
    """What an address names: the url may change, the operation stays the same."""
    return str(address.get("operation", "")), str(address.get("group", ""))


def _fields(api: Api, unit: _Unit) -> tuple[ObservedField, ...]:
    if "group" in unit.address:
        return api.grouped(unit.operations)
    return api.fields(unit.operations[0])


def _document(config: Config) -> str:
    return str(config["url"] or config["path"])


def _asset(config: Config, unit: _Unit, fields: tuple[ObservedField, ...] | None) -> ObservedAsset:
    """Named by where the document is: what it says of servers is its author's word and claims nobody else's API."""
    namespace, document = "file", str(config["path"])
    if config["url"]:
        parts = urlsplit(config["url"])
        namespace = f"{parts.scheme}://{parts.netloc}".lower()
        document = parts.path.lstrip("/") + (f"?{parts.query}" if parts.query else "")
    return ObservedAsset(
        namespace=namespace,
        name=f"{document}#{unit.name}"[:400],
        kind="api",
        address=dict(unit.address),
        comment=unit.comment,
        fields=fields,
    )


def _observed(
    config: Config,
    found: _Found,
    units: Mapping[tuple[str, str], _Unit],
    item: Wanted,
    context: CrawlContext,
) -> Iterator[Observation]:
    unit = units.get(_key(item.address))
    if unit is None:
        raise SourceError("gone", "The document does not describe it any more.", "Ask its author.")
    yield _asset(config, unit, _fields(found.api, unit))
    yield ObservedReading(asset=item.asset, is_reachable=True, latency_ms=found.latency_ms)
