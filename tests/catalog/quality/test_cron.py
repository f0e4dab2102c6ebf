"""Lines of cron: the times they mean, in both directions, and lines that are none."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from catalog.quality.cron import is_readable, parse


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "moment", "before", "after"),
    [
        ("0 20 * * *", "2026-11-22 12:00", "2026-11-21 20:00", "2026-11-22 20:00"),
        ("0 20 * * *", "2026-11-22 20:00", "2026-11-22 20:00", "2026-11-23 20:00"),
        ("*/15 8-9 * * mon-fri", "2026-11-20 09:50", "2026-11-20 09:45", "2026-11-23 08:00"),
        ("30 6 1 * *", "2026-11-22 00:00", "2026-11-01 06:30", "2026-12-01 06:30"),
        ("0 0 13 * 5", "2026-11-12 00:00", "2026-11-06 00:00", "2026-11-13 00:00"),  # the 13th, or a Friday
        (
            "0 0 */2 * 5",
            "2026-11-12 00:00",
            "2026-10-23 00:00",
            "2026-11-13 00:00",
        ),  # both, as * is no narrowing
        ("0 0 29 2 *", "2026-11-12 00:00", "2024-02-29 00:00", "2028-02-29 00:00"),
        ("0 4 * JAN,jul 7", "2026-11-12 00:00", "2026-07-26 04:00", "2027-01-03 04:00"),
        ("@daily", "2026-11-12 10:00", "2026-11-12 00:00", "2026-11-13 00:00"),
    ],
)
def test_times_of_a_line(line: str, moment: str, before: str, after: str) -> None:
    cron = parse(line)
    assert (cron.before(at(moment)), cron.after(at(moment))) == (at(before), at(after))


@pytest.mark.parametrize(
    "line",
    ["", "daily", "0 20 * *", "0 0 12 * * ?", "60 * * * *", "* 24 * * *", "0 0 0 * *", "0 0 * 13 *", "0 0 * * 8",
     "0 0 30 2 *", "*/0 * * * *", "a b c d e", "-1 * * * *", "0 0 * * fun", "@reboot", "0 0 * * *" + " " * 100],
)  # fmt: skip
def test_lines_that_are_none(line: str) -> None:
    assert not is_readable(line)
    with pytest.raises(ValueError, match=r"cron|never comes"):
        parse(line)


@given(
    some.sampled_from(["0 20 * * *", "7,50 */5 * * 1-5", "0 0 1,15 * 3", "59 23 28-31 * *"]),
    some.integers(0, 20 * 366 * 24 * 60).map(lambda minutes: at("2020-01-01") + timedelta(minutes=minutes)),
)
def test_nothing_lies_between_a_time_and_the_next(line: str, moment: datetime) -> None:
    cron = parse(line)
    last, following = cron.before(moment), cron.after(moment)
    assert last is not None
    assert following is not None
    assert last <= moment < following
    assert cron.after(last) == following
    assert cron.before(following - timedelta(minutes=1)) == last
