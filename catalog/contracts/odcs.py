"""ODCS 3.x data -> typed parts for which the portal has a model. Everything else stays in the original."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.contracts.parts import TeamPart, read_custom, read_links, read_support, read_team, text, texts
from catalog.schemas.shape import FieldShape

Data = Mapping[str, Any]

MAX_FIELDS = 20_000
_LOGICAL = frozenset(
    {"string", "integer", "number", "boolean", "date", "time", "timestamp", "array", "object", "map"}
)
_UNITS = {
    "s": 1, "sec": 1, "second": 1, "seconds": 1, "m": 60, "min": 60, "minute": 60, "minutes": 60,
    "h": 3600, "hr": 3600, "hour": 3600, "hours": 3600, "d": 86_400, "day": 86_400, "days": 86_400,
    "w": 604_800, "week": 604_800, "weeks": 604_800, "mo": 2_592_000, "month": 2_592_000, "months": 2_592_000,
    "y": 31_536_000, "yr": 31_536_000, "year": 31_536_000, "years": 31_536_000,
}  # fmt: skip
_FRESHNESS = ("freshness", "latency", "ly", "frequency", "fy")  # what the promise is read from, best first


@dataclass(frozen=True, slots=True)
class SchemaObject:
    """One table, topic, file or document of the contract with all its fields, nested ones flattened."""

    name: str
    physical_name: str = ""
    physical_type: str = ""
    description: str = ""
    fields: tuple[FieldShape, ...] = ()

    @property
    def source_name(self) -> str:
        """What it is called in the store."""
        return self.physical_name or self.name


@dataclass(frozen=True, slots=True)
class Server:
    """Where the data is; `members` are the server's own, by the names of the standard."""

    name: str
    type: str
    environment: str = ""
    members: Data = field(default_factory=dict)

    @property
    def format(self) -> str:
        return text(self.members, "format")

    @property
    def region(self) -> str:
        return text(self.members, "regionName") or text(self.members, "region")

    def location_of(self, item: SchemaObject | None) -> str:
        """The place in words: `schema.table`, a path, a topic, an address."""
        for name in ("location", "path", "endpointUrl"):
            if text(self.members, name):
                return text(self.members, name)
        parts = [text(self.members, name) for name in ("schema", "dataset") if text(self.members, name)]
        name = item.source_name if item else ""
        if self.type in ("kafka", "pubsub", "kinesis"):
            return text(self.members, "topic") or text(self.members, "stream") or name
        return ".".join([*parts[:1], name] if name else parts[:1]) or text(self.members, "database")


@dataclass(frozen=True, slots=True)
class Contract:
    """The parts of a contract the portal works with."""

    key: str
    version: str
    spec_version: str
    name: str = ""
    status: str = ""
    domain: str = ""
    data_product: str = ""
    purpose: str = ""
    usage: str = ""
    limitations: str = ""
    objects: tuple[SchemaObject, ...] = ()
    servers: tuple[Server, ...] = ()
    freshness: dt.timedelta | None = None
    schema: tuple[Any, ...] = ()  # as it stands; `objects` in the same order
    sla: tuple[Any, ...] = ()  # slaProperties as they stand
    team: TeamPart = field(default_factory=TeamPart)
    tags: tuple[str, ...] = ()
    links: tuple[dict[str, str], ...] = ()
    support: tuple[dict[str, str], ...] = ()
    custom: Data = field(default_factory=dict)

    def object_for(self, port_name: str) -> SchemaObject | None:
        """The object a port of this name offers: the one named like it, else the only one."""
        wanted = port_name.casefold()
        for item in self.objects:
            if wanted in (item.name.casefold(), item.physical_name.casefold()):
                return item
        return self.objects[0] if len(self.objects) == 1 else None

    def fields_for(self, port_name: str) -> tuple[FieldShape, ...]:
        """The declared fields of a port: those of its object, or of all objects, each below its own name."""
        item = self.object_for(port_name)
        if item is not None:
            return item.fields
        return tuple(shape for each in self.objects for shape in _below(each))

    def server_for(self, environment: str = "") -> Server | None:
        """The server of the environment, else of production, else the first."""
        for wanted in (environment.casefold(), "production", "prod", ""):
            for server in self.servers:
                if wanted == server.environment.casefold() and (wanted or not server.environment):
                    return server
        return self.servers[0] if self.servers else None


