"""The schema of a Delta table, as fields and as the types DuckDB reads its files by.

Source: https://github.com/delta-io/delta/blob/master/PROTOCOL.md (schema serialization format).
"""

from dataclasses import replace
from typing import Any, Final

from catalog.connections.connectors import lake_checks
from catalog.connections.connectors.observations import LogicalType
from catalog.connections.connectors.shapes import MAX_DEPTH, Shape

_TYPES: Final[dict[str, LogicalType]] = {
    "string": "string",
    "long": "integer",
    "integer": "integer",
    "short": "integer",
    "byte": "integer",
    "float": "number",
    "double": "number",
    "boolean": "boolean",
    "binary": "binary",
    "date": "date",
    "timestamp": "timestamp",
    "timestamp_ntz": "timestamp",
}
_STORED: Final = {
    "string": "VARCHAR",
    "long": "BIGINT",
    "integer": "INTEGER",
    "short": "SMALLINT",
    "byte": "TINYINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "binary": "BLOB",
    "date": "DATE",
    "timestamp": "TIMESTAMPTZ",
    "timestamp_ntz": "TIMESTAMP",
}


def children_of(schema: Any, partitions: frozenset[str], depth: int = 0) -> tuple[tuple[str, Shape], ...]:
    """The fields of a struct type in Delta's JSON form."""
    found = []
    for item in schema.get("fields", ()) if isinstance(schema, dict) and depth <= MAX_DEPTH else ():
        name, shape = str(item.get("name", "")), _shape(item.get("type"), depth)
        comment = str((item.get("metadata") or {}).get("comment") or "")
        physical = f"{shape.physical}, partition" if name in partitions else shape.physical
        found.append(
            (name, replace(shape, physical=physical, comment=comment, is_nullable=item.get("nullable")))
        )
    return tuple(found)


def _shape(declared: Any, depth: int) -> Shape:
    if isinstance(declared, str):
        logical: LogicalType = "number" if declared.startswith("decimal") else _TYPES.get(declared, "unknown")
        return Shape(logical, declared)
    kind = declared.get("type") if isinstance(declared, dict) else ""
    if kind == "struct":
        return Shape("object", "struct", children=children_of(declared, frozenset(), depth + 1))
    if kind == "array":
        inner = _shape(declared.get("elementType"), depth)
        return inner.inside("array", "[]", f"array<{inner.physical}>")
    if kind == "map":
        inner = _shape(declared.get("valueType"), depth)
        return inner.inside("map", "{}", f"map<{inner.physical}>")
    return Shape("unknown")


def type_of(declared: Any) -> str | None:
    """DuckDB's type for one of Delta's; None where it is not known."""
    if isinstance(declared, str):
        return declared.upper() if declared.startswith("decimal(") else _STORED.get(declared)
    kind = declared.get("type") if isinstance(declared, dict) else ""
    if kind == "struct":
        children = declared.get("fields") or ()
        return lake_checks.struct_of(
            [(str(item.get("name")), type_of(item.get("type"))) for item in children]
        )
    if kind == "array":
        inner = type_of(declared.get("elementType"))
        return inner and f"{inner}[]"
    if kind == "map":
        key, value = type_of(declared.get("keyType")), type_of(declared.get("valueType"))
        return f"MAP({key}, {value})" if key and value else None
    return None
