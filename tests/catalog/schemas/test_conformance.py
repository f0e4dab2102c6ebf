"""Observed against declared, field by field."""

import pytest

from catalog.schemas.conformance import Verdict, compare, unread
from catalog.schemas.shape import FieldShape


@pytest.mark.parametrize(
    ("declared", "observed", "verdict"),
    [
        (FieldShape("a", "string"), FieldShape("a", "string"), "kept"),
        (FieldShape("a", "number"), FieldShape("a", "integer"), "kept"),
        (FieldShape("a", "integer"), FieldShape("a", "number"), "broken"),
        (FieldShape("a", "unknown"), FieldShape("a", "string"), "unknown"),
        (FieldShape("a", "string"), FieldShape("a", "unknown"), "unknown"),
        (FieldShape("Track_ID", "string"), FieldShape("track_id", "string"), "kept"),
        (FieldShape("a", "string", is_nullable=False), FieldShape("a", "string", is_nullable=True), "kept"),
    ],
)
def test_field_is_judged_by_what_both_sides_say(
    declared: FieldShape, observed: FieldShape, verdict: str
) -> None:
    (row,) = compare([declared], [observed]).comparisons
    assert row.verdict == verdict
    assert bool(row.breaches) == (verdict == "broken")


def test_key_is_judged_only_where_the_source_knows_keys() -> None:
    declared = [FieldShape("id", "integer", key_position=1), FieldShape("day", "date")]
    keyless = [FieldShape("id", "integer"), FieldShape("day", "date")]
    keyed = [FieldShape("id", "integer"), FieldShape("day", "date", key_position=1)]
    assert compare(declared, keyless).broken == ()
    assert [row.path for row in compare(declared, keyed).broken] == ["id"]


def test_missing_fields_stand_where_the_declaration_has_them() -> None:
    declared = [FieldShape(name, "string") for name in ("gone0", "a", "gone1", "gone2", "b", "gone3")]
    observed = [FieldShape(name, "string") for name in ("a", "extra", "b")]
    result = compare(declared, observed)
    assert [row.path for row in result.comparisons] == ["gone0", "a", "gone1", "gone2", "extra", "b", "gone3"]
    assert result.share == pytest.approx(2 / 6)
    assert [row.verdict for row in result.comparisons if row.path == "extra"] == [Verdict.EXTRA]


def test_capitals_are_forgiven_only_when_unambiguous() -> None:
    result = compare([FieldShape("A", "string")], [FieldShape("a", "string"), FieldShape("á", "string")])
    assert result.share == 1
    doubled = compare(
        [FieldShape("NAME", "string")], [FieldShape("name", "string"), FieldShape("Name", "string")]
    )
    assert doubled.share == 0


def test_nothing_declared_is_not_measured() -> None:
    assert compare([], [FieldShape("a")]).share is None


def test_wide_schemas_compare_in_linear_time() -> None:
    wide = [FieldShape(f"column_{number}", "string") for number in range(20_000)]
    assert compare(wide, []).share == 0
    assert compare(wide, list(reversed(wide))).share == 1


def test_nothing_is_missing_from_data_that_nobody_has_read() -> None:
    found = unread([FieldShape("id", "integer", key_position=1), FieldShape("day", "date")])
    assert [(row.path, row.verdict, row.observed) for row in found.comparisons] == [
        ("id", Verdict.UNKNOWN, None),
        ("day", Verdict.UNKNOWN, None),
    ]
    assert found.declared_count == 2
    assert not found.broken
