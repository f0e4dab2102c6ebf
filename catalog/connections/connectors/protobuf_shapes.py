"""Protobuf schemas as shapes. Source: https://protobuf.dev/programming-guides/proto3/ and .../proto2/."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from catalog.connections.connectors.observations import LogicalType
from catalog.connections.connectors.shapes import MAX_DEPTH, MAX_SHAPES, Shape

MAX_TEXT = 128 * 1024  # characters: the grammar is interpreted in Python
_SCALAR: Final[dict[str, LogicalType]] = {
    "double": "number",
    "float": "number",
    "bool": "boolean",
    "string": "string",
    "bytes": "binary",
    **dict.fromkeys(
        (
            "int32",
            "int64",
            "uint32",
            "uint64",
            "sint32",
            "sint64",
            "fixed32",
            "fixed64",
            "sfixed32",
            "sfixed64",
        ),
        "integer",
    ),
}
_WELL_KNOWN: Final[dict[str, LogicalType]] = {
    "google.protobuf.Timestamp": "timestamp",
    "google.protobuf.Duration": "string",
    "google.protobuf.StringValue": "string",
    "google.protobuf.BytesValue": "binary",
    "google.protobuf.BoolValue": "boolean",
    "google.protobuf.DoubleValue": "number",
    "google.protobuf.FloatValue": "number",
    "google.protobuf.Struct": "map",
    "google.protobuf.Value": "unknown",
    "google.protobuf.Any": "object",
    "google.type.Date": "date",
    "confluent.type.Decimal": "number",
    **dict.fromkeys(
        (f"google.protobuf.{name}Value" for name in ("Int32", "Int64", "UInt32", "UInt64")), "integer"
    ),
}


def shape_of(text: str, references: Mapping[str, str]) -> Shape:
    """The shape of the first message of a file; `references` are the texts of the files it imports.

    Raises ValueError when it cannot be understood.
    """
    reader = _Reader()
    for referred in references.values():
        reader.learn(referred)
    first = reader.learn(text)
    if not first:
        raise ValueError("there is no message in it")
    return reader.message(first, ())


@dataclass(slots=True)
class _Reader:
    messages: dict[str, tuple[Any, str]] = field(default_factory=dict)  # full name: (message, comment)
    enums: set[str] = field(default_factory=set)
    left: int = MAX_SHAPES

    def learn(self, text: str) -> str:
        """Enter the types of a file; returns the full name of its first message."""
        from proto_schema_parser import Parser, ast

        if len(text) > MAX_TEXT:
            raise ValueError(f"it has more than {MAX_TEXT:,} characters")
        try:
            file = Parser().parse(text)
        except Exception as error:  # the parser's own and its generator's errors have no common base
            raise ValueError("it cannot be parsed") from error
        package = next((e.name for e in file.file_elements if isinstance(e, ast.Package)), "")
        known = list(self.messages)
        self._enter(file.file_elements, package)
        return next((name for name in self.messages if name not in known), "")

    def _enter(self, elements: Iterable[Any], scope: str) -> None:
        from proto_schema_parser import ast

        for element, comment in _commented(elements):
            if isinstance(element, ast.Message):
                full = f"{scope}.{element.name}".lstrip(".")
                self.messages[full] = (element, comment)
                self._enter(element.elements, full)
            elif isinstance(element, ast.Enum):
                self.enums.add(f"{scope}.{element.name}".lstrip("."))

    def message(self, full: str, above: tuple[str, ...]) -> Shape:
        message, comment = self.messages[full]
        self.left -= 1 + len(message.elements)
        if full in above or len(above) > MAX_DEPTH or self.left < 0:
            return Shape("object", full)
        return Shape(
            "object",
            full,
            comment=comment,
            children=tuple(self._fields(message.elements, full, (*above, full))),
        )

    def _fields(
        self, elements: Iterable[Any], scope: str, above: tuple[str, ...]
    ) -> Iterator[tuple[str, Shape]]:
        from proto_schema_parser import ast

        for element, comment in _commented(elements):
            if isinstance(element, ast.OneOf):
                for name, shape in self._fields(element.elements, scope, above):
                    yield name, replace(shape, is_nullable=True)
            elif isinstance(element, ast.MapField):
                inner = self._typed(element.value_type, scope, above)
                physical = f"map<{element.key_type}, {element.value_type}>"
                yield element.name, replace(inner.inside("map", "{}", physical), comment=comment)
            elif isinstance(element, ast.Field):
                shape = self._typed(element.type, scope, above)
                cardinality = getattr(element.cardinality, "value", None)
                if cardinality == "REPEATED":
                    shape = shape.inside("array", "[]", f"repeated {element.type}")
                nullable = {"OPTIONAL": True, "REQUIRED": False}.get(str(cardinality))
                yield element.name, replace(shape, is_nullable=nullable, comment=comment)

    def _typed(self, name: str, scope: str, above: tuple[str, ...]) -> Shape:
        if name in _SCALAR:
            return Shape(_SCALAR[name], name)
        plain = name.lstrip(".")
        if plain in _WELL_KNOWN:
            return Shape(_WELL_KNOWN[plain], plain)
        parts = scope.split(".") if not name.startswith(".") else []
        for length in range(len(parts), -1, -1):  # the innermost scope that knows the name
            full = ".".join([*parts[:length], plain])
            if full in self.enums:
                return Shape("string", f"enum {plain}")
            if full in self.messages:
                return self.message(full, above)
        return Shape("unknown", plain)


def _commented(elements: Iterable[Any]) -> Iterator[tuple[Any, str]]:
    """Each element with the comment in front of it."""
    from proto_schema_parser import ast

    ahead: list[str] = []
    for element in elements:
        if isinstance(element, ast.Comment):
            ahead.append(element.text.strip().strip("/*").strip())
            continue
        yield element, " ".join(ahead)
        ahead = []
