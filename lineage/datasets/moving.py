"""What hangs on an asset as lineage knows it, moved to another and back. Every move writes down how to undo itself.

Edges keep their dates. Where the other asset has the same edge in force, that one is stretched over the time of both
and the moved one ends; it stays with its own asset, so that undoing finds it as it was.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Model, QuerySet

from lineage.models import (
    Column,
    ColumnEdge,
    DatasetAlias,
    LineageEdge,
    NodeKind,
    RunDataset,
    SenderRejection,
)

Moved = dict[str, Any]
_BATCH = 500


def move(gone: int, kept: int, *, at: datetime) -> Moved:
    """Move edges, columns, what runs did and other names from asset `gone` to `kept`; returns how to undo it."""
    moved: Moved = {"at": at.isoformat()}
    for side in ("upstream", "downstream"):
        rows = LineageEdge.objects.filter(**{f"{side}_kind": NodeKind.ASSET, f"{side}_id": gone})
        moved[f"edges_{side}"] = _move_edges(rows, side, lambda edge: kept, at)
    moved |= _move_columns(gone, kept, at)
    moved["runs"] = _move_runs(gone, kept)
    aliases = DatasetAlias.objects.filter(asset=gone)
    moved["aliases"] = list(aliases.values_list("pk", flat=True))
    aliases.update(asset=kept)
    taken = SenderRejection.objects.in_force().filter(asset=kept).values("sender")
    rejections = SenderRejection.objects.in_force().filter(asset=gone).exclude(sender__in=taken)
    moved["rejections"] = list(rejections.values_list("pk", flat=True))
    _each(SenderRejection.objects, moved["rejections"]).update(asset=kept)
    return moved


def move_back(moved: Moved, *, gone: int, kept: int) -> None:
    """Undo `move`. What came since stays where it came to."""
    for side in ("upstream", "downstream"):
        _undo(LineageEdge, moved[f"edges_{side}"], side)
    for side in ("downstream", "upstream"):
        _undo(ColumnEdge, moved[f"column_edges_{side}"], side)
    _each(Column.objects, moved["columns"]).update(asset=gone)
    _each(RunDataset.objects, moved["runs"]).update(asset=gone)
    _each(DatasetAlias.objects, moved["aliases"]).update(asset=gone)
    _each(SenderRejection.objects, moved.get("rejections", [])).update(asset=gone)


def _move_edges(rows: "QuerySet[Any]", side: str, target: Callable[[Any], int], at: datetime) -> Moved:
    """Point `side` of the edges to `target`; edges that are there already take them up."""
    done: Moved = {"was": {}, "ended": [], "stretched": {}}
    other = "downstream" if side == "upstream" else "upstream"
    model = rows.model
    for edge in rows.order_by("pk"):
        wanted = target(edge)
        if getattr(edge, f"{other}_id") == wanted and _same_kinds(edge):
            _end(edge, done, at)  # it would lead from the dataset to itself
            continue
        twin = _twin(model, edge, side, wanted) if edge.valid_to is None else None
        if twin is None:
            done["was"][str(edge.pk)] = getattr(edge, f"{side}_id")
            setattr(edge, f"{side}_id", wanted)
            edge.save(update_fields=[f"{side}_id"])
            continue
        done["stretched"].setdefault(str(twin.pk), [twin.first_seen.isoformat(), twin.last_seen.isoformat()])
        twin.first_seen = min(twin.first_seen, edge.first_seen)
        twin.last_seen = max(twin.last_seen, edge.last_seen)
        twin.save(update_fields=["first_seen", "last_seen"])
        _end(edge, done, at)
    return done


def _same_kinds(edge: Any) -> bool:
    return isinstance(edge, ColumnEdge) or edge.upstream_kind == edge.downstream_kind


def _twin(model: Any, edge: Any, side: str, wanted: int) -> Any:
    """The edge in force that says the same of the other asset."""
    other = "downstream" if side == "upstream" else "upstream"
    same = {"source": edge.source, "job_id": edge.job_id, f"{side}_id": wanted}
    same[f"{other}_id"] = getattr(edge, f"{other}_id")
    if isinstance(edge, LineageEdge):
        same |= {"upstream_kind": edge.upstream_kind, "downstream_kind": edge.downstream_kind}
    return model.objects.in_force().filter(**same).first()


def _end(edge: Any, done: Moved, at: datetime) -> None:
    if edge.valid_to is None:
        edge.valid_to = at
        edge.save(update_fields=["valid_to"])
        done["ended"].append(edge.pk)


def _move_columns(gone: int, kept: int, at: datetime) -> Moved:
    """Columns of a path the other has not move whole; of the others their edges do."""
    theirs = dict(Column.objects.filter(asset=kept).values_list("path", "pk"))
    mine = dict(Column.objects.filter(asset=gone).values_list("pk", "path"))
    whole = [pk for pk, path in mine.items() if path not in theirs]
    onto = {pk: theirs[path] for pk, path in mine.items() if path in theirs}
    Column.objects.filter(pk__in=whole).update(asset=kept)
    moved: Moved = {"columns": whole}
    for side in ("upstream", "downstream"):
        rows = ColumnEdge.objects.filter(**{f"{side}__in": list(onto)})

        def target(edge: ColumnEdge, side: str = side) -> int:
            return onto[getattr(edge, f"{side}_id")]

        moved[f"column_edges_{side}"] = _move_edges(rows, side, target, at)
    return moved


def _move_runs(gone: int, kept: int) -> list[int]:
    """What runs read and wrote; where a run did it with both, one word of it is enough."""
    theirs = set(RunDataset.objects.filter(asset=kept).values_list("job_id", "run_id", "is_output"))
    rows = RunDataset.objects.filter(asset=gone).values_list("pk", "job_id", "run_id", "is_output")
    moved = [pk for pk, *key in rows if tuple(key) not in theirs]
    for start in range(0, len(moved), _BATCH):
        RunDataset.objects.filter(pk__in=moved[start : start + _BATCH]).update(asset=kept)
    return moved


def _undo(model: "type[Model]", done: Moved, side: str) -> None:
    manager: Any = model._default_manager
    for pk, was in done["was"].items():
        manager.filter(pk=pk).update(**{f"{side}_id": was})
    for pk, (first, last) in done["stretched"].items():
        times = {"first_seen": datetime.fromisoformat(first), "last_seen": datetime.fromisoformat(last)}
        manager.filter(pk=pk).update(**times)
    _each(manager, done["ended"]).update(valid_to=None)


def _each(manager: Any, ids: list[int]) -> Any:
    return manager.filter(pk__in=ids)
