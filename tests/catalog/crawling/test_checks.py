"""Checks measured by real crawls of a real store: due, judged, stored, scored; samples kept and forgotten."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from catalog.products.models import OutputPort
from catalog.quality.models import CheckResult, CheckState, QualityCheck, QualityScore
from catalog.quality.services import create_check, end_check
from catalog.schemas.models import FieldAnnotation
from catalog.vocabulary.models import Classification
from catalog.vocabulary.signals import classification_changed
from tests import factories as make
from tests.catalog.crawling.conftest import NOW, Store
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def asked(kind: str, **fields: Any) -> QualityCheck:
    return create_check(actor=None, port=OutputPort.objects.get(name="plays"), kind=kind, **fields)


@pytest.mark.parametrize(
    ("kind", "element", "parameters", "outcome", "failed", "value"),
    [
        ("not_null", "Track", {}, "passed", 0, 0),
        ("range", "seconds", {"at_least": 1}, "failed", 6, 6),
        ("range", "seconds", {"at_least": 1, "bound": {"operator": "at_most", "values": [3], "unit": "percent"}},
         "passed", 6, 3),
        ("unique", "track", {}, "failed", 193, 193),
        ("pattern", "listener_email", {"pattern": "^x[0-9]+@"}, "passed", 0, 0),
        ("row_count", "", {"bound": {"operator": "between", "values": [100, 300]}}, "passed", None, 200),
        ("row_count_change", "", {"at_most": 10}, "unknown", None, None),
        ("freshness", "", {"max_age_seconds": 7_200}, "passed", None, 7_200),
        ("freshness", "played_at", {"max_age_seconds": 3_600}, "failed", None, 7_200),
        ("custom_sql", "", {"query": "SELECT max(seconds) FROM ${object}",
                            "bound": {"operator": "less_than", "values": [29]}}, "failed", None, 29),
        ("custom_sql", "", {"query": "SELECT count(*) FROM artists",
                            "bound": {"operator": "equal", "values": [0]}}, "error", None, None),
        ("referential", "track", {"table": "artists", "field": "name"}, "error", None, None),
        ("not_null", "nowhere", {}, "error", None, None),
    ],
)  # fmt: skip
def test_every_kind_is_measured_by_a_crawl(
    store: Store,
    kind: str,
    element: str,
    parameters: dict[str, Any],
    outcome: str,
    failed: int | None,
    value: float | None,
) -> None:
    check = asked(kind, element=element, parameters=parameters)
    run = store.crawl()
    result = CheckResult.objects.get(quality_check=check)
    assert (result.outcome, result.failed_rows, result.value) == (outcome, failed, value), result.message
    assert (result.measured_at, result.source, result.run_key) == (NOW, "crawl", str(run.pk))
    state = CheckState.objects.get(quality_check=check)
    assert (state.outcome, state.message) == (outcome, result.message)


def test_rows_are_compared_with_the_crawl_before(store: Store) -> None:
    check = asked("row_count_change", parameters={"at_least": -20})
    store.crawl()
    store.execute("DELETE FROM plays WHERE id > 100")
    store.crawl(NOW + DAY)
    state = CheckState.objects.get(quality_check=check)
    assert (state.outcome, state.value) == ("failed", -50)


def test_unchanged_asset_is_checked_all_the_same_and_ended_checks_are_not(store: Store) -> None:
    check, ended = asked("not_null", element="track"), asked("not_null", element="id")
    end_check(actor=None, check=ended)
    for days in range(3):
        store.crawl(NOW + days * DAY)
    assert check.results.count() == 3
    assert not ended.results.exists()


def test_check_is_asked_no_oftener_than_wanted(store: Store) -> None:
    check = asked("not_null", element="track", every=DAY)
    now = timezone.now()
    for ago in (30, 8, 6):  # hours before the present, by which it is told what is due
        store.crawl(now - ago * HOUR)
    assert [now - result.measured_at for result in check.results.all()] == [8 * HOUR, 30 * HOUR]


def test_unreachable_store_makes_an_error_only_the_second_time(store: Store) -> None:
    check = asked("not_null", element="track")
    store.crawl()
    store.execute("DROP TABLE plays")
    standing = []
    for days in (1, 2):
        store.crawl(NOW + days * DAY)
        state = CheckState.objects.get(quality_check=check)
        standing.append((state.outcome, state.status))
    assert standing == [("error", "passed"), ("error", "error")]


def test_a_check_with_a_schedule_is_asked_only_then_and_stands_in_between(store: Store) -> None:
    now = timezone.now().replace(second=0, microsecond=0)
    at = now - HOUR  # every day
    check = asked("not_null", element="track", schedule=f"{at.minute} {at.hour} * * *")
    store.crawl(now)
    assert not check.results.exists()  # its time comes only tomorrow
    QualityCheck.objects.update(created_at=now - 40 * HOUR)
    for minutes in (20 * 60, 30, 10):  # before the present, by which it is told what is due
        store.crawl(now - timedelta(minutes=minutes))
    measured = list(check.results.order_by("measured_at").values_list("measured_at", flat=True))
    assert measured == [now - 20 * HOUR, now - HOUR / 2]
    state = CheckState.objects.get(quality_check=check)
    assert state.valid_until is not None
    assert state.valid_until > now + 23 * HOUR


def test_own_query_reads_what_the_product_offers_and_a_reference_what_everybody_sees(
    store: Store, cast: Cast
) -> None:
    own = asked(
        "custom_sql",
        parameters={"query": "SELECT count(*) FROM artists", "bound": {"operator": "equal", "values": [0]}},
    )
    reference = asked("referential", element="track", parameters={"table": "artists", "field": "name"})
    other = make.make_product("Artists", domain=cast.listening, lifecycle="active")
    port = make.make_port(other, "artists", connection=store.connection, asset=store.asset("artists"))
    store.crawl()
    assert [own.results.get().outcome, reference.results.get().outcome] == ["error", "failed"]
    OutputPort.objects.filter(pk=port.pk).update(product=cast.play_events)
    store.crawl(NOW + DAY)
    assert own.results.first().outcome == "passed"  # type: ignore[union-attr]


def test_results_join_the_score_by_dimension(store: Store) -> None:
    asked("range", element="seconds", parameters={"at_least": 1}, severity="warning")
    asked("range", element="seconds", parameters={"at_least": 0}, name="Not negative")
    asked("not_null", element="track")
    store.crawl()
    rows = QualityScore.objects.get(scored_at=NOW).dimensions
    checks = {row["name"]: row for row in rows if row["name"].startswith("checks_")}
    assert {name: row["value"] for name, row in checks.items()} == {
        "checks_accuracy": 0.6,
        "checks_completeness": 1.0,
    }
    assert checks["checks_accuracy"]["explanation"] == "1 of 2 checks passed. Failed: seconds is in range."
    assert checks["checks_accuracy"]["points"] > 0


def test_failing_values_are_kept_where_released_and_forgotten_when_personal(store: Store) -> None:
    asset = store.asset("plays")
    seconds = asked("range", element="Seconds", parameters={"at_least": 1})
    track = asked("accepted_values", element="track", parameters={"values": ["track 1"]})
    store.crawl()
    assert (seconds.results.get().sample, track.results.get().sample) == (["0"], [])
    FieldAnnotation.objects.create(asset=asset, path="track", is_released=True)
    store.crawl(NOW + DAY)
    assert "track 2" in track.results.first().sample  # type: ignore[union-attr]
    personal = Classification.objects.create(name="PII", slug="pii", is_personal=True)
    for path in ("track", "seconds"):
        FieldAnnotation.objects.update_or_create(
            asset=asset, path=path, defaults={"classification": personal}
        )
    classification_changed.send(sender=Classification, classification=personal)
    assert not CheckResult.objects.exclude(sample=[]).exists()
    store.crawl(NOW + 2 * DAY)
    assert not CheckResult.objects.exclude(sample=[]).exists()
    assert seconds.results.count() == 3