def parse(data: Data) -> Contract:
    """The typed contract of validated ODCS data."""
    description = data.get("description")
    words: Data = description if isinstance(description, Mapping) else {"purpose": description}
    return Contract(
        key=text(data, "id"),
        version=text(data, "version"),
        spec_version=text(data, "apiVersion"),
        name=text(data, "name"),
        status=text(data, "status").lower(),
        domain=text(data, "domain"),
        data_product=text(data, "dataProduct"),
        purpose=text(words, "purpose"),
        usage=text(words, "usage"),
        limitations=text(words, "limitations"),
        objects=tuple(_object(item) for item in data.get("schema") or []),
        servers=tuple(_server(item) for item in data.get("servers") or []),
        freshness=_freshness(data.get("slaProperties") or []),
        schema=tuple(data.get("schema") or []),
        sla=tuple(data.get("slaProperties") or []),
        team=read_team(data.get("team")),
        tags=texts(data.get("tags")),
        links=read_links(data.get("authoritativeDefinitions")),
        support=read_support(data.get("support")),
        custom=read_custom(data.get("customProperties")),
    )


def _server(item: Data) -> Server:
    return Server(text(item, "server"), text(item, "type"), text(item, "environment"), item)


def _object(item: Data) -> SchemaObject:
    fields: dict[str, FieldShape] = {}
    for path, each in properties_of(item):
        fields.setdefault(path, _shape(each, path))
        if len(fields) >= MAX_FIELDS:
            break
    return SchemaObject(
        text(item, "name"),
        text(item, "physicalName"),
        text(item, "physicalType"),
        text(item, "description"),
        tuple(fields.values()),
    )


def properties_of(item: Data) -> Iterator[tuple[str, Data]]:
    """The properties of a schema object with the paths of their fields, parents before their children."""
    yield from _walk(item.get("properties") or [], "")


def _walk(properties: Any, parent: str) -> Iterator[tuple[str, Data]]:
    for item in properties:
        if not isinstance(item, Mapping):
            continue
        name = text(item, "physicalName") or text(item, "name")
        path = f"{parent}.{name}" if parent else name
        yield path, item
        yield from _children(item, path)


def _children(item: Data, path: str) -> Iterator[tuple[str, Data]]:
    yield from _walk(item.get("properties") or [], path)
    items = item.get("items")
    if isinstance(items, Mapping):
        yield from _children(items, f"{path}[]")
    values = item.get("map")
    if isinstance(values, Mapping) and isinstance(values.get("value"), Mapping):
        yield from _children(values["value"], f"{path}{{}}")


def _shape(item: Data, path: str) -> FieldShape:
    logical = text(item, "logicalType")
    position = item.get("primaryKeyPosition")
    is_key = item.get("primaryKey") is True
    relations = [text(each, "to") for each in item.get("relationships") or [] if isinstance(each, Mapping)]
    return FieldShape(
        path=path,
        logical_type=logical if logical in _LOGICAL else "array" if logical == "vector" else "unknown",
        physical_type=text(item, "physicalType")[:300],
        is_nullable=not item["required"] if isinstance(item.get("required"), bool) else None,
        key_position=(position if isinstance(position, int) and position > 0 else 1) if is_key else None,
        is_unique=item["unique"] if isinstance(item.get("unique"), bool) else None,
        references=next((to for to in relations if to), "")[:500],
        comment=text(item, "description"),
        classification=text(item, "classification")[:100],
    )


def _below(item: SchemaObject) -> Iterator[FieldShape]:
    yield FieldShape(item.name, "object", item.physical_type, comment=item.description)
    for shape in item.fields:
        values = {name: getattr(shape, name) for name in FieldShape.__dataclass_fields__}
        yield FieldShape(**{**values, "path": f"{item.name}.{shape.path}", "key_position": None})


def _freshness(promises: Any) -> dt.timedelta | None:
    """How old the newest data may be: from freshness or latency, else from the frequency of updates."""
    found: dict[str, dt.timedelta] = {}
    for item in promises:
        if isinstance(item, Mapping) and text(item, "property").lower() in _FRESHNESS:
            duration = _duration(item.get("value"), text(item, "unit"))
            if duration:
                found.setdefault(text(item, "property").lower(), duration)
    return next((found[name] for name in _FRESHNESS if name in found), None)


def _duration(value: Any, unit: str) -> dt.timedelta | None:
    try:
        seconds = float(value) * _UNITS[unit.lower() or "d"]
    except (TypeError, ValueError, KeyError):
        return None
    return dt.timedelta(seconds=seconds) if 0 < seconds <= 3_153_600_000 else None
