"""Refreshing the trust rows: what was measured last of each port, and the weakest of a product's ports."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Count, OuterRef, QuerySet, Subquery

from catalog.assets.models import AssetReading
from catalog.common import bulk
from catalog.connections.models import Schedule
from catalog.connections.validity import counts_as_fresh
from catalog.products.models import DataProduct, OutputPort
from catalog.quality.models import QualityScore
from catalog.slos.models import SloState
from catalog.trust.contract_states import NOT_COMPARED, contract_states
from catalog.trust.marks import TrustFacts
from catalog.trust.models import Certification, PortTrust, ProductTrust

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Trust(TrustFacts):
    """The columns of a trust row, in the order they are written: what marks are judged by, and what only lists and
    the next refresh ask for."""

    documentation: float | None = None


_COLUMNS = tuple(item.name for item in fields(Trust))
_values = attrgetter(*_COLUMNS)  # `astuple` would copy every one of them


class _Score(NamedTuple):
    value: float | None = None
    scored_at: datetime | None = None
    documentation: float | None = None


class _Reading(NamedTuple):
    is_reachable: bool | None = None
    read_at: datetime | None = None
    fresh_at: datetime | None = None


def refresh_ports(*, port_ids: Iterable[int], now: datetime) -> None:
    """Write the trust rows of ports and of their products as of `now`; equal rows are not written again."""
    product_ids: set[int] = set()
    for part in _parts(port_ids):
        ports = list(_with_measurements(part, now))
        product_ids.update(port.product_id for port in ports)
        rows = [(port.pk, *_values(trust), now) for port, trust in _trust_of(ports, now)]
        with transaction.atomic():
            _write(PortTrust, "port_id", rows)
    refresh_products(product_ids=product_ids, now=now)


def refresh_products(*, product_ids: Iterable[int], now: datetime) -> None:
    """Write the trust rows of products from those of their ports (which must be current)."""
    for part in _parts(product_ids):
        ports: dict[int, list[Trust]] = {pk: [] for pk in part}
        known = PortTrust.objects.filter(port__product__in=part).order_by("port_id")
        for product_id, *columns in known.values_list("port__product_id", *_COLUMNS):
            ports[product_id].append(Trust(*columns))
        owners, certified = (
            _owned(part),
            _certified(Certification.objects.filter(product__in=part, port=None)),
        )
        rows = [
            (pk, *_values(weakest(ports[pk], has_owner=owners[pk], certified=certified.get(pk, _NEVER))), now)
            for pk in part
            if pk in owners
        ]
        with transaction.atomic():
            _write(ProductTrust, "product_id", rows)


class _Certified(NamedTuple):
    """The columns of a trust row about certification."""

    certified_at: datetime | None = None
    certified_until: datetime | None = None


_NEVER = _Certified()


def weakest(ports: Sequence[Trust], *, has_owner: bool, certified: _Certified = _NEVER) -> Trust:
    """The weakest of a product's measured ports for each mark; who owns and certifies it is the product's own.

    The lowest score, the age that is furthest beyond its promise (without promises: the oldest data), unreachable
    before reachable; a measurement counts as fresh only as long as the shortest-lived of them. Ports nobody measured
    yet say nothing.
    """
    measured = [port for port in ports if port.measured_at is not None]
    scored = [port for port in measured if port.quality is not None]
    lowest = min(scored, key=lambda port: port.quality or 0.0, default=Trust())
    oldest = max((port for port in measured if port.fresh_at), key=_lateness, default=Trust())
    reached = [port.is_reachable for port in measured if port.is_reachable is not None]
    return Trust(
        quality=lowest.quality,
        quality_at=lowest.quality_at,
        documentation=min(
            (port.documentation for port in ports if port.documentation is not None), default=None
        ),
        fresh_at=oldest.fresh_at,
        freshness_promise=oldest.freshness_promise,
        is_reachable=all(reached) if reached else None,
        measured_at=min((port.measured_at for port in measured if port.measured_at), default=None),
        valid_until=min((port.valid_until for port in measured if port.valid_until), default=None),
        has_owner=has_owner,
        contract_status=min(
            (port.contract_status for port in ports if port.contract_status),
            key=_CONTRACT_ORDER.index,
            default="",
        ),
        **certified._asdict(),
        **weakest_slo(_PromisedState(*_slo_columns(port)) for port in ports if port.slo_status)._asdict(),
    )


class _PromisedState(NamedTuple):
    """The objectives of something, as one: the worst status, the least budget among those, and how long it counts."""

    slo_status: str = ""
    slo_budget: float | None = None
    slo_measured_at: datetime | None = None
    slo_valid_until: datetime | None = None


_slo_columns = attrgetter(*_PromisedState._fields)
_CONTRACT_ORDER = ("drifted", "unknown", "kept")
_SLO_ORDER = ("bad", "warning", "unknown", "good")


def weakest_slo(states: Iterable[_PromisedState]) -> _PromisedState:
    """The worst status speaks, with the least budget and the shortest validity of those that have it."""
    known = list(states)
    if not known:
        return _PromisedState()
    worst = min((state.slo_status for state in known), key=_SLO_ORDER.index)
    those = [state for state in known if state.slo_status == worst]
    return _PromisedState(
        worst,
        min((state.slo_budget for state in those if state.slo_budget is not None), default=None),
        min((state.slo_measured_at for state in those if state.slo_measured_at), default=None),
        min((state.slo_valid_until for state in those if state.slo_valid_until), default=None),
    )


def _promised(port_ids: Sequence[int], now: datetime) -> dict[int, _PromisedState]:
    """Port id -> its objectives as one; ports that promise nothing are left out."""
    rows = SloState.objects.filter(slo__port__in=port_ids, slo__ended_at=None)
    found: dict[int, list[_PromisedState]] = {}
    columns = ("slo__port_id", "status", "budget_left", "measured_at", "valid_until")
    for port_id, status, budget, measured_at, valid_until in rows.values_list(*columns):
        is_current = valid_until is not None and now <= valid_until
        state = _PromisedState(status if is_current else "unknown", budget, measured_at, valid_until)
        found.setdefault(port_id, []).append(state)
    return {port_id: weakest_slo(states) for port_id, states in found.items()}


def _lateness(port: Trust) -> tuple[bool, float]:
    """Comparable over ports: those with a promise first, by age in promises; the others by age in seconds."""
    age = (port.measured_at - port.fresh_at).total_seconds() if port.measured_at and port.fresh_at else 0.0
    if port.freshness_promise is None:
        return (False, age)
    return (True, age / max(port.freshness_promise.total_seconds(), 1.0))


def _with_measurements(port_ids: Sequence[int], now: datetime) -> QuerySet[OutputPort]:
    """The ports with the ids of their newest score, newest reading, and newest reading that reached the data."""
    scores = QualityScore.objects.filter(port=OuterRef("pk"), scored_at__lte=now).order_by("-scored_at")
    readings = AssetReading.objects.filter(asset=OuterRef("asset_id"), read_at__lte=now).order_by("-read_at")
    return (
        OutputPort.objects.filter(pk__in=port_ids)
        .select_related("connection", "product")
        .only(
            "freshness_promise",
            "asset_id",
            "declared_schema_id",
            "created_at",
            "connection__schedule",
            "product__team_id",
        )
        .annotate(
            score_id=Subquery(scores.values("pk")[:1]),
            reading_id=Subquery(readings.values("pk")[:1]),
            reached_id=Subquery(readings.filter(is_reachable=True).values("pk")[:1]),
            stewards=Count("product__stewardships"),
        )
        .order_by("pk")
    )


def _trust_of(ports: Sequence[Any], now: datetime) -> Iterator[tuple[Any, Trust]]:
    promised = _promised([port.pk for port in ports], now)
    agreed, certified = contract_states([port.pk for port in ports]), _certifications_of(ports)
    score_rows = QualityScore.objects.filter(pk__in=[port.score_id for port in ports if port.score_id])
    scores = {
        pk: _Score(value, at, documentation)
        for pk, value, at, documentation in score_rows.values_list(
            "pk", "value", "scored_at", "documentation"
        )
    }
    wanted = {pk for port in ports for pk in (port.reading_id, port.reached_id) if pk}
    readings = {
        pk: _Reading(is_reachable, at, fresh_at)
        for pk, is_reachable, at, fresh_at in AssetReading.objects.filter(pk__in=wanted).values_list(
            "pk", "is_reachable", "read_at", "fresh_at"
        )
    }
    for port in ports:
        score = scores.get(port.score_id, _Score())
        reading = readings.get(port.reading_id, _Reading())
        reached = readings.get(port.reached_id, _Reading())
        schedule = port.connection.schedule if port.connection else Schedule.MANUAL
        yield (
            port,
            Trust(
                quality=score.value,
                quality_at=score.scored_at,
                documentation=score.documentation,
                fresh_at=reached.fresh_at,
                freshness_promise=port.freshness_promise,
                is_reachable=reading.is_reachable,
                measured_at=reading.read_at,
                valid_until=reading.read_at and reading.read_at + counts_as_fresh(schedule),
                has_owner=port.product.team_id is not None or bool(port.stewards),
                contract_status=_as_read(agreed.get(port.pk), is_reachable=reading.is_reachable),
                **certified[port.pk]._asdict(),
                **promised.get(port.pk, _PromisedState())._asdict(),
            ),
        )


def _as_read(status: str | None, *, is_reachable: bool | None) -> str:
    """What could not be read last was not compared then."""
    return "" if status is None else status if is_reachable else NOT_COMPARED


def _certifications_of(ports: Sequence[Any]) -> dict[int, _Certified]:
    """Port id -> its own certification, or its product's where the port was there already; the longer one counts."""
    given = Certification.objects.filter(product__in={port.product_id for port in ports})
    own = _certified(given.exclude(port=None), by="port_id")
    whole = _certified(given.filter(port=None))
    found = {}
    for port in ports:
        shared = whole.get(port.product_id, _NEVER)
        is_covered = shared.certified_at is not None and port.created_at <= shared.certified_at
        found[port.pk] = max(own.get(port.pk, _NEVER), shared if is_covered else _NEVER, key=_end)
    return found


