"""What time does: ends enforced once, reminders once, and no sequence of calls that ends in a lie."""

import datetime as dt
import random
import time
from typing import Any

import pytest
from django.utils import timezone

from catalog.access import signals
from catalog.access.models import AccessRequest, Agreement
from catalog.access.services.agreeing import mark_provisioning, revoke_agreement
from catalog.access.services.deciding import decide_stage
from catalog.access.services.ending import expire_due, remind_due
from catalog.access.services.releasing import release_agreement
from catalog.access.services.requests import withdraw_request
from catalog.access.states import ENDED, IN_FORCE, MAY_BE_THERE, Event, Provisioning
from catalog.accounts.models import User
from catalog.audit import chain
from catalog.audit import outbox as numbering
from catalog.audit.models import AuditEvent, OutboxEvent
from catalog.common.errors import PortalError
from catalog.notifications.models import Notice
from catalog.products.models import OutputPort
from tests.catalog.access.asking import agreed, ask
from tests.conftest import Cast

DAY = dt.timedelta(days=1)


@pytest.fixture
def heard(django_capture_on_commit_callbacks: Any) -> Any:
    """Collects what the signals of access say while it is used."""

    class Heard(list[tuple[str, dict[str, Any]]]):
        def __enter__(self) -> "Heard":
            self.kept = []
            for name in ("access_ended", "access_ending", "access_granted"):
                signal = getattr(signals, name)

                def listen(name: str = name, **told: Any) -> None:
                    self.append((name, {key: told[key] for key in told if key not in ("signal", "sender")}))

                signal.connect(listen, weak=False)
                self.kept.append((signal, listen))
            self.committed = django_capture_on_commit_callbacks(execute=True)
            self.committed.__enter__()
            return self

        def __exit__(self, *error: Any) -> None:
            self.committed.__exit__(*error)
            for signal, listen in self.kept:
                signal.disconnect(listen)

    return Heard()


def test_an_end_is_acted_on_once_and_told_once(cast: Cast, port: OutputPort, heard: Any) -> None:
    agreement = agreed(cast.consumer, port, cast.owner)
    mark_provisioning(actor=cast.owner, agreement=agreement, event=Event.SUCCEED)
    later = timezone.now() + 91 * DAY
    with heard:
        assert [expire_due(now=timezone.now()), expire_due(now=later), expire_due(now=later)] == [0, 1, 0]
    assert heard == [("access_ended", {"agreement_id": agreement.pk, "reason": "expired"})]
    agreement.refresh_from_db()
    assert (agreement.provisioning, agreement.verified_at) == ("removing", None)
    assert AuditEvent.objects.about("agreement", agreement.pk).filter(verb="agreement.ended").count() == 1


def test_each_distance_from_the_end_is_told_once(cast: Cast, port: OutputPort, heard: Any) -> None:
    agreement = agreed(cast.consumer, port, cast.owner)
    start = timezone.now()
    with heard:
        for day in range(91):
            remind_due(now=start + day * DAY)
            remind_due(now=start + day * DAY)
    assert [told["days"] for _, told in heard] == [30, 14, 3]
    Agreement.objects.update(reminded_days=None)
    with heard:
        remind_due(now=start + 89 * DAY)  # the worker slept: one word, not three
    assert heard[3:] == [("access_ending", {"agreement_id": agreement.pk, "days": 3})]


def test_ten_thousand_end_within_a_minute(cast: Cast, port: OutputPort) -> None:
    now = timezone.now()
    people = User.objects.bulk_create([User(username=f"reader{number}") for number in range(10_000)])
    states = ("waiting", "granted", "not_needed", "failed")
    Agreement.objects.bulk_create(
        [
            Agreement(
                port=port, user=person, asked_at=now - 9 * DAY, starts_at=now - 9 * DAY, ends_at=now - DAY,
                provisioning=states[number % 4],
            )
            for number, person in enumerate(people)
        ],
        batch_size=1_000,
    )  # fmt: skip
    numbering.number_waiting()
    chain.seal_waiting()
    began = time.monotonic()
    assert expire_due(now=now) == 10_000
    ended = time.monotonic()
    numbering.number_waiting()
    numbered = time.monotonic()
    chain.seal_waiting()
    sealed = time.monotonic()
    print(f"ended {ended - began:.1f} s, numbered {numbered - ended:.1f} s, sealed {sealed - numbered:.1f} s")  # noqa: T201
    assert sealed - began < 60
    told = OutboxEvent.objects.filter(type="access.ended", position__isnull=False)
    assert told.count() == Notice.objects.filter(kind="access", title__endswith="has ended").count() == 10_000
    assert Notice.objects.filter(title__startswith="To remove by hand").count() == 5_000
    verdict = chain.verify()
    assert (verdict.broken, verdict.unsealed) == ("", 0)
    assert {
        state: Agreement.objects.filter(provisioning=state).count()
        for state in ("removed", "removing", "not_needed")
    } == {"removed": 2_500, "removing": 5_000, "not_needed": 2_500}


