"""Crawls of real stores, stored: what is written, what is not written twice, what is never lost."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from catalog.assets import services as assets
from catalog.assets.models import Asset, AssetReading
from catalog.audit.models import AuditEvent, ChangeMark
from catalog.crawling.models import CrawlItem, CrawlRun
from catalog.quality.models import QualityScore
from catalog.schemas.models import Field, FieldAnnotation, FieldProfile, SchemaVersion
from catalog.trust.models import PortTrust, ProductTrust
from catalog.vocabulary.models import Classification
from tests import factories as make
from tests.catalog.crawling.conftest import NOW, Store
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def test_first_crawl_lists_everything_and_reads_nothing_nobody_claimed(
    make_store: Callable[..., Store],
) -> None:
    store = make_store()
    run = store.crawl()
    assert (run.status, run.counts["new"], run.error) == ("succeeded", 3, "")
    assert set(Asset.objects.values_list("name", "kind")) == {
        ("plays", "table"),
        ("artists", "table"),
        ("popular", "view"),
    }
    assert not FieldProfile.objects.exists()
    assert not AssetReading.objects.exists()
    assert list(store.asset("plays").schema_versions.get().fields.values_list("path", flat=True)) == [
        "id",
        "track",
        "seconds",
        "listener_email",
        "played_at",
    ]


def test_claimed_asset_is_read_scored_and_trusted(store: Store) -> None:
    run = store.crawl()
    assert run.status == "succeeded"
    reading = store.asset("plays").readings.get()
    assert (reading.is_reachable, reading.row_count, reading.fresh_basis) == (True, 200, "column played_at")
    assert reading.fresh_at == NOW - 2 * HOUR
    score = QualityScore.objects.get()
    assert score.value == 100
    assert {item["name"]: item["value"] for item in score.dimensions} == {
        "freshness": 1,
        "conformance": None,
        "completeness": None,
        "reachability": 1,
        "uniqueness": 1,
    }
    trust = PortTrust.objects.get()
    assert (trust.quality, trust.is_reachable, trust.fresh_at) == (100, True, NOW - 2 * HOUR)
    assert trust.valid_until == NOW + 49 * HOUR  # crawled daily
    assert ProductTrust.objects.get().quality == 100


def test_values_are_kept_only_where_harmless_or_released(store: Store) -> None:
    FieldAnnotation.objects.create(asset=store.asset("plays"), path="track", is_released=True)
    store.crawl()
    found = {item.path: item for item in FieldProfile.objects.all()}
    assert found["seconds"].maximum == "29"
    assert found["seconds"].histogram
    assert found["track"].top_values[0][1] >= 10
    email = found["listener_email"]
    assert (email.minimum, email.top_values, email.histogram) == ("", [], [])
    assert email.distinct_estimate == 200
    assert email.withheld_because


def snapshot() -> dict[str, Any]:
    return {
        "assets": list(
            Asset.objects.order_by("pk").values(
                "pk", "kind", "comment", "address", "vanished_at", "updated_at"
            )
        ),
        "schemas": list(SchemaVersion.objects.order_by("pk").values()),
        "fields": list(Field.objects.order_by("pk").values()),
        "profiles": list(FieldProfile.objects.order_by("pk").values()),
    }


def test_same_crawl_twice_changes_nothing(store: Store) -> None:
    store.crawl()
    before = snapshot()
    ChangeMark.objects.all().delete()
    run = store.crawl(NOW + HOUR)
    assert run.counts == {"new": 0, "changed": 0, "unchanged": 3, "vanished": 0, "failed": 0}
    assert snapshot() == before
    assert not run.items.exists()
    assert not ChangeMark.objects.exists()
    assert AssetReading.objects.count() == 2  # time went by: that alone is new
    assert store.asset("plays").last_seen_at == NOW + HOUR


def test_same_run_stored_again_at_the_same_moment_doubles_nothing(store: Store) -> None:
    store.crawl()
    counts = (AssetReading.objects.count(), QualityScore.objects.count())
    store.crawl(NOW)
    assert (AssetReading.objects.count(), QualityScore.objects.count()) == counts


def test_changed_schema_is_a_new_version_with_readable_changes(store: Store, cast: Cast) -> None:
    store.crawl()
    ChangeMark.objects.all().delete()
    store.execute("ALTER TABLE plays DROP COLUMN listener_email", "ALTER TABLE plays ADD COLUMN country TEXT")
    run = store.crawl(NOW + HOUR)
    assert run.counts["changed"] == 1
    version = store.asset("plays").schema_versions.first()
    assert version is not None
    assert (version.number, version.field_count) == (2, 5)
    assert [change["sentence"] for change in version.changes] == [
        "listener_email was removed.",
        "country was added as string (TEXT).",
    ]
    assert not FieldProfile.objects.filter(path="listener_email").exists()
    port = cast.play_events.output_ports.get()
    assert set(ChangeMark.objects.values_list("kind", "object_id")) == {
        ("port", port.pk),
        ("product", cast.play_events.pk),
    }
    event = AuditEvent.objects.get(verb="port.schema_changed")
    assert event.product_id == cast.play_events.pk
    assert event.detail["summary"] == "1 field added, 1 removed"


def test_sql_of_a_view_is_kept_and_each_change_of_it_noticed(store: Store, cast: Cast) -> None:
    view = store.asset("popular")
    port = make.make_port(cast.play_events, "popular", connection=store.connection, asset=view)
    store.crawl()
    first = view.definitions.get()
    assert first.number == 1
    assert first.sql.startswith("CREATE VIEW popular AS SELECT track")
    store.crawl(NOW + HOUR)
    assert view.definitions.count() == 1
    store.execute(
        "DROP VIEW popular", "CREATE VIEW popular AS SELECT track, sum(1) AS plays FROM plays GROUP BY 1"
    )
    run = store.crawl(NOW + 2 * HOUR)
    assert "Its SQL changed." in run.items.get(asset=view).message
    assert list(view.definitions.values_list("number", "seen_at")) == [
        (2, NOW + 2 * HOUR),
        (1, first.seen_at),
    ]
    event = AuditEvent.objects.get(verb="port.definition_changed")
    assert (event.object_id, event.product_id) == (port.pk, cast.play_events.pk)
    assert "sum(1)" not in str(event.detail) + str(event.changes)
    assert not store.asset("plays").definitions.exists()


def test_only_the_last_wordings_of_a_view_are_kept(store: Store) -> None:
    view = store.asset("popular")
    for number in range(assets.KEPT_DEFINITIONS + 5):
        new = assets.NewDefinition(asset_id=view.pk, sql=f"SELECT {number}", number=number + 1)
        assets.write_definitions(definitions=[new], now=NOW)
    assert view.definitions.count() == assets.KEPT_DEFINITIONS
    assert view.definitions.first().sql == f"SELECT {assets.KEPT_DEFINITIONS + 4}"  # type: ignore[union-attr]


def test_each_run_leaves_one_event(store: Store) -> None:
    before = AuditEvent.objects.filter(verb="connection.crawled").count()
    run = store.crawl()
    events = AuditEvent.objects.filter(verb="connection.crawled")
    assert events.count() == before + 1
    assert events.first().detail["run"] == run.pk  # type: ignore[union-attr]


def test_dropped_table_vanishes_and_comes_back(store: Store) -> None:
    store.execute("DROP TABLE artists")
    run = store.crawl()
    assert run.counts["vanished"] == 1
    assert store.asset("artists").vanished_at == NOW
    assert CrawlItem.objects.get(run=run).message == "It is no longer in the store."
    store.execute("CREATE TABLE artists (id INTEGER PRIMARY KEY, name TEXT)")
    store.crawl(NOW + HOUR)
    back = store.asset("artists")
    assert (back.vanished_at, back.missing_since) == (None, None)
    assert back.schema_versions.count() == 1


def test_claimed_table_that_is_gone_is_unreachable_at_once(store: Store) -> None:
    store.crawl()
    store.execute("DROP VIEW popular", "DROP TABLE plays")
    run = store.crawl(NOW + HOUR)
    assert run.counts["vanished"] == 2
    reading = store.asset("plays").readings.first()
    assert reading is not None
    assert (reading.is_reachable, reading.error_code) == (False, "gone")
    assert PortTrust.objects.get().is_reachable is False
    assert SchemaVersion.objects.filter(asset__name="plays").exists()


def test_empty_store_loses_nothing_at_first_and_all_after_a_day(store: Store) -> None:
    store.execute("DROP VIEW popular", "DROP TABLE plays", "DROP TABLE artists")
    run = store.crawl()
    assert run.status == "partial"
    assert run.error.startswith("3 of 3 known assets were not found.")
    assert run.remedy
    assert not Asset.objects.exclude(vanished_at=None).exists()
    store.crawl(NOW + 23 * HOUR)
    assert not Asset.objects.exclude(vanished_at=None).exists()
    store.crawl(NOW + 25 * HOUR)
    assert not Asset.objects.filter(vanished_at=None).exists()


def test_failed_crawl_keeps_everything_and_says_what_to_do(store: Store) -> None:
    store.crawl()
    store.path.rename(store.path.with_suffix(".away"))
    run = store.crawl(NOW + HOUR)
    assert run.status == "failed"
    assert run.error
    assert run.remedy
    assert not Asset.objects.exclude(vanished_at=None).exists()
    trust = PortTrust.objects.get()
    assert trust.is_reachable is False
    assert trust.fresh_at == NOW - 2 * HOUR  # what was measured before stands, with its time
    assert store.asset("plays").readings.first().error == run.error  # type: ignore[union-attr]


def test_port_that_names_a_place_is_given_its_asset(store: Store, cast: Cast) -> None:
    port = make.make_port(cast.play_events, "artists", connection=store.connection, location="ARTISTS")
    lost = make.make_port(cast.play_events, "lost", connection=store.connection, location="nowhere")
    store.crawl(port=port)
    port.refresh_from_db()
    lost.refresh_from_db()
    assert port.asset == store.asset("artists")
    assert lost.asset is None
    assert port.asset.readings.count() == 1
    assert PortTrust.objects.get(port=port).is_reachable


def test_classifying_while_a_crawl_runs_still_withholds(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """People decide while crawls run: who may keep values is asked again when they are stored."""
    from catalog.crawling import runner

    personal = Classification.objects.create(name="Personal", slug="personal", is_personal=True)
    gather = runner.gather

    def gather_slowly(*args: Any, **kwargs: Any) -> Any:
        found = gather(*args, **kwargs)
        FieldAnnotation.objects.create(asset=store.asset("plays"), path="seconds", classification=personal)
        return found

    monkeypatch.setattr(runner, "gather", gather_slowly)
    store.crawl()
    profile = FieldProfile.objects.get(path="seconds")
    assert (profile.minimum, profile.mean, profile.histogram) == ("", None, [])
    assert profile.withheld_because == "It is classified as personal."


def test_personal_product_keeps_values_of_released_fields_only(store: Store, cast: Cast) -> None:
    personal = Classification.objects.create(name="Personal", slug="personal", is_personal=True)
    cast.play_events.classification = personal
    cast.play_events.save()
    FieldAnnotation.objects.create(asset=store.asset("plays"), path="track", is_released=True)
    store.crawl()
    assert FieldProfile.objects.get(path="seconds").histogram == []
    assert FieldProfile.objects.get(path="track").top_values


def test_two_connections_to_one_store_share_its_assets(
    store: Store, make_store: Callable[..., Store]
) -> None:
    other = make.make_connection("Second door", kind="sqlite", config=store.connection.config)
    second = Store(store.path, other)
    run = second.crawl()
    assert run.counts["new"] == 0
    assert Asset.objects.count() == 3
    assert not Asset.objects.filter(connection=other).exists()


def test_number_of_queries_does_not_grow_with_the_assets(
    make_store: Callable[..., Store], django_assert_max_num_queries: Any
) -> None:
    def counted(name: str, tables: int) -> int:
        content = "".join(
            f"CREATE TABLE t{n} (id INTEGER PRIMARY KEY, a TEXT, b REAL);" for n in range(tables)
        )
        store = make_store(name, content)
        store.crawl(NOW - HOUR)
        product = make.make_product()
        for number in range(tables):
            make.make_port(
                product, f"p{number}", connection=store.connection, asset=store.asset(f"t{number}")
            )
        with django_assert_max_num_queries(200) as captured:
            run = store.crawl()
        assert run.status == "succeeded"
        return len(captured)

    assert counted("small", 60) == counted("large", 150)


def test_runs_of_hostile_names_are_stored(make_store: Callable[..., Store]) -> None:
    names = [
        "naïve",
        "emoji 🎵",
        "quote'quote",
        'double"double',
        "dot.dot",
        "semi;colon",
        "ñ\u202e",
        "x" * 390,
    ]
    quoted = [name.replace('"', '""') for name in names]
    store = make_store(
        content="".join(f'CREATE TABLE "{name}" ("{name}" TEXT, "a.b" TEXT);' for name in quoted)
    )
    assert store.crawl().status == "succeeded"
    assert set(Asset.objects.values_list("name", flat=True)) == set(names)
    assert store.crawl(NOW + HOUR).counts["unchanged"] == len(names)


def test_counts_of_a_run_are_kept_with_it(store: Store) -> None:
    run = CrawlRun.objects.get(pk=store.crawl().pk)
    assert sum(run.counts.values()) == 3
    assert (run.done, run.total, run.claim) == (1, 1, "")
