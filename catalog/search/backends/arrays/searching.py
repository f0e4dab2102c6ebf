"""The two reading verbs on a snapshot."""

import numpy as np

from catalog.search import ranking
from catalog.search.backends.arrays import column_rows, listing
from catalog.search.backends.arrays.evaluate import evaluate
from catalog.search.backends.arrays.facets import Filtering
from catalog.search.backends.arrays.snapshot import Audience, Snapshot
from catalog.search.documents import COLUMN, PORT, PRODUCT, SearchHits, Suggestion
from catalog.search.query import SearchQuery


def search(snapshot: Snapshot, query: SearchQuery, audience: Audience) -> SearchHits:
    """One page of the result (`SearchBackend.search`)."""
    found = evaluate(snapshot, query, audience)
    scores = listing.score_of(snapshot, found)
    matches = found.matches & listing.kind_mask(snapshot, query.kind)
    weights = rows = None
    if query.kind == COLUMN:
        rows = column_rows.find_rows(snapshot, found, matches)
        weights = rows.per_doc(snapshot.size)
        matches &= weights > 0
    filtering = Filtering(snapshot, matches, query.filters)
    passed = filtering.passed
    if rows is not None:
        hits = column_rows.column_hits(snapshot, rows, passed, scores, found, query)
    else:
        page = listing.page_of(snapshot, np.flatnonzero(passed).astype(np.int32), scores, query)
        if query.kind == PORT:
            hits = listing.port_hits(snapshot, page, scores, found)
        else:
            hits = listing.product_hits(snapshot, page, scores, found, audience.mask)
    return SearchHits(
        int(np.count_nonzero(passed)) if weights is None else int(weights[passed].sum()),
        hits,
        filtering.count(weights),
        tuple(found.corrections),
        tuple(found.unknown),
        filtering.without(weights),
        frozenset(term for need in found.needs for term in need),
    )


def suggest(snapshot: Snapshot, query: SearchQuery, audience: Audience, limit: int) -> tuple[Suggestion, ...]:
    """What an unfinished query may mean (`SearchBackend.suggest`)."""
    found = evaluate(snapshot, query, audience)
    if not found.needs:
        return ()
    scores = listing.score_of(snapshot, found)
    by_kind: list[list[Suggestion]] = []
    for kind in (PRODUCT, PORT):
        docs = np.flatnonzero(found.matches & listing.kind_mask(snapshot, kind)).astype(np.int32)
        page = listing.page_of(snapshot, docs, scores, SearchQuery(page_size=limit)).tolist()
        by_kind.append([Suggestion(kind, "", float(scores[doc]), snapshot.key(doc)) for doc in page])
    ports = audience.mask & listing.kind_mask(snapshot, PORT) & (found.relevance > 0)
    by_kind.append(column_rows.column_suggestions(snapshot, found, ports, limit))
    return ranking.spread(by_kind, limit)
