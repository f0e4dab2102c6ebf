"""The lifecycle table, step by step, without a database."""

import datetime as dt
import itertools
from dataclasses import replace

import pytest

from catalog.products import lifecycle
from catalog.products.lifecycle import Standing, missing_for
from catalog.products.models import Lifecycle

TODAY = dt.date(2026, 3, 1)
READY = Standing(
    lifecycle="draft",
    has_team=True,
    has_business_owner=True,
    has_technical_owner=True,
    has_purpose=True,
    output_ports=1,
    today=TODAY,
)
ALLOWED = {
    ("proposed", "draft"),
    ("draft", "proposed"),
    ("draft", "active"),
    ("active", "deprecated"),
    ("deprecated", "active"),
    ("deprecated", "retired"),
}


@pytest.mark.parametrize(("before", "step"), list(itertools.product(Lifecycle.values, repeat=2)))
def test_only_the_steps_of_the_table_may_be_taken(before: str, step: str) -> None:
    standing = replace(
        READY, lifecycle=before, has_successor=True, reason="replaced", sunset_on=TODAY + dt.timedelta(days=1)
    )
    problems = missing_for(standing, step)
    assert bool(problems) == ((before, step) not in ALLOWED)
    assert all(problem.rule == "transition" for problem in problems)


def test_every_step_has_a_verb_and_every_word_is_the_models() -> None:
    assert set(lifecycle.VERBS) == ALLOWED
    assert set(lifecycle.TRANSITIONS) == set(Lifecycle.values)


@pytest.mark.parametrize(
    ("gap", "path"),
    [
        ({"has_team": False}, "team"),
        ({"has_business_owner": False}, "business_owner"),
        ({"has_technical_owner": False}, "technical_owner"),
        ({"has_purpose": False}, "purpose"),
        ({"output_ports": 0}, "output_ports"),
    ],
)
def test_publishing_names_each_missing_thing(gap: dict[str, object], path: str) -> None:
    assert [problem.path for problem in missing_for(replace(READY, **gap), "active")] == [path]


def test_publishing_names_everything_at_once() -> None:
    bare = Standing("draft", False, False, False, False, 0, TODAY)
    assert len(missing_for(bare, "active")) == 5


@pytest.mark.parametrize(
    ("said", "paths"),
    [
        ({}, ["successor", "sunset_at"]),
        ({"has_successor": True}, ["sunset_at"]),
        ({"reason": "nobody reads it"}, ["sunset_at"]),
        ({"reason": "   ", "sunset_on": TODAY}, ["successor"]),
        ({"has_successor": True, "sunset_on": TODAY - dt.timedelta(days=1)}, ["sunset_at"]),
        ({"has_successor": True, "sunset_on": TODAY}, []),
    ],
)
def test_deprecating_asks_for_a_way_out_and_a_day(said: dict[str, object], paths: list[str]) -> None:
    standing = replace(READY, lifecycle="active", **said)
    assert [problem.path for problem in missing_for(standing, "deprecated")] == paths


def test_retiring_before_the_sunset_date_asks_why() -> None:
    early = replace(READY, lifecycle="deprecated", sunset_on=TODAY + dt.timedelta(days=30))
    assert [problem.path for problem in missing_for(early, "retired")] == ["reason"]
    assert not missing_for(replace(early, reason="the source is gone"), "retired")
    assert not missing_for(replace(early, today=TODAY + dt.timedelta(days=30)), "retired")


def test_unknown_step_is_said_to_be_unknown() -> None:
    assert [problem.rule for problem in missing_for(READY, "sleeping")] == ["unknown"]
