"""Taking in what machines saw: asset to asset and column to column, in bulk, in any order, any number of times.

An edge is known by its source, its job and its two ends. What is said of it twice is merged: the earliest first sight,
the latest last sight, and whatever the latest sight said of its kind. An observation from before an edge ended belongs
to the ended one; a later one begins a new edge, so that the gap stays in the past.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any

from django.db import transaction
from django.db.models import Q

from catalog.audit.remembered import forget_on_commit
from catalog.common import bulk
from lineage.edges.believing import believed, not_believed_about, rejected_by
from lineage.edges.deriving import derive_edges
from lineage.edges.lives import Life, Says, merge
from lineage.edges.locks import in_batches, lock_edges
from lineage.impact.changes import note_graph_changed
from lineage.models import Column, ColumnEdge, LineageEdge, NodeKind, Source

PATH_LETTERS = 400  # of a column; a longer path is not kept
FEW = 200  # keys looked up by IN; more are staged
FEW_WAYS = 3  # statements that change rows alike; where they differ more they are staged

Pair = tuple[int, int]  # (upstream, downstream): assets, or columns
Key = tuple[str, int | None, int, int]  # source, job, and the pair
Seen = dict[Key, list[tuple[datetime, Says]]]


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
class Sight:
    """What `job_id` (None: nobody's) was seen doing at `seen_at`, as `source` tells. A column link says that its assets
    are connected, too; `confidence` is in percent, `sender_id` who told: a person, a service account or nobody."""

    source: str
    job_id: int | None
    seen_at: datetime
    assets: Collection[Pair] = ()
    columns: Collection[ColumnLink] = ()
    confidence: int = 100
    sender_id: int | None = None


@dataclass(frozen=True, slots=True)
class _Table:
    """Where edges of one kind stand: the columns that a sight sets, where the assets of both ends are, what the rows of
    machines have in common, and what else a new row needs."""

    model: Any
    says: tuple[str, ...]
    assets: tuple[str, str]
    same: Mapping[str, Any] = field(default_factory=dict)
    new: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> Any:
        return self.model.objects.filter(**self.same)


_ASSETS = _Table(
    LineageEdge,
    ("confidence", "sent_by_id"),
    ("upstream_id", "downstream_id"),
    {"is_derived": False, "upstream_kind": NodeKind.ASSET.value, "downstream_kind": NodeKind.ASSET.value},
    {"note": ""},
)
_COLUMNS = _Table(
    ColumnEdge, ("is_direct", "how", "confidence"), ("upstream__asset_id", "downstream__asset_id")
)


def observe_edges(
    *,
    source: Source,
    job_id: int | None,
    assets: Collection[Pair],
    columns: Collection[ColumnLink] = (),
    seen_at: datetime,
    is_complete: bool = False,
    confidence: int = 100,
    sender_id: int | None = None,
) -> int:
    """`observe` one sight. With `is_complete` it names all that there is: edges in force of this source and job that
    it does not name, assets' and columns', end at `seen_at` unless they were seen later."""
    return observe(
        [Sight(source, job_id, seen_at, assets, columns, confidence, sender_id)], is_complete=is_complete
    )


@transaction.atomic
def observe(sights: Sequence[Sight], *, is_complete: bool = False) -> int:
    """Merge what was seen, of many jobs at once; returns how many edges began, changed or ended.

    Without `is_complete` (see `observe_edges`; each sight then names all of its source and job) neither order nor
    repetition matters. Edges from port to product follow in the same transaction. The number of statements does not
    depend on the number of sights and edges, but for one in thousands of primary keys.
    """
    lock_edges()
    rejected = rejected_by({sight.sender_id for sight in sights})
    sights = believed(sights, rejected)
    links = [(sight, link) for sight in sights for link in sight.columns if _is_kept(link)]
    pairs, columns = _seen_pairs(sights, links), _seen_columns(links)
    touched = _merge(_ASSETS, pairs)
    moved = _merge(_COLUMNS, columns)
    if is_complete:
        for sight in sights:
            untold = not_believed_about(sight, rejected)
            touched += _end_unnamed(_ASSETS, sight, pairs, untold)
            moved += _end_unnamed(_COLUMNS, sight, columns, untold)
    if any(has_begun_or_ended for _, has_begun_or_ended in moved):
        note_graph_changed()
    if touched:
        latest = max(sight.seen_at for sight in sights)
        derive_edges({upstream for (_, _, upstream, _), _ in touched}, at=latest)
        forget_on_commit()
    return len(touched) + len(moved)


def _is_kept(link: ColumnLink) -> bool:
    paths = (link.upstream_path, link.downstream_path)
    return all(0 < len(path) <= PATH_LETTERS and "\x00" not in path for path in paths)


def _seen_pairs(sights: Iterable[Sight], links: Iterable[tuple[Sight, ColumnLink]]) -> Seen:
    joined = ((sight, (link.upstream_asset, link.downstream_asset)) for sight, link in links)
    named = {
        (sight.source, sight.job_id, *pair, sight.seen_at, sight.confidence, sight.sender_id)
        for sight, pair in chain(((sight, pair) for sight in sights for pair in sight.assets), joined)
        if pair[0] != pair[1]
    }
    seen: Seen = defaultdict(list)
    for source, job, upstream, downstream, at, confidence, sender in named:
        seen[source, job, upstream, downstream].append((at, (confidence, sender)))
    return seen


def _seen_columns(links: Sequence[tuple[Sight, ColumnLink]]) -> Seen:
    numbers = _column_numbers(
        {(link.upstream_asset, link.upstream_path) for _, link in links}
        | {(link.downstream_asset, link.downstream_path) for _, link in links}
    )
    seen: Seen = defaultdict(list)
    for sight, link in links:
        upstream = numbers[link.upstream_asset, link.upstream_path]
        downstream = numbers[link.downstream_asset, link.downstream_path]
        says = (link.is_direct, link.how[:60], sight.confidence)
        seen[sight.source, sight.job_id, upstream, downstream].append((sight.seen_at, says))
    return seen


_KEY = ("source", "job_id", "upstream_id", "downstream_id")
_LIFE = ("first_seen", "last_seen")
Touched = list[tuple[Key, bool]]  # edges that changed, and whether they began or ended


def _merge(table: _Table, seen: Seen) -> Touched:
    """Merge sights into the rows that are there and insert what begins."""
    known = _known(table, seen)
    touched: Touched = []
    begun: list[tuple[Any, ...]] = []
    changed: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for key in sorted(seen, key=_order):
        for life in merge(known.get(key, []), seen[key]):
            values = (life.first_seen, life.last_seen, *life.says)
            if life.pk is None:
                begun.append((str(key[0]), *key[1:], *values, *table.same.values(), *table.new.values()))
            else:
                changed[values].append(life.pk)
            touched.append((key, life.pk is None))
    bulk.insert(table.model, (*_KEY, *_LIFE, *table.says, *table.same, *table.new), begun)
    _write(table, changed)
    return touched


def _order(key: Key) -> tuple[str, int, int, int]:
    source, job, *pair = key
    return source, job or 0, pair[0], pair[1]


def _write(table: _Table, changed: Mapping[tuple[Any, ...], list[int]]) -> None:
    """Set the life and what is said of rows, by their primary keys."""
    columns = (*_LIFE, *table.says)
    if len(changed) > FEW_WAYS:
        bulk.update(table.model, columns, [(pk, *values) for values, keys in changed.items() for pk in keys])
        return
    for values, keys in changed.items():
        for some in in_batches(keys):
            table.model.objects.filter(pk__in=some).update(**dict(zip(columns, values, strict=True)))


def _known(table: _Table, seen: Seen) -> dict[Key, list[Life]]:
    """The rows of these edges, those that ended too."""
    columns = (*_KEY, "id", *_LIFE, "valid_to", *table.says)
    pairs = {key[2:] for key in seen}
    rows: Iterable[tuple[Any, ...]] = ()
    if len(pairs) <= FEW:
        ends = {
            "upstream_id__in": {pair[0] for pair in pairs},
            "downstream_id__in": {pair[1] for pair in pairs},
        }
        rows = table.rows.filter(**ends).values_list(*columns) if pairs else ()
    else:
        same = tuple(table.same.values())
        keys = [(*same, *pair) for pair in pairs]
        rows = bulk.existing(table.model, (*table.same, "upstream_id", "downstream_id"), keys, columns)
    found: dict[Key, list[Life]] = defaultdict(list)
    for source, job, upstream, downstream, pk, first_seen, last_seen, valid_to, *says in rows:
        key = (source, job, upstream, downstream)
        if key in seen:
            found[key].append(Life(pk, first_seen, last_seen, valid_to, tuple(says)))
    return found


def _end_unnamed(table: _Table, sight: Sight, seen: Seen, untold: Collection[int]) -> Touched:
    """End what is in force and was not named, unless it was seen later than now, or is about an asset of which the
    sender tells nothing that is believed."""
    rows = table.rows.filter(source=sight.source, job_id=sight.job_id)
    current = rows.filter(valid_to=None, last_seen__lte=sight.seen_at)
    if untold:
        upstream, downstream = table.assets
        current = current.exclude(Q(**{f"{upstream}__in": untold}) | Q(**{f"{downstream}__in": untold}))
    gone = [
        (pk, key) for pk, *ends in current.values_list("pk", "upstream_id", "downstream_id")
        if (key := (sight.source, sight.job_id, *ends)) not in seen
    ]  # fmt: skip
    for some in in_batches(gone):
        rows.filter(pk__in=[pk for pk, _ in some]).update(valid_to=sight.seen_at)
    return [(key, True) for _, key in gone]


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