def _certified(given: QuerySet[Certification], by: str = "product_id") -> dict[int, _Certified]:
    """The certification of each that was not withdrawn, whether it has run out or not: that is judged when read."""
    rows = given.filter(withdrawn_at=None).values_list(by, "certified_at", "expires_at")
    return {pk: _Certified(at, until) for pk, at, until in rows}


def _end(certified: _Certified) -> float:
    return certified.certified_until.timestamp() if certified.certified_until else 0.0


def _owned(product_ids: Sequence[int]) -> dict[int, bool]:
    rows = DataProduct.objects.filter(pk__in=product_ids).annotate(stewards=Count("stewardships"))
    return {
        pk: team_id is not None or bool(count)
        for pk, team_id, count in rows.values_list("pk", "team_id", "stewards")
    }


def _write(model: type[PortTrust] | type[ProductTrust], key: str, rows: Sequence[tuple[object, ...]]) -> None:
    bulk.upsert(
        model,
        (key, *_COLUMNS, "refreshed_at"),
        rows,
        unique=(key,),
        update=(*_COLUMNS, "refreshed_at"),
        compare=_COLUMNS,
    )


def _parts(ids: Iterable[int]) -> Iterable[list[int]]:
    listed = sorted(set(ids))
    return (listed[start : start + _AT_ONCE] for start in range(0, len(listed), _AT_ONCE))
