"""What is seen as it was stored is not stored again, and nothing that changed is taken for unchanged."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from catalog.assets import services as services_of_assets
from catalog.assets.models import Asset, AssetReading
from catalog.connections.connectors.observations import (
    AssetKey,
    ObservedAsset,
    ObservedField,
    ObservedProfile,
)
from catalog.crawling import cleaning, measuring, runner, services
from catalog.crawling.digest import LISTED, digest_of, said_of
from catalog.crawling.models import CrawlRun
from catalog.quality.models import QualityScore
from catalog.schemas.models import FieldProfile
from catalog.schemas.selectors import NOTHING_SAID, Discretion
from catalog.schemas.services import annotate_field, forget_values
from catalog.trust.models import PortTrust
from catalog.vocabulary.models import Classification
from tests import factories as make
from tests.catalog.crawling.conftest import NOW, Store
from tests.conftest import Cast

HOUR = timedelta(hours=1)
FIELD = ObservedField(path="a", name="a")
ASSET = ObservedAsset(namespace="s://x", name="t", kind="table", fields=(FIELD,))
PROFILE = ObservedProfile(asset=AssetKey("s://x", "t"), path="a", row_count=3)
OTHERS = {"address": {"n": 1}, "fields": None, "key_position": 1, "ordinal": 7, "row_count": 4, "asset": None}


def other(value: Any, name: str) -> Any:
    if name in OTHERS:
        return OTHERS[name]
    if isinstance(value, bool) or value is None:
        return True if value is None else not value
    return (("x", "y", 1),) if isinstance(value, tuple) else f"{value}x"


@pytest.mark.parametrize(
    ("part", "name"),
    [(part, item.name) for part in (ASSET, FIELD, PROFILE) for item in fields(part) if item.name != "asset"],
)
def test_every_word_of_a_source_counts(part: Any, name: str) -> None:
    changed = replace(part, **{name: other(getattr(part, name), name)})
    asset = ASSET
    if part is ASSET:
        asset = changed
    elif part is FIELD:
        asset = replace(ASSET, fields=(changed,))
    profiles = [changed if part is PROFILE else PROFILE]
    said = said_of(NOTHING_SAID)
    assert digest_of(asset, profiles, said) != digest_of(ASSET, [PROFILE], said)
    assert digest_of(ASSET, [PROFILE], said) == digest_of(replace(ASSET), [replace(PROFILE)], said)


def test_what_people_say_of_values_counts() -> None:
    said = [
        LISTED,
        said_of(NOTHING_SAID),
        said_of(Discretion(released=frozenset("a"))),
        said_of(Discretion(withheld=frozenset("a"))),
        said_of(Discretion(is_closed=True)),
    ]
    assert len({digest_of(ASSET, [PROFILE], words) for words in said}) == len(said)


@pytest.fixture
def cleaned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of profiles that were made ready for storing."""
    found: list[str] = []
    profile = cleaning.profile

    def note(seen: ObservedProfile) -> ObservedProfile:
        found.append(seen.path)
        return profile(seen)

    monkeypatch.setattr(cleaning, "profile", note)
    return found


@pytest.mark.django_db
def test_an_unchanged_asset_costs_its_reading_alone(store: Store, cleaned: list[str]) -> None:
    store.crawl()
    digest = store.asset("plays").observed_digest
    assert len(digest) == 32
    assert len(cleaned) == 5
    store.crawl(NOW + HOUR)
    assert len(cleaned) == 5
    assert store.asset("plays").observed_digest == digest
    assert store.asset("plays").readings.count() == QualityScore.objects.count() == 2
    store.execute("UPDATE plays SET seconds = 500 WHERE id = 1")
    run = store.crawl(NOW + 2 * HOUR)
    assert len(cleaned) == 10
    assert FieldProfile.objects.get(path="seconds").maximum == "500"
    assert run.counts["unchanged"] == 3, "figures are no change of the schema"


@pytest.mark.django_db
def test_the_score_of_unchanged_data_ages(store: Store) -> None:
    """Fresh within six hours was promised; the data stays as it is, so it becomes late."""
    store.crawl()
    assert PortTrust.objects.get().quality == 100
    store.crawl(NOW + timedelta(hours=12))
    late = QualityScore.objects.first()
    assert late is not None
    assert late.scored_at == NOW + timedelta(hours=12)
    assert next(item["value"] for item in late.dimensions if item["name"] == "freshness") < 1
    trust = PortTrust.objects.get()
    assert trust.quality == late.value < 100
    assert trust.measured_at == NOW + timedelta(hours=12)


@pytest.mark.django_db
def test_a_release_and_its_end_are_noticed(store: Store) -> None:
    store.crawl()
    asset = store.asset("plays")
    assert FieldProfile.objects.get(path="track").top_values == []
    annotate_field(actor=None, asset=asset, path="track", is_released=True)
    store.crawl(NOW + HOUR)
    assert FieldProfile.objects.get(path="track").top_values
    annotate_field(actor=None, asset=asset, path="track", is_released=False)
    assert FieldProfile.objects.get(path="track").top_values == []
    annotate_field(actor=None, asset=asset, path="track", is_released=True)
    store.crawl(NOW + 2 * HOUR)
    assert FieldProfile.objects.get(path="track").top_values, "released again before anybody crawled"


