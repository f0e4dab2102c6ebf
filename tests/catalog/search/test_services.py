"""The outbox reaches the index, whatever happens on the way; drift is found and mended."""

import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.accounts import kernel
from catalog.accounts.models import Team, User
from catalog.audit.models import ChangeMark
from catalog.audit.services import mark_changed, mark_changed_in
from catalog.products.models import DataProduct, OutputPort
from catalog.search import loading, services
from catalog.search.backends.base import SearchBackend
from catalog.search.documents import DocKey, IndexUnavailable
from catalog.search.models import SearchState
from catalog.search.query import parse
from catalog.search.selectors import index_state
from catalog.trust.models import PortTrust, ProductTrust
from catalog.vocabulary.models import Classification, Tag
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[3]


def found(index: SearchBackend, text: str, user: User, kind: str = "product") -> set[int]:
    hits = index.search(parse(text, kind=kind), kernel.held_tokens(user))
    return {hit.key.id for hit in hits.hits}


def test_what_is_written_is_found_after_the_drain(cast: Cast, search_index: SearchBackend) -> None:
    asset = make.make_asset()
    make.make_schema(asset, {"track_uri": "string", "listener.country": "string"})
    port = make.make_port(cast.play_events, "plays", asset=asset)
    services.drain_marks()
    assert not ChangeMark.objects.exists()
    assert found(search_index, "play events", cast.consumer) == {cast.play_events.pk}
    assert found(search_index, "track_uri", cast.consumer) == {cast.play_events.pk}
    assert found(search_index, "column:country", cast.consumer, "port") == {port.pk}
    assert found(search_index, "play events", cast.guest) == set()


@pytest.mark.parametrize(
    "change",
    [
        "rename",
        "hide",
        "retag",
        "tag renamed",
        "tag deleted",
        "team",
        "domain",
        "person",
        "steward",
        "class",
        "port",
    ],
)
def test_every_change_of_what_is_indexed_leaves_a_mark(
    cast: Cast, search_index: SearchBackend, change: str
) -> None:
    """After each change the drained index equals the database, which the drift meter says too."""
    tag, secret = (
        Tag.objects.create(name="Gold", slug="gold"),
        Classification.objects.create(name="X", slug="x"),
    )
    port = make.make_port(cast.play_events, "plays")
    cast.play_events.tags.add(tag)
    cast.play_events.classification = secret
    cast.play_events.save()
    services.drain_marks()
    product = DataProduct.objects.get(pk=cast.play_events.pk)
    if change == "rename":
        product.name = "Renamed"
        product.save()
    elif change == "hide":
        product.visibility = "private"
        product.save()
    elif change == "retag":
        product.tags.clear()
    elif change == "tag renamed":
        tag.name = "Platinum"
        tag.save()
    elif change == "tag deleted":
        tag.delete()
    elif change == "team":
        Team.objects.get(pk=cast.listening_team.pk)
        cast.listening_team.name = "Renamed team"
        cast.listening_team.save()
    elif change == "domain":
        cast.listening.name = "Renamed domain"
        cast.listening.save()
    elif change == "person":
        cast.owner.name = "Ada Renamed"
        cast.owner.save()
    elif change == "steward":
        product.stewardships.all().delete()
    elif change == "class":
        secret.delete()
    elif change == "port":
        port.delete()
    assert ChangeMark.objects.exists()
    services.drain_marks()
    drift = services.repair_drift()
    assert drift is not None
    assert drift.total == 0


