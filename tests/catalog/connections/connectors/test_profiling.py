"""Profiles fail closed: values are kept only where somebody released them or they are harmless, and all is bounded."""

import json
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.connections.connectors.base import Wanted
from catalog.connections.connectors.observations import AssetKey, LogicalType, ObservedField, ObservedProfile
from catalog.connections.connectors.profiling import PRESENT, profile_field, profile_rows, rows_to_read
from catalog.connections.connectors.suspicion import passes_luhn, suspected_by_name, suspected_by_values

KEY = AssetKey("sqlite:///x", "t")


def profile(
    values: list[Any],
    path: str = "amount",
    logical: LogicalType = "integer",
    *,
    released: frozenset[str] = frozenset(),
    withheld: frozenset[str] = frozenset(),
    **options: Any,
) -> ObservedProfile:
    wanted = Wanted(asset=KEY, address={}, released=released, withheld=withheld)
    options.setdefault("is_sample", False)
    return profile_field(wanted, ObservedField(path=path, name=path, logical_type=logical), values, **options)


def keeps_values(found: ObservedProfile) -> bool:
    return bool(
        found.minimum or found.maximum or found.mean is not None or found.histogram or found.top_values
    )


@pytest.mark.parametrize(
    ("logical", "values"),
    [
        ("string", ["Ann"] * 50),
        ("boolean", [True] * 50),
        ("unknown", [1] * 50),
        ("binary", [b"x"] * 50),
        ("object", [PRESENT] * 50),
        ("array", [PRESENT] * 50),
    ],
)
def test_nothing_but_figures_is_kept_of_texts_and_the_like(logical: LogicalType, values: list[Any]) -> None:
    found = profile([*values, None], logical=logical)
    assert not keeps_values(found)
    assert found.null_share == pytest.approx(1 / 51)
    assert found.withheld_because


@pytest.mark.parametrize(
    "path",
    [
        "email",
        "customerEmail",
        "user_phone2",
        "date_of_birth",
        "geburtsdatum",
        "Prénom",
        "home.zip",
        "salary",
        "ssn",
        "IBAN",
        "ip_address",
        "lat",
        "gps.lon",
        "card_number",
        "телефон",
        "电话号码",
        "passwords",
        "age",
    ],
)
def test_suspected_names_withhold_even_numbers(path: str) -> None:
    found = profile([1, 2, 3] * 20, path=path)
    assert not keeps_values(found)
    assert "name suggests" in found.withheld_because


@pytest.mark.parametrize(
    "path",
    ["amount", "latency_ms", "play_count", "played_at", "created", "bitrate", "package", "plate", "stage"],
)
def test_ordinary_names_are_not_suspected(path: str) -> None:
    assert suspected_by_name(path) == ""


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([4111111111111111, 5500005555555559, 340000000000009], "payment cards"),
        (["ann@example.org"], "e-mail addresses"),
        (["DE89 3704 0044 0532 0130 00"], "bank accounts"),
        (["+47 22 22 55 55"], "phone numbers"),
        (["192.168.1.20"], "network addresses"),
        (["2001:db8::1"], "network addresses"),
        (["123-45-6789"], "national identifiers"),
        (["44051401359"], "national identifiers"),
        (["11144477735"], "national identifiers"),
        (["59.91387, 10.75225"], "positions"),
        ([59.91387, 60.39299, 63.43049], "positions"),
        ([date(1940 + n, 3, n % 27 + 2) for n in range(60)], "dates of birth"),
    ],
)
def test_values_give_themselves_away(values: list[Any], reason: str) -> None:
    assert suspected_by_values(values) == reason


