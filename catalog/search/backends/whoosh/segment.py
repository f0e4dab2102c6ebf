"""One immutable segment of a Whoosh index as NumPy arrays; safe for threads, kept for as long as the segment lives.

Whoosh hands out postings one document at a time through Python calls. Here a term's whole list is read from the
memory-mapped file at once: blocks of pickled (id deltas, weights, values), the format of `W3PostingsWriter` in the
pinned Whoosh 2.7.5. Only positional reads are used, so that threads share one reader.
"""

import io
import pickle
import zlib
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from whoosh.codec.whoosh3 import WHOOSH3_HEADER_MAGIC
from whoosh.reading import SegmentReader, TermNotFound

from catalog.search import ranking, terms
from catalog.search.backends.arrays import layout
from catalog.search.backends.arrays.segment import (
    NO_POSTINGS,
    ColumnTable,
    FacetTable,
    FloatArray,
    NamedDocuments,
    PlaceArray,
    Postings,
    column_table,
)
from catalog.search.backends.whoosh import schema
from catalog.search.documents import FACET_FIELDS
from catalog.search.lexicon import Lexicon


class DamagedIndex(Exception):
    """A file does not say what Whoosh writes."""


class WhooshSegment(NamedDocuments):
    """A segment's numbers, facets and postings. Deletions belong to the snapshot, not here."""

    def __init__(self, reader: SegmentReader) -> None:
        self._reader = reader
        self._terms = reader._terms
        self._perdoc = reader._perdoc
        self.size: int = reader.doc_count_all()
        self.numbers = {
            name: self._fixed(f"n_{name}", np.dtype(f">{_NUMPY_CODES[code]}"))
            for name, code in layout.NUMBERS.items()
        }
        self.names = self._fixed("name_bytes", np.dtype(f"S{ranking.PREFIX_BYTES}"))
        self.facets = {name: self._facet(name) for name in FACET_FIELDS}

    @property
    def nbytes(self) -> int:
        """Memory held by the arrays, in bytes."""
        held = sum(array.nbytes for array in self.numbers.values()) + self.names.nbytes
        held += sum(t.docs.nbytes + t.ordinals.nbytes + 150 * len(t.values) for t in self.facets.values())
        if "lexicon" in self.__dict__:
            held += self.lexicon.nbytes
        if "columns" in self.__dict__:
            held += self.columns.docs.nbytes * 2 + 300 * len(self.columns.paths)
        return held

    def _fixed(self, field: str, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
        """A fixed-width column as an array; documents after the last written one have the default."""
        if not self._perdoc.has_column(field):
            return np.zeros(self.size, dtype.newbyteorder("="))
        column = self._perdoc.column_reader(field, self._reader.schema[field].column_type)
        raw = column._dbfile.get(column._basepos, column._count * column._fixedlen)
        written = np.frombuffer(raw, dtype)[: self.size]
        array = np.zeros(self.size, dtype.newbyteorder("="))
        array[: len(written)] = written
        return array

    def _facet(self, name: str) -> FacetTable:
        values, docs = [], []
        for term, postings in self.all_postings(f"facet_{name}"):
            values.append(schema.read_facet_term(term))
            docs.append(postings.ids)
        if not values:
            return FacetTable((), NO_POSTINGS.ids, NO_POSTINGS.ids)
        ordinals = np.repeat(np.arange(len(values), dtype=np.int32), [len(ids) for ids in docs])
        return FacetTable(tuple(values), np.concatenate(docs), ordinals)

    def postings(self, field: str, term: str) -> Postings:
        """The documents of a term; empty when nobody uses it."""
        try:
            info = self._terms.term_info(field, term.encode("utf-8", "surrogatepass"))
        except TermNotFound:
            return NO_POSTINGS
        return self._decode(info)[0]

    def places(self, word: str) -> PlaceArray:
        """Where a word stands: document << 32 | position, ascending."""
        try:
            info = self._terms.term_info("words", word.encode("utf-8", "surrogatepass"))
        except TermNotFound:
            return np.empty(0, np.int64)
        postings, values = self._decode(info, with_values=True)
        lengths = np.fromiter(map(len, values), np.int64, count=len(values)) // 4
        positions = np.frombuffer(b"".join(values), np.uint32).astype(np.int64)
        return np.repeat(postings.ids.astype(np.int64) << 32, lengths) | positions

    def all_postings(self, field: str) -> list[tuple[str, Postings]]:
        """Every term of a field with its documents, in the order of terms."""
        found = []
        for (name, term), info in self._terms.items_from(field, b""):
            if name != field:
                break
            found.append((term.decode("utf-8", "surrogatepass"), self._decode(info)[0]))
        return found

    def term_lists(self, with_values: str) -> Iterator[tuple[str, bytes, Postings, tuple[bytes, ...]]]:
        """Every term of every field with its documents; for the field `with_values` also what is kept of each."""
        for (field, term), info in self._terms.items():
            yield field, term, *self._decode(info, field == with_values)

    def _decode(self, info: Any, with_values: bool = False) -> tuple[Postings, tuple[bytes, ...]]:
        offset, (length,) = info.extent()  # in 2.7.5 the length comes as struct left it, a tuple of one
        stream = io.BytesIO(self._terms._postfile.get(offset, length))
        if stream.read(4) != WHOOSH3_HEADER_MAGIC:
            raise DamagedIndex("A posting list does not begin with its mark.")
        ids, counts, values = [], [], []
        is_last = False
        while not is_last:
            size = int.from_bytes(stream.read(4), "big", signed=True)
            is_last = size < 0
            start = stream.tell()
            number, _, _, compression, _, _ = pickle.load(stream)  # noqa: S301  # the index is written by this portal only, and readable by its account only
            block = stream.read(abs(size) - (stream.tell() - start))
            deltas, weights, payload = pickle.loads(zlib.decompress(block) if compression else block)  # noqa: S301  # our own file, written by Whoosh
            ids.append(np.cumsum(np.array(deltas, np.int32), dtype=np.int32))
            counts.append(_weights(weights, number))
            if with_values:
                values.extend(payload)
        return Postings(np.concatenate(ids), np.concatenate(counts)), tuple(values)

    @cached_property
    def lexicon(self) -> Lexicon:
        """Every unstemmed word of the segment; read when first needed."""
        found = []
        for name, term in self._terms.terms_from("words", b""):
            if name != "words":
                break
            found.append(term.decode("utf-8", "surrogatepass"))
        return Lexicon(word for word in found if word != terms.GAP)

    @cached_property
    def columns(self) -> ColumnTable:
        """The columns of all ports; read when first needed."""
        ports = np.flatnonzero(self.numbers["kind"] == layout.KIND_CODES["port"])
        return column_table((doc, self.column_paths(doc)) for doc in ports.tolist())

    def column_paths(self, doc: int) -> list[str]:
        """The column paths of one port document."""
        return self._perdoc.stored_fields(doc).get("column_paths", [])  # type: ignore[no-any-return]


_NUMPY_CODES = {"B": "u1", "q": "i8", "f": "f4", "I": "u4"}


def _weights(weights: Any, number: int) -> FloatArray:
    if weights is None:
        return np.ones(number, np.float32)
    if isinstance(weights, float):
        return np.full(number, weights, np.float32)
    return np.array(weights, np.float32)