@pytest.mark.django_db
def test_a_classification_is_noticed_when_it_comes_and_when_it_goes(store: Store) -> None:
    personal = Classification.objects.create(name="Personal", slug="personal", is_personal=True)
    store.crawl()
    asset = store.asset("plays")
    assert FieldProfile.objects.get(path="seconds").histogram
    annotate_field(actor=None, asset=asset, path="seconds", classification=personal)
    store.crawl(NOW + HOUR)
    assert FieldProfile.objects.get(path="seconds").histogram == []
    annotate_field(actor=None, asset=asset, path="seconds", classification=None)
    store.crawl(NOW + 2 * HOUR)
    assert FieldProfile.objects.get(path="seconds").histogram


@pytest.mark.django_db
def test_what_was_forgotten_by_other_ways_comes_back(store: Store) -> None:
    store.crawl()
    forget_values(asset_id=store.asset("plays").pk, paths=["seconds"], because="for a test")
    store.crawl(NOW + HOUR)
    assert FieldProfile.objects.get(path="seconds").histogram


@pytest.mark.django_db
def test_words_said_while_a_crawl_runs_do_not_make_its_digest_last(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Classified while the crawl runs, and no longer at the next: by then the words are those of before."""
    personal = Classification.objects.create(name="Personal", slug="personal", is_personal=True)
    gather = runner.gather

    def gather_slowly(*args: Any, **kwargs: Any) -> Any:
        found = gather(*args, **kwargs)
        annotate_field(actor=None, asset=store.asset("plays"), path="seconds", classification=personal)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(runner, "gather", gather_slowly)
        store.crawl()
    assert FieldProfile.objects.get(path="seconds").histogram == []
    annotate_field(actor=None, asset=store.asset("plays"), path="seconds", classification=None)
    store.crawl(NOW + HOUR)
    assert FieldProfile.objects.get(path="seconds").histogram


@pytest.mark.django_db
@pytest.mark.parametrize("single", [False, True], ids=["connection", "port"])
def test_what_vanished_and_is_back_as_it_was_is_present(store: Store, cast: Cast, single: bool) -> None:
    store.crawl()
    Asset.objects.filter(name="plays").update(vanished_at=NOW, missing_since=NOW)
    how = {"port": cast.play_events.output_ports.get()} if single else {}
    run = store.crawl(NOW + HOUR, **how)
    asset = store.asset("plays")
    assert (asset.vanished_at, asset.missing_since) == (None, None)
    assert run.items.get(asset=asset).message == "It is back."
    assert asset.comment == ""
    assert asset.address


@pytest.mark.django_db
def test_profiles_forgotten_of_what_vanished_come_back_with_it(store: Store) -> None:
    """Retention deletes the profiles of what vanished long ago."""
    store.crawl()
    services_of_assets.mark_missing(since={}, vanished=[store.asset("plays").pk], now=NOW)
    FieldProfile.objects.all().delete()
    store.crawl(NOW + HOUR)
    assert FieldProfile.objects.count() == 5


@pytest.mark.django_db
def test_a_failed_reading_is_no_vouching(store: Store) -> None:
    store.crawl()
    store.execute("DROP VIEW popular", "ALTER TABLE plays RENAME TO away")
    store.crawl(NOW + HOUR)
    store.execute("ALTER TABLE away RENAME TO plays")
    run = store.crawl(NOW + 2 * HOUR)
    assert run.status == "succeeded"
    reading = store.asset("plays").readings.first()
    assert reading is not None
    assert reading.is_reachable
    assert store.asset("plays").vanished_at is None


@pytest.mark.django_db
def test_runs_that_end_together_are_stored_together(
    store: Store, make_store: Callable[..., Store], django_assert_max_num_queries: Any
) -> None:
    """Two doors to one store among them: its assets are written once, its readings by both."""
    others = [make_store(f"other{number}") for number in range(6)]
    second = make.make_connection("Second door", kind="sqlite", config=store.connection.config)
    make.make_port(connection=second, asset=store.asset("plays"))
    sources = [store.connection, second, *(item.connection for item in others)]
    runs = [services.request_crawl(actor=None, connection=source, now=NOW).pk for source in sources]
    started = runner._started(runner.claims.claim_runs(runs, NOW))
    finished = [runner._asked(item, lambda: NOW) for item in started]
    with django_assert_max_num_queries(130):
        assert runner.store(finished, NOW) == set(runs)
    assert set(CrawlRun.objects.filter(pk__in=runs).values_list("status", flat=True)) == {"succeeded"}
    assert Asset.objects.count() == 3 * 7
    assert AssetReading.objects.values("asset").distinct().count() == 1


@pytest.mark.django_db
def test_one_that_cannot_be_stored_keeps_out_nobody_else(
    store: Store, make_store: Callable[..., Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = make_store("bad")
    runs = [
        services.request_crawl(actor=None, connection=item.connection, now=NOW).pk for item in (store, bad)
    ]
    write = measuring.write_readings

    def picky(works: Any, now: Any) -> None:
        if any(work.run.connection_id == bad.connection.pk for work in works):
            raise RuntimeError("no")
        write(works, now)

    monkeypatch.setattr(measuring, "write_readings", picky)
    finished = [
        runner._asked(item, lambda: NOW) for item in runner._started(runner.claims.claim_runs(runs, NOW))
    ]
    runner._store_all(finished, NOW)
    assert [CrawlRun.objects.get(pk=pk).status for pk in runs] == ["succeeded", "failed"]
    assert store.asset("plays").readings.count() == 1
    assert not Asset.objects.filter(connection=bad.connection).exists()
