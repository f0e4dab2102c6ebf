"""The schema of an Iceberg table as fields. Source: https://iceberg.apache.org/spec/ (schemas, partitioning)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from catalog.connections.connectors.observations import LogicalType, ObservedField
from catalog.connections.connectors.shapes import Shape
from catalog.connections.connectors.shapes import fields_of as flattened

_TYPES: Final[dict[str, LogicalType]] = {
    "BooleanType": "boolean",
    "IntegerType": "integer",
    "LongType": "integer",
    "FloatType": "number",
    "DoubleType": "number",
    "DecimalType": "number",
    "DateType": "date",
    "TimeType": "time",
    "TimestampType": "timestamp",
    "TimestamptzType": "timestamp",
    "TimestampNanoType": "timestamp",
    "TimestamptzNanoType": "timestamp",
    "StringType": "string",
    "UUIDType": "string",
    "FixedType": "binary",
    "BinaryType": "binary",
}


def fields_of(metadata: Any) -> tuple[ObservedField, ...]:
    """The fields of a table's current schema, with partitions and keys."""
    schema = metadata.schema()
    spec = next((s for s in metadata.partition_specs if s.spec_id == metadata.default_spec_id), None)
    transforms = {part.source_id: str(part.transform) for part in (spec.fields if spec else ())}
    keys = list(schema.identifier_field_ids)
    fields = flattened(tuple((f.name, _shape(f, transforms)) for f in schema.fields))
    places = {f.name: keys.index(f.field_id) + 1 for f in schema.fields if f.field_id in keys}
    return tuple(
        replace(f, key_position=places[f.path]) if f.path in places and not f.parent_path else f
        for f in fields
    )


def _shape(field: Any, transforms: Mapping[int, str]) -> Shape:
    shape = _of_type(field.field_type, transforms)
    partition = transforms.get(field.field_id)
    words = (
        "" if partition is None else ", partition" + ("" if partition == "identity" else f" by {partition}")
    )
    return replace(
        shape,
        physical=f"{shape.physical}{words}",
        is_nullable=not field.required,
        comment=str(field.doc or ""),
    )


def _of_type(declared: Any, transforms: Mapping[int, str]) -> Shape:
    kind = type(declared).__name__
    if kind == "StructType":
        return Shape(
            "object", "struct", children=tuple((f.name, _shape(f, transforms)) for f in declared.fields)
        )
    if kind == "ListType":
        inner = _of_type(declared.element_type, transforms)
        return inner.inside("array", "[]", f"list<{inner.physical}>")
    if kind == "MapType":
        inner = _of_type(declared.value_type, transforms)
        return inner.inside("map", "{}", f"map<{declared.key_type}, {inner.physical}>")
    return Shape(_TYPES.get(kind, "unknown"), str(declared))
