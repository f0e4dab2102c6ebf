"""Looking at how ports stand, many at once, and telling `troubles` what is wrong with them and what is over.

Everything is read from rows that are there already (objectives' states, drift, readings), so looking twice does no
harm and a look that was missed is made up for by the next.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from catalog.assets.models import AssetReading
from catalog.contracts.models import PortDrift
from catalog.incidents.models import Incident
from catalog.incidents.severity import Severity, worst
from catalog.incidents.transitions import Cause
from catalog.incidents.troubles import Trouble, count_reach, take_note
from catalog.products.models import Lifecycle, OutputPort
from catalog.quality.models import CheckState, QualityCheck
from catalog.quality.outcomes import Status as CheckStatus
from catalog.slos.evaluate import Status as SloStatus
from catalog.slos.models import ServiceLevelObjective, SloState

OFFERED = (Lifecycle.ACTIVE, Lifecycle.DEPRECATED)  # drafts and retired products promise nothing to anybody
SEEN_BY_LOOKING = (Cause.SLO, Cause.DRIFT, Cause.CHECK, Cause.UNREACHABLE)
SEEN_BY_CRAWLS = (Cause.SLO, Cause.UNREACHABLE)  # drift and checks announce themselves when they change
#: how critical a failing check is; one that only informs opens nothing
CHECK_CRITICALITY = {
    QualityCheck.Severity.WARNING: Severity.LOW,
    QualityCheck.Severity.ERROR: Severity.MEDIUM,
    QualityCheck.Severity.CRITICAL: Severity.HIGH,
}
_AT_ONCE = 500


@dataclass(slots=True)
class Look:
    """What one look works on: the ports, their criticality, the incidents that go on, and what was found."""

    ports: dict[int, Any]
    criticality: dict[int, str]
    live: list[Incident]
    now: dt.datetime
    troubles: list[Trouble] = field(default_factory=list)
    ended: dict[str, str] = field(default_factory=dict)

    def of(self, cause: Cause) -> list[Incident]:
        return [incident for incident in self.live if incident.cause == cause]

    def found(self, port_id: int, cause: Cause, title: str, summary: str, **more: Any) -> None:
        given = {"criticality": self.criticality.get(port_id, Severity.MEDIUM.value), **more}
        port = self.ports[port_id]
        self.troubles.append(Trouble(port.product_id, port_id, cause, title, summary, **given))


def look_at(
    *,
    port_ids: Collection[int],
    now: dt.datetime,
    causes: Iterable[Cause] = SEEN_BY_LOOKING,
    is_seen_again: bool = True,
) -> None:
    """Open, count and end the incidents of ports by how they stand at `now`; a few queries per 500 ports."""
    listed, wanted = sorted(set(port_ids)), list(causes)
    for start in range(0, len(listed), _AT_ONCE):
        look = _look(listed[start : start + _AT_ONCE], wanted, now)
        for cause in wanted:
            _LOOKS[cause](look)
        _end_of_unoffered(look)
        if look.troubles or look.ended:
            take_note(troubles=look.troubles, ended=look.ended, now=now, is_seen_again=is_seen_again)


def _look(port_ids: Sequence[int], causes: Sequence[Cause], now: dt.datetime) -> Look:
    ports = OutputPort.objects.filter(pk__in=port_ids).select_related("product")
    offered = ports.filter(product__lifecycle__in=OFFERED).only("name", "version", "product_id", "asset_id")
    live = Incident.objects.filter(port__in=port_ids, cause__in=causes, cause_ended_at=None)
    said: dict[int, list[str]] = {}
    promised = ServiceLevelObjective.objects.active().filter(port__in=port_ids)
    for port_id, criticality in promised.values_list("port_id", "criticality"):
        said.setdefault(port_id, []).append(criticality)
    return Look(
        ports={port.pk: port for port in offered},
        criticality={pk: str(worst(words)) for pk, words in said.items()},
        live=list(live),
        now=now,
    )


def _end_of_unoffered(look: Look) -> None:
    for incident in look.live:
        if incident.port_id not in look.ports:
            look.ended[incident.key] = "The product is not offered."


def _objectives(look: Look) -> None:
    """An objective that is missed is trouble; one that is kept again, withdrawn or gone is none any more.

    One that was not measured lately says neither.
    """
    found: dict[int, SloStatus] = {}
    states = SloState.objects.filter(slo__port__in=list(look.ports), slo__ended_at=None).select_related("slo")
    for state in states.order_by("slo_id"):
        is_current = state.valid_until is not None and look.now <= state.valid_until
        found[state.slo_id] = SloStatus(state.status) if is_current else SloStatus.UNKNOWN
        if found[state.slo_id] is SloStatus.BAD:
            slo, port = state.slo, look.ports[state.slo.port_id]
            summary = f"{slo.name} is missed: more failed than its error budget allows."
            title = f"{slo.name[:120]} of {port} is missed"
            more = {"criticality": slo.criticality, "subject": str(slo.pk), "slo_id": slo.pk}
            look.found(port.pk, Cause.SLO, title, summary, **more)
    for incident in look.of(Cause.SLO):
        status = found.get(incident.slo_id or 0)
        if status is None:
            look.ended[incident.key] = "The objective is no longer promised."
        elif status in (SloStatus.GOOD, SloStatus.WARNING):
            look.ended[incident.key] = "The objective is kept again."


def _drifts(look: Look) -> None:
    """A field that breaks what the contract promises is trouble; risky and harmless differences are none."""
    rows = PortDrift.objects.filter(port__in=list(look.ports), is_read=True)
    found = {row.port_id: row for row in rows}
    for port_id, row in sorted(found.items()):
        if row.breaking:
            more = row.breaking - min(row.breaking, len(row.sentences))
            words = " ".join(row.sentences[: row.breaking]) + (f" And {more} more fields." if more else "")
            title = f"{look.ports[port_id]} differs from its contract"
            look.found(port_id, Cause.DRIFT, title, words, columns=tuple(row.paths))
    for incident in look.of(Cause.DRIFT):
        if incident.port_id not in found:
            look.ended[incident.key] = "Nothing is promised of its fields any more."
        elif not found[incident.port_id].breaking:
            look.ended[incident.key] = "What is observed is as promised again."


def _checks(look: Look) -> None:
    """A check that fails is trouble until it passes, or is asked no more; one that was not measured says neither."""
    states = CheckState.objects.filter(
        quality_check__port__in=list(look.ports), quality_check__ended_at=None
    ).select_related("quality_check")
    found: dict[int, CheckState] = {}
    for state in states.order_by("quality_check_id"):
        check = state.quality_check
        found[check.pk] = state
        criticality = CHECK_CRITICALITY.get(QualityCheck.Severity(check.severity))
        if criticality is not None and _failing(state, look.now):
            port, words = look.ports[check.port_id], f"{check.name} fails."
            more: dict[str, Any] = {
                "criticality": criticality.value,
                "subject": str(check.pk),
                "check_id": check.pk,
            }
            more["columns"] = (check.element,) if check.element else ()
            look.found(port.pk, Cause.CHECK, f"{check.name[:120]} of {port} fails", words, **more)
    for incident in look.of(Cause.CHECK):
        known = found.get(incident.quality_check_id or 0)
        if known is None:
            look.ended[incident.key] = "The check is not asked any more."
        elif known.status == CheckStatus.PASSED and _is_recent(known, look.now):
            look.ended[incident.key] = "The check passes again."


def _failing(state: CheckState, now: dt.datetime) -> bool:
    return state.status == CheckStatus.FAILED and _is_recent(state, now)


def _is_recent(state: CheckState, now: dt.datetime) -> bool:
    return state.valid_until is None or now <= state.valid_until


def _reachability(look: Look) -> None:
    """A port whose newest reading did not reach the data is trouble until one does."""
    rows = _with_newest_reading(OutputPort.objects.filter(pk__in=list(look.ports)))
    ids = {pk: reading_id for pk, reading_id in rows.values_list("pk", "reading_id") if reading_id}
    readings = AssetReading.objects.only("is_reachable", "error").in_bulk(list(set(ids.values())))
    newest = {pk: readings[reading_id] for pk, reading_id in ids.items() if reading_id in readings}
    for port_id, reading in sorted(newest.items()):
        if not reading.is_reachable:
            words = reading.error or "It could not be read."
            look.found(port_id, Cause.UNREACHABLE, f"{look.ports[port_id]} cannot be reached", words)
    for incident in look.of(Cause.UNREACHABLE):
        if incident.port_id not in newest:
            look.ended[incident.key] = "It is read no longer, so nothing is known of it."
        elif newest[incident.port_id].is_reachable:
            look.ended[incident.key] = "It is reachable again."


def _with_newest_reading(ports: QuerySet[OutputPort]) -> QuerySet[Any]:
    readings = AssetReading.objects.filter(asset=OuterRef("asset_id")).order_by("-read_at")
    return ports.exclude(asset=None).annotate(reading_id=Subquery(readings.values("pk")[:1])).order_by("pk")


_LOOKS: dict[Cause, Callable[[Look], None]] = {
    Cause.SLO: _objectives,
    Cause.DRIFT: _drifts,
    Cause.CHECK: _checks,
    Cause.UNREACHABLE: _reachability,
}


def sweep(*, now: dt.datetime) -> int:
    """Make up for looks that were missed, and count anew whom open incidents hit; returns the ports looked at."""
    port_ids = _suspects(now)
    look_at(port_ids=port_ids, now=now, is_seen_again=False)
    count_reach()
    return len(port_ids)


def _suspects(now: dt.datetime) -> set[int]:
    """Ports that should have an incident, or have one that goes on."""
    missed = SloState.objects.filter(status=SloStatus.BAD, valid_until__gte=now, slo__ended_at=None)
    found = set(missed.values_list("slo__port_id", flat=True))
    found.update(PortDrift.objects.filter(breaking__gt=0).values_list("port_id", flat=True))
    failing = CheckState.objects.filter(status=CheckStatus.FAILED, quality_check__ended_at=None)
    found.update(failing.values_list("quality_check__port_id", flat=True))
    readings = AssetReading.objects.filter(asset=OuterRef("asset_id")).order_by("-read_at")
    reached = OutputPort.objects.exclude(asset=None).annotate(
        reached=Subquery(readings.values("is_reachable")[:1])
    )
    found.update(reached.filter(reached=False).values_list("pk", flat=True))
    going_on = Incident.objects.filter(
        Q(cause_ended_at=None), cause__in=SEEN_BY_LOOKING, port__isnull=False
    ).values_list("port_id", flat=True)
    return found | {pk for pk in going_on if pk is not None}