@pytest.mark.parametrize("seed", range(8))
def test_no_sequence_of_calls_reaches_a_state_that_lies(cast: Cast, port: OutputPort, seed: int) -> None:
    """Everybody presses everything, twice, in any order, while the clock moves; what is refused changes nothing."""
    draw = random.Random(seed)
    now = timezone.now()
    approved: set[int] = set()
    in_store = False
    for _ in range(45):
        now += draw.choice((dt.timedelta(0), dt.timedelta(hours=3), DAY, 20 * DAY))
        agreement = Agreement.objects.filter(user=cast.consumer).first()
        before = _row(agreement)
        deed, event = _deed(draw, cast, port, agreement, now)
        try:
            for _ in range(draw.choice((1, 2))):
                deed()
                in_store = in_store or event in (Event.START, Event.SUCCEED, Event.FAIL)
                in_store = in_store and event != Event.REMOVED
                before = _row(agreement)
        except PortalError:
            assert _row(agreement) == before, "a refusal left something behind"
        _assert_true(now, in_store, approved)


def _row(agreement: Agreement | None) -> Any:
    return Agreement.objects.filter(pk=agreement.pk).values().get() if agreement else None


def _deed(
    draw: random.Random, cast: Cast, port: OutputPort, agreement: Agreement | None, now: dt.datetime
) -> Any:
    request = AccessRequest.objects.filter(decision="submitted").first()
    stage = request.stages.first() if request else None
    wishes = {"kind": draw.choice(("new", "renew", "change", "release")), "now": now}
    if wishes["kind"] in ("new", "renew"):
        wishes["days"] = draw.choice((1, 30, 365))
        wishes["starts_on"] = draw.choice((None, now.date() + 2 * DAY))
    deeds: list[tuple[Any, Any]] = [(lambda: ask(cast.consumer, port, **wishes), None)] * 2
    deeds.append((lambda: expire_due(now=now), None))
    if request and stage:
        is_approval = draw.random() < 0.8
        deeds += [
            (
                lambda: decide_stage(
                    actor=cast.owner, stage=stage, is_approval=is_approval, note="x", now=now
                ),
                None,
            )
        ] * 3
        deeds.append((lambda: withdraw_request(actor=cast.consumer, request=request, now=now), None))
    if agreement:
        event = draw.choice((Event.START, Event.SUCCEED, Event.FAIL, Event.REMOVED))
        mark = (
            lambda: mark_provisioning(
                actor=cast.owner, agreement=agreement, event=event, note="seen", now=now
            ),
            event,
        )
        at_once = draw.random() < 0.5
        deeds += [mark, mark, mark]
        deeds.append(
            (
                lambda: revoke_agreement(
                    actor=cast.owner, agreement=agreement, reason="Over.", at_once=at_once, now=now
                ),
                None,
            )
        )
        deeds.append((lambda: release_agreement(actor=cast.consumer, agreement=agreement, now=now), None))
    return draw.choice(deeds)


def _assert_true(now: dt.datetime, in_store: bool, approved: set[int]) -> None:
    for request in AccessRequest.objects.all():
        if request.pk in approved:
            assert request.decision == "approved", "a decision was taken back"
        if request.decision == "approved":
            approved.add(request.pk)
    for agreement in Agreement.objects.all():
        validity, state = agreement.validity(now), Provisioning(agreement.provisioning)
        verdict = agreement.verdict(now)
        if agreement.starts_at is not None:
            assert agreement.requests.filter(decision="approved").exists(), "in force without a decision"
        if verdict.is_usable:
            assert validity in IN_FORCE
            assert in_store, "green, and nothing is in the store"
        if in_store:
            assert state in MAY_BE_THERE, "it says nothing is in the store"
        if validity in ENDED and in_store:
            assert verdict.meaning == "bad"
