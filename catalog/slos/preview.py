"""What an objective would have measured in the past: from what crawls kept, without writing anything."""

import datetime as dt
from dataclasses import dataclass

from catalog.assets.models import AssetReading
from catalog.quality.models import QualityScore
from catalog.slos.evaluate import Counts, Evaluation, Raw, evaluate, measured_of
from catalog.slos.judging import judge_value
from catalog.slos.measuring import Seen, measure
from catalog.slos.models import ServiceLevelObjective
from catalog.slos.storing import NewMeasurement
from catalog.slos.windows import DAY, Window

LOOKED_AT = 28  # days
Kind = ServiceLevelObjective.Kind
_FROM_READINGS = frozenset({Kind.AVAILABILITY, Kind.FRESHNESS, Kind.VOLUME, Kind.LATENCY})


@dataclass(frozen=True, slots=True)
class Preview:
    """How the last 28 days would have looked, what they were judged from, and how it would stand over the objective's
    own window, where that is another. `leaves_no_trace`: the portal keeps nothing that could be judged in hindsight."""

    result: Evaluation
    counts: Counts
    since: dt.datetime
    own: Evaluation | None
    own_words: str
    leaves_no_trace: bool


def preview(slo: ServiceLevelObjective, now: dt.datetime) -> Preview:
    """Judge the last 28 days by an objective as it stands in memory, saved or not."""
    since = now - LOOKED_AT * DAY
    raws = [Raw(item.measured_at, item.good, item.bad) for item in past(slo, since, now)]
    if not raws and slo.pk:
        raws = _kept(slo, since, now)
    past_days, own = Window(days=LOOKED_AT, zone=slo.time_zone), slo.judged_over
    result, now_own = (
        evaluate(slo.target, window, measured_of(window, raws, now, 400 * DAY), now)
        for window in (past_days, own)
    )
    counts = Counts(sum(raw.good for raw in raws), sum(raw.bad for raw in raws))
    leaves_no_trace = slo.kind != Kind.QUALITY and slo.kind not in _FROM_READINGS
    return Preview(result, counts, since, None if own == past_days else now_own, own.words, leaves_no_trace)


def past(slo: ServiceLevelObjective, since: dt.datetime, now: dt.datetime) -> list[NewMeasurement]:
    """What crawls since then would have measured, from readings and scores; nothing for kinds that leave no trace."""
    if slo.kind == Kind.QUALITY:
        rows = QualityScore.objects.filter(port=slo.port, scored_at__gte=since, scored_at__lte=now)
        scores = dict(rows.values_list("scored_at", "value"))
        found = [
            measure(slo, Seen(AssetReading(is_reachable=True), score=score), at)
            for at, score in scores.items()
        ]
    elif slo.kind in _FROM_READINGS and slo.port.asset_id is not None:
        readings = AssetReading.objects.filter(asset=slo.port.asset_id, read_at__gte=since, read_at__lte=now)
        found = [measure(slo, Seen(reading), reading.read_at) for reading in readings]
    else:
        found = []
    return sorted((item for item in found if item), key=lambda item: item.measured_at)


def _kept(slo: ServiceLevelObjective, since: dt.datetime, now: dt.datetime) -> list[Raw]:
    """Its own measurements, values judged by the bounds it has in memory."""
    rows = slo.measurements.filter(measured_at__gte=since, measured_at__lte=now)
    raws = []
    for at, value, good, bad in rows.values_list("measured_at", "value", "good", "bad"):
        if value is not None and (slo.at_least is not None or slo.at_most is not None):
            is_good = judge_value(value, slo.at_least, slo.at_most)
            good, bad = int(is_good), int(not is_good)
        raws.append(Raw(at, good, bad))
    return raws
