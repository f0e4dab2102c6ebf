"""What is broken upstream of an incident: found by a walk, judged by `causes`, told as far as the reader may know."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from catalog.accounts.models import User
from catalog.incidents.models import Incident
from catalog.products.models import DataProduct, OutputPort
from catalog.quality.models import CheckState
from catalog.quality.outcomes import Status
from catalog.trust.models import PortTrust
from lineage.impact.causes import Fault, Judged, Sign, judge, ranked
from lineage.impact.csr import Walk
from lineage.impact.rows import COLUMNS, PRODUCTS
from lineage.impact.shown import UNNAMED, Step
from lineage.impact.sight import claims_on
from lineage.impact.snapshot import Freshness
from lineage.impact.walking import Question, groups_of, walked
from lineage.models import Column
from lineage.nodes import product_key

SHOWN = 20  # causes of a page; the API gives all
_AT_ONCE = 500
COVERED = {Incident.Cause.SLO.value: Sign.SLO, Incident.Cause.DRIFT.value: Sign.DRIFT,
           Incident.Cause.CHECK.value: Sign.CHECK, Incident.Cause.UNREACHABLE.value: Sign.UNREACHABLE}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cause:
    """A product upstream with something broken. `way` leads from it down to the incident's product."""

    product: DataProduct
    steps: int
    judged: Judged
    faults: tuple[Fault, ...]
    way: tuple[Step, ...]

    def as_dict(self) -> dict[str, Any]:
        return {
            "node": product_key(self.product),
            "name": self.product.name,
            "steps": self.steps,
            "score": self.judged.score,
            "reasons": list(self.judged.reasons),
            "path": [step.name if step.url else None for step in self.way],
            "faults": [
                {"sign": fault.sign.value, "words": fault.words, "severity": fault.severity or None, "url": fault.url,
                 "since": fault.since.isoformat() if fault.since else None, "is_on_way": fault.is_on_way}
                for fault in self.faults
            ],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Causes:
    """The answer: likeliest first; how many products upstream were looked at, and what may not be named."""

    causes: tuple[Cause, ...]
    upstream: int
    hidden: int
    hidden_broken: int
    freshness: Freshness

    @property
    def shown(self) -> tuple[Cause, ...]:
        return self.causes[:SHOWN]

    @property
    def more(self) -> int:
        return max(len(self.causes) - SHOWN, 0)

    def as_dict(self) -> dict[str, Any]:
        return {
            "causes": [cause.as_dict() for cause in self.causes],
            "upstream": self.upstream,
            "hidden": self.hidden,
            "hidden_broken": self.hidden_broken,
            "freshness": self.freshness.as_dict(),
        }


def causes_of(user: User, incident: Incident) -> Causes:
    """Everything broken upstream of the incident's product, as it stands now; a fixed number of queries."""
    walk, freshness = walked(Question(PRODUCTS, (incident.product_id,), down=False))
    places = {int(pk): place for place, pk in enumerate(walk.ids) if place}
    steps = {pk: int(walk.depth[place]) for pk, place in places.items()}
    ways_in = {pk: int(walk.via[place]) for pk, place in places.items()}
    faults = _faults(list(places), ways_in)
    known = DataProduct.objects.visible_to(user).select_related("domain")
    path_ids = {int(walk.ids[n]) for pk in faults for n in walk.path(places[pk])}
    seen = {pk: found for part in _parts(path_ids) for pk, found in known.in_bulk(part).items()}
    feeding = _feeding_products(incident)
    broken = [pk for pk in faults if pk in seen]
    judged = {
        pk: judge(faults[pk], steps[pk], incident.opened_at, None if feeding is None else pk in feeding)
        for pk in broken
    }
    order = ranked((judged[pk], steps[pk], seen[pk].name) for pk in broken)
    causes = tuple(
        Cause(seen[pk], steps[pk], judged[pk], tuple(faults[pk]), _way(walk, places[pk], seen))
        for pk in (broken[n] for n in order)
    )
    there = DataProduct.objects.filter(pk__in=list(places))
    visible = there.filter(pk__in=DataProduct.objects.visible_to(user).order_by().values("pk")).count()
    return Causes(causes, visible, there.count() - visible, len(faults) - len(broken), freshness)


def _way(walk: Walk, place: int, seen: dict[int, DataProduct]) -> tuple[Step, ...]:
    """From the cause down to the incident; several in a row that may not be named are one."""
    steps: list[Step] = []
    for at in reversed(walk.path(place)):
        product = seen.get(int(walk.ids[at]))
        step = Step(product.name, product.get_absolute_url()) if product else Step(UNNAMED)
        if step.url or not steps or steps[-1].url:
            steps.append(step)
    return tuple(steps)


def _feeding_products(incident: Incident) -> set[int] | None:
    """The products whose columns feed the column a failing check is about; None where that is not known."""
    check = incident.quality_check
    port = incident.port
    if check is None or port is None or port.asset_id is None or not check.element:
        return None
    start = (
        Column.objects.filter(asset=port.asset_id, path=check.element).values_list("pk", flat=True).first()
    )
    if start is None:
        return None
    walk, _ = walked(Question(COLUMNS, (start,), down=False))
    if len(walk) <= 1:
        return None
    groups = groups_of(walk)
    claims = claims_on(groups)
    reached = set(groups[1:].tolist())
    return {
        int(product)
        for asset, product in zip(claims.asset, claims.product, strict=True)
        if int(asset) in reached
    }


def _faults(product_ids: list[int], ways_in: dict[int, int]) -> dict[int, list[Fault]]:
    """Product -> what is broken of it now. What has an incident is not told again by what opened it."""
    found: dict[int, list[Fault]] = defaultdict(list)
    told: set[tuple[int | None, Sign]] = set()
    for part in _parts(product_ids):
        _add_incidents(found, told, part, ways_in)
        _add_marks(found, told, part, ways_in)
        _add_checks(found, told, part, ways_in)
    return dict(found)


def _add_incidents(found: Any, told: Any, part: list[int], ways_in: dict[int, int]) -> None:
    rows = (
        Incident.objects.unresolved().filter(product__in=part).order_by("-severity_rank", "opened_at", "pk")
    )
    for row in rows.only("pk", "title", "product_id", "port_id", "cause", "severity", "opened_at"):
        if row.cause in COVERED:
            told.add((row.port_id, COVERED[row.cause]))
        on_way = row.port_id in (None, ways_in[row.product_id])
        words = f"Open incident: {row.title}."
        found[row.product_id].append(
            Fault(Sign.INCIDENT, words, row.opened_at, row.severity, on_way, row.get_absolute_url())
        )


def _add_marks(found: Any, told: Any, part: list[int], ways_in: dict[int, int]) -> None:
    now = timezone.now()
    rows = PortTrust.objects.filter(port__product__in=part).select_related("port__product__domain")
    broken = Q(is_reachable=False) | Q(slo_status="bad") | Q(contract_status="drifted")
    broken |= Q(measured_at__gt=F("fresh_at") + F("freshness_promise"))
    for row in rows.filter(broken).order_by("pk"):
        port = row.port
        for sign, words, since in _signs(row, port, now):
            if (port.pk, sign) not in told:
                on_way = port.pk == ways_in[port.product_id]
                fault = Fault(sign, words, since, "", on_way, port.get_absolute_url())
                found[port.product_id].append(fault)


def _signs(row: PortTrust, port: OutputPort, now: dt.datetime) -> Any:
    """What the marks of a port say is broken; an old mark says nothing."""
    is_current = row.measured_at is not None and row.valid_until is not None and now <= row.valid_until
    if is_current and row.is_reachable is False:
        yield Sign.UNREACHABLE, f"{port} cannot be reached.", None
    if row.slo_status == "bad" and row.slo_valid_until is not None and now <= row.slo_valid_until:
        yield Sign.SLO, f"An objective of {port} is missed.", None
    if is_current and row.contract_status == "drifted":
        yield Sign.DRIFT, f"The schema of {port} breaks its contract.", None
    if is_current and row.is_reachable and row.fresh_at and row.freshness_promise and row.measured_at:
        due = row.fresh_at + row.freshness_promise
        if row.measured_at > due:
            yield Sign.LATE, f"The data of {port} is late.", due


def _add_checks(found: Any, told: Any, part: list[int], ways_in: dict[int, int]) -> None:
    states = CheckState.objects.filter(
        status=Status.FAILED,
        valid_until__gte=timezone.now(),
        quality_check__ended_at=None,
        quality_check__port__product__in=part,
    ).select_related("quality_check__port")
    for state in states.order_by("since", "pk"):
        check = state.quality_check
        if (check.port_id, Sign.CHECK) in told:
            continue
        on_way = check.port_id == ways_in[check.port.product_id]
        url = reverse("quality:detail", args=[check.pk])
        fault = Fault(Sign.CHECK, f"The check {check.name} fails.", state.since, "", on_way, url)
        found[check.port.product_id].append(fault)


def _parts(ids: Collection[int]) -> list[list[int]]:
    listed = sorted(ids)
    return [listed[start : start + _AT_ONCE] for start in range(0, len(listed), _AT_ONCE)]
