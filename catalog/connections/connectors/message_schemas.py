"""Schemas of messages as fields: Avro, JSON Schema and Protobuf, nested as in every other store."""

from dataclasses import replace
from typing import Any

from catalog.connections.connectors import avro_shapes, json_shapes, nested, protobuf_shapes
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.observations import ObservedField
from catalog.connections.connectors.schema_registry import Schema
from catalog.connections.connectors.shapes import Shape
from catalog.connections.connectors.shapes import fields_of as flattened

_SIMPLE_AVRO = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})


def fields_of(schema: Schema) -> tuple[str, tuple[ObservedField, ...]]:
    """The comment and the fields of a schema; a message that is no record is one field `value`.

    Raises SourceError(malformed) for what cannot be understood.
    """
    try:
        shape = _shape(schema)
    except (ValueError, RecursionError, AttributeError, TypeError) as error:
        said = str(error)[:200] if isinstance(error, ValueError) else "it is not built as it should be"
        raise SourceError(
            "malformed", f"The schema in the registry cannot be read: {said}.", "Register it anew."
        ) from error
    if shape.logical == "object" and shape.children and not shape.suffix:
        return shape.comment[:2_000], flattened(shape.children)
    return shape.comment[:2_000], flattened([("value", replace(shape, comment=""))])


def _shape(schema: Schema) -> Shape:
    if schema.kind == "PROTOBUF":
        return protobuf_shapes.shape_of(schema.text, schema.references)
    references = {name: parsed(text) for name, text in schema.references.items()}
    if schema.kind == "AVRO":
        return avro_shapes.shape_of(parsed(schema.text), references)
    if schema.kind == "JSON":
        return json_shapes.shape_of(parsed(schema.text), references)
    raise ValueError(f"the kind {schema.kind[:40]} is not known")


def parsed(text: str) -> Any:
    """The text of an Avro or JSON schema as a value. Raises SourceError."""
    return text if text in _SIMPLE_AVRO else nested.parse(text, "The schema in the registry")


def opaque(name: str) -> tuple[ObservedField, ...]:
    """One field nothing is known of but that it is there."""
    return (ObservedField(path=name, name=name, logical_type="unknown", physical_type="bytes"),)


def below(name: str, fields: tuple[ObservedField, ...]) -> tuple[ObservedField, ...]:
    """Fields moved under a field of their own."""
    if [field.path for field in fields] == ["value"]:
        return (replace(fields[0], path=name, name=name),)
    moved = [
        replace(f, path=f"{name}.{f.path}", parent_path=f"{name}.{f.parent_path}" if f.parent_path else name)
        for f in fields
    ]
    return (ObservedField(path=name, name=name, logical_type="object", physical_type="key"), *moved)
