"""The form in which schemas are compared: plain fields without a database, whoever described them."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldShape:
    """One field as observed or declared. `path` is unique in its schema (`customer.city`, `items[].sku`).

    `is_nullable` and `is_unique` are None where the source does not say. `key_position` counts from 1 in the
    primary key.
    """

    path: str
    logical_type: str = "unknown"
    physical_type: str = ""
    is_nullable: bool | None = None
    key_position: int | None = None
    is_unique: bool | None = None
    references: str = ""
    comment: str = ""
    classification: str = ""

    @property
    def name(self) -> str:
        """The last part of the path, as people call the field."""
        return self.path.rsplit(".", 1)[-1].removesuffix("[]").removesuffix("{}") or self.path


SHAPE_COLUMNS = (
    "path",
    "logical_type",
    "physical_type",
    "is_nullable",
    "key_position",
    "is_unique",
    "references",
    "comment",
    "classification",
)


def parent_of(path: str) -> str:
    """The path of the field that holds `path`, or an empty string: `items[].sku` -> `items[]` -> `items`."""
    if path.endswith(("[]", "{}")):
        return path[:-2]
    return path.rpartition(".")[0]


def by_path(fields: Iterable[FieldShape]) -> dict[str, FieldShape]:
    """Fields by path, in the order given; of doubled paths the first counts."""
    found: dict[str, FieldShape] = {}
    for field in fields:
        found.setdefault(field.path, field)
    return found
