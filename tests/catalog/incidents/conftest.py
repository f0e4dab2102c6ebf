"""A port of Play events that others read from, and troubles of it."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.utils import timezone

from catalog.incidents.models import Incident
from catalog.incidents.transitions import Cause
from catalog.incidents.troubles import Trouble, take_note
from catalog.products.models import OutputPort
from tests import factories as make
from tests.catalog.crawling.conftest import make_store, store
from tests.conftest import Cast

__all__ = ["make_store", "store"]

See = Callable[..., Incident]


@pytest.fixture
def plays(cast: Cast) -> OutputPort:
    """Playback quality reads from it."""
    port = make.make_port(cast.play_events, "plays")
    make.make_input_port(cast.playback_quality, port)
    return port


def trouble_of(port: OutputPort, **said: str) -> Trouble:
    given = {"title": "plays cannot be reached", "summary": "No answer.", "criticality": "medium", **said}
    return Trouble(product_id=port.product_id, port_id=port.pk, cause=Cause.UNREACHABLE, **given)


@pytest.fixture
def see(plays: OutputPort) -> See:
    """See the port in trouble at a time; returns its newest incident."""

    def look(now: datetime | None = None, port: OutputPort = plays, **said: str) -> Incident:
        trouble = trouble_of(port, **said)
        take_note(troubles=[trouble], ended={}, now=now or timezone.now())
        return Incident.objects.filter(key=trouble.key).latest("opened_at", "pk")

    return look
