"""What crawls measured, written in bulk: readings, profiles, encryption in motion."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from catalog.assets import services as assets
from catalog.connections.connectors.observations import ObservedProfile, ObservedReading
from catalog.connections.models import Connection
from catalog.crawling import checking, cleaning, knowledge
from catalog.crawling.gathering import Gathered
from catalog.crawling.models import CrawlRun
from catalog.crawling.reconcile import Key
from catalog.products.value_discretion import discretion
from catalog.quality import storing as quality
from catalog.schemas import recording as schemas
from catalog.schemas.selectors import NOTHING_SAID, Discretion

# Codes that say something of the source itself, so that what was not read counts as not reached.
_SOURCE_IS_AWAY = frozenset(
    {"unreachable", "refused", "not_allowed", "malformed", "gone", "unsupported", "empty"}
)


class Crawl(Protocol):
    """A finished crawl with the ids of its assets."""

    run: CrawlRun
    task: knowledge.Task
    gathered: Gathered
    ids: dict[Key, int]


def write_readings(works: Sequence[Crawl], now: datetime) -> None:
    """One reading for everything that was asked for, of unchanged assets too."""
    assets.write_readings(readings=[reading for work in works for reading in _readings(work, now)])


def _readings(work: Crawl, now: datetime) -> list[assets.NewReading]:
    readings = [
        _reading(work, key, reading, now)
        for key, reading in work.gathered.readings.items()
        if key in work.ids
    ]
    trouble = work.gathered.trouble
    if trouble and trouble.code in _SOURCE_IS_AWAY:
        readings += [
            assets.NewReading(
                asset_id=item.pk,
                read_at=now,
                run_id=work.run.pk,
                is_reachable=False,
                error_code=trouble.code,
                error=trouble.message,
                remedy=trouble.remedy,
            )
            for item in work.task.claimed
            if item.key not in work.gathered.readings
        ]
    return readings


def _reading(work: Crawl, key: Key, seen: ObservedReading, now: datetime) -> assets.NewReading:
    return assets.NewReading(
        asset_id=work.ids[key],
        read_at=now,
        run_id=work.run.pk,
        is_reachable=seen.is_reachable,
        error_code=seen.error.code if seen.error else "",
        error=seen.error.message if seen.error else "",
        remedy=seen.error.remedy if seen.error else "",
        latency_ms=seen.latency_ms,
        row_count=seen.row_count,
        row_count_is_estimate=seen.row_count_is_estimate,
        size_bytes=seen.size_bytes,
        object_count=seen.object_count,
        fresh_at=seen.fresh_at,
        fresh_basis=seen.fresh_basis,
    )


def write_profiles(works: Sequence[Crawl], now: datetime) -> None:
    """Store figures; who may keep values is asked again now, because people decide while crawls run."""
    measured = {
        work.ids[key]: (work, key) for work in works for key in work.gathered.profiles if key in work.ids
    }
    if not measured:
        return
    present = discretion(measured)
    rows = []
    for asset_id, (work, key) in measured.items():
        asked = {item.key: work.task.discretion[item.pk] for item in work.task.claimed if item.key == key}
        released_then = asked.get(key, NOTHING_SAID).released
        if present[asset_id] != asked.get(key, NOTHING_SAID):
            work.gathered.digests.pop(key, None)  # taken with other words than those that hold now
        for profile in work.gathered.profiles[key].values():
            because = present[asset_id].objection(profile.path, profile.path in released_then)
            rows.append(_profile(asset_id, cleaning.without_values(profile, because) if because else profile))
    schemas.write_profiles(profiles=rows, now=now)


def _profile(asset_id: int, seen: ObservedProfile) -> schemas.NewProfile:
    return schemas.NewProfile(
        asset_id=asset_id,
        path=seen.path,
        row_count=seen.row_count,
        is_sample=seen.is_sample,
        null_share=seen.null_share,
        distinct_estimate=seen.distinct_estimate,
        minimum=seen.minimum,
        maximum=seen.maximum,
        mean=seen.mean,
        histogram=seen.histogram,
        top_values=seen.top_values,
        withheld_because=seen.withheld_because,
    )


def write_checks(works: Sequence[Crawl], now: datetime) -> None:
    """Store what checks found; samples only of fields whose values may be kept now, too."""
    results = []
    for work in works:
        for item in work.task.claimed:
            due = work.task.checks.get(item.pk, ())
            reading, seen = work.gathered.readings.get(item.key), work.gathered.checks.get(item.key, {})
            results += checking.results_of(due, reading, seen, run_id=work.run.pk, now=now)
    if not results:
        return
    elements = {
        check.pk: (pk, check.element)
        for work in works
        for pk in work.task.checks
        for check in work.task.checks[pk]
    }
    sampled = {elements[result.check_id][0] for result in results if result.sample}
    present = discretion(sampled) if sampled else {}
    quality.store_results(
        replace(result, sample=())
        if result.sample and not _may_keep(present, *elements[result.check_id])
        else result
        for result in results
    )


def _may_keep(present: Mapping[int, Discretion], asset_id: int, element: str) -> bool:
    """Whether failing values of a field may be kept."""
    return not present[asset_id].folded().objection(element.casefold(), was_released=False)


def write_tls(work: Crawl, now: datetime) -> None:
    """Encryption in motion, as it was seen on the way to the store."""
    if tls := work.gathered.tls:
        Connection.objects.filter(pk=work.run.connection_id).update(
            tls_version=tls.version,
            tls_certificate_ends_at=tls.certificate_ends_at,
            tls_observed_at=now,
        )
