"""What a crawl measures for objectives: judged from what it stored of the ports, many at once. Called by crawling."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from catalog.assets.models import AssetReading
from catalog.products.models import OutputPort
from catalog.quality.facts import PortFacts, read_facts
from catalog.quality.models import QualityScore
from catalog.schemas.models import FieldProfile
from catalog.slos.evaluating import evaluate_slos
from catalog.slos.judging import judge_value
from catalog.slos.models import ServiceLevelObjective
from catalog.slos.storing import NewMeasurement, store_measurements

Kind = ServiceLevelObjective.Kind
_SLICE = 500
_FROM_FACTS = frozenset({Kind.COMPLETENESS, Kind.SCHEMA_STABILITY})


@dataclass(frozen=True, slots=True)
class Seen:
    """What the crawl left behind of one port; None where nothing could be said."""

    reading: AssetReading
    score: float | None = None
    facts: PortFacts | None = None
    null_shares: Mapping[str, float | None] | None = None


def measure_ports(*, port_ids: Collection[int], now: dt.datetime) -> None:
    """Measure the objectives of ports that were read at `now`, and evaluate them.

    Needs readings, profiles and scores stored. Costs one query where nothing is promised.
    """
    listed = sorted(port_ids)
    for start in range(0, len(listed), _SLICE):
        _measure(listed[start : start + _SLICE], now)


def _measure(port_ids: Collection[int], now: dt.datetime) -> None:
    slos = list(ServiceLevelObjective.objects.active().filter(port__in=port_ids).exclude(kind=Kind.CUSTOM))
    if not slos:
        return
    seen = _seen(slos, now)
    measured = [
        found for slo in slos if slo.port_id in seen and (found := measure(slo, seen[slo.port_id], now))
    ]
    store_measurements(measured, now=now)
    evaluate_slos([slo.pk for slo in slos], now=now, announce=False)


def measure(slo: ServiceLevelObjective, seen: Seen, now: dt.datetime) -> NewMeasurement | None:
    """The measurement `seen` makes of an objective; None when it says nothing about it.

    What could not be reached is bad for availability and says nothing about everything else.
    """
    reading = seen.reading
    value: float | None
    if slo.kind == Kind.AVAILABILITY:
        return _judged(slo, reading.is_reachable, None, now)
    if not reading.is_reachable:
        return None
    if slo.kind == Kind.SCHEMA_STABILITY:
        broken = seen.facts.measured.broken if seen.facts and seen.facts.measured.declared else None
        return None if broken is None else _judged(slo, broken == 0, float(broken), now)
    if slo.kind == Kind.FRESHNESS:
        value = max((now - reading.fresh_at).total_seconds(), 0.0) if reading.fresh_at else None
    elif slo.kind == Kind.VOLUME:
        value = reading.row_count
    elif slo.kind == Kind.LATENCY:
        value = reading.latency_ms
    elif slo.kind == Kind.QUALITY:
        value = seen.score
    else:
        value = _filled_share(slo, seen)
    if value is None:
        return None
    return _judged(slo, judge_value(value, slo.at_least, slo.at_most), value, now)


def _filled_share(slo: ServiceLevelObjective, seen: Seen) -> float | None:
    """The share of values that are there: of the objective's own field, else over all required fields."""
    if slo.element:
        empty = (seen.null_shares or {}).get(slo.element.casefold())
        return None if empty is None else 1 - empty
    required = seen.facts.measured.required if seen.facts else ()
    known = [field.null_share for field in required if field.null_share is not None]
    return 1 - sum(known) / len(known) if known else None


def _judged(
    slo: ServiceLevelObjective, is_good: bool, value: float | None, now: dt.datetime
) -> NewMeasurement:
    key = f"crawl {now.astimezone(dt.UTC).isoformat()}"
    return NewMeasurement(slo.pk, key, now, int(is_good), int(not is_good), value)


def _seen(slos: Iterable[ServiceLevelObjective], now: dt.datetime) -> dict[int, Seen]:
    """Port id -> what was read of it at `now`; ports that were not read then are left out."""
    wanted: dict[str, set[int]] = {}
    for slo in slos:
        wanted.setdefault(slo.kind, set()).add(slo.port_id)
    ports = {port_id for ids in wanted.values() for port_id in ids}
    assets = dict(OutputPort.objects.filter(pk__in=ports, asset__isnull=False).values_list("pk", "asset_id"))
    readings = {
        reading.asset_id: reading
        for reading in AssetReading.objects.filter(asset__in=set(assets.values()), read_at=now)
    }
    scores = _scores(wanted.get(Kind.QUALITY, set()), now)
    asked = {pk for kind in _FROM_FACTS for pk in wanted.get(kind, set())}
    facts = {item.port.pk: item for item in read_facts(asked, now)} if asked else {}
    elements = {slo.port_id: slo for slo in slos if slo.element}
    shares = _null_shares({assets[pk] for pk in elements if pk in assets})
    return {
        pk: Seen(readings[asset_id], scores.get(pk), facts.get(pk), shares.get(asset_id))
        for pk, asset_id in assets.items()
        if asset_id in readings
    }


def _scores(port_ids: set[int], now: dt.datetime) -> dict[int, float | None]:
    if not port_ids:
        return {}
    return dict(QualityScore.objects.filter(port__in=port_ids, scored_at=now).values_list("port_id", "value"))


def _null_shares(asset_ids: set[int]) -> dict[int, dict[str, float | None]]:
    """Of fields by their names without regard to case, as stores and contracts spell them differently."""
    found: dict[int, dict[str, float | None]] = {}
    if asset_ids:
        rows = FieldProfile.objects.filter(asset__in=asset_ids).values_list("asset_id", "path", "null_share")
        for asset_id, path, share in rows.iterator(chunk_size=5_000):
            found.setdefault(asset_id, {})[path.casefold()] = share
    return found
