"""The demo mesh: made of documents and stores only, its past found by the real crawler, and gone without a trace."""

import datetime as dt
import sqlite3
from collections import deque
from pathlib import Path
from typing import Any

import duckdb
import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.accounts.models import Team, User
from catalog.assets.models import Asset, AssetReading
from catalog.audit.models import AuditEvent, ChangeMark
from catalog.common.errors import Conflict
from catalog.connections.models import Connection
from catalog.contracts.models import ContractVersion, DataContract
from catalog.crawling.models import CrawlItem, CrawlRun
from catalog.demo import hearing, history, state
from catalog.demo.loading import load_demo
from catalog.demo.rows import DAY, rows_of
from catalog.demo.stores import write_stores
from catalog.demo.structure import tables
from catalog.domains.models import Domain
from catalog.notifications.models import Notification, Subscription
from catalog.notifications.telling import fan_out_waiting
from catalog.products.models import DataProduct, InputPort, OutputPort
from catalog.quality.models import CheckState, QualityScore
from catalog.schemas.models import FieldProfile, SchemaVersion
from catalog.slos.models import Measurement, MeasurementRollup, ServiceLevelObjective, SloState
from tests import factories as make

MEASURED = (
    AssetReading,
    CrawlItem,
    CrawlRun,
    FieldProfile,
    QualityScore,
    Asset,
    Measurement,
    MeasurementRollup,
)
NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


@pytest.fixture
def place(tmp_path: Path, settings: Any) -> Path:
    settings.DATA_DIR = tmp_path
    settings.FILE_ROOTS = [str(tmp_path / "demo")]
    return tmp_path


def load() -> None:
    load_demo(tell=lambda _: None, now=NOW)


@pytest.mark.django_db
def test_loader_writes_documents_and_stores_and_never_results(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections["default"], "queries_log", deque(maxlen=100_000))
    with CaptureQueriesContext(connection) as queries:
        load()
    measured = {model._meta.db_table for model in MEASURED}
    written = [
        query["sql"] for query in queries if query["sql"].split(" ", 1)[0] in ("INSERT", "UPDATE", "DELETE")
    ]
    assert written
    assert not [
        sql for sql in written if any(f'"{table}"' in sql.split("(")[0].split("SET")[0] for table in measured)
    ]
    for model in MEASURED:
        assert not model.objects.exists(), model
    assert not SchemaVersion.objects.filter(origin="observed").exists()


@pytest.mark.django_db
def test_mesh_is_whole_and_loading_again_changes_nothing(place: Path) -> None:
    load()
    products = DataProduct.objects.filter(is_demo=True)
    assert products.count() >= 25
    assert ContractVersion.objects.count() == OutputPort.objects.exclude(declared_schema=None).count()
    assert not InputPort.objects.filter(upstream_port=None).exists()
    assert set(products.values_list("lifecycle", flat=True)) == {
        "active",
        "draft",
        "proposed",
        "deprecated",
        "retired",
    }
    assert [product.name for product in products.filter(team=None)] == ["Concert listings"]
    owner, steward = User.objects.get(username="owner"), User.objects.get(username="steward")
    assert owner.stewardships.filter(product__slug="play-events", role="business_owner").exists()
    assert steward.stewardships.filter(product__slug="playback-quality", role="steward").exists()
    assert not User.objects.get(username="guest").memberships.exists()
    assert User.objects.get(username="admin").memberships.get().role == "platform_admin"
    old = DataProduct.objects.get(slug="country-charts")
    assert old.successor is not None
    assert (old.successor.slug, str(old.sunset_at)) == ("weekly-charts", "2027-03-31")
    assert not User.objects.exclude(password__startswith="!").exists(), "nobody has a password"
    before = AuditEvent.objects.count()
    load()
    assert AuditEvent.objects.count() == before


@pytest.mark.django_db
def test_worker_that_looks_in_while_the_demo_is_made_neither_grows_nor_forgets_anything(place: Path) -> None:
    answers: list[str] = []

    def look_in(sentence: str) -> None:
        if sentence.endswith("…"):  # a step begins; the last sentence is told when all is made
            answers.append(history.tend(now=NOW))

    load_demo(tell=look_in, now=NOW)
    assert answers == ["", "", ""]
    kept = state.read()
    assert kept is not None
    assert kept.is_loaded
    assert kept.grown_until is None
    assert len(kept.made["connections"]) == Connection.objects.count()


