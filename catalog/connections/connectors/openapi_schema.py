"""JSON Schema as OpenAPI 3.0, 3.1 and Swagger 2.0 write it -> fields. Pure, bounded, and never looks outside."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from catalog.connections.connectors.fieldpaths import child_path
from catalog.connections.connectors.observations import LogicalType, ObservedField

MAX_DEPTH = 12
MAX_FIELDS = 2_000  # of one answer
MAX_STEPS = (
    100_000  # schemas and properties looked at for one answer: references multiply what a document says
)
MAX_REFERENCES = 50  # one after the other
MAX_NESTED = 100  # schemas put together inside each other, by references or as parts
MAX_COMMENT = 1_000
_FORMATS: Final[dict[str, LogicalType]] = {
    "date": "date",
    "date-time": "timestamp",
    "time": "time",
    "byte": "binary",
    "binary": "binary",
    "int32": "integer",
    "int64": "integer",
}
_TYPES: Final[dict[str, LogicalType]] = {
    "string": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "array": "array",
    "object": "object",
    "file": "binary",  # Swagger 2.0
}
_PLACE: Final = re.compile(r"[0-9]{1,9}\Z")
_OUTSIDE: Final = "It is defined in another document, which is not followed."


def pointed(document: Any, reference: Any) -> Any:
    """What a reference inside the document (`#/components/schemas/Play`) leads to; None for all others."""
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return None
    found = document
    for part in reference[2:].split("/"):
        name = part.replace("%7B", "{").replace("%7D", "}").replace("~1", "/").replace("~0", "~")
        if isinstance(found, list) and _PLACE.match(name) and int(name) < len(found):
            found = found[int(name)]
        elif isinstance(found, Mapping) and name in found:
            found = found[name]
        else:
            return None
    return found


def resolved(document: Any, value: Any) -> Mapping[str, Any]:
    """An object of the document, its references followed; empty where they lead nowhere, outside or in a circle."""
    for _ in range(MAX_REFERENCES):
        if not isinstance(value, Mapping):
            return {}
        if "$ref" not in value:
            return value
        value = pointed(document, value["$ref"])
    return {}


@dataclass(slots=True)
class _Shape:
    """A schema with its references followed and its parts (`allOf`, `oneOf`, `anyOf`) put together."""

    types: set[str] = field(default_factory=set)
    properties: dict[str, Any] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    items: Any = None
    values: Any = None  # additionalProperties
    format: str = ""
    names: list[str] = field(default_factory=list)  # of the references on the way
    comment: str = ""
    choices: list[Any] = field(default_factory=list)
    is_nullable: bool = False
    is_outside: bool = False
    is_circle: bool = False
    is_write_only: bool = False


@dataclass
class FieldReader:
    """Reads the fields of one answer, or of a body that is sent, in which there may be fields only to write."""

    document: Any
    is_sent: bool = False
    found: list[ObservedField] = field(default_factory=list)
    steps: int = 0
    nested: int = 0

    def read(self, schema: Any) -> tuple[ObservedField, ...]:
        """The fields of an answer; of a list of records those of a record, of a single value one called `value`."""
        shape, seen = self._shape(schema, frozenset())
        while shape.items is not None and not shape.properties:
            shape, seen = self._shape(shape.items, seen)
        if shape.properties or shape.values is not None or shape.types <= {"object"}:
            self._children(shape, "", "", seen, 0)
        else:
            self._add(shape, "value", "", "", None, seen, 0)
        return tuple(self.found)

    def group(self, name: str, comment: str, schema: Any) -> None:
        """One answer of several, as a field that holds its fields."""
        shape, seen = self._shape(schema, frozenset())
        shape.comment = comment or shape.comment
        self._add(shape, name, "", "", None, seen, 0)

    def _children(self, shape: _Shape, prefix: str, holder: str, seen: frozenset[str], depth: int) -> None:
        for name, schema in shape.properties.items():
            child, below = self._shape(schema, seen)
            if self.is_sent or not child.is_write_only:
                is_required = name in shape.required
                self._add(child, name, prefix, holder, is_required, below, depth)

    def _add(
        self,
        shape: _Shape,
        name: str,
        prefix: str,
        holder: str,
        is_required: bool | None,
        seen: frozenset[str],
        depth: int,
    ) -> None:
        if len(self.found) >= MAX_FIELDS:
            return
        path = child_path(prefix, name)
        nullable = True if shape.is_nullable else None if is_required is None else not is_required
        self.found.append(
            ObservedField(
                path=path,
                name=name,
                parent_path=holder,
                ordinal=len(self.found),
                logical_type=_logical(shape),
                physical_type=_physical(shape)[:300],
                is_nullable=nullable,
                comment=_comment(shape),
            )
        )
        suffix = ""
        for _ in range(MAX_DEPTH):  # lists of lists, maps of lists
            if shape.properties or (shape.items is None and shape.values is None):
                break
            suffix += "[]" if shape.items is not None else "{}"
            shape, seen = self._shape(shape.items if shape.items is not None else shape.values, seen)
        if shape.properties and depth < MAX_DEPTH:
            self._children(shape, path + suffix, path, seen, depth + 1)

    def _shape(self, schema: Any, seen: frozenset[str]) -> tuple[_Shape, frozenset[str]]:
        shape = _Shape()
        return shape, self._merge(shape, schema, seen, is_variant=False)

    def _merge(self, shape: _Shape, schema: Any, seen: frozenset[str], *, is_variant: bool) -> frozenset[str]:
        """Add what a schema says; `seen` are the references that lead here, so that a circle ends.

        Returns them with those that were followed: what leads to what is inside.
        """
        self.steps += 1 + len(seen) // 100  # they are copied
        if not isinstance(schema, Mapping) or self.steps > MAX_STEPS or self.nested >= MAX_NESTED:
            return seen
        self.nested += 1
        try:
            return self._merged(shape, schema, seen, is_variant=is_variant)
        finally:
            self.nested -= 1

    def _merged(
        self, shape: _Shape, schema: Mapping[str, Any], seen: frozenset[str], *, is_variant: bool
    ) -> frozenset[str]:
        below = set(self._follow(shape, schema["$ref"], seen, is_variant) if "$ref" in schema else seen)
        self._describe(shape, schema)
        self._add_properties(shape, schema.get("properties"), is_variant=is_variant)
        required = schema.get("required")
        if isinstance(required, list) and not is_variant:
            shape.required.update(name for name in required if isinstance(name, str))
        if isinstance(schema.get("items"), Mapping):
            shape.items = schema["items"]
        if isinstance(schema.get("additionalProperties"), Mapping):
            shape.values = schema["additionalProperties"]
        for part in _listed(schema, "allOf"):
            below |= self._merge(shape, part, seen, is_variant=is_variant)
        for name in ("oneOf", "anyOf"):
            variants = [part for part in _listed(schema, name) if part != {"type": "null"}]
            shape.is_nullable |= len(variants) < len(_listed(schema, name))
            for part in variants:  # what only some of several variants hold may be absent
                below |= self._merge(shape, part, seen, is_variant=is_variant or len(variants) > 1)
        return frozenset(below)

    def _add_properties(self, shape: _Shape, properties: Any, *, is_variant: bool) -> None:
        if not isinstance(properties, Mapping):
            return
        self.steps += len(properties)
        if is_variant:
            self.steps += len(shape.properties) // 100  # they are copied
            shape.properties = {**properties, **shape.properties}
        else:
            shape.properties.update(properties)

    def _follow(
        self, shape: _Shape, reference: Any, seen: frozenset[str], is_variant: bool
    ) -> frozenset[str]:
        target = pointed(self.document, reference)
        name = str(reference).rsplit("/", 1)[-1][:100]
        if target is None:
            shape.is_outside = True
            return seen
        shape.names.append(name)
        if reference in seen:
            shape.is_circle = True
            shape.types.add("object")
            return seen
        return self._merge(shape, target, seen | {reference}, is_variant=is_variant)

    def _describe(self, shape: _Shape, schema: Mapping[str, Any]) -> None:
        types = schema.get("type")
        named = (
            {types}
            if isinstance(types, str)
            else set(filter(_is_text, types if isinstance(types, list) else ()))
        )
        shape.is_nullable |= (
            "null" in named or schema.get("nullable") is True or schema.get("x-nullable") is True
        )
        shape.types |= named - {"null"}
        shape.is_write_only |= schema.get("writeOnly") is True
        if _is_text(schema.get("format")):
            shape.format = schema["format"]
        for name in ("description", "title"):
            if _is_text(schema.get(name)):
                shape.comment = schema[name]
                break
        if isinstance(schema.get("enum"), list):
            shape.choices = schema["enum"]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _listed(schema: Mapping[str, Any], name: str) -> list[Any]:
    parts = schema.get(name)
    return parts if isinstance(parts, list) else []


def _logical(shape: _Shape) -> LogicalType:
    kinds = set(_implied(shape))
    if kinds == {"integer", "number"}:
        return "number"
    if len(kinds) != 1:
        return "unknown"
    kind = kinds.pop()
    if kind == "object" and shape.values is not None and not shape.properties:
        return "map"
    if kind in {"string", "integer", "number"} and shape.format in _FORMATS:
        return _FORMATS[shape.format]
    return _TYPES.get(kind, "unknown")


def _implied(shape: _Shape) -> Iterator[str]:
    """The types said, or what the schema's other words imply."""
    if shape.types:
        yield from shape.types
    elif shape.properties or shape.values is not None:
        yield "object"
    elif shape.items is not None:
        yield "array"
    elif shape.choices and all(map(_is_text, shape.choices)):
        yield "string"


def _physical(shape: _Shape) -> str:
    words = " | ".join(sorted(_implied(shape))) or "any"
    if shape.format:
        words += f" ({shape.format})"
    return f"{shape.names[0]}: {words}" if shape.names else words


def _comment(shape: _Shape) -> str:
    words = [shape.comment.strip()]
    if shape.choices:
        words.append(f"One of {', '.join(str(choice) for choice in shape.choices[:20])}.")
    if shape.is_outside:
        words.append(_OUTSIDE)
    if shape.is_circle:
        words.append(f"{shape.names[-1]} again, which is described above.")
    return " ".join(filter(None, words))[:MAX_COMMENT]
