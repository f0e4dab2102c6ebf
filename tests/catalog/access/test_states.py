"""The tables of states: no sequence of events reaches one that lies."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.access.states import (
    DECISIONS,
    ENDED,
    IN_FORCE,
    MAY_BE_THERE,
    DecisionState,
    Deed,
    Event,
    Provisioning,
    Refused,
    Validity,
    decide,
    provision,
    validity_of,
    verdict,
)

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
moments = st.datetimes(
    min_value=dt.datetime(2020, 1, 1),  # noqa: DTZ001 - hypothesis takes bounds without a zone
    max_value=dt.datetime(2035, 1, 1),  # noqa: DTZ001
    timezones=st.just(dt.UTC),
)


@given(st.lists(st.sampled_from(Deed), max_size=20))
def test_a_decision_is_made_once_whatever_is_pressed_afterwards(deeds: list[Deed]) -> None:
    state, decided = DecisionState.DRAFT, None
    for deed in deeds:
        try:
            state = decide(state, deed)
        except Refused:
            continue
        if decided is not None:
            pytest.fail(f"{decided} became {state}")
        if state not in (DecisionState.DRAFT, DecisionState.SUBMITTED):
            decided = state
    if Deed.SUBMIT not in deeds:
        assert state == DecisionState.DRAFT


def test_nothing_follows_a_decision() -> None:
    final = {DecisionState.APPROVED, DecisionState.DENIED, DecisionState.WITHDRAWN}
    assert not [state for state, _ in DECISIONS if state in final]


#: what each event does to the store itself: something is put there for certain, perhaps, or taken away
PUTS = {Event.SUCCEED}
MAY_PUT = {Event.START, Event.FAIL}
TAKES = {Event.REMOVED}


@given(st.lists(st.sampled_from(Event), max_size=60))
def test_provisioning_never_denies_what_may_be_in_the_store(events: list[Event]) -> None:
    """The worst store there can be: whatever was ever begun stays until somebody saw that it is gone."""
    state, is_there, is_agreed = Provisioning.NONE, False, False
    for event in events:
        try:
            after = provision(state, event)
        except Refused:
            continue
        is_agreed = event in (Event.PLAN, Event.WAIVE) or (is_agreed and event != Event.END)
        if event in PUTS | MAY_PUT:
            is_there = True
        if event in TAKES:
            is_there = False
        state = after
        if is_there:
            assert state in MAY_BE_THERE, f"{event} led to {state} with something in the store"
        if state == Provisioning.GRANTED:
            assert is_agreed
        if not is_agreed:
            assert state not in (Provisioning.WAITING, Provisioning.IN_PROGRESS, Provisioning.GRANTED)


@given(
    st.sampled_from(Provisioning),
    st.sampled_from([Event.END, Event.PLAN, Event.WAIVE, Event.SUCCEED, Event.REMOVED]),
)
def test_the_same_event_twice_is_the_same_as_once(state: Provisioning, event: Event) -> None:
    try:
        once = provision(state, event)
    except Refused:
        return
    assert provision(once, event) == once


@given(st.none() | moments, st.none() | moments, st.booleans(), moments)
def test_validity_is_what_the_dates_say(
    starts: dt.datetime | None, ends: dt.datetime | None, cut: bool, now: dt.datetime
) -> None:
    found = validity_of(starts, ends, cut, now)
    holds = starts is not None and starts <= now and (ends is None or now < ends)
    assert (found in IN_FORCE) == holds
    if starts is not None and ends is not None and now >= ends:
        assert found == (Validity.REVOKED if cut else Validity.EXPIRED)


@given(st.none() | moments, st.none() | moments, st.booleans(), moments, st.timedeltas(dt.timedelta(0)))
def test_what_has_ended_does_not_come_back_with_time(
    starts: dt.datetime | None, ends: dt.datetime | None, cut: bool, now: dt.datetime, later: dt.timedelta
) -> None:
    if validity_of(starts, ends, cut, now) in ENDED and later < dt.timedelta(days=3_000):
        assert validity_of(starts, ends, cut, now + later) in ENDED


@given(st.none() | moments, st.none() | moments, st.booleans(), moments)
def test_what_was_ended_stays_so_whatever_the_clock_says(
    starts: dt.datetime | None, ends: dt.datetime | None, cut: bool, now: dt.datetime
) -> None:
    found = validity_of(starts, ends, cut, now, is_closed=True)
    assert found in (ENDED if starts is not None else {Validity.NONE})


@given(st.sampled_from(Validity), st.sampled_from(Provisioning))
def test_green_is_only_what_is_in_force_and_really_there(
    validity: Validity, provisioning: Provisioning
) -> None:
    found = verdict(validity, provisioning)
    there = provisioning in (Provisioning.GRANTED, Provisioning.NOT_NEEDED)
    assert found.is_usable == (validity in IN_FORCE and there)
    assert (found.meaning == "good") == (validity == Validity.ACTIVE and there)
    if validity in ENDED and provisioning in MAY_BE_THERE:
        assert found.meaning == "bad"  # the agreement is over and the access is not
