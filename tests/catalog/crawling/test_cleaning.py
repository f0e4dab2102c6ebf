"""What sources say is made storable, whatever it is."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.connections.connectors.observations import (
    AssetKey,
    Failure,
    ObservedAsset,
    ObservedField,
    ObservedProfile,
    ObservedReading,
)
from catalog.crawling import cleaning

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = AssetKey("sqlite://x", "plays")


@given(st.text(), st.integers(1, 50))
def test_texts_fit_and_can_be_encoded(raw: str, limit: int) -> None:
    clean = cleaning.text(raw, limit)
    assert len(clean) <= limit
    assert "\x00" not in clean
    clean.encode("utf-8")


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("a\x00b", "ab"),
        ("a\ud800b", "a?b"),
        (("tuple", 1), ["tuple", 1]),
        (float("nan"), None),
        (float("inf"), None),
        (2**70, str(2**70)),
        ({1: {"x": b"y"}}, {"1": {"x": "b'y'"}}),
        (True, True),
    ],
)
def test_json_is_what_databases_take(raw: Any, clean: Any) -> None:
    assert cleaning.json_value(raw) == clean
    json.dumps(clean, allow_nan=False)


def test_endless_nesting_ends() -> None:
    nested: Any = "x"
    for _ in range(100):
        nested = [nested]
    assert json.dumps(cleaning.json_value(nested)).count("[") < 20


def test_doubled_and_too_many_fields_are_cut() -> None:
    fields = tuple(ObservedField(path=f"f{n // 2}", name="f") for n in range(2 * cleaning.MOST_FIELDS + 50))
    clean = cleaning.asset(ObservedAsset(namespace="n", name="a", kind="table", fields=fields))
    assert clean.fields is not None
    assert len(clean.fields) == cleaning.MOST_FIELDS
    assert len({field.path for field in clean.fields}) == cleaning.MOST_FIELDS


def test_lying_field_becomes_modest() -> None:
    field = ObservedField(
        path="p" * 900,
        name="n" * 900,
        logical_type="money",
        key_position=10**9,
        comment="c\x00" * 9_000,  # type: ignore[arg-type]
    )
    (clean,) = (
        cleaning.asset(ObservedAsset(namespace="n", name="a", kind="sheet", fields=(field,))).fields or ()
    )  # type: ignore[arg-type]
    assert (len(clean.path), len(clean.name), clean.logical_type, clean.key_position) == (
        500,
        300,
        "unknown",
        None,
    )
    assert len(clean.comment) == cleaning.LONGEST_TEXT


@pytest.mark.parametrize(
    ("fresh_at", "believed"),
    [
        (NOW - timedelta(days=1), True),
        (NOW + timedelta(minutes=30), True),  # clocks differ a little
        (NOW + timedelta(days=1), False),
        (datetime(9999, 1, 1, tzinfo=UTC), False),
        (datetime(2026, 1, 1), False),  # noqa: DTZ001  # without a zone it names no moment
    ],
)
def test_newest_time_in_the_future_is_not_believed(fresh_at: datetime, believed: bool) -> None:
    seen = ObservedReading(asset=KEY, is_reachable=True, fresh_at=fresh_at, fresh_basis="column at")
    clean = cleaning.reading(seen, NOW)
    assert (clean.fresh_at == fresh_at) == believed
    assert (clean.fresh_basis == "column at") == believed


def test_impossible_numbers_are_unknown() -> None:
    seen = ObservedReading(
        asset=KEY,
        is_reachable=True,
        row_count=-1,
        size_bytes=2**64,
        latency_ms=float("nan"),
        error=Failure("malformed", "m" * 9_000),
    )
    clean = cleaning.reading(seen, NOW)
    assert (clean.row_count, clean.size_bytes, clean.latency_ms) == (None, None, None)
    assert clean.error is not None
    assert len(clean.error.message) == 1_000


def test_profile_is_bounded() -> None:
    seen = ObservedProfile(
        asset=KEY,
        path="a",
        row_count=-5,
        null_share=7.5,
        mean=float("inf"),
        histogram=tuple((n, n + 1, n) for n in range(100)),
        top_values=tuple((f"v{n}", n) for n in range(100)),
    )
    clean = cleaning.profile(seen)
    assert (clean.row_count, clean.null_share, clean.mean) == (0, 1.0, None)
    assert (len(clean.histogram), len(clean.top_values)) == (12, 10)
    emptied = cleaning.without_values(clean, "Because.")
    assert (emptied.histogram, emptied.top_values, emptied.withheld_because) == ((), (), "Because.")
