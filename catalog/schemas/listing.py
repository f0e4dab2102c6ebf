"""Narrowing, ordering and finding fields in a schema of any width. Pure: rows in, rows out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from catalog.schemas.conformance import Comparison, Verdict
from catalog.schemas.shape import FieldShape

PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class Annotation:
    """What people said of a field."""

    description: str = ""
    classification: str = ""
    is_personal: bool = False
    is_released: bool = False
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One field: what was observed, what is declared, what people say."""

    number: int  # place in the schema, from 1
    comparison: Comparison
    annotation: Annotation
    has_schema_declared: bool = False

    @property
    def path(self) -> str:
        return self.comparison.path

    @property
    def shape(self) -> FieldShape:
        """The observed field, or the declared one where nothing was observed."""
        shape = self.comparison.observed or self.comparison.declared
        assert shape is not None  # noqa: S101 - a comparison has one side at least
        return shape

    @property
    def depth(self) -> int:
        """How many fields it is nested in, at most 6 (deeper ones are drawn no further in)."""
        return min(self.path.count(".") + self.path.count("[]") + self.path.count("{}"), 6)

    @property
    def words(self) -> str:
        """Its description: people's words before those of the contract and of the source."""
        declared, observed = self.comparison.declared, self.comparison.observed
        return (
            self.annotation.description
            or (declared.comment if declared else "")
            or (observed.comment if observed else "")
        )

    @property
    def is_missing(self) -> bool:
        """Promised and not there; what nobody has read yet is not missing."""
        return self.comparison.observed is None and self.is_broken

    @property
    def is_observed(self) -> bool:
        return self.comparison.observed is not None

    @property
    def is_broken(self) -> bool:
        return self.comparison.verdict is Verdict.BROKEN

    @property
    def is_extra(self) -> bool:
        """Observed and promised by nobody, where a schema is declared at all."""
        return self.has_schema_declared and self.comparison.verdict is Verdict.EXTRA

    @property
    def is_personal(self) -> bool:
        return self.annotation.is_personal

    @property
    def classification(self) -> str:
        declared = self.comparison.declared
        return self.annotation.classification or (declared.classification if declared else "")


COLUMNS = (
    "path", "type", "type_in_store", "declared_type", "is_nullable", "key_position", "is_unique", "references",
    "description", "classification", "against_contract", "breaches", "null_share", "distinct_values",
)  # fmt: skip


def cells(row: Row) -> list[object]:
    """The cells of a row's line in the CSV, without the two figures of its profile that end it."""
    shape, declared = row.shape, row.comparison.declared
    return [
        row.path,
        shape.logical_type,
        shape.physical_type,
        declared.logical_type if declared else "",
        shape.is_nullable,
        shape.key_position,
        shape.is_unique,
        shape.references,
        row.words,
        row.classification,
        str(row.comparison.verdict) if row.has_schema_declared else "",
        " ".join(row.comparison.breaches),
    ]


SHOWN = {
    "": "All fields",
    "key": "Keys",
    "broken": "Differing from the contract",
    "undescribed": "Without description",
    "classified": "Classified",
}


def narrowed(rows: Iterable[Row], query: str = "", show: str = "") -> list[Row]:
    """The rows whose path or description holds every word of `query`, and that are of the kind `show` (`SHOWN`)."""
    words = query.casefold().split()
    return [row for row in rows if _is_of(row, show) and _holds(row, words)]


def _is_of(row: Row, show: str) -> bool:
    if show == "key":
        return bool(row.shape.key_position or row.shape.references)
    if show == "broken":
        return row.is_broken or row.is_extra
    if show == "undescribed":
        return not row.words
    if show == "classified":
        return bool(row.classification)
    return True


def _holds(row: Row, words: Sequence[str]) -> bool:
    text = f"{row.path} {row.words}".casefold()
    return all(word in text for word in words)


def by_name(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (row.path.casefold(), row.path))


@dataclass(frozen=True, slots=True)
class Letter:
    """A first letter of names, and the page (in the order of names) where it begins."""

    letter: str
    page: int
    count: int


def letters(rows: Iterable[Row], page_size: int = PAGE_SIZE) -> list[Letter]:
    """Where each first letter begins; digits and signs are gathered under `#`."""
    found: dict[str, Letter] = {}
    for place, row in enumerate(by_name(rows)):
        first = row.path[:1].upper()
        key = first if first.isalpha() else "#"
        known = found.get(key)
        page = place // page_size + 1
        found[key] = Letter(key, known.page if known else page, (known.count if known else 0) + 1)
    return sorted(found.values(), key=lambda item: (item.letter != "#", item.letter))


def page_of(rows: Sequence[Row], path: str, page_size: int = PAGE_SIZE) -> int | None:
    """The page (from 1) that holds the field `path`; None where it is not among the rows."""
    place = next((number for number, row in enumerate(rows) if row.path == path), None)
    return None if place is None else place // page_size + 1
