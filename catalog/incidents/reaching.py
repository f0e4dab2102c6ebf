"""Counting whom incidents hit, and keeping the rows that pages downstream ask."""

from collections.abc import Iterable, Mapping, Sequence

from catalog.common import bulk
from catalog.incidents.models import Incident, IncidentReach
from catalog.products.models import OutputPort
from catalog.products.spread import Origin, Spread, spread_of

_AT_ONCE = 50  # incidents
_REACH = ("incident_id", "product_id", "steps", "path")


def spreads(subjects: Mapping[int, tuple[int, int | None]]) -> dict[int, Spread]:
    """Key -> what trouble of (product, port) reaches; without a port all ports of the product are in trouble."""
    whole = {product_id for product_id, port_id in subjects.values() if port_id is None}
    ports: dict[int, list[int]] = {}
    rows = OutputPort.objects.filter(product__in=whole).order_by("pk") if whole else OutputPort.objects.none()
    for pk, product_id in rows.values_list("pk", "product_id"):
        ports.setdefault(product_id, []).append(pk)
    return spread_of(
        {
            key: Origin(product_id, tuple(ports.get(product_id, ())) if port_id is None else (port_id,))
            for key, (product_id, port_id) in subjects.items()
        }
    )


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
