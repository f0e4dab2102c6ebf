"""Granting by the portal's workers, in a real PostgreSQL: exactly what was granted can be read."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from catalog.access.models import Agreement
from catalog.access.provisioners import provisioners
from catalog.access.services.agreeing import mark_provisioning, name_principal, revoke_agreement
from catalog.access.services.ending import expire_due
from catalog.access.services.rules import set_terms
from catalog.access.services.running import provision_due
from catalog.access.states import Event
from catalog.common.errors import Conflict, Invalid, NotAllowed
from catalog.products.models import OutputPort
from tests import factories as make
from tests.catalog.access.asking import agreed
from tests.catalog.access.granting_stores import Store, granted, offered, opened
from tests.conftest import Cast

pytestmark = pytest.mark.postgres
HOUR = dt.timedelta(hours=1)


@pytest.fixture(scope="module", params=["postgresql", "mariadb"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with opened(request.param, tmp_path_factory.mktemp("store")) as found:
        yield found


@pytest.fixture
def port(cast: Cast, store: Store, settings: Any) -> OutputPort:
    settings.ALLOWED_PRIVATE_HOSTS = ["127.0.0.1"]
    settings.ALLOWED_PORTS = [store.config["port"]]
    store.reset()
    return offered(cast, store)


def state(agreement: Agreement, now: dt.datetime | None = None) -> tuple[str, str]:
    found = Agreement.objects.get(pk=agreement.pk)
    return found.provisioning, found.verdict(now or timezone.now()).meaning


def test_the_consumer_reads_what_was_granted_until_it_ends(
    cast: Cast, port: OutputPort, store: Store
) -> None:
    assert not store.reads(f"* FROM {store.table}")
    agreement = granted(cast, port, store.reader)
    assert state(agreement) == ("granted", "good")
    assert store.reads(f"* FROM {store.table}")
    assert not store.reads(f"* FROM {store.table.replace('events', 'other')}")
    later = timezone.now() + dt.timedelta(days=91)
    expire_due(now=later)
    assert state(agreement, later) == ("removing", "bad")
    assert provision_due(now=later) == 1
    assert state(agreement, later) == ("removed", "unknown")
    assert not store.reads(f"id FROM {store.table}")
    assert provision_due(now=later + HOUR) == 0


def test_single_columns_are_granted_and_a_change_takes_others_away(
    cast: Cast, port: OutputPort, store: Store
) -> None:
    agreement = granted(cast, port, store.odd, columns=["id", "seconds"])
    assert state(agreement) == ("granted", "good")
    assert store.reads(f"id, seconds FROM {store.table}", store.odd)
    assert not store.reads(f"listener FROM {store.table}", store.odd)
    agreed(cast.consumer, port, cast.owner, kind="change", columns=["id"])
    assert state(agreement) == ("in_progress", "warning")
    provision_due()
    assert state(agreement) == ("granted", "good")
    assert not store.reads(f"seconds FROM {store.table}", store.odd)


def test_what_changed_outside_the_portal_is_found_and_put_right(
    cast: Cast, port: OutputPort, store: Store
) -> None:
    agreement = granted(cast, port, store.reader)
    assert provision_due() == 0  # it was just looked at
    store.run(f"REVOKE SELECT ON {store.table} FROM {store.name_of(store.reader)}")  # noqa: S608
    now = timezone.now() + 2 * HOUR
    provision_due(now=now)
    agreement.refresh_from_db()
    assert (agreement.provisioning, agreement.verdict(now).meaning) == ("failed", "bad")
    assert "no SELECT" in agreement.provisioning_note
    provision_due(now=now + HOUR)
    assert state(agreement) == ("granted", "good")
    assert store.reads(f"* FROM {store.table}")


def test_it_is_not_called_removed_while_the_role_can_read_by_another_way(
    cast: Cast, port: OutputPort, store: Store
) -> None:
    agreement = granted(cast, port, store.reader)
    store.run(f"GRANT SELECT ON {store.table} TO PUBLIC")
    revoke_agreement(actor=cast.owner, agreement=agreement, reason="Over.", at_once=True)
    provision_due()
    agreement.refresh_from_db()
    assert agreement.provisioning == "removing"
    assert "outside the portal" in agreement.provisioning_note
    assert store.reads(f"* FROM {store.table}")
    store.run(f"REVOKE SELECT ON {store.table} FROM PUBLIC")  # noqa: S608
    provision_due(now=timezone.now() + HOUR)
    assert state(agreement)[0] == "removed"


def test_a_worker_killed_between_granting_and_noting_it_leaves_nothing_forgotten(
    cast: Cast, port: OutputPort, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """The process ends here."""

    def die(*_: Any) -> str:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(type(provisioners()[store.provisioner]), "missing", die)
        with pytest.raises(Killed):
            granted(cast, port, store.reader)
    agreement = Agreement.objects.get()
    assert store.reads(f"* FROM {store.table}")
    assert state(agreement) == ("in_progress", "warning")  # it does not deny what may be there
    revoke_agreement(actor=cast.owner, agreement=agreement, reason="Over.", at_once=True)
    provision_due()
    assert state(agreement)[0] == "removed"
    assert not store.reads(f"* FROM {store.table}")


@pytest.mark.parametrize(
    ("role", "words"),
    [
        ("", "which database role"),
        ("nobody_knows", "nobody_knows"),
        ("{own}", "administers the server"),
        ("public", "of a single consumer"),
    ],
)
def test_what_cannot_be_granted_says_why(
    cast: Cast, port: OutputPort, store: Store, role: str, words: str
) -> None:
    agreement = agreed(cast.consumer, port, cast.owner)
    Agreement.objects.update(principal=role.format(own=store.config["user"]))
    provision_due()
    agreement.refresh_from_db()
    assert agreement.provisioning == "failed"
    assert words in agreement.provisioning_note


def test_an_account_without_rights_and_a_server_that_is_away_say_why(
    cast: Cast, port: OutputPort, store: Store
) -> None:
    place = port.connection
    assert place is not None
    place.config = {**store.config, "user": store.weak}
    place.save()
    agreement = granted(cast, port, store.reader)
    agreement.refresh_from_db()
    assert "may not grant this" in agreement.provisioning_note
    place.config = {**store.config, "database": "nowhere"}
    place.save()
    provision_due(now=timezone.now() + HOUR)
    agreement.refresh_from_db()
    assert agreement.provisioning == "failed"
    assert "no such database" in agreement.provisioning_note


def test_a_role_the_consumer_has_counts_as_a_way_to_read(cast: Cast, port: OutputPort, store: Store) -> None:
    agreement = granted(cast, port, store.reader, columns=["id"])
    group = store.name_of(store.group)
    store.run(f"GRANT SELECT ON {store.table} TO {group}", f"GRANT {group} TO {store.name_of(store.reader)}")
    now = timezone.now() + 2 * HOUR
    provision_due(now=now)
    agreement.refresh_from_db()
    assert "can read the whole table" in agreement.provisioning_note
    revoke_agreement(actor=cast.owner, agreement=agreement, reason="Over.", at_once=True)
    provision_due(now=now + HOUR)
    agreement.refresh_from_db()
    assert agreement.provisioning == "removing"
    store.run(f"REVOKE {group} FROM {store.name_of(store.reader)}")
    provision_due(now=now + 2 * HOUR)
    assert state(agreement)[0] == "removed"
    assert not store.reads(f"id FROM {store.table}")


def test_columns_alone_are_taken_away_at_the_end(cast: Cast, port: OutputPort, store: Store) -> None:
    agreement = granted(cast, port, store.reader, columns=["id"])
    assert store.reads(f"id FROM {store.table}")
    revoke_agreement(actor=cast.owner, agreement=agreement, reason="Over.", at_once=True)
    provision_due()
    assert state(agreement)[0] == "removed"
    assert not store.reads(f"id FROM {store.table}")


def test_more_than_was_agreed_is_taken_away_again(cast: Cast, port: OutputPort, store: Store) -> None:
    agreement = granted(cast, port, store.reader, columns=["id"])
    store.run(f"GRANT SELECT (id, seconds) ON {store.table} TO {store.name_of(store.reader)}")
    now = timezone.now() + 2 * HOUR
    provision_due(now=now)
    agreement.refresh_from_db()
    assert "outside the agreement: seconds" in agreement.provisioning_note
    provision_due(now=now + HOUR)
    assert state(agreement) == ("granted", "good")
    assert not store.reads(f"seconds FROM {store.table}")


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
    with pytest.raises(Invalid):
        set_terms(actor=cast.owner, port=port, provisioner="mariadb")
