"""Granting by the portal's workers, in a real PostgreSQL: exactly what was granted can be read."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.utils import timezone

from catalog.access.models import Agreement
from catalog.access.postgresql import PostgresProvisioner
from catalog.access.services.agreeing import mark_provisioning, name_principal, revoke_agreement
from catalog.access.services.ending import expire_due
from catalog.access.services.rules import set_terms
from catalog.access.services.running import provision_due
from catalog.access.states import Event
from catalog.common.errors import Conflict, Invalid, NotAllowed
from catalog.products.models import OutputPort
from tests import factories as make
from tests import postgres_server
from tests.catalog.access.asking import agreed
from tests.conftest import Cast

pytestmark = pytest.mark.postgres
HOUR = dt.timedelta(hours=1)
TABLES = """
CREATE SCHEMA play;
CREATE TABLE play.events (id integer, listener text, seconds integer);
INSERT INTO play.events SELECT n, 'l' || n, n FROM generate_series(1, 5) n;
CREATE TABLE play.other (id integer);
CREATE ROLE reader LOGIN; CREATE ROLE "Odd ""role" LOGIN; CREATE ROLE weak LOGIN;
"""


@pytest.fixture(scope="module")
def server() -> Iterator[postgres_server.Server]:
    with postgres_server.running() as running:
        running.run(TABLES)
        yield running


@pytest.fixture
def port(cast: Cast, server: postgres_server.Server, settings: Any) -> OutputPort:
    settings.ALLOWED_PRIVATE_HOSTS = ["127.0.0.1"]
    settings.ALLOWED_PORTS = [server.port]
    server.run('REVOKE ALL ON ALL TABLES IN SCHEMA play FROM PUBLIC, reader, "Odd ""role"')
    config = {
        "host": "127.0.0.1",
        "port": server.port,
        "database": "postgres",
        "user": "portal",
        "encryption": "disable",
    }
    store = make.make_connection("Play store", kind="postgresql", config=config, team=cast.listening_team)
    asset = make.make_asset(store, "play.events", address={"schema": "play", "table": "events"})
    make.make_schema(asset, {"id": "integer", "listener": "string", "seconds": "integer"})
    port = make.make_port(cast.play_events, "plays", connection=store, asset=asset)
    set_terms(actor=cast.owner, port=port, provisioner="postgresql", may_choose_columns=True)
    return port


def reads(server: postgres_server.Server, what: str, role: str = "reader") -> bool:
    """Whether the consumer really can, by a session of their own."""
    try:
        with psycopg.connect(server.url().replace("portal@", f"{role}@"), autocommit=True) as own:
            own.execute(f"SELECT {what}")
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True


def state(agreement: Agreement, now: dt.datetime | None = None) -> tuple[str, str]:
    found = Agreement.objects.get(pk=agreement.pk)
    return found.provisioning, found.verdict(now or timezone.now()).meaning


def granted(cast: Cast, port: OutputPort, role: str = "reader", **wishes: Any) -> Agreement:
    agreement = agreed(cast.consumer, port, cast.owner, **wishes)
    name_principal(actor=cast.owner, agreement=agreement, principal=role)
    provision_due()
    return agreement


def test_the_consumer_reads_what_was_granted_until_it_ends(
    cast: Cast, port: OutputPort, server: postgres_server.Server
) -> None:
    assert not reads(server, "* FROM play.events")
    agreement = granted(cast, port)
    assert state(agreement) == ("granted", "good")
    assert reads(server, "* FROM play.events")
    assert not reads(server, "* FROM play.other")
    later = timezone.now() + dt.timedelta(days=91)
    expire_due(now=later)
    assert state(agreement, later) == ("removing", "bad")
    assert provision_due(now=later) == 1
    assert state(agreement, later) == ("removed", "unknown")
    assert not reads(server, "id FROM play.events")
    assert provision_due(now=later + HOUR) == 0


def test_single_columns_are_granted_and_a_change_takes_others_away(
    cast: Cast, port: OutputPort, server: postgres_server.Server
) -> None:
    role = 'Odd "role'
    agreement = granted(cast, port, role, columns=["id", "seconds"])
    assert state(agreement) == ("granted", "good")
    assert reads(server, "id, seconds FROM play.events", "Odd%20%22role")
    assert not reads(server, "listener FROM play.events", "Odd%20%22role")
    agreed(cast.consumer, port, cast.owner, kind="change", columns=["id"])
    assert state(agreement) == ("in_progress", "warning")
    provision_due()
    assert state(agreement) == ("granted", "good")
    assert not reads(server, "seconds FROM play.events", "Odd%20%22role")


def test_what_changed_outside_the_portal_is_found_and_put_right(
    cast: Cast, port: OutputPort, server: postgres_server.Server
) -> None:
    agreement = granted(cast, port)
    assert provision_due() == 0  # it was just looked at
    server.run("REVOKE SELECT ON play.events FROM reader")
    now = timezone.now() + 2 * HOUR
    provision_due(now=now)
    agreement.refresh_from_db()
    assert (agreement.provisioning, agreement.verdict(now).meaning) == ("failed", "bad")
    assert "no SELECT" in agreement.provisioning_note
    provision_due(now=now + HOUR)
    assert state(agreement) == ("granted", "good")
    assert reads(server, "* FROM play.events")


def test_it_is_not_called_removed_while_the_role_can_read_by_another_way(
    cast: Cast, port: OutputPort, server: postgres_server.Server
) -> None:
    agreement = granted(cast, port)
    server.run("GRANT SELECT ON play.events TO PUBLIC")
    revoke_agreement(actor=cast.owner, agreement=agreement, reason="Over.", at_once=True)
    provision_due()
    agreement.refresh_from_db()
    assert agreement.provisioning == "removing"
    assert "outside the portal" in agreement.provisioning_note
    assert reads(server, "* FROM play.events")
    server.run("REVOKE SELECT ON play.events FROM PUBLIC")
    provision_due(now=timezone.now() + HOUR)
    assert state(agreement)[0] == "removed"


def test_a_worker_killed_between_granting_and_noting_it_leaves_nothing_forgotten(
    cast: Cast, port: OutputPort, server: postgres_server.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """The process ends here."""

    def die(*_: Any) -> str:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(PostgresProvisioner, "missing", die)
        with pytest.raises(Killed):
            granted(cast, port)
    agreement = Agreement.objects.get()
    assert reads(server, "* FROM play.events")
    assert state(agreement) == ("in_progress", "warning")  # it does not deny what may be there
    revoke_agreement(actor=cast.owner, agreement=agreement, reason="Over.", at_once=True)
    provision_due()
    assert state(agreement)[0] == "removed"
    assert not reads(server, "* FROM play.events")


@pytest.mark.parametrize(
    ("role", "words"),
    [
        ("", "which database role"),
        ("nobody_knows", "no role nobody_knows"),
        ("portal", "administers the server"),
        ("public", "no role of a single consumer"),
        ("pg_read_all_data", "no role of a single consumer"),
    ],
)
def test_what_cannot_be_granted_says_why(cast: Cast, port: OutputPort, role: str, words: str) -> None:
    agreement = agreed(cast.consumer, port, cast.owner)
    Agreement.objects.update(principal=role)
    provision_due()
    agreement.refresh_from_db()
    assert agreement.provisioning == "failed"
    assert words in agreement.provisioning_note


def test_an_account_without_rights_and_a_server_that_is_away_say_why(
    cast: Cast, port: OutputPort, server: postgres_server.Server
) -> None:
    store = port.connection
    assert store is not None
    store.config = {**store.config, "user": "weak"}
    store.save()
    agreement = granted(cast, port)
    agreement.refresh_from_db()
    assert "may not grant this" in agreement.provisioning_note
    store.config = {**store.config, "database": "nowhere"}
    store.save()
    provision_due(now=timezone.now() + HOUR)
    agreement.refresh_from_db()
    assert agreement.provisioning == "failed"
    assert "no such database" in agreement.provisioning_note


def test_the_role_is_named_by_the_owner_and_belongs_to_one_agreement(cast: Cast, port: OutputPort) -> None:
    agreement = agreed(cast.consumer, port, cast.owner)
    with pytest.raises(NotAllowed):
        name_principal(actor=cast.consumer, agreement=agreement, principal="portal")
    name_principal(actor=cast.owner, agreement=agreement, principal=" reader ")
    other = agreed(cast.steward, port, cast.owner)
    with pytest.raises(Conflict):
        name_principal(actor=cast.owner, agreement=other, principal="reader")
    with pytest.raises(Invalid):
        name_principal(actor=cast.owner, agreement=other, principal="x" * 300)
    mark_provisioning(actor=cast.owner, agreement=agreement, event=Event.SUCCEED)
    with pytest.raises(Conflict):
        name_principal(
            actor=cast.owner, agreement=agreement, principal="somebody"
        )  # the grant is for the other


def test_only_ports_of_that_store_can_be_granted_by_it(cast: Cast) -> None:
    port = make.make_port(cast.play_events, "files", connection=make.make_connection(kind="sqlite"))
    with pytest.raises(Invalid):
        set_terms(actor=cast.owner, port=port, provisioner="postgresql")
