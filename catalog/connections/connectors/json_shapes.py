"""JSON Schemas as shapes. Source: https://json-schema.org/draft/2020-12 (and draft 7, which registries still hold)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from catalog.connections.connectors.observations import LogicalType
from catalog.connections.connectors.shapes import MAX_DEPTH, MAX_SHAPES, Shape

_TYPES: Final[dict[str, LogicalType]] = {
    "string": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "object": "object",
    "array": "array",
}
_FORMATS: Final[dict[str, LogicalType]] = {"date": "date", "date-time": "timestamp", "time": "time"}


def shape_of(schema: Any, references: Mapping[str, Any]) -> Shape:
    """The shape of a parsed schema; `references` are parsed schemas by the name it refers to them by.

    Nothing is fetched: what is neither in the schema nor among the references stays unknown.
    """
    return _Reader(schema, references).shape(schema, ())


@dataclass(slots=True)
class _Reader:
    root: Any
    references: Mapping[str, Any]
    left: int = MAX_SHAPES

    def shape(self, schema: Any, above: tuple[str, ...]) -> Shape:
        self.left -= 1
        if not isinstance(schema, dict) or len(above) > 2 * MAX_DEPTH or self.left < 0:
            return Shape("unknown")
        target = schema.get("$ref")
        if isinstance(target, str):
            if target in above:
                return Shape("object", target.rpartition("/")[2])
            return replace(
                self.shape(self._at(target), (*above, target)), comment=str(schema.get("description") or "")
            )
        kinds, is_nullable = _kinds(schema)
        options = [o for part in ("oneOf", "anyOf") for o in _listed(schema.get(part))]
        if not kinds and options:
            return self._choice(options, above)
        shape = self._of_kind(kinds, schema, above)
        return replace(shape, is_nullable=is_nullable, comment=_comment(schema))

    def _choice(self, options: list[dict[str, Any]], above: tuple[str, ...]) -> Shape:
        others = [option for option in options if option.get("type") != "null"]
        is_nullable = True if len(others) < len(options) else None
        if len(others) == 1:
            return replace(self.shape(others[0], above), is_nullable=is_nullable)
        return Shape("unknown", "one of several", is_nullable=is_nullable)

    def _of_kind(self, kinds: list[str], schema: dict[str, Any], above: tuple[str, ...]) -> Shape:
        above = (*above, "")
        children = self._children(schema, above)
        if len(kinds) > 1:
            return Shape("number" if set(kinds) == {"integer", "number"} else "unknown", " | ".join(kinds))
        kind = kinds[0] if kinds else "object" if children else ""
        if kind == "array":
            inner = self.shape(schema.get("items"), above)
            return inner.inside("array", "[]", f"array<{inner.physical}>")
        if kind == "object" and not children and isinstance(schema.get("additionalProperties"), dict):
            inner = self.shape(schema["additionalProperties"], above)
            return inner.inside("map", "{}", f"map<{inner.physical}>")
        if kind == "string":
            form = str(schema.get("format", ""))
            return Shape(_FORMATS.get(form, "string"), f"string {form}".strip())
        return Shape(_TYPES.get(kind, "unknown"), kind, children=children)

    def _children(self, schema: dict[str, Any], above: tuple[str, ...]) -> tuple[tuple[str, Shape], ...]:
        """Own properties and those of every part of `allOf`."""
        found: dict[str, Shape] = {}
        required = schema.get("required")
        needed = set(map(str, required)) if isinstance(required, list) else set()
        for part in _listed(schema.get("allOf")):
            found |= dict(self.shape(part, above).children)
        properties = schema.get("properties")
        for name, inner in properties.items() if isinstance(properties, dict) else ():
            shape = self.shape(inner, above)
            found[str(name)] = replace(shape, is_nullable=bool(shape.is_nullable) or name not in needed)
        return tuple(found.items())

    def _at(self, target: str) -> Any:
        name, _, pointer = target.partition("#")
        value = self.root if not name else self.references.get(name)
        for part in filter(None, pointer.split("/")):
            part = part.replace("~1", "/").replace("~0", "~")
            value = value.get(part) if isinstance(value, dict) else None
        return value


def _kinds(schema: dict[str, Any]) -> tuple[list[str], bool | None]:
    declared = schema.get("type")
    kinds = [declared] if isinstance(declared, str) else declared if isinstance(declared, list) else []
    others = [str(kind) for kind in kinds if kind != "null"]
    return others, True if len(others) < len(kinds) else None


def _comment(schema: dict[str, Any]) -> str:
    return str(schema.get("description") or "")


def _listed(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
