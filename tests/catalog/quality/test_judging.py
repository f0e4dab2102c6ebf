"""What may be asked, and what the answers mean."""

from typing import Any

import pytest

from catalog.quality.judging import Figures, judge
from catalog.quality.parameters import problems
from catalog.quality.words import default_name, question


def bound(operator: str, *values: float, unit: str = "rows") -> dict[str, Any]:
    return {"operator": operator, "values": list(values), "unit": unit}


SOUND: list[tuple[str, str, dict[str, Any]]] = [
    ("not_null", "a", {}),
    ("not_null", "a", {"missing_values": ["", "N/A"], "bound": bound("at_most", 5, unit="percent")}),
    ("unique", "a", {}),
    ("unique", "", {"fields": ["a", "b"]}),
    ("accepted_values", "a", {"values": ["x", 1, True]}),
    ("range", "a", {"at_least": 0}),
    ("range", "a", {"at_least": "2026-01-01", "at_most": "2026-12-31"}),
    ("pattern", "a", {"pattern": "^x+$"}),
    ("row_count", "", {"bound": bound("between", 1, 10)}),
    ("row_count_change", "", {"at_least": -20, "at_most": 50}),
    ("freshness", "", {"max_age_seconds": 86_400}),
    ("referential", "a", {"table": "b", "field": "id"}),
    ("custom_sql", "", {"query": "SELECT 1", "bound": bound("equal", 1)}),
    ("external", "", {"whatever": [1]}),
    ("text", "", {}),
]


@pytest.mark.parametrize(("kind", "element", "parameters"), SOUND)
def test_sound_parameters_are_taken_and_told_in_words(
    kind: str, element: str, parameters: dict[str, Any]
) -> None:
    assert problems(kind, element, parameters) == []
    assert question(kind, element, parameters).endswith(".")
    assert default_name(kind, element, parameters)


@pytest.mark.parametrize(
    ("kind", "element", "parameters", "path"),
    [
        ("not_null", "", {}, "element"),
        ("not_null", "a", [], "parameters"),
        ("not_null", "a", {"other": 1}, "parameters.other"),
        ("not_null", "a", {"missing_values": [{}]}, "parameters.missing_values"),
        ("unique", "", {}, "element"),
        ("unique", "", {"fields": "a"}, "parameters.fields"),
        ("accepted_values", "a", {}, "parameters.values"),
        ("accepted_values", "a", {"values": "abc"}, "parameters.values"),
        ("accepted_values", "a", {"values": [float("nan")]}, "parameters.values"),
        ("accepted_values", "a", {"values": ["x"] * 1_001}, "parameters.values"),
        ("range", "a", {}, "parameters.at_least"),
        ("range", "a", {"at_least": True}, "parameters.at_least"),
        ("range", "a", {"at_least": 2, "at_most": 1}, "parameters.at_most"),
        ("range", "a", {"at_least": 2, "at_most": "2026-01-01"}, "parameters.at_most"),
        ("pattern", "a", {}, "parameters.pattern"),
        ("pattern", "a", {"pattern": "x" * 501}, "parameters.pattern"),
        ("row_count", "", {}, "parameters.bound"),
        ("row_count", "", {"bound": bound("at_least", 1, unit="percent")}, "parameters.bound.unit"),
        ("row_count", "", {"bound": bound("between", 1)}, "parameters.bound.values"),
        ("row_count", "", {"bound": bound("between", 2, 1)}, "parameters.bound.values"),
        ("row_count", "", {"bound": bound("about", 1)}, "parameters.bound.operator"),
        ("row_count", "", {"bound": {"operator": ["equal"], "values": [1]}}, "parameters.bound.operator"),
        ("row_count", "", {"bound": "many"}, "parameters.bound"),
        ("row_count", "", {"bound": bound("equal", 10**400)}, "parameters.bound.values"),
        ("external", "", {"whatever": "x" * 60_000}, "parameters"),
        ("external", "", {"whatever": "a\0b"}, "parameters"),
        ("row_count_change", "", {}, "parameters.at_least"),
        ("row_count_change", "", {"at_least": "much"}, "parameters.at_least"),
        ("row_count_change", "", {"at_least": 5, "at_most": 1}, "parameters.at_most"),
        ("freshness", "", {"max_age_seconds": 0}, "parameters.max_age_seconds"),
        ("freshness", "", {"max_age_seconds": True}, "parameters.max_age_seconds"),
        ("referential", "a", {"table": "b"}, "parameters.field"),
        ("custom_sql", "", {"query": " ", "bound": bound("equal", 1)}, "parameters.query"),
        ("custom_sql", "", {"query": "SELECT 1"}, "parameters.bound"),
    ],
)
def test_unsound_parameters_are_named(kind: str, element: str, parameters: Any, path: str) -> None:
    assert path in [problem.path for problem in problems(kind, element, parameters)]


@pytest.mark.parametrize(
    ("kind", "parameters", "figures", "outcome", "value", "words"),
    [
        ("not_null", {}, Figures(failed_rows=0, total_rows=9), "passed", 0, "0 of 9 rows are empty"),
        ("not_null", {}, Figures(failed_rows=1, total_rows=9), "failed", 1, "exactly 0"),
        ("unique", {"bound": bound("at_most", 5)}, Figures(failed_rows=5, total_rows=9), "passed", 5, "doubled"),
        (
            "pattern", {"bound": bound("less_than", 10, unit="percent")}, Figures(failed_rows=1, total_rows=10),
            "failed", 10, "(10 %)",
        ),
        (
            "range", {"at_least": 1, "bound": bound("at_most", 5, unit="percent")},
            Figures(failed_rows=0, total_rows=0), "passed", 0, "0 of 0 rows",
        ),
        ("referential", {}, Figures(), "unknown", None, "not measured"),
        ("row_count", {"bound": bound("at_least", 10)}, Figures(value=9), "failed", 9, "at least 10"),
        ("row_count", {"bound": bound("not_between", 0, 5)}, Figures(value=9), "passed", 9, "not between 0 and 5"),
        ("row_count_change", {"at_least": -20}, Figures(value=80, before=100), "passed", -20, "From 100 to 80"),
        ("row_count_change", {"at_least": -20}, Figures(value=79, before=100), "failed", -21, "at least -20 %"),
        ("row_count_change", {"at_most": 50}, Figures(value=5, before=0), "failed", 100, "at most 50 %"),
        ("row_count_change", {"at_most": 50}, Figures(value=5), "unknown", None, "first time"),
        ("freshness", {"max_age_seconds": 86_400}, Figures(value=86_400), "passed", 86_400, "24 hours old"),
        ("freshness", {"max_age_seconds": 86_400}, Figures(value=86_401), "failed", 86_401, "at most 24 hours"),
        ("custom_sql", {"query": "-", "bound": bound("not_equal", 3)}, Figures(value=3), "failed", 3, "not 3"),
        ("custom_sql", {"query": "-", "bound": bound("equal", 3)}, Figures(error="No."), "error", None, "No."),
    ],
)  # fmt: skip
def test_figures_are_held_against_the_bound(
    kind: str, parameters: dict[str, Any], figures: Figures, outcome: str, value: float | None, words: str
) -> None:
    found = judge(kind, parameters, figures)
    assert (found.outcome, found.value) == (outcome, value)
    assert words in found.message
