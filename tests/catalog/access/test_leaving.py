"""Who is shut out of the portal keeps no access to data, and others' access stays."""

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.access.models import AccessRequest, Agreement
from catalog.access.services.agreeing import mark_provisioning
from catalog.access.services.leaving import end_access_of
from catalog.access.states import DecisionState, Event, Provisioning, Validity
from catalog.accounts import services as accounts
from catalog.accounts.models import Membership, Team
from catalog.audit.models import AuditEvent
from catalog.products.models import OutputPort
from tests.catalog.access.asking import agreed, ask
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def team_of(cast: Cast) -> Team:
    team = Membership.objects.select_related("team").get(user=cast.consumer).team
    assert team is not None
    return team


def test_deactivating_a_person_ends_their_grants_and_leaves_their_teams(cast: Cast, port: OutputPort) -> None:
    mine = agreed(cast.consumer, port, cast.owner)
    mark_provisioning(actor=cast.owner, agreement=mine, event=Event.SUCCEED)
    ours = agreed(cast.consumer, port, cast.owner, team_of(cast))
    accounts.deactivate_person(actor=cast.admin, person=cast.consumer)
    mine.refresh_from_db()
    ours.refresh_from_db()
    now = timezone.now()
    assert mine.validity(now) == Validity.REVOKED
    assert mine.provisioning == Provisioning.REMOVING.value
    assert mine.closed_at is not None
    assert ours.is_in_force(now)
    event = AuditEvent.objects.filter(verb="agreement.revoked", object_id=mine.pk).get()
    assert "deactivated" in event.detail["reason"]


def test_what_waits_is_withdrawn_and_what_is_to_come_does_not_begin(cast: Cast, port: OutputPort) -> None:
    request = ask(cast.consumer, port)
    accounts.deactivate_person(actor=cast.admin, person=cast.consumer)
    assert AccessRequest.objects.get(pk=request.pk).decision == DecisionState.WITHDRAWN.value
    accounts.reactivate_person(actor=cast.admin, person=cast.consumer)
    later = timezone.localdate() + timedelta(days=10)
    scheduled = agreed(cast.consumer, port, cast.owner, starts_on=later)
    accounts.deactivate_person(actor=cast.admin, person=cast.consumer)
    assert not Agreement.objects.standing(timezone.now()).filter(pk=scheduled.pk).exists()


def test_ending_it_twice_changes_nothing(cast: Cast, port: OutputPort) -> None:
    agreement = agreed(cast.consumer, port, cast.owner)
    now = timezone.now()
    assert end_access_of(person_id=cast.consumer.pk, now=now) == 1
    before = Agreement.objects.filter(pk=agreement.pk).values().get()
    assert end_access_of(person_id=cast.consumer.pk, now=now + timedelta(minutes=1)) == 0
    assert Agreement.objects.filter(pk=agreement.pk).values().get() == before
