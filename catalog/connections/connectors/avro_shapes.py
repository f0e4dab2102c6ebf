"""Avro schemas as shapes. Source: https://avro.apache.org/docs/1.12.0/specification/ (names, logical types)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from catalog.connections.connectors.observations import LogicalType
from catalog.connections.connectors.shapes import MAX_DEPTH, MAX_SHAPES, Shape

_PRIMITIVE: Final[dict[str, LogicalType]] = {
    "null": "unknown",
    "boolean": "boolean",
    "int": "integer",
    "long": "integer",
    "float": "number",
    "double": "number",
    "bytes": "binary",
    "string": "string",
}
_LOGICAL: Final[dict[str, LogicalType]] = {
    "decimal": "number",
    "big-decimal": "number",
    "uuid": "string",
    "date": "date",
    "time-millis": "time",
    "time-micros": "time",
    "duration": "string",
}


def shape_of(schema: Any, references: Mapping[str, Any]) -> Shape:
    """The shape of a parsed schema; `references` are parsed schemas of types it names."""
    return _reader(schema, references).shape(schema, "", ())


def named_types(schema: Any, references: Mapping[str, Any]) -> dict[str, tuple[dict[str, Any], str]]:
    """Every named type by its full name, with the namespace inside of it."""
    return _reader(schema, references).named


def _reader(schema: Any, references: Mapping[str, Any]) -> "_Reader":
    reader = _Reader()
    for referred in references.values():
        reader.learn(referred, "")
    reader.learn(schema, "")
    return reader


@dataclass(slots=True)
class _Reader:
    named: dict[str, tuple[dict[str, Any], str]] = field(
        default_factory=dict
    )  # full name: (schema, namespace)
    left: int = MAX_SHAPES

    def learn(self, schema: Any, namespace: str, depth: int = 0) -> None:
        """Enter every named type of a schema."""
        if depth > 4 * MAX_DEPTH:
            return
        if isinstance(schema, list):
            for item in schema:
                self.learn(item, namespace, depth + 1)
        if not isinstance(schema, dict):
            return
        inside = namespace
        kind = schema.get("type")
        is_named = isinstance(kind, str) and kind in {"record", "error", "enum", "fixed"}
        if is_named and isinstance(schema.get("name"), str):
            full = full_name(schema["name"], str(schema.get("namespace") or namespace))
            inside = full.rpartition(".")[0]
            self.named.setdefault(full, (schema, inside))
        for part in ("type", "items", "values"):
            if isinstance(schema.get(part), dict | list):
                self.learn(schema[part], inside, depth + 1)
        for item in _listed(schema.get("fields")):
            self.learn(item.get("type"), inside, depth + 1)

    def shape(self, schema: Any, namespace: str, above: tuple[str, ...]) -> Shape:
        """`above` are the named types this one lies in: one that holds itself ends there."""
        self.left -= 1
        if self.left < 0:
            return Shape("unknown")
        if isinstance(schema, list):
            return self._union(schema, namespace, above)
        if isinstance(schema, str):
            if schema in _PRIMITIVE:
                return Shape(_PRIMITIVE[schema], schema)
            full = schema if schema in self.named else full_name(schema, namespace)
            if full not in self.named or full in above or len(above) > MAX_DEPTH:
                return Shape("object" if full in self.named else "unknown", schema)
            known, inside = self.named[full]
            return self.shape(known, inside, above)
        if not isinstance(schema, dict):
            return Shape("unknown")
        return self._complex(schema, namespace, above)

    def _complex(self, schema: dict[str, Any], namespace: str, above: tuple[str, ...]) -> Shape:
        kind = schema.get("type")
        if not isinstance(kind, str):
            return self.shape(kind, namespace, above)
        name = str(schema.get("name", ""))
        if kind in {"record", "error"}:
            full = full_name(name, str(schema.get("namespace") or namespace))
            inside = full.rpartition(".")[0]
            children = [
                (str(item.get("name", "")), self._field(item, inside, (*above, full)))
                for item in _listed(schema.get("fields"))
            ]
            return Shape("object", name, comment=str(schema.get("doc", "")), children=tuple(children))
        if kind == "array":
            inner = self.shape(schema.get("items"), namespace, above)
            return inner.inside("array", "[]", f"array<{inner.physical}>")
        if kind == "map":
            inner = self.shape(schema.get("values"), namespace, above)
            return inner.inside("map", "{}", f"map<{inner.physical}>")
        logical = str(schema.get("logicalType", ""))
        if kind in {"enum", "fixed"}:
            return Shape(_LOGICAL.get(logical, "string" if kind == "enum" else "binary"), f"{kind} {name}")
        found = "timestamp" if "timestamp" in logical else _LOGICAL.get(logical)
        if found is None:
            return self.shape(kind, namespace, above)
        return Shape(found, f"{kind} {logical}")

    def _field(self, item: dict[str, Any], namespace: str, above: tuple[str, ...]) -> Shape:
        shape = self.shape(item.get("type"), namespace, above)
        is_nullable = shape.is_nullable or False
        return replace(shape, is_nullable=is_nullable, comment=str(item.get("doc") or ""))

    def _union(self, schema: list[Any], namespace: str, above: tuple[str, ...]) -> Shape:
        others = [item for item in schema if item != "null"]
        is_nullable = len(others) < len(schema)
        if len(others) == 1:
            return replace(self.shape(others[0], namespace, above), is_nullable=is_nullable)
        names = [self.shape(item, namespace, (*above, "union")).physical for item in others[:20]]
        return Shape("unknown", " | ".join(names), is_nullable=is_nullable)


def full_name(name: str, namespace: str) -> str:
    """The name of a type with its namespace."""
    return name if "." in name or not namespace else f"{namespace}.{name}"


def _listed(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
