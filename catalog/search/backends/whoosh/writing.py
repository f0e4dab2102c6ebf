"""Writing segments: Whoosh's files and commits, with terms gathered in lists instead of one posting at a time.

Whoosh makes a token object for every word and sorts a tuple for every posting; documents come here as lists of terms
already, so both are left out. What is written is Whoosh's own format, which its stock reader reads as well. Segments
are merged term by term from the arrays they are searched by.
"""

from array import array
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import numpy as np
from whoosh.codec.whoosh3 import W3FieldWriter, W3PostingsWriter, W3Segment
from whoosh.index import FileIndex
from whoosh.system import pack_uint
from whoosh.writing import SegmentWriter

from catalog.search import ranking
from catalog.search.backends.arrays.layout import NUMBERS
from catalog.search.backends.whoosh import schema
from catalog.search.backends.whoosh.pool import Group, PostingList, TermPool
from catalog.search.backends.whoosh.segment import WhooshSegment
from catalog.search.documents import SearchDocument

BUFFER = 64 * 1024 * 1024  # bytes of postings held before they spill to disk
COMPRESSED_FROM = 16  # postings; less does not get smaller
MERGE_RATIO = 3  # a segment joins a new one that has a third of its documents
MOST_MERGED = 40_000  # living documents; a larger segment is written again only when half of it is deleted


class ListCodec(schema.LargeBlockCodec):
    """Writes a list at a time; segments remember the plain codec, which is all that reading needs."""

    def new_segment(self, storage: Any, indexname: str) -> W3Segment:
        return W3Segment(schema.LargeBlockCodec(), indexname)

    def field_writer(self, storage: Any, segment: Any) -> "ListFieldWriter":
        return ListFieldWriter(self, storage, segment)

    def postings_writer(self, dbfile: Any, byteids: bool = False) -> "ListPostingsWriter":
        return ListPostingsWriter(dbfile, self._blocklimit, byteids, self._compression, self._inlinelimit)


class ListPostingsWriter(W3PostingsWriter):  # type: ignore[misc]  # untyped base
    """Takes the postings of a term at once."""

    _ids: "array[int]"

    def add_list(self, postings: PostingList) -> None:
        size, block = self._format.fixed_value_size(), self._blocklimit
        self._compression = 1 if len(postings.ids) >= COMPRESSED_FROM else 0
        for start in range(0, len(postings.ids), block):
            if self._ids:
                self._write_block()
            self._ids = postings.ids[start : start + block]
            self._weights = postings.counts[start : start + block]
            self._maxweight = max(self._weights)
            if size is None or size < 0:
                self._values = postings.values[start : start + block]
            elif size:
                self._values = [pack_uint(int(count)) for count in self._weights]


class ListFieldWriter(W3FieldWriter):  # type: ignore[misc]  # untyped base
    """Takes terms in order, each with all its postings."""

    def add_groups(self, fields: Any, groups: Iterable[Group]) -> None:
        current = ""
        for name, term, postings in groups:
            if name != current:
                if current:
                    self.finish_field()
                self.start_field(name, fields[name])
                current = name
            self.start_term(term)
            self._postwriter.add_list(postings)
            self.finish_term()
        if current:
            self.finish_field()


class DocumentWriter(SegmentWriter):  # type: ignore[misc]  # untyped base
    """One new segment and one commit. `held` are the segments as they are read, by their ids."""

    def __init__(self, index: FileIndex, held: Mapping[str, WhooshSegment] | None = None) -> None:
        super().__init__(index, codec=ListCodec())
        self._held = held or {}
        self._terms = TermPool(index.storage.folder, BUFFER)

    def add(self, document: SearchDocument) -> None:
        """Write one document."""
        row, perdoc = schema.to_fields(document), self.perdocwriter
        perdoc.start_doc(self.docnum)
        for name, value in row.items():
            field = self.schema[name]
            if field.column_type is not None:
                perdoc.add_column_value(name, field.column_type, value)
            elif field.stored:
                perdoc.add_field(name, field, value, 0)
            elif name == schema.PLACED:
                self._terms.add_places(name, self.docnum, value)
            else:
                self._terms.add(name, self.docnum, (value,) if isinstance(value, str) else value)
        perdoc.finish_doc()
        self._added = True
        self.docnum += 1

    def commit(self) -> None:
        """Write everything, smaller segments merged into the new one where that keeps their number small."""
        try:
            super().commit(mergetype=_merge)
        except BaseException:
            with suppress(Exception):  # as far as its files still allow it
                self._close_segment()
            self._finish()
            raise

    def take_over(self, part: Any) -> None:
        """Take over what lives in a segment."""
        segment = self._held[part.segment_id()]
        alive = np.ones(segment.size, np.bool_)
        alive[list(part.deleted_docs())] = False
        living = np.flatnonzero(alive)
        if not len(living):
            return
        places = np.full(segment.size, -1, np.int64)
        places[living] = np.arange(self.docnum, self.docnum + len(living))
        self._merge_rows(segment, living.tolist())
        for field, term, postings, values in segment.term_lists(with_values=schema.PLACED):
            kept = alive[postings.ids]
            if not kept.any():
                continue
            ids = array("I", places[postings.ids[kept]].astype(np.uint32).tobytes())
            counts = array("f", postings.counts[kept].astype(np.float32).tobytes())
            text = term.decode("utf-8", "surrogatepass")
            listed = (
                [value for value, is_kept in zip(values, kept.tolist(), strict=True) if is_kept]
                if values
                else []
            )
            self._terms.add_list(field, text, PostingList(ids, counts, listed))
        self._added = True

    def _merge_rows(self, segment: WhooshSegment, living: list[int]) -> None:
        perdoc, fields = self.perdocwriter, self.schema
        numbers = [
            (f"n_{name}", fields[f"n_{name}"].column_type, segment.numbers[name].tolist()) for name in NUMBERS
        ]
        for doc in living:
            perdoc.start_doc(self.docnum)
            for name, column, values in numbers:
                perdoc.add_column_value(name, column, values[doc])
            title = bytes(segment.names[doc]).ljust(ranking.PREFIX_BYTES, b"\0")
            perdoc.add_column_value("name_bytes", fields["name_bytes"].column_type, title)
            if paths := segment.column_paths(doc):
                perdoc.add_field("column_paths", fields["column_paths"], paths, 0)
            perdoc.finish_doc()
            self.docnum += 1

    def _flush_segment(self) -> None:
        self.perdocwriter.close()
        self.fieldwriter.add_groups(self.schema, self._terms.groups())
        self.fieldwriter.close()

    def _finish(self) -> None:
        self._terms.close()
        super()._finish()


def _merge(writer: DocumentWriter, segments: list[Any]) -> list[Any]:
    """The merge policy: from the smallest on, segments join while they are not much larger than what has come together.

    Sizes then grow geometrically: their number stays logarithmic, and so does how often a document is written again.
    """
    total, left = writer.doc_count(), []
    for part in sorted(segments, key=lambda item: item.doc_count()):
        living, every = part.doc_count(), part.doc_count_all()
        is_hollow = living * 2 < every
        if is_hollow or (living <= MOST_MERGED and living < MERGE_RATIO * total):
            writer.take_over(part)
            total += living
        else:
            left.append(part)
    return left
