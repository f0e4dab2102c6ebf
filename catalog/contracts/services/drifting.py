"""Keeping the row that says how far a port's data is from its contract; see `catalog.contracts.drift`."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import md5

from django.db import transaction

from catalog.common import bulk
from catalog.contracts.drift import Drift, drift
from catalog.contracts.models import PortDrift
from catalog.contracts.signals import drift_changed
from catalog.products.models import OutputPort
from catalog.schemas.conformance import compare
from catalog.schemas.diff import Severity
from catalog.schemas.selectors import newest_observed_ids, shapes_of

KEPT_SENTENCES = 5  # of the worst fields
MOST_PATHS = 50  # with more broken fields it is about the whole port
_SLICE = 500
_COLUMNS = (
    "port_id", "declared_id", "observed_id", "declared", "is_read", "breaking", "risky", "harmless", "sentences",
    "paths", "digest", "drifted_at", "judged_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sides:
    """The two schema versions that are compared; a pair that was compared before drifts as it did then."""

    declared_id: int
    observed_id: int | None


def judge_drift(*, port_ids: Collection[int], now: datetime) -> None:
    """Compare observed and promised of the ports and keep what is different; announce the ports that changed.

    Two queries where nothing is promised; nothing is compared whose two sides are the same as last time.
    """
    listed = sorted(port_ids)
    for start in range(0, len(listed), _SLICE):
        _judge(listed[start : start + _SLICE], now)


def _judge(port_ids: Sequence[int], now: datetime) -> None:
    sides = _sides(port_ids)
    with transaction.atomic():
        known = {row.port_id: row for row in PortDrift.objects.select_for_update().filter(port__in=port_ids)}
        idle = [pk for pk in known if pk not in sides]
        PortDrift.objects.filter(port__in=idle).delete()
        due = {
            pk: pair
            for pk, pair in sides.items()
            if pk not in known or (known[pk].declared_id, known[pk].observed_id) != _ids(pair)
        }
        rows = list(_rows(due, known, now))
        bulk.upsert(PortDrift, _COLUMNS, rows, unique=("port_id",), update=_COLUMNS[1:])
        changed = idle + [row[0] for row in rows]
        if changed:
            transaction.on_commit(
                partial(drift_changed.send_robust, sender=PortDrift, port_ids=changed, at=now)
            )


def _ids(pair: Sides) -> tuple[int, int | None]:
    return pair.declared_id, pair.observed_id


def _sides(port_ids: Sequence[int]) -> dict[int, Sides]:
    """Of the ports that promise fields."""
    rows = OutputPort.objects.filter(pk__in=port_ids).exclude(declared_schema=None)
    promised = list(rows.values_list("pk", "declared_schema_id", "asset_id"))
    observed = newest_observed_ids({asset_id for *_, asset_id in promised if asset_id}) if promised else {}
    return {
        pk: Sides(declared_id, observed.get(asset_id or 0))
        for pk, declared_id, asset_id in promised
        if declared_id
    }


def _rows(
    due: Mapping[int, Sides], known: Mapping[int, PortDrift], now: datetime
) -> Iterable[tuple[int, *tuple[object, ...]]]:
    wanted = {pk for pair in due.values() for pk in _ids(pair) if pk is not None}
    shapes = shapes_of(wanted) if wanted else {}
    for port_id, pair in due.items():
        declared = shapes.get(pair.declared_id, [])
        is_read = pair.observed_id is not None
        found = drift(compare(declared, shapes[pair.observed_id or 0]).comparisons) if is_read else ()
        breaking = [item for item in found if item.severity is Severity.BREAKING]
        before = known.get(port_id)
        since = (before.drifted_at if before else None) or now
        yield (
            port_id,
            pair.declared_id,
            pair.observed_id,
            len(declared),
            is_read,
            len(breaking),
            sum(item.severity is Severity.RISKY for item in found),
            sum(item.severity is Severity.HARMLESS for item in found),
            [item.sentence for item in found if item.severity is not Severity.HARMLESS][:KEPT_SENTENCES],
            [item.path for item in breaking] if len(breaking) <= MOST_PATHS else [],
            _digest(found),
            since if breaking else None,
            now,
        )


def _digest(found: Iterable[Drift]) -> str:
    words = "\n".join(f"{item.severity} {item.sentence}" for item in found)
    return md5(words.encode(), usedforsecurity=False).hexdigest() if words else ""
