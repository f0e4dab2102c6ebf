"""Whatever is pressed, retried or killed, and however the clock moves: the portal never says what is not so.

The store of these tests is a shelf in memory behind the provisioner's own protocol, so that what is really there can be
compared with what the portal says after every step.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.access import provisioners as known
from catalog.access import signals
from catalog.access.models import Agreement
from catalog.access.services import running
from catalog.access.services.agreeing import mark_provisioning, revoke_agreement
from catalog.access.services.deciding import decide_stage
from catalog.access.services.ending import expire_due, remind_due
from catalog.access.services.releasing import release_agreement
from catalog.access.services.rules import set_terms
from catalog.access.services.running import provision_due
from catalog.access.states import ENDED, MAY_BE_THERE, Event, Provisioning
from catalog.access.stores import CannotProvision, Grant
from catalog.common.errors import PortalError
from catalog.common.time_limits import TimeIsUp
from catalog.products.models import OutputPort
from catalog.products.services import edit_port
from tests import factories as make
from tests.catalog.access.asking import ask
from tests.conftest import Cast

TIMES = (
    dt.timedelta(0), dt.timedelta(minutes=11), dt.timedelta(hours=2), dt.timedelta(days=20),
    dt.timedelta(hours=-2), dt.timedelta(days=-25),  # the clock is set back
)  # fmt: skip
STEPS = (
    "ask", "renew", "change", "decide", "work", "work", "work", "expire", "revoke", "release", "remind", "open",
    "close", "by hand", "move",
)  # fmt: skip
FATES = ("", "", "killed before", "killed after", "away")
WAYS = {"open": "none", "close": "shelf", "by hand": "manual"}


class Killed(BaseException):
    """The worker's process ends here."""


class Shelf:
    """A store that keeps one thing: what the consumer may read, and where. `fate` is what happens to a worker next."""

    name, title, needs_work = "shelf", "A shelf", True
    kinds: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.there: tuple[str, ...] | None = None
        self.place = ""
        self.fate = ""

    @contextmanager
    def _visited(self) -> Iterator[None]:
        fate, self.fate = self.fate, ""
        if fate == "away":
            raise CannotProvision("The shelf is away.")
        if fate == "killed before":
            raise Killed
        yield
        if fate == "killed after":
            raise Killed

    def grant(self, grant: Grant) -> None:
        with self._visited():
            self.there, self.place = grant.columns, grant.address["table"]

    def revoke(self, grant: Grant) -> None:
        with self._visited():
            if self.place == grant.address["table"]:
                self.there = None

    def missing(self, grant: Grant) -> str:
        there = (self.place, self.there)
        return "" if there == (grant.address["table"], grant.columns) else "Something else is there."

    def left(self, grant: Grant) -> str:
        is_there = self.place == grant.address["table"] and self.there is not None
        return "It is still there." if is_there else ""


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    found = Shelf()
    every = {**known.provisioners(), "shelf": found}
    for module in (known, running):
        monkeypatch.setattr(module, "provisioners", lambda: every)
    monkeypatch.setattr(running, "grant_of", _grant_of)
    return found


def _grant_of(agreement: Agreement) -> Grant:
    return Grant(
        agreement_id=agreement.pk,
        principal="reader",
        mode="",
        columns=tuple(agreement.columns),
        config={},
        address={"table": agreement.port.asset.name if agreement.port.asset else ""},
    )


def test_the_shelf_is_really_given_and_taken(cast: Cast, shelf: Shelf) -> None:
    """What the other test asserts would say nothing if the worker never came as far as the shelf."""
    port, now = _port(cast), timezone.now()
    for deed in ("ask", "decide", "work"):
        _do(cast, port, deed, now)
    agreement = Agreement.objects.get()
    assert agreement.verdict(now).is_usable, agreement.provisioning_note
    assert shelf.there == tuple(agreement.columns)
    for deed in ("revoke", "work"):
        _do(cast, port, deed, now)
    assert Agreement.objects.get().provisioning == "removed"
    assert shelf.there is None


@settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.lists(
        st.tuples(st.sampled_from(STEPS), st.sampled_from(TIMES), st.sampled_from(FATES), st.booleans()),
        min_size=5,
        max_size=16,
    )
)
def test_nothing_said_is_untrue(cast: Cast, shelf: Shelf, steps: list[Any]) -> None:
    with transaction.atomic():
        shelf.there, shelf.fate = None, ""
        port = _port(cast)
        now = timezone.now()
        story = Story()
        for deed in ("ask", "decide"):
            _do(cast, port, deed, now)
        assert Agreement.objects.get().provisioning == "waiting"
        for deed, later, fate, is_doubled in steps:
            now += later
            shelf.fate = fate if deed == "work" else ""
            for _ in range(2 if is_doubled else 1):
                with suppress(PortalError, Killed), transaction.atomic():
                    _do(cast, port, deed, now)
            _assert_true(shelf, now)
            story.goes_on(now)
        story.over()
        _assert_it_ends(shelf, now)
        transaction.set_rollback(True)


