"""Agreements and requests in every state, for the pages of access."""

import datetime as dt

from django.utils import timezone

from catalog.access.models import Agreement
from catalog.access.services.agreeing import mark_provisioning
from catalog.access.services.collecting import put_in_basket
from catalog.access.services.deciding import decide_stage
from catalog.access.services.requests import comment
from catalog.access.services.rules import StageSpec, create_rule, set_terms
from catalog.access.states import Event
from catalog.access.terms import columns_of
from catalog.discussions import services as discussions
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
    for item in (plays, old):
        put_in_basket(actor=cast.consumer, port=item)
    return {
        "agreement": agreement.pk, "asked": asked.pk, "denied": denied.pk, "rule": rule.pk,
        "question": _question(cast, plays),
    }  # fmt: skip


def _question(cast: Cast, plays: OutputPort) -> int:
    """A conversation with an accepted answer, and something announced."""
    question = discussions.ask_question(
        actor=cast.consumer, product=cast.play_events, title="When does a play count?", port=plays,
        text="Is it **30 seconds**, or the whole track?\n\n- skipped ones\n- repeated ones",
    )  # fmt: skip
    discussions.answer_question(actor=cast.steward, question=question, text="I would think half a minute.")
    answer = discussions.answer_question(
        actor=cast.owner, question=question, text="From 30 seconds on, see `ms_played`."
    )
    discussions.accept_answer(actor=cast.consumer, question=question, answer=answer)
    discussions.edit_words(actor=cast.owner, words=answer, text="From 30 seconds on: see `ms_played`.")
    discussions.ask_question(
        actor=cast.steward, product=cast.play_events, title="Rows of Sunday are missing", kind="problem"
    )
    until = timezone.now().date() + dt.timedelta(days=9)
    discussions.announce(
        actor=cast.owner, product=cast.play_events, title="Plays move to another server on Monday",
        text="Nothing has to be done: the *old address* redirects.", ends_on=until,
    )  # fmt: skip
    return question.pk
