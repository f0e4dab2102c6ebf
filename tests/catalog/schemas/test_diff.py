"""The difference between two schemas: every kind of change, its severity and its sentence."""

import random

import pytest

from catalog.schemas.diff import Change, ChangeKind, Severity, diff, summary, worst
from catalog.schemas.shape import FieldShape

BASE = FieldShape("user_id", "string", "varchar(20)", is_nullable=False, comment="Who played")


def altered(**changes: object) -> FieldShape:
    values = {name: getattr(BASE, name) for name in BASE.__dataclass_fields__}
    return FieldShape(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("after", "kind", "severity", "sentence"),
    [
        (
            altered(logical_type="integer", physical_type="bigint"),
            "type",
            "breaking",
            "user_id changed its type from string (varchar(20)) to integer (bigint).",
        ),
        (
            altered(physical_type="varchar(40)"),
            "type",
            "harmless",
            "user_id widened from varchar(20) to varchar(40).",
        ),
        (
            altered(physical_type="varchar(8)"),
            "type",
            "risky",
            "user_id changed from varchar(20) to varchar(8).",
        ),
        (
            altered(is_nullable=True),
            "nullability",
            "breaking",
            "user_id may now be empty; it never was before.",
        ),
        (
            altered(is_nullable=None),
            "nullability",
            "risky",
            "The source no longer says whether user_id may be empty.",
        ),
        (
            altered(key_position=1),
            "key",
            "risky",
            "user_id joined the primary key: a row may now stand for something else.",
        ),
        (altered(is_unique=True), "uniqueness", "harmless", "user_id is now unique."),
        (
            altered(references="people.id"),
            "reference",
            "harmless",
            "user_id got a reference: “people.id”.",
        ),
        (
            altered(comment="The listener"),
            "comment",
            "harmless",
            "user_id changed its comment from “Who played” to “The listener”.",
        ),
        (altered(comment=""), "comment", "harmless", "user_id lost its comment: “Who played”."),
        (
            altered(classification="personal"),
            "classification",
            "risky",
            "user_id got a classification: “personal”.",
        ),
    ],
)
def test_altered_field_is_said_in_one_sentence(
    after: FieldShape, kind: str, severity: str, sentence: str
) -> None:
    (change,) = diff([BASE], [after])
    assert (change.kind, change.severity, change.sentence) == (kind, severity, sentence)


@pytest.mark.parametrize(
    ("before", "after", "severity"),
    [
        ("integer", "number", "risky"),
        ("date", "timestamp", "risky"),
        ("number", "integer", "breaking"),
        ("unknown", "string", "risky"),
        ("object", "array", "breaking"),
    ],
)
def test_logical_type_decides_the_severity(before: str, after: str, severity: str) -> None:
    assert diff([FieldShape("a", before)], [FieldShape("a", after)])[0].severity == severity


@pytest.mark.parametrize(
    ("before", "after", "widened"),
    [
        ("int", "bigint", True),
        ("bigint", "int", False),
        ("real", "double precision", True),
        ("numeric(10,2)", "numeric(12,2)", True),
        ("numeric(10,2)", "numeric(10,4)", False),  # two digits before the point are lost
        ("varchar(10)", "varchar", True),
        ("varchar", "varchar(10)", False),
        ("timestamp(3) with time zone", "timestamp(6) with time zone", True),
        ("timestamp(3) with time zone", "timestamp(6)", False),
        ("text", "citext", False),
        ("struct(a int)(", "struct(b int)(", False),
    ],
)
def test_physical_type_widens_only_when_it_holds_all_it_held(before: str, after: str, widened: bool) -> None:
    (change,) = diff([FieldShape("a", "string", before)], [FieldShape("a", "string", after)])
    assert change.severity == (Severity.HARMLESS if widened else Severity.RISKY)


def test_removed_and_added_name_the_parent_they_went_with() -> None:
    before = [FieldShape("order", "object"), FieldShape("order.total", "number"), FieldShape("id", "integer")]
    after = [FieldShape("id", "integer"), FieldShape("items", "array"), FieldShape("items[]", "object")]
    after.append(FieldShape("items[].sku", "string"))
    assert [change.sentence for change in diff(before, after)] == [
        "order was removed.",
        "order.total was removed with order.",
        "items was added as array.",
        "items[] was added with items.",
        "items[].sku was added with items[].",
    ]


def test_renamed_field_is_one_removed_and_one_added() -> None:
    kinds = [change.kind for change in diff([FieldShape("a", "string")], [FieldShape("b", "string")])]
    assert kinds == [ChangeKind.REMOVED, ChangeKind.ADDED]


def test_worst_come_first_and_the_order_of_input_does_not_matter() -> None:
    before = [FieldShape(f"f{n}", "string", is_nullable=False) for n in range(20)]
    after = [
        FieldShape(f"f{n}", "integer" if n % 3 else "string", is_nullable=bool(n % 2), comment="x" * (n % 5))
        for n in range(2, 23)
    ]
    expected = diff(before, after)
    ranks = [list(Severity).index(change.severity) for change in expected]
    assert ranks == sorted(ranks)
    shuffled = before[:]
    random.Random(7).shuffle(shuffled)
    assert set(diff(shuffled, after)) == set(expected)
    assert diff(before, after) == expected


def test_equal_schemas_differ_in_nothing_even_in_another_order() -> None:
    fields = [FieldShape("a", "string"), FieldShape("b", "integer", key_position=1)]
    assert diff(fields, list(reversed(fields))) == ()
    assert summary(()) == ""
    assert worst(()) is None


def test_summary_counts_fields_once_per_kind() -> None:
    changes = diff(
        [FieldShape("a", "string"), FieldShape("b", "string")],
        [FieldShape("b", "integer"), FieldShape("c", "string"), FieldShape("d", "string")],
    )
    assert summary(changes) == "2 fields added, 1 removed, 1 with another type"
    assert worst(changes) is Severity.BREAKING


def test_change_survives_json() -> None:
    (change,) = diff([], [FieldShape("naïve “field”", "string")])
    assert Change(**change.as_dict()) == change  # type: ignore[arg-type]
