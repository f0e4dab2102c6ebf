"""The rows of one page: order, cut, and what is shown inside a row."""

import numpy as np
import numpy.typing as npt

from catalog.search import columns, ranking
from catalog.search.backends.arrays import layout
from catalog.search.backends.arrays.evaluate import Evaluation
from catalog.search.backends.arrays.segment import FloatArray, IntArray
from catalog.search.backends.arrays.snapshot import Mask, Snapshot
from catalog.search.documents import PORT, PRODUCT, Hit, PortHit
from catalog.search.query import SearchQuery


def score_of(snapshot: Snapshot, found: Evaluation) -> FloatArray:
    """The rank's number of every document."""
    total: FloatArray = found.tier + found.relevance + snapshot.numbers("prior")
    return total


def page_of(
    snapshot: Snapshot, docs: IntArray, scores: FloatArray, query: SearchQuery
) -> npt.NDArray[np.int64]:
    """The documents of the query's page in order; only those that can stand on it are sorted."""
    first = (query.page - 1) * query.page_size
    last = first + query.page_size
    leading = _leading_key(snapshot, docs, scores, query.sort)
    if last < len(docs):
        limit = np.partition(leading, last - 1)[last - 1]
        near = leading <= limit
        docs, leading = docs[near], leading[near]
    order = np.lexsort((snapshot.numbers("row")[docs], snapshot.name_rank[docs], leading))
    return docs[order[first:last]].astype(np.int64)


def _leading_key(
    snapshot: Snapshot, docs: IntArray, scores: FloatArray, sort: str
) -> npt.NDArray[np.float64]:
    if sort == "name":
        return snapshot.name_rank[docs].astype(np.float64)
    by = {"updated": "updated", "quality": "quality"}.get(sort)
    values = snapshot.numbers(by)[docs] if by else scores[docs]
    return -np.asarray(values, np.float64)


def product_hits(
    snapshot: Snapshot, page: npt.NDArray[np.int64], scores: FloatArray, found: Evaluation, visible: Mask
) -> tuple[Hit, ...]:
    """Product rows with their best ports inside."""
    products, rows = snapshot.numbers("product"), snapshot.numbers("row")
    ports: dict[int, list[int]] = {}
    if found.needs:
        is_port = snapshot.numbers("kind") == layout.KIND_CODES[PORT]
        inside = is_port & visible & (found.relevance > 0) & np.isin(products, products[page])
        for doc in np.flatnonzero(inside).tolist():
            ports.setdefault(int(products[doc]), []).append(doc)
    hits = []
    for doc in page.tolist():
        product = int(products[doc])
        best = sorted(ports.get(product, ()), key=lambda port: (-float(scores[port]), int(rows[port])))[
            : ranking.PORTS_INSIDE
        ]
        hits.append(
            Hit(
                snapshot.key(doc),
                product,
                float(scores[doc]),
                ports=tuple(
                    PortHit(snapshot.key(port), float(scores[port]), _columns(snapshot, port, found))
                    for port in best
                ),
            )
        )
    return tuple(hits)


def port_hits(
    snapshot: Snapshot, page: npt.NDArray[np.int64], scores: FloatArray, found: Evaluation
) -> tuple[Hit, ...]:
    """Port rows with their matched columns."""
    products = snapshot.numbers("product")
    return tuple(
        Hit(
            snapshot.key(doc),
            int(products[doc]),
            float(scores[doc]),
            columns=_columns(snapshot, doc, found),
        )
        for doc in page.tolist()
    )


def _columns(snapshot: Snapshot, port: int, found: Evaluation) -> tuple[str, ...]:
    return columns.matched_columns(snapshot.column_paths(port), found.needs, ranking.COLUMNS_INSIDE)


def kind_mask(snapshot: Snapshot, kind: str) -> Mask:
    code = layout.KIND_CODES[PRODUCT if kind == PRODUCT else PORT]
    mask: Mask = snapshot.numbers("kind") == code
    return mask
