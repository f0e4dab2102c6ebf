"""Slugs exist for every name, are free, and their addresses lead back to them."""

from urllib.parse import unquote

import pytest
from django.core.validators import validate_unicode_slug
from hypothesis import given
from hypothesis import strategies as st

from catalog.common.slugs import MAX_LENGTH, make_slug


def slug_of(name: str, taken: set[str] | None = None) -> str:
    return make_slug(name, fallback="product", is_taken=lambda slug: slug in (taken or set()))


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Play events", "play-events"),
        ("Прослушивания", "прослушивания"),
        ("再生イベント", "再生イベント"),
        ("أحداث التشغيل", "أحداث-التشغيل"),
        ("Gerät / Größe", "gerät-größe"),
        ("  'Robert\"); DROP TABLE--", "robert-drop-table"),
        ("🎧🎶", "product"),
        ("../../etc/passwd", "etcpasswd"),
        ("...", "product"),
        ("a_b", "a_b"),
    ],
)
def test_names_of_every_script_give_readable_slugs(name: str, slug: str) -> None:
    assert slug_of(name) == slug


def test_a_taken_slug_gets_the_next_number() -> None:
    assert slug_of("Plays", {"plays", "plays-2"}) == "plays-3"


@given(st.text(max_size=300), st.integers(min_value=0, max_value=12))
def test_any_name_gives_a_valid_free_slug(name: str, others: int) -> None:
    taken: set[str] = set()
    for _ in range(others + 1):
        slug = slug_of(name, taken)
        assert 0 < len(slug) <= MAX_LENGTH
        assert slug not in taken
        validate_unicode_slug(slug)
        assert "/" not in slug
        assert unquote(slug) == slug
        taken.add(slug)
