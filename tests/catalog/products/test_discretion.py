"""What happened to a product is told without names of stores, ports and products the reader may not know of."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog.accounts.models import Role, User
from catalog.audit import services as audit
from catalog.connections.models import Connection
from catalog.products import services
from catalog.products.discretion import readable_by
from catalog.products.models import DataProduct, OutputPort
from catalog.products.selectors import activity_of
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
BASE = "/products/listening/play-events/"
PLACES = ("/", BASE, f"{BASE}activity/", f"{BASE}ports/plays/1.0.0/", f"{BASE}schema/",
          "/api/v1/products/listening/play-events/history/",
          "/api/v1/products/listening/play-events/input-ports/",
          "/api/v1/products/listening/play-events/ports/")  # fmt: skip
SECRETS = ("Vault store", "vault", "merger", "Vault")


@pytest.fixture
def tied(cast: Cast) -> DataProduct:
    """Play events, seen by everybody: read through a store of its team, made from and followed by a hidden product."""
    product = cast.play_events
    keepers = make.make_team("Keepers")
    store = make.make_connection("Vault store", team=keepers)
    vault = make.make_product("Vault", domain=make.make_domain("Archive", team=keepers), visibility="private")
    source = make.make_port(vault, "merger")
    port = services.create_port(actor=cast.admin, product=product, name="plays", connection=store)
    services.edit_port(actor=cast.admin, port=port, connection=None)
    services.edit_port(actor=cast.admin, port=port, connection=store)
    services.add_input_port(actor=cast.admin, product=product, upstream_port=source)
    services.bulk_edit(
        actor=cast.admin, revisions={product.pk: None}, edit=services.BulkEdit(schedule="weekly")
    )
    services.change_lifecycle(
        actor=cast.admin, product=product, step="deprecated", successor=vault,
        sunset_at=timezone.localdate() + dt.timedelta(days=30),
    )  # fmt: skip
    return DataProduct.objects.get(pk=product.pk)


def shown(user: User, place: str) -> str:
    client = Client()
    client.force_login(user)
    response: Any = client.get(place)
    assert response.status_code == 200, (place, response.content[:300])
    return str(response.content.decode())


@pytest.mark.parametrize("place", PLACES)
def test_hidden_names_are_on_no_page_and_in_no_answer(cast: Cast, tied: DataProduct, place: str) -> None:
    for user in (cast.owner, cast.steward, cast.consumer):
        told = shown(user, place)
        assert not [word for word in SECRETS if word in told], (user, place)


def test_those_who_may_know_are_told(cast: Cast, tied: DataProduct) -> None:
    history = shown(cast.admin, "/api/v1/products/listening/play-events/history/")
    assert all(word in history for word in ("Vault store", "vault-merger", "Vault"))
    keeper = make.make_user("keeper")
    make.make_membership(keeper, Role.VIEWER, Connection.objects.get().team)
    make.make_membership(keeper, Role.VIEWER, cast.listening_team)
    told = shown(keeper, f"{BASE}activity/")
    assert "Vault store" in told
    assert "merger" in told
    assert "Vault store" in shown(keeper, f"{BASE}ports/plays/1.0.0/")


def test_crawls_and_claims_do_not_name_the_store(cast: Cast, tied: DataProduct) -> None:
    store = Connection.objects.get()
    audit.record(actor=None, verb="connection.crawled", obj=store, product_id=tied.pk)
    for place in ("/", f"{BASE}activity/", "/api/v1/products/listening/play-events/history/"):
        assert "Vault store" not in shown(cast.consumer, place)


def test_settings_name_no_hidden_successor_and_no_hidden_source(cast: Cast, tied: DataProduct) -> None:
    history = shown(cast.owner, f"{BASE}settings/history/")
    assert "a product you may not see" in history
    assert "Vault" not in history
    inputs = shown(cast.owner, f"{BASE}settings/inputs/")
    assert "a port you may not see" in inputs
    assert "merger" not in inputs
    client = Client()
    client.force_login(cast.owner)
    number = tied.input_ports.get().pk
    assert client.get(f"{BASE}settings/inputs/{number}/").status_code == 403


def test_copies_are_read_and_the_trail_stays(
    cast: Cast, tied: DataProduct, django_assert_max_num_queries: Any
) -> None:
    events = list(activity_of(tied))
    with django_assert_max_num_queries(8):
        read = readable_by(cast.consumer, events)
    assert [event.pk for event in read] == [event.pk for event in events]
    assert any("Vault" in str(event.changes) for event in events)
    assert OutputPort.objects.count() == 2
