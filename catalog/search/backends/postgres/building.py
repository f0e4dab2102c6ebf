"""From documents to one segment, as bytes for its row, and its posting lists. Pure."""

import json
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from catalog.search import analysis, ranking, terms
from catalog.search.backends.arrays.layout import NUMBERS, numbers_of
from catalog.search.backends.postgres.packing import bundle, pack, pack_rising
from catalog.search.documents import FACET_FIELDS, PORT, DocKey, FacetValue, SearchDocument

NUMPY_CODES: Final = {"B": "<u1", "q": "<i8", "f": "<f4", "I": "<u4"}
FIELD_CODES: Final = {
    name: code
    for code, name in enumerate((*ranking.FIELDS, "exact", "exact_column", "audience", "words"), start=1)
}
WORDS: Final = FIELD_CODES["words"]  # the only lists with places

Posting = tuple[int, bytes, bytes]  # field code, term, packed list


@dataclass(frozen=True, slots=True)
class Built:
    """A segment's row: every value as bytes, ready to be stored."""

    size: int
    numbers: bytes
    names: bytes
    facets: bytes
    columns: bytes
    lexicon: bytes
    postings: list[Posting]


def build(documents: Sequence[SearchDocument]) -> Built:
    """The segment of these documents, numbered in their order."""
    by_field = [terms.by_field(document) for document in documents]
    postings, lexicon = _postings(documents, by_field)
    rows = [numbers_of(document, found) for document, found in zip(documents, by_field, strict=True)]
    numbers = [np.array([row[name] for row in rows], NUMPY_CODES[code]) for name, code in NUMBERS.items()]
    names = [ranking.name_bytes(analysis.canonical(document.title)) for document in documents]
    return Built(
        len(documents),
        b"".join(array.tobytes() for array in numbers),
        np.array(names, f"S{ranking.PREFIX_BYTES}").tobytes(),
        bundle(_facet(documents, name) for name in FACET_FIELDS),
        _columns(documents),
        zlib.compress("\n".join(lexicon).encode("utf-8", "surrogatepass"), 1),
        postings,
    )


def _postings(
    documents: Sequence[SearchDocument], by_field: Sequence[dict[str, list[str]]]
) -> tuple[list[Posting], list[str]]:
    counted: dict[tuple[int, str], tuple[list[int], list[int]]] = {}
    places: dict[str, tuple[list[int], list[int]]] = {}

    def note(field: str, doc: int, counts: Counter[str]) -> None:
        code = FIELD_CODES[field]
        for term, number in counts.items():
            ids, numbers = counted.setdefault((code, term), ([], []))
            ids.append(doc)
            numbers.append(number)

    for doc, (document, found) in enumerate(zip(documents, by_field, strict=True)):
        for field, words in found.items():
            note(field, doc, Counter(words))
        note("exact", doc, Counter(terms.exact_names(document)))
        note("exact_column", doc, Counter(terms.exact_columns(document)))
        note("audience", doc, Counter(document.audience))
        for place, word in enumerate(terms.sequence(document)):
            if word != terms.GAP:
                ids, positions = places.setdefault(word, ([], []))
                ids.append(doc)
                positions.append(place)
    packed = [
        (code, _encoded(term), bundle((pack_rising(ids), pack(numbers) if max(numbers) > 1 else b"")))
        for (code, term), (ids, numbers) in counted.items()
    ]
    packed += [
        (WORDS, _encoded(word), bundle((pack_rising(ids), pack(positions))))
        for word, (ids, positions) in places.items()
    ]
    return packed, sorted(places)


def _encoded(term: str) -> bytes:
    return term.encode("utf-8", "surrogatepass")


def _facet(documents: Sequence[SearchDocument], name: str) -> bytes:
    """Who carries which value: values as JSON, documents and ordinals packed."""
    places: dict[FacetValue, int] = {}
    docs, ordinals = [], []
    for doc, document in enumerate(documents):
        for value in document.facets.get(name, ()):
            docs.append(doc)
            ordinals.append(places.setdefault(value, len(places)))
    return bundle((json.dumps(list(places)).encode(), pack_rising(docs), pack(ordinals)))


def _columns(documents: Sequence[SearchDocument]) -> bytes:
    """The columns of the ports: distinct paths as JSON, documents and ordinals packed."""
    places: dict[str, int] = {}
    docs, ordinals = [], []
    for doc, document in enumerate(documents):
        if document.key.kind == PORT:
            for path in document.columns:
                docs.append(doc)
                ordinals.append(places.setdefault(path, len(places)))
    return zlib.compress(bundle((json.dumps(list(places)).encode(), pack_rising(docs), pack(ordinals))), 1)


def to_bytes(document: SearchDocument) -> bytes:
    """A whole document, kept so that segments can be merged without asking the rest of the database."""
    held: dict[str, Any] = asdict(document) | {"audience": sorted(document.audience)}
    return zlib.compress(json.dumps(held).encode(), 1)


def from_bytes(raw: bytes) -> SearchDocument:
    """What `to_bytes` was given."""
    held: dict[str, Any] = json.loads(zlib.decompress(raw))
    facets = {name: tuple(FacetValue(*v) for v in values) for name, values in held.pop("facets").items()}
    held |= {name: tuple(held[name]) for name in ("names", "labels", "columns", "texts")}
    held |= {"key": DocKey(*held["key"]), "audience": frozenset(held["audience"]), "facets": facets}
    return SearchDocument(**held)


def batches(documents: Iterator[SearchDocument], size: int) -> Iterator[list[SearchDocument]]:
    """Lists of at most `size`, the later of two documents with one key winning within a list."""
    held: dict[DocKey, SearchDocument] = {}
    for document in documents:
        held[document.key] = document
        if len(held) == size:
            yield list(held.values())
            held = {}
    if held:
        yield list(held.values())
