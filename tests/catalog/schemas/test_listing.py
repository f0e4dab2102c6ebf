"""Narrowing, ordering and finding fields."""

import pytest

from catalog.schemas.conformance import compare
from catalog.schemas.listing import Annotation, Row, by_name, letters, narrowed, page_of
from catalog.schemas.shape import FieldShape


def rows_of(*fields: FieldShape, declared: tuple[FieldShape, ...] = (), **said: Annotation) -> list[Row]:
    found = compare(declared, fields).comparisons
    return [
        Row(number, item, said.get(item.path, Annotation()), bool(declared))
        for number, item in enumerate(found, start=1)
    ]


ROWS = rows_of(
    FieldShape("id", "integer", key_position=1),
    FieldShape("track_title", "string", comment="Name of the track"),
    FieldShape("user.email", "string"),
    FieldShape("extra", "string"),
    declared=(
        FieldShape("id", "string"),
        FieldShape("track_title", "string"),
        FieldShape("user.email", "string", classification="pii"),
        FieldShape("gone", "string"),
    ),
    extra=Annotation(description="Left over from the old player"),
)


@pytest.mark.parametrize(
    ("query", "show", "paths"),
    [
        ("", "", ["id", "track_title", "user.email", "gone", "extra"]),
        ("TRACK", "", ["track_title"]),
        ("name track", "", ["track_title"]),
        ("old player", "", ["extra"]),
        ("nothing", "", []),
        ("", "key", ["id"]),
        ("", "broken", ["id", "gone", "extra"]),
        ("", "undescribed", ["id", "user.email", "gone"]),
        ("", "classified", ["user.email"]),
        ("", "nonsense", ["id", "track_title", "user.email", "gone", "extra"]),
    ],
)
def test_rows_are_narrowed(query: str, show: str, paths: list[str]) -> None:
    assert [row.path for row in narrowed(ROWS, query, show)] == paths


def test_order_by_name_forgives_capitals() -> None:
    rows = rows_of(*(FieldShape(name) for name in ("b", "A", "c", "B")))
    assert [row.path for row in by_name(rows)] == ["A", "B", "b", "c"]


def test_letters_name_the_page_where_they_begin() -> None:
    rows = rows_of(*(FieldShape(f"{letter}{number}") for letter in "_1abÉ" for number in range(3)))
    assert [(item.letter, item.page, item.count) for item in letters(rows, page_size=4)] == [
        ("#", 1, 6),
        ("A", 2, 3),
        ("B", 3, 3),
        ("É", 4, 3),
    ]


def test_column_is_found_on_its_page() -> None:
    rows = rows_of(*(FieldShape(f"f{number}") for number in range(2_000)))
    assert page_of(rows, "f0") == 1
    assert page_of(rows, "f1999") == 20
    assert page_of(rows, "f2000") is None


def test_depth_is_bounded() -> None:
    assert [row.depth for row in rows_of(FieldShape("a.b[].c"), FieldShape(".".join("abcdefghijk")))] == [
        3,
        6,
    ]
