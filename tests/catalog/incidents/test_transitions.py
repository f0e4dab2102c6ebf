"""The life of an incident as a table, and its severity."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.common.errors import Conflict
from catalog.incidents.models import Incident, IncidentEvent
from catalog.incidents.severity import MANY, RANKED, rank, severity_of, worst
from catalog.incidents.transitions import (
    TABLE,
    UNRESOLVED,
    Cause,
    Happening,
    Status,
    may_happen,
    status_after,
)

happenings = st.lists(st.sampled_from(list(Happening)), max_size=30)


@given(happenings)
def test_whatever_happens_an_incident_ends_only_by_being_resolved(wanted: list[Happening]) -> None:
    status = Status.OPEN
    for happening in wanted:
        if not may_happen(status, happening):
            with pytest.raises(Conflict):
                status_after(status, happening)
            continue
        after = status_after(status, happening)
        if after is Status.RESOLVED and status in UNRESOLVED:
            assert happening is Happening.RESOLVED
        if status is Status.RESOLVED and after in UNRESOLVED:
            assert happening is Happening.REOPENED
        status = after


def test_every_status_can_be_reached_and_left() -> None:
    steps = {
        (before, after) for row in TABLE.values() for before, after in row.items() if before is not after
    }
    reached, frontier = {Status.OPEN}, {Status.OPEN}
    while frontier:
        frontier = {after for before, after in steps if before in frontier} - reached
        reached |= frontier
    assert reached == set(Status)
    assert {before for before, _ in steps} == set(Status)


def test_everybody_may_always_say_something() -> None:
    assert all(status_after(status, Happening.COMMENTED) is status for status in Status)


def test_the_models_know_what_the_table_knows() -> None:
    assert set(Incident.Status.values) == set(Status)
    assert set(Incident.Cause.values) == set(Cause)
    assert set(IncidentEvent.Kind.values) == set(Happening) == set(TABLE)


words, counts = st.sampled_from(RANKED), st.integers(0, 5_000)


@given(words, words, counts, counts)
def test_more_critical_and_more_consumers_never_make_it_less_severe(
    one: str, other: str, few: int, many: int
) -> None:
    low, high = sorted((one, other), key=rank)
    few, many = sorted((few, many))
    assert rank(severity_of(low, few)) <= rank(severity_of(high, many))


@pytest.mark.parametrize(
    ("criticality", "consumers", "severity"),
    [
        ("low", 0, "low"),
        ("medium", 0, "low"),
        ("medium", 1, "medium"),
        ("medium", MANY, "high"),
        ("high", MANY - 1, "high"),
        ("critical", MANY, "critical"),
    ],
)
def test_severity_by_criticality_and_consumers(criticality: str, consumers: int, severity: str) -> None:
    assert severity_of(criticality, consumers) == severity


def test_the_worst_speaks_for_all() -> None:
    assert worst(["low", "high", "medium"]) == "high"
    assert worst([]) is None
