"""Agreements as an answer to who reads from a port."""

import datetime as dt

from django.utils import timezone

from catalog.access.models import Agreement
from catalog.access.services.agreeing import revoke_agreement
from catalog.products import reach
from catalog.products.models import OutputPort
from tests import factories as make
from tests.catalog.access.asking import agreed, ask
from tests.conftest import Cast


def test_a_change_reaches_those_with_an_agreement(cast: Cast, port: OutputPort) -> None:
    team = make.make_team("Analysts")
    make.make_membership(cast.consumer, "viewer", team)
    ask(cast.consumer, port)  # asked, not agreed
    assert not reach.consumers_of(port).others
    agreed(cast.consumer, make.make_port(cast.play_events, "other"), cast.owner)
    agreed(cast.consumer, port, cast.owner, team)
    agreed(cast.steward, port, cast.owner, cast.playback_quality)
    answer = reach.consumers_of(port)
    assert answer.others == ("the team Analysts",)
    assert [(item.product, item.via) for item in answer.products] == [
        (cast.playback_quality, ("access agreements",))
    ]
    assert "access agreements" in answer.providers


def test_what_has_ended_reads_no_longer_and_what_is_scheduled_will(cast: Cast, port: OutputPort) -> None:
    soon = timezone.now().date() + dt.timedelta(days=3)
    agreement = agreed(cast.steward, port, cast.owner, cast.playback_quality, starts_on=soon)
    assert len(reach.downstream_of(port).products) == 1
    revoke_agreement(actor=cast.owner, agreement=agreement, reason="Over.", at_once=True)
    assert not reach.downstream_of(port).products
    assert Agreement.objects.count() == 1
