"""Taking in what machines saw: asset to asset and column to column, in bulk, in any order, any number of times.

An edge is known by its source, its job and its two ends. What is said of it twice is merged: the earliest first sight,
the latest last sight, and whatever the latest sight said of its kind. An observation from before an edge ended belongs
to the ended one; a later one begins a new edge, so that the gap stays in the past.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from catalog.audit.remembered import forget_on_commit
from catalog.common import bulk
from lineage.edges.deriving import derive_edges
from lineage.edges.locks import in_batches, lock_edges
from lineage.impact.changes import note_graph_changed
from lineage.models import Column, ColumnEdge, LineageEdge, NodeKind, Source

PATH_LETTERS = 400  # of a column; a longer path is not kept
FEW = 200  # keys looked up by IN; more are staged

Pair = tuple[int, int]  # (upstream, downstream): assets, or columns


@dataclass(frozen=True, slots=True)
class ColumnLink:
    """`upstream_path` of one asset makes (direct) or decides over (indirect) `downstream_path` of another."""

    upstream_asset: int
    upstream_path: str
    downstream_asset: int
    downstream_path: str
    is_direct: bool = True
    how: str = ""


@dataclass(frozen=True, slots=True)
class _Sight:
    """Who saw it and when: the same for all edges of one call."""

    source: str
    job_id: Any  # None: nobody's
    seen_at: datetime
    confidence: int


@dataclass(frozen=True, slots=True)
class _Known:
    """A row that is there already. `says` is what newer sights replace: confidence, and the kind of a column edge."""

    pk: int
    first_seen: datetime
    last_seen: datetime
    valid_to: datetime | None
    says: tuple[Any, ...]


Says = dict[Pair, tuple[Any, ...]]


@dataclass(slots=True)
class _Waiting:
    """Upstream ends of edges that changed, and the latest moment one was seen or ended."""

    touched: set[int] = field(default_factory=set)
    at: datetime | None = None


_waiting: ContextVar[_Waiting | None] = ContextVar("what waits for derivation", default=None)


@contextmanager
def derived_once() -> Iterator[None]:
    """Within it, observations leave the derivation to its end: once for a batch. Enter it inside the transaction."""
    if _waiting.get() is not None:
        yield
        return
    waiting = _Waiting()
    token = _waiting.set(waiting)
    try:
        yield
    finally:
        _waiting.reset(token)
    if waiting.touched and not connection.needs_rollback:
        derive_edges(waiting.touched, at=waiting.at)


@transaction.atomic
def observe_edges(
    *,
    source: Source,
    job_id: int | None,
    assets: Collection[Pair],
    columns: Collection[ColumnLink] = (),
    seen_at: datetime,
    is_complete: bool = False,
    confidence: int = 100,
) -> int:
    """Merge what `job_id` (None: nobody's) was seen doing at `seen_at`; returns how many edges began, changed or ended.

    A column link says that its assets are connected, too. With `is_complete` the call names all that there is: edges
    in force of this source and job that it does not name, assets' and columns', end at `seen_at` unless they were seen
    later. Without it neither order nor repetition matters. Edges from port to product follow in the same transaction.
    The number of statements does not depend on the number of edges, but for one in thousands of primary keys.
    """
    lock_edges()
    sight = _Sight(source, job_id, seen_at, confidence)
    links = [link for link in columns if _is_path(link.upstream_path) and _is_path(link.downstream_path)]
    pairs = dict.fromkeys(assets)
    pairs.update(
        dict.fromkeys(
            (link.upstream_asset, link.downstream_asset)
            for link in links
            if link.upstream_asset != link.downstream_asset
        )
    )
    touched = _merge_assets(sight, dict.fromkeys(pairs, (confidence,)), is_complete)
    changed = len(touched) + _merge_columns(sight, links, is_complete)
    if touched:
        _derive({upstream for upstream, _ in touched}, seen_at)
        forget_on_commit()
    return changed


def _derive(touched: set[int], seen_at: datetime) -> None:
    waiting = _waiting.get()
    if waiting is None or not connection.in_atomic_block:
        derive_edges(touched, at=seen_at)
    else:
        waiting.touched |= touched
        waiting.at = max(waiting.at or seen_at, seen_at)


def _is_path(path: str) -> bool:
    return 0 < len(path) <= PATH_LETTERS and "\x00" not in path


def _merge_assets(sight: _Sight, says: Says, is_complete: bool) -> list[Pair]:
    """The pairs whose edges began, changed or ended."""
    known = _known_assets(sight, says)
    begun, moved = _merge(LineageEdge, ("confidence",), sight, says, known)
    kinds = (NodeKind.ASSET, NodeKind.ASSET)
    bulk.insert(
        LineageEdge,
        (*_SEEN, "is_derived", "note", *_KINDS, "upstream_id", "downstream_id", "confidence"),
        [(*_sight_row(sight), False, "", *kinds, *pair, *says[pair]) for pair in begun],
    )  # fmt: skip
    ended = _end_unnamed(_assets_of(sight), sight, says) if is_complete else []
    return [*begun, *moved, *ended]


def _merge_columns(sight: _Sight, links: list[ColumnLink], is_complete: bool) -> int:
    numbers = _column_numbers(
        {(link.upstream_asset, link.upstream_path) for link in links}
        | {(link.downstream_asset, link.downstream_path) for link in links}
    )
    says: Says = {}
    for link in links:
        pair = (
            numbers[link.upstream_asset, link.upstream_path],
            numbers[link.downstream_asset, link.downstream_path],
        )
        said = (link.is_direct, link.how[:60], sight.confidence)
        says[pair] = max(says.get(pair, said), said)
    known = _known_columns(sight, says)
    begun, moved = _merge(ColumnEdge, ("is_direct", "how", "confidence"), sight, says, known)
    bulk.insert(
        ColumnEdge,
        (*_SEEN, "upstream", "downstream", "is_direct", "how", "confidence"),
        [(*_sight_row(sight), *pair, *says[pair]) for pair in begun],
    )
    ended = _end_unnamed(_columns_of(sight), sight, says) if is_complete else []
    if begun or ended:
        note_graph_changed()
    return len(begun) + len(moved) + len(ended)


_KINDS = ("upstream_kind", "downstream_kind")
_SEEN = ("source", "job", "first_seen", "last_seen", "valid_to")


def _sight_row(sight: _Sight) -> tuple[Any, ...]:
    return str(sight.source), sight.job_id, sight.seen_at, sight.seen_at, None


def _merge(
    model: Any, said: tuple[str, ...], sight: _Sight, says: Says, known: dict[Pair, list[_Known]]
) -> tuple[list[Pair], list[Pair]]:
    """(pairs that have no row to merge into, pairs whose row changed). Writes the changes of rows."""
    begun, moved = [], []
    earlier: list[int] = []
    later: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for pair in sorted(says):
        row = _row_at(known.get(pair, ()), sight.seen_at)
        if row is None:
            begun.append(pair)
            continue
        is_newer = (sight.seen_at, says[pair]) > (row.last_seen, row.says)
        if is_newer:
            later[says[pair]].append(row.pk)
        if sight.seen_at < row.first_seen:
            earlier.append(row.pk)
        if is_newer or sight.seen_at < row.first_seen:
            moved.append(pair)
    for keys in in_batches(earlier):
        model.objects.filter(pk__in=keys).update(first_seen=sight.seen_at)
    for values, rows in later.items():
        for keys in in_batches(rows):
            model.objects.filter(pk__in=keys).update(
                last_seen=sight.seen_at, **dict(zip(said, values, strict=True))
            )
    return begun, moved


def _row_at(rows: Iterable[_Known], seen_at: datetime) -> _Known | None:
    """The row an observation belongs to: the first that ended not before it, else the one in force."""
    ended = [row for row in rows if row.valid_to is not None and row.valid_to >= seen_at]
    if ended:
        return min(ended, key=lambda row: (row.valid_to, row.pk))
    return next((row for row in rows if row.valid_to is None), None)


def _assets_of(sight: _Sight) -> Any:
    return LineageEdge.objects.filter(
        source=sight.source,
        job_id=sight.job_id,
        is_derived=False,
        upstream_kind=NodeKind.ASSET,
        downstream_kind=NodeKind.ASSET,
    )


def _columns_of(sight: _Sight) -> Any:
    return ColumnEdge.objects.filter(source=sight.source, job_id=sight.job_id)


_LIFE = ("pk", "first_seen", "last_seen", "valid_to")


def _known_assets(sight: _Sight, says: Says) -> dict[Pair, list[_Known]]:
    if len(says) <= FEW:
        return _by_pair(_few(_assets_of(sight), says, ("confidence",)), says)
    kinds = (NodeKind.ASSET, NodeKind.ASSET)
    rows = bulk.existing(
        LineageEdge,
        (*_KINDS, "upstream_id", "downstream_id"),
        [(*kinds, *pair) for pair in says],
        ("source", "job_id", "upstream_id", "downstream_id", "id", *_LIFE[1:], "confidence"),
    )
    return _by_pair(_of_sight(rows, sight), says)


def _known_columns(sight: _Sight, says: Says) -> dict[Pair, list[_Known]]:
    said = ("is_direct", "how", "confidence")
    if len(says) <= FEW:
        return _by_pair(_few(_columns_of(sight), says, said), says)
    rows = bulk.existing(
        ColumnEdge,
        ("upstream_id", "downstream_id"),
        says,
        ("source", "job_id", "upstream_id", "downstream_id", "id", *_LIFE[1:], *said),
    )
    return _by_pair(_of_sight(rows, sight), says)


def _few(rows: Any, says: Says, said: tuple[str, ...]) -> Iterable[tuple[Any, ...]]:
    if not says:
        return []
    wanted = rows.filter(
        upstream_id__in={upstream for upstream, _ in says},
        downstream_id__in={downstream for _, downstream in says},
    )
    found: Iterable[tuple[Any, ...]] = wanted.values_list("upstream_id", "downstream_id", *_LIFE, *said)
    return found


def _of_sight(rows: list[tuple[Any, ...]], sight: _Sight) -> Iterator[tuple[Any, ...]]:
    return (row[2:] for row in rows if row[0] == sight.source and row[1] == sight.job_id)


def _by_pair(rows: Iterable[tuple[Any, ...]], says: Says) -> dict[Pair, list[_Known]]:
    found: dict[Pair, list[_Known]] = defaultdict(list)
    for upstream, downstream, pk, first_seen, last_seen, valid_to, *said in rows:
        if (upstream, downstream) in says:
            found[upstream, downstream].append(_Known(pk, first_seen, last_seen, valid_to, tuple(said)))
    return found


def _end_unnamed(rows: Any, sight: _Sight, says: Says) -> list[Pair]:
    """End what is in force and was not named, unless it was seen later than now; returns the pairs."""
    current = rows.filter(valid_to=None, last_seen__lte=sight.seen_at)
    gone = [
        (pk, (upstream, downstream))
        for pk, upstream, downstream in current.values_list("pk", "upstream_id", "downstream_id")
        if (upstream, downstream) not in says
    ]
    for some in in_batches(gone):
        rows.filter(pk__in=[pk for pk, _ in some]).update(valid_to=sight.seen_at)
    return [pair for _, pair in gone]


def _column_numbers(names: set[tuple[int, str]]) -> dict[tuple[int, str], int]:
    """Primary keys of columns by (asset, path); those not known yet are made."""
    found = _find_columns(names)
    if missing := sorted(names - found.keys()):
        bulk.upsert(Column, ("asset", "path"), missing, unique=("asset", "path"))
        found |= _find_columns(set(missing))
    return found


def _find_columns(names: set[tuple[int, str]]) -> dict[tuple[int, str], int]:
    rows: Iterable[tuple[Any, ...]]
    if len(names) <= FEW:
        few = Column.objects.filter(asset_id__in={a for a, _ in names}, path__in={path for _, path in names})
        rows = few.values_list("asset_id", "path", "pk") if names else []
    else:
        rows = bulk.existing(Column, ("asset_id", "path"), sorted(names), ("asset_id", "path", "id"))
    return {(asset, path): pk for asset, path, pk in rows if (asset, path) in names}
