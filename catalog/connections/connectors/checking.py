"""What a crawl is asked to check of an asset, as plain facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

CheckKind = Literal[
    "not_null",
    "unique",
    "accepted_values",
    "range",
    "pattern",
    "row_count",
    "freshness",
    "referential",
    "custom_sql",
]
Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSpec:
    """One check; `number` is how the portal knows it.

    `element`: path of the field it is about. `fields`: those that together are unique. `readable`: addresses of the
    other tables in the store that a reference may lead to and an own query may read.
    """

    number: int
    kind: CheckKind
    element: str = ""
    fields: tuple[str, ...] = ()
    missing_values: tuple[Scalar, ...] = ()
    values: tuple[Scalar, ...] = ()
    at_least: float | str | None = None
    at_most: float | str | None = None
    pattern: str = ""
    table: str = ""
    table_field: str = ""
    query: str = ""
    readable: tuple[Mapping[str, Any], ...] = field(default=())
