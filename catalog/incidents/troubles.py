"""Troubles as the portal sees them, and what becomes of the incidents they are: opened once, counted, ended."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from catalog.common import bulk
from catalog.incidents.models import Incident
from catalog.incidents.reaching import Subject, keep_reach, spreads
from catalog.incidents.severity import rank, severity_of
from catalog.incidents.timeline import tell
from catalog.incidents.transitions import UNRESOLVED, Cause, Happening, Status
from catalog.products.spread import Spread


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something is wrong with a port now. `subject` tells troubles of one cause apart ("12": objective 12).

    `summary` changes only when the trouble does: another sentence is another entry of the timeline. `columns` are the
    paths of the fields it is about; none: it is about all of the port.
    """

    product_id: int
    port_id: int
    cause: Cause
    title: str
    summary: str
    criticality: str
    subject: str = ""
    slo_id: int | None = None
    check_id: int | None = None
    columns: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return key_of(self.port_id, self.cause, self.subject)


def key_of(port_id: int, cause: Cause, subject: str = "") -> str:
    """What tells one trouble from another."""
    return f"port:{port_id}:{cause}" + (f":{subject}" if subject else "")


@transaction.atomic
def take_note(
    *,
    troubles: Sequence[Trouble],
    ended: Mapping[str, str],
    now: dt.datetime,
    is_seen_again: bool = True,
) -> None:
    """Open, reopen or count an incident for each trouble, and end those whose key is in `ended` (key -> why).

    `is_seen_again`: the troubles were just measured, so they count as seen once more; False where somebody only
    looked whether an incident is missing.
    """
    wanted = {trouble.key: trouble for trouble in troubles}
    live = _live([*wanted, *ended])
    known = [(live[key], trouble) for key, trouble in wanted.items() if key in live]
    if is_seen_again:
        _count(known, now)
    _open([trouble for key, trouble in wanted.items() if key not in live], now)
    for key, why in ended.items():
        if key in live:
            _end(live[key], why, now)


def _live(keys: Iterable[str]) -> dict[str, Incident]:
    """The incidents of troubles that go on, resolved by a person or not, locked."""
    rows = Incident.objects.select_for_update(of=("self",)).filter(key__in=list(keys), cause_ended_at=None)
    return {incident.key: incident for incident in rows.order_by("pk")}


def _count(known: Sequence[tuple[Incident, Trouble]], now: dt.datetime) -> None:
    seen = Incident.objects.filter(pk__in=[incident.pk for incident, _ in known])
    seen.update(occurrences=F("occurrences") + 1, last_seen_at=now)
    for incident, trouble in known:
        incident.occurrences, incident.last_seen_at = incident.occurrences + 1, now
        said = (incident.summary, incident.columns)
        incident.summary, incident.columns = trouble.summary, list(trouble.columns)
        if said == (incident.summary, incident.columns):
            continue
        incident.save(update_fields=["summary", "columns", "updated_at"])
        if incident.is_unresolved and said[0] != incident.summary:
            tell(incident, Happening.RECURRED, actor=None, now=now, text=trouble.summary)


def _open(troubles: Sequence[Trouble], now: dt.datetime) -> None:
    if not troubles:
        return
    found = spreads(
        {place: Subject(item.product_id, item.port_id, item.columns) for place, item in enumerate(troubles)}
    )
    before = _recent([trouble.key for trouble in troubles], now)
    opened: list[tuple[Incident, Happening]] = []
    reach: dict[int, Spread] = {}
    for place, trouble in enumerate(troubles):
        earlier = before.get(trouble.key)
        if earlier is not None:
            incident, happening = _reopened(earlier, trouble, found[place], now), Happening.REOPENED
        else:
            incident, happening = _created(trouble, found[place], now), Happening.OPENED
        if incident is not None:
            opened.append((incident, happening))
            reach[incident.pk] = found[place]
    keep_reach([incident for incident, _ in opened], reach)
    for incident, happening in opened:
        tell(incident, happening, actor=None, now=now, text=incident.summary)


def _recent(keys: Sequence[str], now: dt.datetime) -> dict[str, Incident]:
    """The newest incident of each trouble that ended so lately that its return is the same incident."""
    since = now - dt.timedelta(hours=settings.INCIDENT_REOPEN_HOURS)
    rows = Incident.objects.select_for_update(of=("self",)).filter(
        key__in=keys, status=Status.RESOLVED, cause_ended_at__gt=since
    )
    return {incident.key: incident for incident in rows.order_by("opened_at", "pk")}


def _created(trouble: Trouble, spread: Spread, now: dt.datetime) -> Incident | None:
    """The new incident; None where somebody else saw the same trouble a moment ago, whose incident it is then."""
    severity = severity_of(trouble.criticality, spread.consumers)
    incident = Incident(
        product_id=trouble.product_id,
        port_id=trouble.port_id,
        slo_id=trouble.slo_id,
        quality_check_id=trouble.check_id,
        cause=trouble.cause.value,
        key=trouble.key,
        title=trouble.title[:200],
        summary=trouble.summary,
        columns=list(trouble.columns),
        severity=severity.value,
        severity_rank=rank(severity),
        consumers=spread.consumers,
        opened_at=now,
        last_seen_at=now,
    )
    try:
        with transaction.atomic():
            incident.save(force_insert=True)
    except IntegrityError:
        Incident.objects.filter(key=trouble.key, cause_ended_at=None).update(
            occurrences=F("occurrences") + 1, last_seen_at=now
        )
        return None
    return incident


def _reopened(incident: Incident, trouble: Trouble, spread: Spread, now: dt.datetime) -> Incident | None:
    incident.status, incident.cause_ended_at, incident.resolved_at = Status.OPEN.value, None, None
    incident.is_resolved_by_portal, incident.acknowledged_at = False, None
    incident.summary, incident.title = trouble.summary, trouble.title[:200]
    incident.columns = list(trouble.columns)
    incident.occurrences, incident.last_seen_at = incident.occurrences + 1, now
    rate(incident, trouble.criticality, spread.consumers)
    incident.revision += 1
    try:
        with transaction.atomic():
            incident.save()
    except IntegrityError:  # as in `_created`
        return None
    return incident


def rate(incident: Incident, criticality: str, consumers: int) -> None:
    """Set how many are hit, and the severity by that unless a person said it."""
    incident.consumers = consumers
    if not incident.is_rated:
        severity = severity_of(criticality, consumers)
        incident.severity, incident.severity_rank = severity.value, rank(severity)


def _end(incident: Incident, why: str, now: dt.datetime) -> None:
    was_unresolved = incident.is_unresolved
    incident.cause_ended_at = now
    if was_unresolved:
        incident.status, incident.resolved_at = Status.RESOLVED.value, now
        incident.is_resolved_by_portal = True
        incident.revision += 1
    incident.save()
    tell(incident, Happening.RESOLVED if was_unresolved else Happening.ENDED, actor=None, now=now, text=why)


def count_reach(most: int = 200) -> int:
    """Count anew whom the worst unresolved incidents hit: dependencies change while trouble goes on.

    Returns how many were counted.
    """
    rows = Incident.objects.filter(status__in=UNRESOLVED).order_by("-severity_rank", "-opened_at", "-pk")
    incidents = list(rows[:most])
    found = spreads(
        {item.pk: Subject(item.product_id, item.port_id, tuple(item.columns)) for item in incidents}
    )
    with transaction.atomic():
        keep_reach(incidents, found)
        changed = [item for item in incidents if item.consumers != found[item.pk].consumers]
        bulk.update(Incident, ("consumers",), [(item.pk, found[item.pk].consumers) for item in changed])
    return len(incidents)
