"""What is over is forgotten, what counts stays."""

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.test import Client
from django.utils import timezone

from catalog.accounts import services
from catalog.accounts.models import Invitation, Session
from catalog.accounts.tasks import forget_expired_task
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def test_ended_sessions_links_and_attempts_go_and_the_rest_stays(cast: Cast) -> None:
    now = timezone.now()
    stays, goes = Client(), Client()
    stays.force_login(cast.owner)
    goes.force_login(cast.consumer)
    Session.objects.filter(user=cast.consumer).update(expire_date=now)
    for person in (cast.owner, cast.consumer, cast.steward):
        services.reset_password_link(actor=cast.admin, person=person)
    Invitation.objects.filter(user=cast.consumer).update(expires_at=now - timedelta(days=91))
    Invitation.objects.filter(user=cast.steward).update(expires_at=now - timedelta(days=1))
    for name in ("owner", "steward"):
        Client().post("/account/login/", {"username": name, "password": "wrong"})
    old = now - settings.AXES_COOLOFF_TIME - timedelta(seconds=1)
    AccessAttempt.objects.filter(username="steward").update(attempt_time=old)
    assert forget_expired_task() == {"sessions": 1, "links": 1, "attempts": 1}
    assert stays.get("/account/").status_code == 200
    assert set(Invitation.objects.values_list("user__username", flat=True)) == {"owner", "steward"}
    assert AccessAttempt.objects.get().username == "owner"
    assert forget_expired_task() == {"sessions": 0, "links": 0, "attempts": 0}
