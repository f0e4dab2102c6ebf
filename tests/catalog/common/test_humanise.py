"""Figures and times in the words people use."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.common import humanise

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"),
        (44, "just now"),
        (50, "50 s ago"),
        (90, "2 min ago"),
        (3599, "1 h ago"),
        (3 * 3600, "3 h ago"),
        (86400, "1 d ago"),
        (13 * 86400, "13 d ago"),
        (21 * 86400, "3 weeks ago"),
        (100 * 86400, "3 months ago"),
        (730 * 86400, "2 years ago"),
        (-2 * 86400, "in 2 d"),
        (-5, "just now"),
    ],
)
def test_age(seconds: int, words: str) -> None:
    assert humanise.relative(NOW - timedelta(seconds=seconds), NOW) == words


@given(st.floats(0, 1e10))
def test_every_length_of_time_has_a_word_and_no_zero_beyond_a_second(seconds: float) -> None:
    words = humanise.span(seconds)
    assert seconds < 1 or not words.startswith("0 ")


@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_longer_is_never_shown_shorter(one: float, other: float) -> None:
    units = {"s": 1, "min": 60, "h": 3600, "d": 86400, "week": 604800, "month": 2629800, "year": 31557600}

    def shown(seconds: float) -> float:
        count, unit = humanise.span(seconds).split()
        return int(count) * units[unit.removesuffix("s") if len(unit) > 1 else unit]

    low, high = sorted((one, other))
    assert shown(low) <= shown(high) * 1.15  # neighbouring units round apart by a little


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (1536, "1.54 kB"), (999_499, "999 kB"), (999_500, "1 MB"),
     (98_765_432, "98.8 MB"), (5 * 10**18, "5000 PB")],
)  # fmt: skip
def test_file_size(value: int, text: str) -> None:
    assert humanise.file_size(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (9_999, "9,999"), (10_000, "10 k"), (12_345, "12.3 k"), (999_949, "1 M"), (1_234_567, "1.23 M"),
     (-12_345, "-12.3 k"), (0.25, "0.25")],
)  # fmt: skip
def test_compact_number(value: float, text: str) -> None:
    assert humanise.compact(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 %"), (1, "100 %"), (0.1234, "12.3 %"), (0.00001, "<0.1 %"), (0.99999, ">99.9 %"), (0.5, "50 %")],
)
def test_share_is_never_rounded_to_none_or_all(value: float, text: str) -> None:
    assert humanise.share(value) == text


def test_length_names_every_unit_that_is_not_zero() -> None:
    assert humanise.length(timedelta(days=1, hours=12)) == "1 d 12 h"
    assert humanise.length(timedelta(minutes=15)) == "15 min"
    assert humanise.length(timedelta()) == "0 s"


def test_exact_names_the_zone() -> None:
    assert humanise.exact(NOW) == "1 Mar 2026, 12:00:00 UTC"
    assert humanise.exact(NOW.astimezone(timezone(timedelta(hours=2), "EET"))) == "1 Mar 2026, 14:00:00 EET"
    assert humanise.machine(NOW.astimezone(timezone(timedelta(hours=2)))) == "2026-03-01T12:00:00Z"
