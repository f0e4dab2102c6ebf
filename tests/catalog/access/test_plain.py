"""Where the portal grants plain values, nothing else is offered, agreed or said to be granted."""

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog.access.models import AccessRequest, Agreement, PortTerms
from catalog.access.services.agreeing import revoke_agreement
from catalog.access.services.collecting import put_in_basket
from catalog.access.services.rules import set_terms
from catalog.access.services.running import provision_due
from catalog.common.errors import Invalid
from catalog.contracts.models import PortContract
from catalog.contracts.services import import_document
from catalog.products.models import OutputPort
from tests.catalog.access.asking import agreed, ask
from tests.catalog.access.granting_stores import Store, granted, offered, opened
from tests.conftest import Cast

pytestmark = pytest.mark.postgres
PLAIN = "plain values, nothing is masked"


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


def test_an_owner_cannot_offer_a_mode_that_would_make_no_difference(
    cast: Cast, port: OutputPort, store: Store
) -> None:
    with pytest.raises(Invalid) as refused:
        set_terms(actor=cast.owner, port=port, modes=["masked"])
    assert PLAIN in refused.value.problems[0].message
    set_terms(actor=cast.owner, port=port, provisioner="manual", modes=["masked"])
    with pytest.raises(Invalid):
        set_terms(actor=cast.owner, port=port, provisioner=store.provisioner)
    assert PortTerms.objects.get().provisioner == "manual"


def test_who_asks_is_told_that_values_are_plain_and_can_ask_for_nothing_else(
    client: Client, cast: Cast, port: OutputPort
) -> None:
    roles = [{"role": "reader", "access": "read"}, {"role": "masked"}]
    data = {"apiVersion": "v3.1.0", "kind": "DataContract", "id": "urn:plays", "version": "1.0.0", "status": "active",
            "roles": roles,
            "schema": [{"name": "plays", "properties": [{"name": "id", "logicalType": "integer"}]}]}  # fmt: skip
    PortContract.objects.create(port=port, contract_key="urn:plays")
    import_document(actor=None, raw=json.dumps(data).encode())
    client.force_login(cast.consumer)
    form = client.get(f"{port.get_absolute_url()}access/request/")
    assert PLAIN in form.content.decode()
    assert "mode" not in form.context["form"].fields
    key = f"listening/play-events/{port.name}/{port.version}"
    told = client.get(f"/api/v1/access/prospect/?port={key}").json()
    assert (told["modes"], PLAIN in told["plain"]) == ([], True)
    asked = {"port": key, "purpose": "Counting.", "days": 9, "contract_digest": told["contract_digest"]}
    answer = client.post("/api/v1/access/requests/", {**asked, "mode": "masked"}, "application/json")
    assert answer.status_code == 400
    assert PLAIN in answer.content.decode()
    assert not AccessRequest.objects.exists()
    put_in_basket(actor=cast.consumer, port=port)
    assert PLAIN in client.get("/access/basket/").content.decode()
    assert client.post("/api/v1/access/requests/", asked, "application/json").status_code == 201
    set_terms(actor=cast.owner, port=port, provisioner="manual")  # people can tell roles apart
    form = client.get(f"{port.get_absolute_url()}access/request/")
    assert [value for value, _ in form.context["form"].fields["mode"].choices] == ["reader", "masked"]
    assert PLAIN not in form.content.decode()


def test_where_a_mode_was_agreed_plain_values_are_not_granted(
    cast: Cast, port: OutputPort, store: Store
) -> None:
    set_terms(actor=cast.owner, port=port, provisioner="manual", modes=["masked"])
    agreement = agreed(cast.consumer, port, cast.owner, mode="masked")
    Agreement.objects.update(principal=store.reader)
    set_terms(actor=cast.owner, port=port, provisioner=store.provisioner, modes=[])
    assert provision_due() == 1
    agreement.refresh_from_db()
    assert agreement.provisioning == "failed"
    assert agreement.provisioning_note.startswith("What was agreed is “masked”. ")
    assert not store.reads(f"* FROM {store.table}")
    agreed(cast.consumer, port, cast.owner, kind="change", columns=["id"])
    assert provision_due() == 1
    assert store.reads(f"id FROM {store.table}")
    assert Agreement.objects.get().verdict(timezone.now()).is_usable


def test_what_was_granted_plainly_under_another_word_is_found_and_can_be_taken_away(
    cast: Cast, port: OutputPort, store: Store
) -> None:
    agreement = granted(cast, port, store.reader)
    Agreement.objects.update(
        mode="masked", verified_at=None, updated_at=timezone.now() - dt.timedelta(hours=1)
    )
    assert provision_due() == 1
    agreement.refresh_from_db()
    assert (agreement.provisioning, agreement.verdict(timezone.now()).meaning) == ("failed", "bad")
    revoke_agreement(actor=cast.owner, agreement=agreement, reason="Over.", at_once=True)
    assert provision_due() == 1
    assert not store.reads(f"* FROM {store.table}")
    with pytest.raises(Invalid):
        ask(cast.consumer, port, mode="masked")
