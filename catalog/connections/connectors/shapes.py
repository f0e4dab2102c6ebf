"""The shape of a described type, whatever language described it, and how it becomes fields with paths."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from catalog.connections.connectors.fieldpaths import child_path
from catalog.connections.connectors.observations import LogicalType, ObservedField

MAX_DEPTH = 12
MAX_FIELDS = 5_000
MAX_SHAPES = 20_000  # of one schema: a type that is named twice at each of twelve levels would be thousands


@dataclass(frozen=True, slots=True)
class Shape:
    """One type. `suffix` is the way from a field to the records in it (`[]`, `{}`, `[][]`), `children` are theirs."""

    logical: LogicalType
    physical: str = ""
    is_nullable: bool | None = None
    comment: str = ""
    suffix: str = ""
    children: tuple[tuple[str, "Shape"], ...] = ()

    def inside(self, logical: LogicalType, suffix: str, physical: str) -> "Shape":
        """The array or map that holds this one."""
        return Shape(logical, physical, suffix=suffix + self.suffix, children=self.children)


def fields_of(children: Sequence[tuple[str, Shape]]) -> tuple[ObservedField, ...]:
    """The fields of a record with everything nested, parents first; names that come twice count once."""
    found: dict[str, ObservedField] = {}
    _collect(found, "", "", children, 0)
    return tuple(replace(field, ordinal=place) for place, field in enumerate(found.values()))


def _collect(
    found: dict[str, ObservedField],
    prefix: str,
    holder: str,
    children: Sequence[tuple[str, Shape]],
    depth: int,
) -> None:
    for name, shape in children:
        path = child_path(prefix, name)
        if len(found) >= MAX_FIELDS or path in found:
            continue
        found[path] = ObservedField(
            path=path,
            name=name,
            parent_path=holder,
            logical_type=shape.logical,
            physical_type=shape.physical[:300],
            is_nullable=shape.is_nullable,
            comment=shape.comment[:2_000],
        )
        if depth < MAX_DEPTH:
            _collect(found, path + shape.suffix, path, shape.children, depth + 1)
