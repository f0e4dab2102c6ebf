"""After the facts are stored: scores, trust rows, the audit trail of schema changes, and marks for the search index."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Q

from catalog.audit import services as audit
from catalog.audit.models import ChangeMark
from catalog.contracts.services.drifting import judge_drift
from catalog.incidents import detecting as incidents
from catalog.products.models import OutputPort
from catalog.quality import scoring as quality
from catalog.schemas.diff import Change, summary, worst
from catalog.slos import measuring as slos
from catalog.trust import services as trust
from catalog.trust.models import PortTrust

_SLICE = 500


def judge_ports(
    *,
    asset_ids: Collection[int],
    linked: Iterable[int],
    changes: Mapping[int, tuple[Change, ...]],
    redefined: Collection[int],
    runs: Mapping[int, int],
    now: datetime,
) -> None:
    """Score the ports of `asset_ids` and of `linked`, refresh their trust, and tell who reads of it.

    `changes` holds the assets with a new schema version (empty: their first), `redefined` the views with other SQL,
    `runs` the run by asset.
    """
    ports = _ports_of(set(asset_ids), set(linked))
    if not ports:
        return
    altered = _judge(ports, now, is_measured=True) | {
        pk for pk, (asset_id, _) in ports.items() if asset_id in changes
    }
    _mark(ports, altered | (set(linked) & ports.keys()))
    _record_schema_changes(
        {pk for pk, (asset_id, _) in ports.items() if changes.get(asset_id)}, changes, runs
    )
    _record_definition_changes({pk for pk, (asset_id, _) in ports.items() if asset_id in redefined}, runs)


def _record_definition_changes(port_ids: Collection[int], runs: Mapping[int, int]) -> None:
    """The same where the SQL of a view changed; the SQL itself is not for everybody who reads of it."""
    for port in OutputPort.objects.filter(pk__in=port_ids).order_by("pk"):
        audit.record(
            actor=None,
            verb="port.definition_changed",
            obj=port,
            product_id=port.product_id,
            detail={"run": runs[port.asset_id or 0]},
        )


def judge_again(*, port_ids: Collection[int], now: datetime) -> None:
    """Score and refresh ports after something else than a crawl changed what they are judged by."""
    rows = OutputPort.objects.filter(pk__in=list(port_ids)).values_list("pk", "asset_id", "product_id")
    ports = {pk: (asset_id or 0, product_id) for pk, asset_id, product_id in rows}
    _mark(ports, _judge(ports, now))


def _judge(ports: Mapping[int, tuple[int, int]], now: datetime, *, is_measured: bool = False) -> set[int]:
    """Score, measure objectives where a crawl measured, and refresh; returns the ports search shows differently."""
    before = _shown(ports)
    quality.score_ports(port_ids=ports, now=now)
    judge_drift(port_ids=ports, now=now)
    if is_measured:
        slos.measure_ports(port_ids=ports, now=now)
        # after the crawl is kept: what it found stays, whatever becomes of the incidents (a sweep makes up for it)
        looked = partial(incidents.look_at, port_ids=list(ports), now=now, causes=incidents.SEEN_BY_CRAWLS)
        transaction.on_commit(looked, robust=True)
    trust.refresh_ports(port_ids=ports, now=now)
    after = _shown(ports)
    return {pk for pk in ports if before.get(pk) != after.get(pk)}


def _mark(ports: Mapping[int, tuple[int, int]], altered: Iterable[int]) -> None:
    listed = sorted(set(altered))
    audit.mark_changed(ChangeMark.Kind.PORT, listed)
    audit.mark_changed(ChangeMark.Kind.PRODUCT, sorted({ports[pk][1] for pk in listed}))


def _ports_of(asset_ids: set[int], linked: set[int]) -> dict[int, tuple[int, int]]:
    """Port id -> (asset id, product id)."""
    found: dict[int, tuple[int, int]] = {}
    listed = sorted(asset_ids)
    wanted = [Q(asset__in=listed[start : start + _SLICE]) for start in range(0, len(listed), _SLICE)]
    for condition in (*wanted, Q(pk__in=sorted(linked), asset__isnull=False)):
        rows = OutputPort.objects.filter(condition).values_list("pk", "asset_id", "product_id")
        found |= {pk: (asset_id, product_id) for pk, asset_id, product_id in rows if asset_id is not None}
    return found


def _shown(ports: Mapping[int, tuple[int, int]]) -> dict[int, tuple[int | None, bool | None]]:
    """What search shows of a port's measurements: the score as it is displayed, and whether it is reachable."""
    listed = sorted(ports)
    found = {}
    for start in range(0, len(listed), _SLICE):
        rows = PortTrust.objects.filter(port__in=listed[start : start + _SLICE])
        for pk, value, is_reachable in rows.values_list("port_id", "quality", "is_reachable"):
            found[pk] = (None if value is None else round(value), is_reachable)
    return found


def _record_schema_changes(
    port_ids: Collection[int], changes: Mapping[int, tuple[Change, ...]], runs: Mapping[int, int]
) -> None:
    """An event on the activity of each product whose port has another schema than before."""
    for port in OutputPort.objects.filter(pk__in=port_ids).order_by("pk"):
        found = changes[port.asset_id or 0]
        audit.record(
            actor=None,
            verb="port.schema_changed",
            obj=port,
            product_id=port.product_id,
            detail={
                "summary": summary(found),
                "severity": str(worst(found) or ""),
                "run": runs[port.asset_id or 0],
            },
        )
