"""What those who decide are told of what a consumer already has, whatever its number."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from catalog.access.models import Agreement
from catalog.access.selectors import inbox_rows, open_stages
from catalog.access.services.agreeing import mark_provisioning
from catalog.access.states import Event
from catalog.accounts.models import Team
from catalog.products.models import OutputPort, Visibility
from tests import factories as make
from tests.catalog.access.asking import agreed, ask
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def hold(cast: Cast, count: int, **consumer: Any) -> None:
    """So many agreements that stand, on ports of their own."""
    Agreement.objects.bulk_create(
        Agreement(port=make.make_port(cast.play_events, f"held{number}{next(iter(consumer))}"),
                  starts_at=timezone.now() - dt.timedelta(days=1), **consumer)
        for number in range(count)
    )  # fmt: skip


def shown(cast: Cast) -> dict[str, tuple[list[str], int]]:
    """Consumer -> the ports shown, and how many more."""
    rows = inbox_rows(cast.owner, list(open_stages(cast.owner)), timezone.now())
    return {
        str(row.request.agreement.consumer): ([item.port.name for item in row.held], row.more) for row in rows
    }


def test_three_are_shown_and_the_others_counted(
    cast: Cast, port: OutputPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    insights = Team.objects.get(name="Insights")
    agreement = agreed(cast.consumer, port, cast.owner)  # what is asked about is none of the others
    mark_provisioning(actor=cast.owner, agreement=agreement, event=Event.SUCCEED)
    ask(cast.consumer, port, kind="renew")
    ask(cast.consumer, port, insights)
    assert shown(cast) == {"Consumer": ([], 0), "Insights": ([], 0)}
    hold(cast, 3, user=cast.consumer)
    assert shown(cast)["Consumer"] == (["held0user", "held1user", "held2user"], 0)
    hold(cast, 40, team=insights)
    assert shown(cast)["Insights"] == (["held0team", "held1team", "held2team"], 37)
    loaded: list[int] = []
    really = Agreement.from_db

    def noted(*parts: Any) -> Any:
        loaded.append(1)
        return really(*parts)

    stages = list(open_stages(cast.owner))
    monkeypatch.setattr(Agreement, "from_db", noted)
    inbox_rows(cast.owner, stages, timezone.now())
    assert len(loaded) == 8


def test_what_the_reader_does_not_see_or_has_ended_does_not_count(cast: Cast, port: OutputPort) -> None:
    ask(cast.consumer, port)
    now = timezone.now()
    hold(cast, 2, user=cast.consumer)
    Agreement.objects.filter(port__name="held0user").update(closed_at=now, ends_at=now)
    hidden = make.make_product("Hidden", domain=cast.playback, visibility=Visibility.PRIVATE)
    Agreement.objects.create(port=make.make_port(hidden), user=cast.consumer, starts_at=now)
    assert shown(cast) == {"Consumer": (["held1user"], 0)}
