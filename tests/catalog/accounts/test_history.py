"""The events of an account, told to administrators alone."""

import pytest
from django.test import Client

from catalog.accounts import services
from catalog.accounts.history import history_of
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def test_every_event_of_an_account_is_a_sentence(cast: Cast) -> None:
    person, secret = services.invite_person(actor=cast.admin, username="newcomer")
    services.accept_invitation(secret=secret, password="a-brand-new-one")
    role = services.grant_role(actor=cast.admin, person=person, role="viewer", team=cast.listening_team)
    person.refresh_from_db()
    services.edit_person(actor=person, person=person, name="New", time_zone="Asia/Tokyo")
    services.change_password(actor=person, current="a-brand-new-one", new="another-new-one")
    services.revoke_role(actor=cast.admin, membership=role)
    services.grant_role(actor=cast.admin, person=person, role="governance")
    held = person.memberships.get()
    services.hand_over(actor=cast.admin, person=person, receiver=cast.owner, keys=[f"role:{held.pk}"])
    services.deactivate_person(actor=cast.admin, person=person)
    services.reactivate_person(actor=cast.admin, person=person)
    services.reset_password_link(actor=cast.admin, person=person)
    told = [(event.actor, event.sentence) for event in reversed(history_of(person))]
    assert told == [
        ("Admin", "invited them"),
        ("newcomer", "set a password by a one-time link"),
        ("Admin", "gave the role Viewer in listening-team"),
        ("New", "changed name, time zone"),
        ("New", "changed the password"),
        ("Admin", "revoked the role Viewer in listening-team"),
        ("Admin", "gave the role Governance in the whole mesh"),
        ("Admin", "revoked the role Governance in the whole mesh"),
        ("Admin", "handed 1 over to owner"),
        ("Admin", "deactivated the account"),
        ("Admin", "reactivated the account"),
        ("Admin", "made a one-time link for them"),
    ]


def test_only_administrators_read_it(cast: Cast) -> None:
    services.edit_person(actor=cast.admin, person=cast.owner, name="Olga")
    for viewer, shown in ((cast.admin, True), (cast.owner, False), (cast.consumer, False)):
        client = Client()
        client.force_login(viewer)
        assert ("changed name" in client.get("/people/owner/").content.decode()) == shown
