"""Do it now: who answers for the product mended the store and need not wait for the next try."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog.access.models import Agreement, PortTerms
from catalog.access.receivers import store_bell
from catalog.access.services.agreeing import mark_provisioning, revoke_agreement
from catalog.access.services.hurrying import do_now
from catalog.access.services.ordering import due_orders
from catalog.access.services.running import provision_due
from catalog.access.states import Event
from catalog.accounts import services as accounts
from catalog.audit.models import AuditEvent
from catalog.common.errors import Conflict, NotAllowed
from catalog.products.models import OutputPort
from tests.catalog.access.asking import agreed
from tests.catalog.access.granting_stores import Store, granted, offered, opened
from tests.conftest import Cast

BUTTON = "Do it now"


@pytest.fixture
def store(tmp_path: Path, settings: Any) -> Iterator[Store]:
    with opened("postgresql", tmp_path) as found:
        settings.ALLOWED_PRIVATE_HOSTS = ["127.0.0.1"]
        settings.ALLOWED_PORTS = [found.config["port"]]
        yield found


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What rang for a worker; the worker itself is called by the test."""
    found: list[str] = []
    monkeypatch.setattr(store_bell, "ring", lambda: found.append("ring"))
    return found


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_what_failed_is_granted_and_removed_without_waiting(
    client: Client, cast: Cast, store: Store, rung: list[str]
) -> None:
    port = offered(cast, store)
    agreement = granted(cast, port, "late_role")  # there is no such role yet
    address, reading = agreement.get_absolute_url(), f"* FROM {store.table}"
    store.run("CREATE ROLE late_role LOGIN")
    assert provision_due() == 0  # a failure rests for ten minutes
    client.force_login(cast.consumer)
    assert BUTTON not in client.get(address).content.decode()
    assert client.post(f"{address}now/").status_code == 403
    client.force_login(cast.owner)
    assert BUTTON in client.get(address).content.decode()
    assert client.post(f"{address}now/").status_code == 302
    assert rung == ["ring"]
    assert provision_due() == 1
    assert store.reads(reading, "late_role")
    assert BUTTON not in client.get(address).content.decode()
    assert client.post(f"{address}now/").status_code == 409

    store.run(f"GRANT SELECT ON {store.table} TO PUBLIC")
    revoke_agreement(actor=cast.owner, agreement=agreement, reason="Over.", at_once=True)
    assert provision_due() == 1  # and finds that the role can read on
    store.run(f"REVOKE SELECT ON {store.table} FROM PUBLIC")  # noqa: S608
    assert provision_due() == 0
    text = client.get(address).content.decode()
    assert "Remove it without waiting" in text
    answer = client.post(f"/api/v1/access/agreements/{agreement.pk}/now/")
    assert (answer.status_code, answer.json()["provisioning"]) == (200, "removing")
    assert provision_due() == 1
    assert Agreement.objects.get(pk=agreement.pk).provisioning == "removed"
    assert not store.reads(reading, "late_role")
    told = AuditEvent.objects.about("agreement", agreement.pk).filter(verb="agreement.hurried")
    assert [event.actor_name for event in told] == ["Owner", "Owner"]


@pytest.mark.django_db
def test_pressing_it_twice_is_pressing_it_once(cast: Cast, port: OutputPort) -> None:
    PortTerms.objects.create(port=port, provisioner="postgresql")
    agreement = agreed(cast.consumer, port, cast.owner)
    provision_due()  # the port is tied to nothing
    for _ in range(2):
        do_now(actor=cast.owner, agreement=agreement)
    assert provision_due() == 1
    assert provision_due() == 0
    assert Agreement.objects.get().provisioning == "failed"


@pytest.mark.django_db
def test_an_order_that_was_not_taken_is_sent_again(cast: Cast, port: OutputPort) -> None:
    PortTerms.objects.create(port=port, provisioner="http", hook_url="https://grants.example.org/")
    agreement, now = agreed(cast.consumer, port, cast.owner), timezone.now()
    provision_due(now=now)  # there is no key to sign with
    kept = Agreement.objects.get()
    assert (kept.provisioning, due_orders(now).exists()) == ("failed", False)
    do_now(actor=cast.owner, agreement=agreement)
    assert due_orders(now).get() == agreement
    assert Agreement.objects.get().order == kept.order, (
        "under its old number: it may have been taken after all"
    )


@pytest.mark.django_db
def test_there_is_nothing_to_do_now_where_people_grant_or_nothing_is_agreed(
    client: Client, cast: Cast, port: OutputPort
) -> None:
    agreement = agreed(cast.consumer, port, cast.owner)
    client.force_login(cast.owner)
    assert BUTTON not in client.get(agreement.get_absolute_url()).content.decode()
    with pytest.raises(Conflict, match="nothing to do"):
        do_now(actor=cast.owner, agreement=agreement)
    PortTerms.objects.create(port=port, provisioner="postgresql")
    with pytest.raises(NotAllowed):
        do_now(actor=cast.consumer, agreement=agreement)
    Agreement.objects.update(starts_at=timezone.now() + dt.timedelta(days=3))
    with pytest.raises(Conflict):
        do_now(actor=cast.owner, agreement=agreement)
    Agreement.objects.update(starts_at=timezone.now())
    mark_provisioning(actor=cast.owner, agreement=agreement, event=Event.SUCCEED)
    with pytest.raises(Conflict):
        do_now(actor=cast.owner, agreement=agreement)


@pytest.mark.django_db(transaction=True)
def test_a_person_shut_out_rings_for_the_workers(cast: Cast, port: OutputPort, rung: list[str]) -> None:
    agreed(cast.consumer, port, cast.owner)
    assert rung == []
    accounts.deactivate_person(actor=cast.admin, person=cast.consumer)
    assert rung == ["ring"]