@pytest.mark.parametrize(
    "values",
    [
        [12.5, 99.99, 1200.0],
        [1_700_000_000_000 + 137 * n for n in range(300)],
        list(range(1000)),
        [0.1234567890123, 0.9876543210987],
        [datetime(2026, 10, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(200)],
        [],
    ],
)
def test_ordinary_values_are_not_suspected(values: list[Any]) -> None:
    assert suspected_by_values(values) == ""


def test_numbers_that_look_like_cards_are_withheld_under_a_harmless_name() -> None:
    found = profile([4111111111111111, 5500005555555559] * 10, path="reference")
    assert not keeps_values(found)
    assert "payment cards" in found.withheld_because


def test_release_keeps_texts_and_classification_overrules_release() -> None:
    assert profile(["a"] * 10, "code", "string", released=frozenset({"code"})).top_values == (("a", 10),)
    found = profile(["a"] * 10, "code", "string", released=frozenset({"code"}), withheld=frozenset({"code"}))
    assert not keeps_values(found)
    assert "classified" in found.withheld_because


@pytest.mark.parametrize("path", ["who.pay_grade", "who[].grade", "who{}.grade"])
def test_classifying_a_parent_withholds_what_is_nested_in_it(path: str) -> None:
    assert not keeps_values(profile([1] * 20, path, withheld=frozenset({"who"})))
    assert keeps_values(profile([1] * 20, "whole", withheld=frozenset({"who"})))


@pytest.mark.parametrize(("rows", "named"), [(9, False), (10, True)])
def test_value_is_named_only_when_ten_rows_share_it(rows: int, named: bool) -> None:
    found = profile([5] * rows + list(range(100, 140)))
    assert any(value == "5" for value, _ in found.top_values) is named


def test_figures_of_a_plain_column() -> None:
    found = profile([1, 2, 2, 3, None])
    assert (found.row_count, found.null_share, found.distinct_estimate) == (5, 0.2, 3)
    assert (found.minimum, found.maximum, found.mean) == ("1", "3", 2.0)
    assert sum(rows for _, _, rows in found.histogram) == 4


def test_distinct_values_of_a_sample_are_estimated_as_duj1() -> None:
    unique = profile(list(range(1000)), is_sample=True, row_total=50_000)
    assert unique.distinct_estimate == 50_000
    few = profile([n % 7 for n in range(1000)], is_sample=True, row_total=50_000)
    assert few.distinct_estimate == 7


@pytest.mark.parametrize(
    ("logical", "values", "low", "high"),
    [
        ("number", [Decimal("1.50"), Decimal("NaN"), 2.5, float("inf")], "1.50", "2.5"),
        ("date", [date(2026, 1, 2), date(2026, 3, 4)], "2026-01-02", "2026-03-04"),
        ("time", [time(9), time(17, 30)], "09:00:00", "17:30:00"),
        (
            "timestamp",
            ["2026-01-02 03:04:05", "not a time"],
            "2026-01-02T03:04:05+00:00",
            "2026-01-02T03:04:05+00:00",
        ),
        ("integer", [10**400, 5, True], "5", "5"),
    ],
)
def test_odd_values_are_survived(logical: LogicalType, values: list[Any], low: str, high: str) -> None:
    found = profile(values, logical=logical)
    assert (found.minimum, found.maximum) == (low, high)


def test_no_rows_give_no_shares() -> None:
    found = list(
        profile_rows(Wanted(asset=KEY, address={}), [ObservedField(path="a", name="a")], [], is_sample=False)
    )
    assert (found[0].row_count, found[0].null_share, found[0].distinct_estimate) == (0, None, None)


def test_wide_tables_are_looked_at_less_deeply() -> None:
    assert rows_to_read(10, 10_000) == 10_000
    assert rows_to_read(2_000, 10_000) == 1_000
    assert rows_to_read(1_000_000, 10_000) == 100


SCALARS = st.one_of(
    st.none(),
    st.integers(),
    st.floats(),
    st.text(max_size=400),
    st.booleans(),
    st.decimals(allow_nan=True),
    st.datetimes(),
    st.dates(),
    st.times(),
    st.binary(max_size=20),
)


@settings(max_examples=150)
@given(
    st.lists(SCALARS, max_size=60),
    st.sampled_from(["integer", "number", "date", "time", "timestamp", "string", "unknown"]),
)
def test_any_mixture_gives_a_bounded_profile_that_can_be_stored(values: list[Any], logical: Any) -> None:
    found = profile(values, logical=logical, released=frozenset({"amount"}))
    assert len(json.dumps(asdict(found), allow_nan=False)) < 10_000
    assert len(found.histogram) <= 12
    assert all(rows >= 10 for _, rows in found.top_values)


@given(st.text(alphabet="0123456789", min_size=12, max_size=18))
def test_luhn_accepts_exactly_one_check_digit(digits: str) -> None:
    assert sum(passes_luhn(digits + check) for check in "0123456789") == 1
