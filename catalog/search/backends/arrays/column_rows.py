"""Columns as rows of a result, resolved from port documents: which columns of a matching port a query means."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from catalog.search import columns
from catalog.search.backends.arrays.evaluate import Evaluation
from catalog.search.backends.arrays.segment import ColumnTable, FloatArray, IntArray
from catalog.search.backends.arrays.snapshot import Mask, Snapshot
from catalog.search.documents import Hit, Suggestion
from catalog.search.query import SearchQuery


@dataclass(slots=True)
class ColumnRows:
    """Flat (port document, column) pairs that answer a query: in each port the columns meeting most words.

    `words` is how many words each meets. With no words in the query every column is meant.
    """

    docs: IntArray
    paths: list[tuple[ColumnTable, IntArray, int, int]]  # segment's table, ordinals, and their span in `docs`
    words: npt.NDArray[np.int16]

    def path(self, row: int) -> str:
        for table, ordinals, first, last in self.paths:
            if first <= row < last:
                return table.paths[int(ordinals[row - first])]
        raise IndexError(row)

    def per_doc(self, size: int) -> npt.NDArray[np.float64]:
        """Rows a document: the weights of counts and facets."""
        return np.bincount(self.docs, minlength=size).astype(np.float64)

    def only(self, mask: Mask) -> npt.NDArray[np.int64]:
        """The rows of these documents."""
        return np.flatnonzero(mask[self.docs])


def find_rows(snapshot: Snapshot, found: Evaluation, among: Mask) -> ColumnRows:
    """The column rows of documents in `among`."""
    docs, spans, words, total = [], [], [], 0
    for base, segment in zip(snapshot.bases, snapshot.segments, strict=False):
        table = segment.columns
        met = _words_met(table, found)[table.ordinals]
        chosen = among[base : base + segment.size][table.docs]
        if found.needs:
            best = np.zeros(segment.size, np.int16)
            np.maximum.at(best, table.docs, met)
            chosen &= (met > 0) & (met == best[table.docs])
        rows = np.flatnonzero(chosen)
        docs.append(table.docs[rows] + np.int32(base))
        spans.append((table, table.ordinals[rows], total, total + len(rows)))
        words.append(met[rows])
        total += len(rows)
    if not docs:
        return ColumnRows(np.empty(0, np.int32), [], np.empty(0, np.int16))
    return ColumnRows(np.concatenate(docs), spans, np.concatenate(words))


def _words_met(table: ColumnTable, found: Evaluation) -> npt.NDArray[np.int16]:
    met = np.zeros(len(table.paths), np.int16)
    for need in found.needs:
        places = [table.by_term[term] for term in need if term in table.by_term]
        if places:
            met[np.unique(np.concatenate(places))] += 1
    return met


def column_hits(
    snapshot: Snapshot,
    rows: ColumnRows,
    passed: Mask,
    scores: FloatArray,
    found: Evaluation,
    query: SearchQuery,
) -> tuple[Hit, ...]:
    """The page of column rows in order."""
    chosen = rows.only(passed)
    exact = _exact_rows(rows, chosen, found.canonical)
    port_scores = scores[rows.docs[chosen]].astype(np.float64)
    words = max(len(found.needs), 1)
    total = 10.0 * exact + rows.words[chosen] / words + port_scores / 10.0
    leading = {
        "name": np.zeros(len(chosen)),
        "updated": -snapshot.numbers("updated")[rows.docs[chosen]].astype(np.float64),
        "quality": -snapshot.numbers("quality")[rows.docs[chosen]].astype(np.float64),
    }.get(query.sort, -total)
    first = (query.page - 1) * query.page_size
    last = first + query.page_size
    keep = np.arange(len(chosen))
    if query.sort != "name" and last < len(chosen):
        keep = np.flatnonzero(leading <= np.partition(leading, last - 1)[last - 1])
    ports, products = snapshot.numbers("row"), snapshot.numbers("product")
    order = sorted(
        keep.tolist(), key=lambda i: (leading[i], rows.path(int(chosen[i])), int(ports[rows.docs[chosen[i]]]))
    )
    hits = []
    for place in order[first:last]:
        row = int(chosen[place])
        doc, path = int(rows.docs[row]), rows.path(row)
        score = columns.score(bool(exact[place]), int(rows.words[row]), len(found.needs), float(scores[doc]))
        hits.append(Hit(snapshot.key(doc), int(products[doc]), score, column=path))
    return tuple(hits)


def _exact_rows(rows: ColumnRows, chosen: npt.NDArray[np.int64], canonical: str) -> Mask:
    exact = np.zeros(len(chosen), np.bool_)
    for table, ordinals, first, last in rows.paths:
        inside = (chosen >= first) & (chosen < last)
        exact[inside] = _named(table, canonical)[ordinals[chosen[inside] - first]]
    return exact


def _named(table: ColumnTable, canonical: str) -> Mask:
    named = np.zeros(len(table.paths), np.bool_)
    if canonical in table.by_name:
        named[table.by_name[canonical]] = True
    return named


def column_suggestions(snapshot: Snapshot, found: Evaluation, visible: Mask, limit: int) -> list[Suggestion]:
    """Column names that meet every word: exact ones first, then those of most ports."""
    if not found.needs:
        return []
    rows = find_rows(snapshot, found, visible)
    ports: Counter[str] = Counter()
    exact: set[str] = set()
    for table, ordinals, first, last in rows.paths:
        complete = rows.words[first:last] == len(found.needs)
        counts = np.bincount(ordinals[complete], minlength=len(table.paths))
        named = _named(table, found.canonical)
        for place in np.flatnonzero(counts).tolist():
            ports[table.paths[place]] += int(counts[place])
            if named[place]:
                exact.add(table.paths[place])
    best = sorted(ports, key=lambda path: (path not in exact, -ports[path], path))[:limit]
    return [
        Suggestion("column", path, columns.score(path in exact, 1, 1, 0.0), count=ports[path])
        for path in best
    ]
