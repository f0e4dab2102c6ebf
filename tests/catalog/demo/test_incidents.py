"""The demo's people work one incident of the past to its end, once."""

import datetime as dt
from pathlib import Path

import pytest

from catalog.demo.incidents import BEGAN, discuss
from catalog.demo.loading import load_demo
from catalog.demo.removal import remove_demo
from catalog.demo.rows import DAY
from catalog.incidents.models import Incident
from tests.catalog.demo.test_demo import NOW, place

__all__ = ["place"]


@pytest.mark.django_db
def test_an_incident_of_the_past_is_worked_to_its_end_once_and_goes_with_the_demo(place: Path) -> None:
    load_demo(tell=lambda _: None, now=NOW)
    assert discuss(NOW, NOW - BEGAN) is None  # the past has not come so far
    incident = discuss(NOW, NOW)
    assert incident is not None
    assert discuss(NOW, NOW) is None
    incident.refresh_from_db()
    assert (incident.status, incident.opened_at) == ("resolved", NOW - BEGAN)
    assert incident.resolved_at == NOW - BEGAN + DAY + dt.timedelta(hours=2)
    kinds = [event.kind for event in incident.events.all()]
    assert kinds == ["opened", "acknowledged", "commented", "resolved", "noted"]
    assert incident.events.last().at <= NOW  # type: ignore[union-attr]
    assert incident.consumers > 2
    remove_demo()
    assert not Incident.objects.exists()
