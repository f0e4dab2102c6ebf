"""How a document becomes Whoosh fields: terms analysed by us, numbers as fixed-width columns."""

import struct
from array import array
from typing import Any, Final

from whoosh import columns, fields, formats
from whoosh.codec.whoosh3 import W3Codec

from catalog.search import analysis, ranking, terms
from catalog.search.backends.arrays.layout import NUMBERS, numbers_of
from catalog.search.documents import FACET_FIELDS, PORT, FacetValue, SearchDocument

PLACED: Final = "words"  # the field whose postings say where in the document
SEPARATOR: Final = "\x1f"  # between a facet's value and its label in one term


class PackedPositions(formats.Positions):  # type: ignore[misc]  # untyped base
    """Positions as plain 32-bit numbers, so that a whole posting list is decoded by one NumPy call."""

    def encode(self, places: list[int]) -> bytes:
        return array("I", places).tobytes()

    def decode_positions(self, value: bytes) -> list[int]:
        return array("I", value).tolist()

    def decode_frequency(self, value: bytes) -> int:
        return len(value) // array("I").itemsize


class LargeBlockCodec(W3Codec):  # type: ignore[misc]  # untyped base
    """Postings in large blocks: one pickle of 2,048 entries is read at a fifth of the price of sixteen of 128.

    Lengths are our own columns; asking Whoosh for its own costs a look at the file system for every posting written.
    """

    length_stats = False

    def __init__(self) -> None:
        super().__init__(blocklimit=2048, compression=1)


def make_schema() -> fields.Schema:
    def terms_only() -> fields.KEYWORD:
        return fields.KEYWORD(scorable=False)

    schema = fields.Schema(
        key=fields.ID(unique=True),
        kind=fields.ID(),
        exact=terms_only(),
        exact_column=terms_only(),
        audience=terms_only(),
        words=fields.TEXT(phrase=True),
        column_paths=fields.STORED(),
        name_bytes=fields.COLUMN(columns.FixedBytesColumn(ranking.PREFIX_BYTES)),
    )
    schema["words"].format = PackedPositions()
    for name in ranking.FIELDS:
        schema.add(name, fields.TEXT(phrase=False))
    for name in FACET_FIELDS:
        schema.add(f"facet_{name}", terms_only())
    for name, code in NUMBERS.items():
        schema.add(f"n_{name}", fields.COLUMN(columns.NumericColumn(code)))
    for name, field in schema.items():
        if field.format is not None and name not in ("key",):
            field.scorable = False  # spares Whoosh's own length columns
    return schema


def key_term(kind: str, row: int) -> str:
    return f"{kind}:{row}"


def facet_term(value: FacetValue) -> str:
    return f"{value.value}{SEPARATOR}{value.label}"


def read_facet_term(term: str) -> FacetValue:
    value, _, label = term.partition(SEPARATOR)
    return FacetValue(value, label)


def to_fields(document: SearchDocument) -> dict[str, Any]:
    """The keyword arguments of IndexWriter.add_document for one document."""
    by_field = terms.by_field(document)
    row: dict[str, Any] = {
        "key": key_term(*document.key),
        "kind": document.key.kind,
        "exact": terms.exact_names(document),
        "exact_column": terms.exact_columns(document),
        "audience": sorted(document.audience),
        "words": terms.sequence(document),
        "name_bytes": ranking.name_bytes(analysis.canonical(document.title)).ljust(
            ranking.PREFIX_BYTES, b"\0"
        ),
        **by_field,
    }
    if document.key.kind == PORT:
        row["column_paths"] = list(document.columns)
    for name, values in document.facets.items():
        row[f"facet_{name}"] = [facet_term(value) for value in values]
    numbers = numbers_of(document, by_field)
    row.update({f"n_{name}": _as_stored(name, value) for name, value in numbers.items()})
    return {name: value for name, value in row.items() if value not in ([], ())}


def _as_stored(name: str, value: float) -> float:
    code = NUMBERS[name]
    return float(struct.unpack(f"!{code}", struct.pack(f"!{code}", value))[0]) if code == "f" else int(value)
