"""A person the provider removes: shut out of the portal at once, and out of the real store by the workers' next run."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog.access.models import Agreement
from catalog.access.services.agreeing import name_principal
from catalog.access.services.running import provision_due
from catalog.access.states import Validity
from catalog.accounts import services as accounts
from catalog.accounts.models import ApiToken, Session, Team, User
from catalog.identity.models import ProvisionedPerson
from catalog.products.models import OutputPort
from tests.catalog.access.asking import agreed
from tests.catalog.access.granting_stores import Store, offered, opened
from tests.catalog.identity.scim_client import Scim
from tests.conftest import Cast

pytestmark = pytest.mark.postgres


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


@pytest.fixture
def scim(cast: Cast) -> Scim:
    _, secret = accounts.create_token(actor=cast.admin, person=cast.admin, name="Okta", scopes=["scim"])
    return Scim(secret)


def colleague(scim: Scim, cast: Cast) -> tuple[dict[str, Any], User]:
    """Somebody the provider made, in the team of the consumer."""
    made = scim.make("anna")
    person = ProvisionedPerson.objects.get(pk=made["id"]).user
    accounts.grant_role(
        actor=cast.admin, person=person, role="viewer", team=Team.objects.get(name="Insights")
    )
    return made, person


@pytest.mark.parametrize("way", ["delete", "deactivate"])
def test_sessions_tokens_and_the_grant_in_the_store_are_gone(
    cast: Cast, port: OutputPort, store: Store, scim: Scim, way: str
) -> None:
    made, anna = colleague(scim, cast)
    mine = agreed(anna, port, cast.owner)
    ours = agreed(anna, port, cast.owner, Team.objects.get(name="Insights"))
    for agreement, role in ((mine, store.reader), (ours, store.odd)):
        name_principal(actor=cast.owner, agreement=agreement, principal=role)
    assert provision_due() == 2
    reading = f"* FROM {store.table}"
    assert store.reads(reading)
    browser = Client()
    browser.force_login(anna)
    _, secret = accounts.create_token(actor=anna, person=anna, name="script")
    bearer = {"Authorization": f"Bearer {secret}"}
    assert browser.get("/access/").status_code == 200
    assert Client().get("/api/v1/me/", headers=bearer).status_code == 200

    if way == "delete":
        assert scim.ask("delete", f"/Users/{made['id']}").status_code == 204
    else:
        inactive = {"op": "replace", "path": "active", "value": False}
        assert scim.patch("Users", made["id"], inactive).status_code == 200

    assert browser.get("/access/").status_code == 302
    assert Client().get("/api/v1/me/", headers=bearer).status_code == 401
    assert not Session.objects.filter(user=anna).exists()
    assert not ApiToken.objects.usable().filter(user=anna).exists()
    mine.refresh_from_db()
    assert mine.verdict(timezone.now()).word == "revoked, not removed yet"
    assert provision_due() == 1
    mine.refresh_from_db()
    assert (mine.validity(timezone.now()), mine.provisioning) == (Validity.REVOKED, "removed")
    assert not store.reads(reading)
    assert store.reads(reading, store.odd), "the others of the team read on, by the team's own role"
    assert ours.is_in_force(timezone.now())
    assert Agreement.objects.get(pk=ours.pk).provisioning == "granted"


def test_what_was_never_granted_is_not_granted_after_the_removal(
    cast: Cast, port: OutputPort, store: Store, scim: Scim
) -> None:
    made, anna = colleague(scim, cast)
    agreement = agreed(anna, port, cast.owner)
    name_principal(actor=cast.owner, agreement=agreement, principal=store.reader)
    assert scim.ask("delete", f"/Users/{made['id']}").status_code == 204
    assert provision_due() == 0
    assert not store.reads(f"* FROM {store.table}")
    scim.make("anna")  # and comes back with nothing
    assert User.objects.get(pk=anna.pk).is_active
    assert provision_due() == 0
    assert not store.reads(f"* FROM {store.table}")
    assert Agreement.objects.get(pk=agreement.pk).validity(timezone.now()) == Validity.REVOKED
