"""Agreements and requests in every state, for the pages of access."""

import datetime as dt

from django.utils import timezone

from catalog.access.models import Agreement
from catalog.access.services.agreeing import mark_provisioning
from catalog.access.services.deciding import decide_stage
from catalog.access.services.requests import comment
from catalog.access.services.rules import StageSpec, create_rule, set_terms
from catalog.access.states import Event
from catalog.access.terms import columns_of
from catalog.products.models import OutputPort
from catalog.vocabulary.models import Classification
from catalog.vocabulary.services import create_purpose
from tests import factories as make
from tests.catalog.access.asking import agreed, ask, stage_of
from tests.conftest import Cast


def plant_access(cast: Cast, plays: OutputPort) -> dict[str, int]:
    """What stands in the paths of `pages`: numbers of an agreement, of requests, of a rule."""
    now = timezone.now()
    plays = OutputPort.objects.select_related("product__domain").get(pk=plays.pk)  # as contracts have left it
    purpose = create_purpose(
        actor=None,
        name="Reporting",
        legal_basis="legitimate_interests",
        description="Counting and comparing.",
    )
    secret = Classification.objects.get(slug="confidential")
    stage = StageSpec(1, "Data protection", "governance", quorum=1)
    rule = create_rule(actor=None, name="Confidential data", place=secret, stages=[stage])
    set_terms(
        actor=cast.owner, port=plays, modes=["masked", "plain"], may_choose_columns=True,
        instructions="Ask for **masked** unless you need to know who listened.",
    )  # fmt: skip
    asked = ask(
        cast.consumer, plays, mode="masked", purposes=[purpose], columns=columns_of(plays)[:2],
        purpose="The weekly letter to editors shows what rose and what fell. " * 4,
    )  # fmt: skip
    comment(actor=cast.owner, request=asked, text="Do you need the device as well?\nIt is coarse.")
    cast.play_events.classification = None  # what follows goes to the owners alone
    cast.play_events.save()
    old = make.make_port(cast.play_events, "plays", version="1.1.0")
    agreement = agreed(cast.consumer, old, cast.owner, now=now - dt.timedelta(days=70))
    mark_provisioning(
        actor=cast.owner,
        agreement=agreement,
        event=Event.SUCCEED,
        note="Role reader.",
        now=now - dt.timedelta(hours=5),
    )
    denied = ask(cast.consumer, make.make_port(cast.play_events, "raw"), purpose="To have a look.")
    decide_stage(
        actor=cast.owner, stage=stage_of(denied), is_approval=False, note="Raw plays stay in the team."
    )
    ask(cast.steward, old, cast.playback_quality, purpose="Quality is measured on plays.")
    Agreement.objects.create(
        port=old, team=cast.playback_team, asked_at=now, starts_at=now - dt.timedelta(days=9), provisioning="failed",
        provisioning_note="There is no role reader.", provisioning_at=now,
    )  # fmt: skip
    cast.play_events.classification = secret
    cast.play_events.save()
    return {"agreement": agreement.pk, "asked": asked.pk, "denied": denied.pk, "rule": rule.pk}