class Story:
    """What was told of one agreement, whatever the clock did meanwhile: one end, each distance to it once."""

    def __init__(self) -> None:
        self.ended: dt.datetime | None = None  # the end that was acted on
        self.told: list[tuple[int, dt.datetime | None]] = []
        signals.access_ending.connect(self._of_ending)

    def _of_ending(self, agreement_id: int, days: int, **_: Any) -> None:
        self.told.append((days, Agreement.objects.values_list("ends_at", flat=True).get(pk=agreement_id)))

    def goes_on(self, now: dt.datetime) -> None:
        agreement = Agreement.objects.get()
        assert len(self.told) == len(set(self.told)), "this distance to this end was told before"
        if self.ended is not None and agreement.closed_at is not None:
            assert agreement.closed_at == self.ended, "what had ended ended again"
        self.ended = agreement.closed_at
        if self.ended is not None:
            assert agreement.is_over(now), "what was ended is in force again, and nobody agreed"
            assert not Agreement.objects.standing(now).exists()
            assert Agreement.objects.ended(now).exists()

    def over(self) -> None:
        signals.access_ending.disconnect(self._of_ending)


def _port(cast: Cast) -> OutputPort:
    asset = make.make_asset(make.make_connection("Shelf", team=cast.listening_team))
    make.make_schema(asset, {"id": "integer", "seconds": "integer"})
    port = make.make_port(cast.play_events, "plays", asset=asset)
    from catalog.access.models import PortTerms

    PortTerms.objects.create(port=port, provisioner="shelf", may_choose_columns=True, notice_days=0)
    return port


def _do(cast: Cast, port: OutputPort, deed: str, now: dt.datetime) -> None:
    agreement = Agreement.objects.filter(port=port).first()
    if deed == "ask":
        ask(cast.consumer, port, now=now, days=30)
    elif deed in ("renew", "change"):
        columns = ["id"] if deed == "change" else list(agreement.columns if agreement else ())
        ask(cast.consumer, port, now=now, kind=deed, columns=columns)
    elif deed == "decide" and agreement:
        request = agreement.requests.submitted().first()
        stage = request.stages.first() if request else None
        if stage:
            decide_stage(actor=cast.owner, stage=stage, is_approval=True, now=now)
    elif deed == "work":
        _work(now)
    elif deed == "expire":
        expire_due(now=now)
    elif deed == "remind":
        remind_due(now=now)
    elif deed == "revoke" and agreement:
        revoke_agreement(actor=cast.owner, agreement=agreement, reason="Over.", at_once=True, now=now)
    elif deed == "release" and agreement:
        release_agreement(actor=cast.consumer, agreement=agreement, now=now)
    elif deed in WAYS:
        set_terms(actor=cast.owner, port=port, provisioner=WAYS[deed], now=now)
    elif deed == "move":
        port.refresh_from_db()
        assert port.asset is not None
        other = make.make_asset(port.connection, f"{port.asset.name}-next")
        make.make_schema(other, {"id": "integer", "seconds": "integer"})
        edit_port(actor=cast.owner, port=port, asset=other)


def _work(now: dt.datetime) -> None:
    """As workers do: what one wrote before it was killed is kept, so the kill must not undo it."""
    with suppress(Killed):
        provision_due(now=now)


def _assert_true(shelf: Shelf, now: dt.datetime) -> None:
    for agreement in Agreement.objects.all():
        verdict, state = agreement.verdict(now), Provisioning(agreement.provisioning)
        if verdict.is_usable and state == Provisioning.NOT_NEEDED:
            assert agreement.port.access_terms.provisioner == "none", "green, and nobody granted it"
        elif verdict.is_usable:
            place = agreement.port.asset.name if agreement.port.asset else ""
            there = (shelf.place, shelf.there)
            assert there == (place, tuple(agreement.columns)), "green, and something else is in the store"
        if shelf.there is not None:
            assert state in MAY_BE_THERE, "it denies what is in the store"
        if shelf.there is not None and agreement.validity(now) in ENDED:
            assert verdict.meaning == "bad"


def _assert_it_ends(shelf: Shelf, now: dt.datetime) -> None:
    """A healthy worker and time bring every agreement to its end, and doing it again changes nothing."""
    shelf.fate = ""
    for _ in range(4):
        now += dt.timedelta(days=120)
        expire_due(now=now)
        provision_due(now=now)
    assert shelf.there is None
    rows = list(Agreement.objects.values())
    assert all(row["provisioning"] in ("", "not_needed", "removed") for row in rows)
    assert (expire_due(now=now), provision_due(now=now)) == (0, 0)
    for agreement in Agreement.objects.all():
        with suppress(PortalError):
            mark_provisioning(actor=None, agreement=agreement, event=Event.SUCCEED, now=now)
    assert list(Agreement.objects.values()) == rows


def test_removing_comes_first_then_giving_then_looking(cast: Cast, shelf: Shelf) -> None:
    port, now = _port(cast), timezone.now()
    long_ago = now - dt.timedelta(days=2)
    states = ("granted", "failed", "waiting", "removing")
    for age, state in enumerate(states):
        item = Agreement.objects.create(
            port=port, environment=port.environment, user=make.make_user(f"reader-{state}"), starts_at=long_ago,
            provisioning=state, provisioning_at=long_ago + dt.timedelta(minutes=age),
        )  # fmt: skip
        Agreement.objects.filter(pk=item.pk).update(updated_at=long_ago)
    assert [item.provisioning for item in running.due(now)] == ["removing", "failed", "waiting", "granted"]


def test_the_end_of_the_workers_time_is_no_failure_of_the_store(
    cast: Cast, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, now = _port(cast), timezone.now()
    for deed in ("ask", "decide", "work"):
        _do(cast, port, deed, now)

    def too_long(_: Grant) -> str:
        raise TimeIsUp

    later = now + dt.timedelta(days=1)
    with monkeypatch.context() as patched:
        patched.setattr(shelf, "missing", too_long)
        with pytest.raises(TimeIsUp):
            provision_due(now=later)
    agreement = Agreement.objects.get()
    assert (agreement.provisioning, agreement.provisioning_note) == ("granted", "")
