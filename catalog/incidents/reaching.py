"""Counting whom incidents hit, and keeping the rows that pages downstream ask."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from catalog.common import bulk
from catalog.incidents.models import Incident, IncidentReach
from catalog.products.models import OutputPort
from catalog.products.spread import Origin, Spread, spread_of

_AT_ONCE = 50  # incidents
_REACH = ("incident_id", "product_id", "steps", "path")


@dataclass(frozen=True, slots=True)
class Subject:
    """What is in trouble: some columns of a port, all of it (none named), or all ports of the product (no port)."""

    product_id: int
    port_id: int | None
    columns: tuple[str, ...] = ()

    @property
    def places(self) -> set[tuple[int, str]]:
        return {(self.port_id, path) for path in self.columns} if self.port_id is not None else set()

    def origin(self, ports: Mapping[int, list[int]]) -> Origin:
        if self.port_id is None:
            return Origin(self.product_id, tuple(ports.get(self.product_id, ())))
        return Origin(self.product_id, (self.port_id,), self.columns)


def spreads(subjects: Mapping[int, Subject]) -> dict[int, Spread]:
    """Key -> what its trouble reaches."""
    whole = {subject.product_id for subject in subjects.values() if subject.port_id is None}
    ports: dict[int, list[int]] = {}
    rows = OutputPort.objects.filter(product__in=whole).order_by("pk") if whole else OutputPort.objects.none()
    for pk, product_id in rows.values_list("pk", "product_id"):
        ports.setdefault(product_id, []).append(pk)
    known = _known_columns(subjects.values())
    return spread_of(
        {
            key: subject.origin(ports)
            if known.issuperset(subject.places)
            else replace(subject, columns=()).origin(ports)
            for key, subject in subjects.items()
        }
    )


def _known_columns(subjects: Iterable[Subject]) -> set[tuple[int, str]]:
    """Of the (port, path) that are in trouble those that are fields of the port, as observed or promised: what another
    tool calls a column may be none, and then nothing can be concluded from nobody's reading it."""
    places = {place for subject in subjects for place in subject.places}
    found: set[tuple[int, str]] = set()
    if not places:
        return found
    ports = OutputPort.objects.filter(pk__in={pk for pk, _ in places})
    paths = {path for _, path in places}
    for lookup in ("asset__schema_versions__fields__path", "declared_schema__fields__path"):
        found.update(ports.filter(**{f"{lookup}__in": paths}).values_list("pk", lookup).distinct())
    return found


def keep_reach(incidents: Sequence[Incident], found: Mapping[int, Spread]) -> None:
    """Write the rows of incidents (`found` by their id) and drop those that no longer hold. Inside a transaction."""
    for start in range(0, len(incidents), _AT_ONCE):
        _keep(incidents[start : start + _AT_ONCE], found)


def _keep(incidents: Sequence[Incident], found: Mapping[int, Spread]) -> None:
    rows = [
        (incident.pk, product_id, steps, list(path))
        for incident in incidents
        for product_id, steps, path in _rows(incident, found[incident.pk])
    ]
    kept = {(incident_id, product_id) for incident_id, product_id, *_ in rows}
    before = IncidentReach.objects.filter(incident__in=[incident.pk for incident in incidents])
    known = before.order_by().values_list("pk", "incident_id", "product_id")
    gone = [pk for pk, incident_id, product_id in known if (incident_id, product_id) not in kept]
    for start in range(0, len(gone), 500):
        IncidentReach.objects.filter(pk__in=gone[start : start + 500]).delete()
    bulk.upsert(IncidentReach, _REACH, rows, unique=("incident_id", "product_id"), update=("steps", "path"))


def _rows(incident: Incident, spread: Spread) -> Iterable[tuple[int, int, tuple[int, ...]]]:
    yield incident.product_id, 0, ()
    for product_id, path in spread.paths.items():
        yield product_id, len(path) + 1, path
