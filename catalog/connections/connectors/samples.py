"""A bounded, unbiased sample of rows from a stream of unknown length."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from catalog.connections.connectors.observations import ObservedField

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Sample:
    """What reading a source in part or whole gave.

    `rows` have their cells in the order of `flat`: the fields with one value a row. `seen` counts all rows read;
    `is_whole` says that the source ended before a limit did.
    """

    fields: tuple[ObservedField, ...]
    flat: tuple[ObservedField, ...]
    rows: Sequence[Sequence[Any]]
    seen: int
    is_whole: bool
    bytes_read: int = 0


class Reservoir(Generic[Row]):
    """Vitter's algorithm R with a fixed seed: the same source gives the same sample every time."""

    def __init__(self, size: int) -> None:
        self.kept: list[Row] = []
        self.seen = 0
        self._size = size
        self._random = random.Random(0)  # noqa: S311  # a sample, not a secret

    def add(self, row: Row) -> None:
        self.seen += 1
        if len(self.kept) < self._size:
            self.kept.append(row)
        elif (place := self._random.randrange(self.seen)) < self._size:
            self.kept[place] = row

    def add_all(self, rows: Iterable[Row]) -> None:
        for row in rows:
            self.add(row)
