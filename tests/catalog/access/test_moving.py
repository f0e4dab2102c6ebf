"""A port stays where it is while access that was given there may be in the store, and so do the terms of giving it."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog.access.models import Agreement
from catalog.access.services import running
from catalog.access.services.agreeing import mark_provisioning, name_principal, revoke_agreement
from catalog.access.services.rules import set_terms
from catalog.access.services.running import provision_due
from catalog.access.states import Event
from catalog.common.errors import Conflict, Invalid
from catalog.contracts.results import ImportOptions
from catalog.contracts.services import import_document
from catalog.products.models import OutputPort
from catalog.products.services import edit_port
from tests import factories as make
from tests.catalog.access.asking import agreed
from tests.catalog.access.granting_stores import Store, granted, offered, opened
from tests.catalog.contracts.documents import as_yaml, contract, product
from tests.conftest import Cast

REMEDY = "Publish a new version of the port beside it, or end those agreements"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with opened("postgresql", tmp_path_factory.mktemp("store")) as found:
        yield found


@pytest.fixture
def bound(cast: Cast, store: Store, settings: Any) -> OutputPort:
    """A port in a real PostgreSQL, tied to one of its tables."""
    settings.ALLOWED_PRIVATE_HOSTS = ["127.0.0.1"]
    settings.ALLOWED_PORTS = [store.config["port"]]
    store.reset()
    return offered(cast, store)


def elsewhere(port: OutputPort) -> Any:
    return make.make_asset(port.connection, "play.other", address={"schema": "play", "table": "other"})


@pytest.mark.postgres
def test_a_port_is_not_moved_away_from_what_was_granted_on_it(
    cast: Cast, bound: OutputPort, store: Store
) -> None:
    agreement, other = granted(cast, bound, store.reader), elsewhere(bound)
    assert store.reads("id FROM play.events")
    with pytest.raises(Conflict) as refused:
        edit_port(actor=cast.owner, port=bound, asset=other)
    assert "1 agreement may be in the store" in refused.value.message
    assert REMEDY in refused.value.remedy
    revoke_agreement(actor=cast.owner, agreement=agreement, reason="Over.", at_once=True)
    with pytest.raises(Conflict):  # ended, and still to be removed
        edit_port(actor=cast.owner, port=bound, asset=other)
    provision_due()
    assert Agreement.objects.get().provisioning == "removed"
    assert not store.reads("id FROM play.events")
    assert edit_port(actor=cast.owner, port=bound, asset=other).asset == other


@pytest.mark.postgres
def test_a_worker_grants_in_the_place_the_port_has_when_it_begins(
    cast: Cast, bound: OutputPort, store: Store
) -> None:
    agreed(cast.consumer, bound, cast.owner)
    Agreement.objects.update(principal=store.reader)
    read_before = running.due(timezone.now())[0]
    assert read_before.port.asset.address == store.address  # type: ignore[union-attr]
    edit_port(actor=cast.owner, port=bound, asset=elsewhere(bound))
    running._work(read_before, timezone.now())
    assert store.reads("id FROM play.other")
    assert not store.reads("id FROM play.events")


@pytest.mark.parametrize("state", ["in_progress", "granted", "failed", "removing"])
@pytest.mark.parametrize("field", ["asset", "connection", "environment"])
def test_whatever_says_where_a_port_is_stays(cast: Cast, port: OutputPort, field: str, state: str) -> None:
    place = make.make_connection("Here", team=cast.listening_team)
    OutputPort.objects.update(
        connection=place, asset=None if field == "connection" else make.make_asset(place)
    )
    agreed(cast.consumer, port, cast.owner)
    Agreement.objects.update(provisioning=state)
    values = {
        "asset": None,
        "connection": make.make_connection("There", team=cast.listening_team),
        "environment": "staging",
    }
    with pytest.raises(Conflict):
        edit_port(actor=cast.owner, port=port, **{field: values[field]})  # type: ignore[typeddict-item]
    edit_port(actor=cast.owner, port=port, title="Plays")
    for gone in ("waiting", "not_needed", "removed"):
        Agreement.objects.update(provisioning=gone)
        edit_port(actor=cast.owner, port=port, **{field: values[field]})  # type: ignore[typeddict-item]


def test_a_port_that_is_tied_to_nothing_can_be_tied(cast: Cast, port: OutputPort) -> None:
    agreed(cast.consumer, port, cast.owner)
    Agreement.objects.update(provisioning="granted")
    asset = make.make_asset(make.make_connection("Here", team=cast.listening_team))
    assert edit_port(actor=cast.owner, port=port, connection=asset.connection).asset is None
    assert edit_port(actor=cast.owner, port=port, asset=asset).asset == asset


def test_page_and_api_say_why_a_port_stays(cast: Cast, port: OutputPort) -> None:
    agreed(cast.consumer, port, cast.owner)
    Agreement.objects.update(provisioning="granted")
    client = Client()
    client.force_login(cast.owner)
    page = f"{port.product.get_absolute_url()}ports/plays/1.0.0/edit/"
    form = {
        "revision": "1", "title": "All", "name": "plays", "version": "1.0.0", "kind": "view", "modality": "batch",
        "environment": "staging",
    }  # fmt: skip
    refused = client.post(page, form)
    assert refused.status_code == 409
    assert REMEDY in refused.content.decode()
    url = f"/api/v1/products/{port.product.key}/ports/plays/1.0.0/"
    answer = client.patch(url, {"environment": "staging"}, "application/json", headers={"If-Match": "*"})
    assert answer.status_code == 409
    assert REMEDY in answer.content.decode()
    port.refresh_from_db()
    assert port.environment == "production"


def test_a_document_that_would_move_a_port_is_refused_with_the_reason(cast: Cast) -> None:
    def bring(data: dict[str, Any]) -> Any:
        return import_document(actor=None, raw=as_yaml(data), path="here.yaml", options=ImportOptions())

    server = contract()["servers"][0]
    bring(product())
    bring(contract(servers=[{**server, "environment": "production"}]))
    moved = OutputPort.objects.get(name="sessions")
    Agreement.objects.create(port=moved, user=cast.consumer, starts_at=timezone.now(), provisioning="granted")
    result = bring(contract(version="1.1.0", servers=[{**server, "environment": "staging"}]))
    assert REMEDY in " ".join(problem.message for problem in result.problems)
    moved.refresh_from_db()
    assert (moved.environment, moved.contract_in_force.version.version) == ("production", "1.0.0")


@pytest.mark.postgres
def test_what_was_open_to_all_is_granted_once_it_has_to_be(
    cast: Cast, bound: OutputPort, store: Store
) -> None:
    set_terms(actor=cast.owner, port=bound, provisioner="none")
    agreement = agreed(cast.consumer, bound, cast.owner)
    over = agreed(cast.steward, bound, cast.owner)
    revoke_agreement(actor=cast.owner, agreement=over, reason="Over.", at_once=True)
    name_principal(actor=cast.owner, agreement=agreement, principal=store.reader)
    set_terms(actor=cast.owner, port=bound, provisioner=store.provisioner)
    agreement.refresh_from_db()
    assert (agreement.provisioning, agreement.verdict(timezone.now()).is_usable) == ("waiting", False)
    assert agreement.lacking_since is not None
    over.refresh_from_db()
    assert over.provisioning == "not_needed"
    provision_due()
    agreement.refresh_from_db()
    assert (agreement.provisioning, agreement.lacking_since) == ("granted", None)
    assert store.reads("id FROM play.events")


@pytest.mark.postgres
@pytest.mark.parametrize("other", ["manual", "none"])
def test_the_portal_does_not_stop_granting_while_it_has_something_to_remove(
    cast: Cast, bound: OutputPort, store: Store, other: str
) -> None:
    agreement = granted(cast, bound, store.reader)
    client = Client()
    client.force_login(cast.owner)
    page = f"{bound.get_absolute_url()}access/terms/"
    form = {"notice_days": "0", "release_notice_days": "0", "provisioner": other}
    refused = client.post(page, form)
    assert refused.status_code == 400
    assert "End those agreements and have them removed first" in refused.content.decode()
    revoke_agreement(actor=cast.owner, agreement=agreement, reason="Over.", at_once=True)
    with pytest.raises(Invalid):
        set_terms(actor=cast.owner, port=bound, provisioner=other)
    provision_due()
    assert not store.reads("id FROM play.events")
    assert set_terms(actor=cast.owner, port=bound, provisioner=other).provisioner == other


@pytest.mark.postgres
def test_the_portal_takes_over_what_was_granted_by_hand(cast: Cast, bound: OutputPort, store: Store) -> None:
    set_terms(actor=cast.owner, port=bound, provisioner="manual")
    agreement = agreed(cast.consumer, bound, cast.owner)
    name_principal(actor=cast.owner, agreement=agreement, principal=store.reader)
    mark_provisioning(actor=cast.owner, agreement=agreement, event=Event.SUCCEED)
    with pytest.raises(Invalid):
        set_terms(actor=cast.owner, port=bound, provisioner="none")
    set_terms(actor=cast.owner, port=bound, provisioner=store.provisioner)
    now = timezone.now() + dt.timedelta(hours=2)
    provision_due(now=now)
    agreement.refresh_from_db()
    assert agreement.provisioning == "failed"  # it looked, and nobody had granted it
    provision_due(now=now + dt.timedelta(hours=1))
    assert store.reads("id FROM play.events")


def test_what_only_waited_is_open_once_nothing_has_to_be_granted(cast: Cast, port: OutputPort) -> None:
    agreement = agreed(cast.consumer, port, cast.owner)
    assert agreement.provisioning == "waiting"
    set_terms(actor=cast.owner, port=port, provisioner="none")
    agreement.refresh_from_db()
    assert (agreement.provisioning, agreement.lacking_since) == ("not_needed", None)
    assert agreement.verdict(timezone.now()).is_usable
    client = Client()
    client.force_login(cast.owner)
    told = client.get(agreement.get_absolute_url()).content.decode()
    assert "nothing has to be granted in the store" in told
