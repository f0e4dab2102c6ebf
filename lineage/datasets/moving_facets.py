"""What events said of a dataset follows it into the one it is merged with, and comes back. Facet by facet the newest
word counts, as if all of it had been said of the one that is kept."""

from datetime import datetime
from typing import Any

from lineage.models import DatasetFacets
from lineage.openlineage.describing import follow_facets
from lineage.openlineage.newest import stamp, take

Moved = dict[str, Any]


def move_facets(gone: int, kept: int) -> Moved:
    """Move them; returns how to undo it, nothing where there was nothing."""
    rows = {row.asset_id: row for row in _locked(gone, kept)}
    theirs = rows.get(gone)
    if theirs is None:
        return {}
    mine = rows.get(kept) or DatasetFacets(asset_id=kept, last_event_at=theirs.last_event_at)
    is_new, last = mine.pk is None, mine.last_event_at
    was: dict[str, list[Any]] = {}
    for name in sorted(theirs.facets):
        before = [mine.facets.get(name), mine.told_at.get(name)]
        at = theirs.told_at.get(name) or stamp(theirs.last_event_at)
        if take(mine.facets, mine.told_at, name, theirs.facets[name], at):
            was[name] = [*before, at]
    mine.last_event_at = max(last, theirs.last_event_at)
    mine.save()
    told = {"facets": theirs.facets, "told_at": theirs.told_at, "at": theirs.last_event_at.isoformat()}
    theirs.delete()
    follow_facets(kept)
    return {"gone": told, "was": was, "is_new": is_new, "last": last.isoformat()}


def move_facets_back(moved: Moved, *, gone: int, kept: int) -> None:
    """Undo `move_facets`. What was told since stays with the one that was kept."""
    if not moved:
        return
    told = moved["gone"]
    at = datetime.fromisoformat(told["at"])
    DatasetFacets.objects.update_or_create(
        asset_id=gone, defaults={"facets": told["facets"], "told_at": told["told_at"], "last_event_at": at}
    )
    mine = DatasetFacets.objects.select_for_update().filter(asset=kept).first()
    if mine is None:
        return
    for name, (facet, told_at, taken_at) in moved["was"].items():
        if mine.told_at.get(name) != taken_at:
            continue  # something newer was told since
        for held, value in ((mine.facets, facet), (mine.told_at, told_at)):
            held.pop(name, None)
            if value is not None:
                held[name] = value
    if moved["is_new"] and not mine.facets:
        mine.delete()
        return
    if mine.last_event_at == at:
        mine.last_event_at = datetime.fromisoformat(moved["last"])
    mine.save()
    follow_facets(kept)


def _locked(*assets: int) -> list[DatasetFacets]:
    return list(DatasetFacets.objects.select_for_update().filter(asset__in=assets).order_by("pk"))