@pytest.mark.django_db
def test_load_cut_short_is_not_grown_and_is_completed_by_the_next(place: Path) -> None:
    def stop(sentence: str) -> None:
        if sentence.startswith("Products"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_demo(tell=stop, now=NOW)
    assert history.tend(now=NOW) == ""
    load()
    kept = state.read()
    assert kept is not None
    assert kept.is_loaded
    assert len(kept.made["connections"]) == Connection.objects.count()


@pytest.mark.django_db
def test_installation_with_a_mesh_of_its_own_is_left_alone(place: Path) -> None:
    make.make_product("Real")
    with pytest.raises(Conflict):
        load()
    assert not (place / state.MARK).exists()


def test_mark_is_the_one_the_portal_reads_at_start() -> None:
    from meshportal import keys

    assert state.MARK == keys.DEMO_MARK


@pytest.mark.django_db
def test_removing_takes_the_demo_and_nothing_else(place: Path) -> None:
    load()
    mine = make.make_product(
        "Mine", domain=Domain.objects.get(slug="listening"), team=make.make_team("My team")
    )
    call_command("remove_demo", "--dry-run", verbosity=0)
    assert DataProduct.objects.filter(is_demo=True).exists()
    assert (place / "demo").is_dir()
    call_command("remove_demo", verbosity=0)
    assert list(DataProduct.objects.all()) == [mine]
    assert [domain.slug for domain in Domain.objects.all()] == ["listening"]
    assert {team.name for team in Team.objects.all()} == {"Daff", "Listening team", "My team"}
    assert not User.objects.exists()
    assert not Connection.objects.exists()
    assert not DataContract.objects.exists()
    assert not SchemaVersion.objects.exists()
    assert not (place / "demo").exists()
    assert not (place / state.MARK).exists()
    assert ChangeMark.objects.filter(kind="product").exists(), "search is told"


@pytest.mark.django_db
def test_home_tells_how_far_the_past_has_been_made(place: Path, settings: Any, client: Client) -> None:
    load()
    client.force_login(User.objects.get(username="owner"))
    told = b"The past of the demo is being made"
    assert told not in client.get("/").content, "no demo to those who serve it as none"
    settings.DEMO = True
    assert told in client.get("/").content
    kept = state.read()
    assert kept is not None
    kept.grown_until = NOW - 12 * DAY
    state.write(kept)
    assert b"<strong>8 November</strong>" in client.get("/").content
    kept.grown_until = NOW
    state.write(kept)
    assert told not in client.get("/").content


@pytest.mark.django_db
def test_past_is_crawled_with_the_clock_of_the_day(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "LOOKS", (12, 5))
    load()
    Connection.objects.exclude(slug__in=("playback-store", "partner-files")).update(is_paused=True)
    assert history.tend(now=NOW) == "grown"
    runs = CrawlRun.objects.filter(connection__slug="playback-store")
    assert [run.finished_at for run in runs.order_by("pk")] == [NOW - 12 * DAY, NOW - 5 * DAY, NOW]
    drifted = OutputPort.objects.get(name="segments").asset
    assert drifted is not None
    assert drifted.schema_versions.filter(origin="observed").count() == 2, (
        "the columns left the contract in between"
    )
    gone = OutputPort.objects.get(name="concerts").asset
    assert gone is not None
    assert [reading.is_reachable for reading in gone.readings.order_by("read_at")] == [True, False, False]
    stale = OutputPort.objects.get(name="lyrics").asset
    assert stale is not None
    fresh_at = stale.readings.latest().fresh_at
    assert fresh_at is not None
    assert NOW - fresh_at > 40 * DAY
    promised = ServiceLevelObjective.objects.filter(
        port__connection__slug="playback-store", kind="availability"
    )
    measured = Measurement.objects.filter(slo=promised.first()).order_by("measured_at")
    assert [item.measured_at for item in measured] == [NOW - 12 * DAY, NOW - 5 * DAY, NOW]
    failing = CheckState.objects.filter(
        quality_check__port__connection__slug="partner-files", status="failed"
    )
    assert {"Every line says what was spent", "A campaign has one line a week"} <= set(
        failing.values_list("quality_check__name", flat=True)
    )
    assert history.tend(now=NOW) == ""
    assert history.tend(now=NOW + dt.timedelta(hours=1)) == "moved"


@pytest.mark.django_db
def test_nothing_is_tended_where_there_is_no_demo(place: Path) -> None:
    assert history.tend() == ""
    assert list(place.iterdir()) == []


def test_stores_keep_what_the_contracts_promise_before_they_are_broken(tmp_path: Path) -> None:
    write_stores(tmp_path, NOW - 30 * DAY, NOW)
    for table in tables():
        rows = list(rows_of(table, NOW - 30 * DAY))
        keys = [tuple(row[name] for name in table.key_columns) for row in rows]
        assert rows, table.name
        assert len(set(keys)) == len(keys), f"{table.name} repeats keys"
        assert set(rows[0]) == {field.path for field in table.columns}
        required = [field.path for field in table.columns if field.is_nullable is False]
        assert all(row[name] is not None for row in rows for name in required), table.name


def test_faults_begin_when_they_should(tmp_path: Path) -> None:
    write_stores(tmp_path, NOW, NOW)
    with sqlite3.connect(tmp_path / "listening.sqlite") as database:
        names = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert "play_events" in names
    assert "skips" not in names
    with duckdb.connect(str(tmp_path / "playback.duckdb"), read_only=True) as store:
        columns = {row[0]: row[1] for row in store.execute("DESCRIBE listener_segments").fetchall()}
    assert columns["segment_score"] == "VARCHAR"
    assert "plan" not in columns
    assert not (tmp_path / "partner" / "concerts.csv").exists()


def test_stores_move_on_and_keep_their_past() -> None:
    events = next(table for table in tables() if table.name == "play_events")
    earlier, later = list(rows_of(events, NOW)), list(rows_of(events, NOW + dt.timedelta(hours=6)))
    assert later[-1]["received_at"] > earlier[-1]["received_at"]
    overlap = {row["event_id"]: row for row in earlier}
    assert all(overlap[row["event_id"]] == row for row in later if row["event_id"] in overlap)
    assert timezone.is_aware(later[-1]["received_at"])


@pytest.mark.django_db
def test_values_of_fields_their_owners_released_are_kept(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "LOOKS", (1,))
    load()
    Connection.objects.exclude(slug="listening-store").update(is_paused=True)
    assert history.tend(now=NOW) == "grown"
    kept = {profile.path: profile for profile in FieldProfile.objects.filter(asset__name="play_events")}
    assert int(kept["ms_played"].minimum) < int(kept["ms_played"].maximum)
    assert kept["ms_played"].histogram
    assert kept["played_at"].minimum < kept["played_at"].maximum
    assert not kept["user_id"].minimum, "the product is about single people"


@pytest.mark.django_db
def test_consumer_watches_some_things_and_the_owner_hears_of_what_stands_badly(place: Path) -> None:
    load()
    watched = Subscription.objects.filter(user__username="consumer")
    assert sorted(watched.values_list("target", flat=True)) == ["domain", "product", "search"]
    watched.filter(target="search").delete()
    load()
    assert watched.count() == 2, "what somebody stopped watching does not come back"
    missed = ServiceLevelObjective.objects.filter(port__product__slug="play-events").order_by("pk")[:1].get()
    SloState.objects.filter(pk=missed.pk).update(status="bad")
    for _ in range(2):
        hearing.tell_of_objectives(NOW)
    told = Notification.objects.filter(notice__kind="slo")
    fan_out_waiting()
    assert told.filter(recipient__username="owner", notice__title__contains=missed.name).count() == 1
    assert told.filter(recipient__username="consumer", reason="watcher").count() == 1
    assert Notification.objects.filter(recipient__username="owner").exclude(notice__kind="slo").exists()
