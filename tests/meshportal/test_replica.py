"""Reads from a real streaming replica: what goes there, what never does, and what happens when it lags or goes."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from psycopg.conninfo import conninfo_to_dict

from catalog.accounts.models import Membership, User
from catalog.products.models import DataProduct, Stewardship
from meshportal import database, env, replica
from tests import hosts, postgres_server
from tests.hosts import Visitor, form_of

PRODUCT = "/products/listening/play-events/"
SEED = "from tests.conftest import make_cast; make_cast()"


@pytest.fixture
def reading() -> Iterator[None]:
    """As in a safe request whose reads may go to the replica."""
    mark = replica._may_read.set(True)
    yield
    replica._may_read.reset(mark)


@pytest.mark.django_db(transaction=True)
def test_reads_go_to_the_replica_and_questions_of_rights_never(reading: None) -> None:
    router = replica.ReplicaRouter()
    assert router.db_for_read(DataProduct) == "replica"
    for model in (User, Membership, Stewardship):
        assert router.db_for_read(model) == "default", model
    with transaction.atomic():
        assert router.db_for_read(DataProduct) == "default"
    assert router.db_for_write(DataProduct) == "default"
    assert router.db_for_read(DataProduct) == "default", "what was written is read where it was written"
    assert not router.allow_migrate("replica", "catalog")


def test_only_a_replica_of_postgresql_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESHPORTAL_DATABASE_REPLICA_URL", "postgresql://u@replica/portal")
    primary = {"ENGINE": "django.db.backends.postgresql"}
    entry = database.replica(primary)
    assert entry is not None
    assert entry["HOST"] == "replica"
    with pytest.raises(env.ConfigurationError, match="must begin with"):
        database.replica({"ENGINE": "django.db.backends.sqlite3"})


@dataclass
class Pair:
    primary: postgres_server.Server
    standby: postgres_server.Server

    def watch(self) -> replica.Monitor:
        return replica.Monitor(*(dict(conninfo_to_dict(s.url())) for s in (self.primary, self.standby)))


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with postgres_server.running() as primary:
        primary.run("CREATE DATABASE portal")
        with postgres_server.standby_of(primary) as standby:
            yield Pair(primary, standby)


def look_until(watch: replica.Monitor, trouble: str, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while watch.look() or watch.trouble != trouble:  # type: ignore[func-returns-value]
        assert time.monotonic() < end, watch.trouble
        time.sleep(0.1)


@pytest.mark.postgres
def test_lag_is_measured_and_a_database_that_is_no_replica_is_not_used(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replica, "MOST_LAG", 0.5)
    watch = pair.watch()
    look_until(watch, "")
    pair.standby.run("SELECT pg_wal_replay_pause()")
    pair.primary.run("CREATE TABLE late (id int)")
    end = time.monotonic() + 20
    while "behind" not in watch.trouble:
        watch.look()
        assert time.monotonic() < end, watch.trouble
        time.sleep(0.1)
    pair.standby.run("SELECT pg_wal_replay_resume()")
    look_until(watch, "")
    watch._close()
    alone = dict(conninfo_to_dict(pair.primary.url()))
    mistaken = replica.Monitor(alone, alone)
    mistaken.look()
    assert mistaken.trouble == "It cannot be reached."


@pytest.mark.slow
@pytest.mark.postgres
def test_pages_are_read_from_the_replica_until_it_is_gone(pair: Pair) -> None:
    with (
        hosts.short_folder() as folder,
        hosts.sharing(
            folder,
            pair.primary.url("portal"),
            MESHPORTAL_DATABASE_REPLICA_URL=pair.standby.url("portal"),
        ) as (host, _),
    ):
        host.run(SEED)
        host.worker()
        address = host.web()
        owner, admin = Visitor(), Visitor()
        owner.sign_in(address, "owner")
        admin.sign_in(address, "admin")
        owner.cookies.pop(replica.WROTE_COOKIE)  # ten seconds later
        admin.cookies.pop(replica.WROTE_COOKIE)

        until(lambda: "Pages are read from it" in admin.ask("GET", f"{address}/operations/").text)
        before = scans(pair.standby, "catalog_dataproduct")
        assert owner.ask("GET", f"{address}{PRODUCT}").status_code == 200
        until(lambda: scans(pair.standby, "catalog_dataproduct") > before)
        assert scans(pair.standby, "catalog_session") == 0
        assert scans(pair.standby, "catalog_membership") == 0

        pair.standby.run("SELECT pg_wal_replay_pause()")
        rename(owner, address, "Played minutes")
        assert replica.WROTE_COOKIE in owner.cookies
        assert "Played minutes" in owner.ask("GET", f"{address}{PRODUCT}").text, "who writes reads it"
        until(lambda: "behind" in admin.ask("GET", f"{address}/operations/").text)
        owner.cookies.pop(replica.WROTE_COOKIE)
        assert "Played minutes" in owner.ask("GET", f"{address}{PRODUCT}").text, "a late replica is not read"
        pair.standby.run("SELECT pg_wal_replay_resume()")
        until(lambda: "Pages are read from it" in admin.ask("GET", f"{address}/operations/").text)

        pair.standby.stop()
        for _ in range(5):
            answer = owner.ask("GET", f"{address}{PRODUCT}")
            assert answer.status_code == 200
            assert "Played minutes" in answer.text
        assert "Not used" in until_text(admin, f"{address}/operations/", "It cannot be reached")
        assert owner.ask("GET", f"{address}/readyz").status_code == 200


def rename(visitor: Visitor, address: str, name: str) -> None:
    url = f"{address}{PRODUCT}settings/"
    form = form_of(visitor.ask("GET", url).text, "revision")
    assert visitor.ask("POST", url, data=form | {"name": name}).status_code == 302


def scans(server: postgres_server.Server, table: str) -> int:
    """How often a table was read on a server."""
    statement = (
        "SELECT coalesce(sum(seq_scan + coalesce(idx_scan, 0)), 0)::bigint FROM pg_stat_user_tables"
        f" WHERE relname = '{table}'"
    )
    found: Any = server.run(statement, "portal")[0][0]
    return int(found)


def until(holds: Any, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.3)


def until_text(visitor: Visitor, url: str, words: str) -> str:
    until(lambda: words in visitor.ask("GET", url).text)
    return visitor.ask("GET", url).text


def test_hosts_are_asked_as_people_do() -> None:
    """The visitor of these tests sends a form as it stands."""
    page = "<form><input name=q></form><form><input name=revision value=3><textarea name=t>a&amp;b</textarea></form>"
    assert form_of(page, "revision") == {"revision": "3", "t": "a&b"}