def test_marks_made_while_draining_are_kept(
    cast: Cast, search_index: SearchBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change between reading the documents and deleting the marks is drained in its own turn."""
    services.drain_marks()
    mark_changed("product", [cast.play_events.pk])
    load, turns = loading.load_documents, []

    def load_then_change(ids: Any) -> Any:
        documents = load(ids)
        if not turns:
            DataProduct.objects.filter(pk=cast.play_events.pk).update(name="Changed meanwhile")
            mark_changed("product", [cast.play_events.pk])
        turns.append(ids)
        return documents

    monkeypatch.setattr(loading, "load_documents", load_then_change)
    services.drain_marks()
    assert len(turns) == 2
    assert found(search_index, "meanwhile", cast.admin) == {cast.play_events.pk}


def test_a_drain_that_fails_keeps_its_marks(
    cast: Cast, search_index: SearchBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = ChangeMark.objects.count()
    assert waiting

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(type(search_index), "upsert", killed)
    with pytest.raises(KeyboardInterrupt):
        services.drain_marks()
    assert ChangeMark.objects.count() == waiting
    monkeypatch.undo()


def test_one_row_that_cannot_be_indexed_keeps_nobody_out(
    cast: Cast, search_index: SearchBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    upsert = type(search_index).upsert

    def picky(self: SearchBackend, documents: Any) -> None:
        documents = list(documents)
        if any(document.key == DocKey("product", cast.play_events.pk) for document in documents):
            raise ValueError("no")
        upsert(self, documents)

    monkeypatch.setattr(type(search_index), "upsert", picky)
    services.drain_marks()
    assert not ChangeMark.objects.exists()
    assert found(search_index, "playback", cast.admin) == {cast.playback_quality.pk}
    assert str(cast.play_events.pk) in index_state().problem


def test_only_one_drains(cast: Cast, search_index: SearchBackend) -> None:
    with search_index.exclusive():
        assert services.drain_marks() == 0
    assert services.drain_marks() > 0


def test_deleted_rows_leave_the_index(cast: Cast, search_index: SearchBackend) -> None:
    port = make.make_port(cast.play_events, "plays")
    services.drain_marks()
    cast.play_events.delete()
    services.drain_marks()
    assert search_index.count() == 1
    assert DocKey("port", port.pk) not in search_index.fingerprints()


def test_drift_is_found_noted_and_mended(cast: Cast, search_index: SearchBackend) -> None:
    port = make.make_port(cast.playback_quality, "sessions")
    services.drain_marks()
    DataProduct.objects.filter(pk=cast.play_events.pk).update(name="Changed behind our back")
    OutputPort.objects.filter(pk=port.pk)._raw_delete("default")
    search_index.remove([DocKey("product", cast.playback_quality.pk)])
    drift = services.repair_drift()
    assert drift is not None
    assert drift.missing == {DocKey("product", cast.playback_quality.pk)}
    assert drift.outdated == {DocKey("product", cast.play_events.pk)}
    assert drift.surplus == {DocKey("port", port.pk)}
    assert index_state().drift == 3
    again = services.repair_drift()
    assert again is not None
    assert again.total == index_state().drift == 0
    assert index_state().sentence == "The index says what the database says."


def test_announced_changes_are_no_drift(cast: Cast, search_index: SearchBackend) -> None:
    services.drain_marks()
    mark_changed("product", [cast.play_events.pk])
    DataProduct.objects.filter(pk=cast.play_events.pk).update(name="On its way")
    assert services._compare(search_index).total == 0


def test_a_missing_index_is_built_by_the_drain(cast: Cast, search_index: Any) -> None:
    services.drain_marks()
    (search_index._store._folder / "CURRENT").unlink()
    search_index._store._snapshot = None
    with pytest.raises(IndexUnavailable):
        search_index.search(parse("play"), frozenset({"all"}))
    assert not index_state().is_healthy
    services.drain_marks()
    assert found(search_index, "play", cast.admin)
    assert index_state().is_healthy


def test_rebuild_command_says_what_it_did(cast: Cast, search_index: SearchBackend, capsys: Any) -> None:
    call_command("rebuild_search_index")
    assert "2 documents indexed" in capsys.readouterr().out
    assert not ChangeMark.objects.exists()
    call_command("rebuild_search_index", check=True)
    assert "0 missing, 0 outdated, 0 too many" in capsys.readouterr().out


def test_loading_takes_the_same_queries_for_5_and_50_products(cast: Cast) -> None:
    def queries(number: int) -> int:
        ids = []
        for _ in range(number):
            product = make.make_product(domain=cast.listening)
            make.make_stewardship(product, cast.owner)
            for name in ("a", "b"):
                asset = make.make_asset()
                make.make_schema(asset, {"x": "string"})
                make.make_port(product, name, asset=asset)
            ids.append(product.pk)
        with CaptureQueriesContext(
            connection,
        ) as context:
            assert len(loading.load_documents(ids)) == 3 * number
        return len(context)

    assert queries(5) == queries(50) <= 10


def test_bulk_marks_are_one_statement(cast: Cast, django_assert_num_queries: Any) -> None:
    for _ in range(20):
        make.make_product(domain=cast.listening)
    ChangeMark.objects.all().delete()
    with django_assert_num_queries(1):
        mark_changed_in("product", DataProduct.objects.filter(domain__path__startswith=cast.listening.path))
    assert ChangeMark.objects.filter(kind="product").count() == 21
    mark_changed_in("product", DataProduct.objects.none())
    assert ChangeMark.objects.count() == 21


def test_an_old_measurement_becomes_unknown_without_a_write(cast: Cast, search_index: SearchBackend) -> None:
    port = make.make_port(cast.play_events, "plays")
    soon = timezone.now() + timedelta(seconds=0.3)
    PortTrust.objects.create(port=port, quality=95, valid_until=soon)
    ProductTrust.objects.create(product=cast.play_events, quality=95, valid_until=soon)
    mark_changed("product", [cast.play_events.pk])
    services.drain_marks()

    def bands() -> dict[str, int]:
        hits = search_index.search(parse("play events"), frozenset({"all"}))
        return {value.value: value.count for value in hits.facets["quality"]}

    assert bands() == {"good": 1}
    services.mark_aged_measurements()
    assert not ChangeMark.objects.exists()
    time.sleep(0.35)
    services.mark_aged_measurements()
    services.drain_marks()
    assert bands() == {"unknown": 1}
    services.mark_aged_measurements()
    assert not ChangeMark.objects.exists(), "each is marked once"


def test_state_says_that_nobody_drains(cast: Cast, search_index: SearchBackend) -> None:
    services.drain_marks()
    mark_changed("product", [cast.play_events.pk])
    ChangeMark.objects.update(created_at=timezone.now() - timedelta(minutes=7))
    state = index_state()
    assert not state.is_healthy
    assert state.sentence == "1 changes wait for the index, the oldest for 7 min. Is a worker running?"
    assert SearchState.read().drained_at is not None


SEED = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tests import factories as make
domain = make.make_domain("D", team=make.make_team("T"))
for n in range(150):
    make.make_port(make.make_product(f"Product {n}", domain=domain), "out")
"""
DRAINER = """
import django
django.setup()
from catalog.audit.services import mark_changed_in
from catalog.products.models import DataProduct
from catalog.search import services
print("ready", flush=True)
while True:
    services.drain_marks()
    DataProduct.objects.update(purpose="written before the kill")
    mark_changed_in("product", DataProduct.objects.all())
"""
HONEST = """
import django
django.setup()
from catalog.audit.models import ChangeMark
from catalog.search import services
from catalog.search.backends import get_backend
from catalog.search.query import parse
services.drain_marks()
backend = get_backend()
hits = backend.search(parse('"before the kill"'), frozenset({"all"}))
print(ChangeMark.objects.count(), services.repair_drift().total, backend.count(), hits.count)
"""


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    connection.vendor != "sqlite", reason="the other process needs the test database by its path"
)
def test_a_worker_killed_while_indexing_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """Real processes on a real database file: kill -9 while marks pour in, then one honest drain."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "meshportal.settings",
        "MESHPORTAL_DATA_DIR": str(tmp_path),
    }
    environment.pop("MESHPORTAL_DATABASE_URL", None)

    def start(code: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", code], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )

    def answer(code: str) -> str:
        with start(code) as process:
            output, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        return output.strip()

    answer(SEED)
    for pause in (0.4, 1.3):
        with start(DRAINER) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(pause)
            process.kill()
    assert answer(HONEST) == "0 0 300 150"
