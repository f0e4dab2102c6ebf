"""How a check stands, told by its results written as letters: p passed, f failed, e error, s skipped, u unknown."""

from datetime import UTC, datetime, timedelta

import pytest

from catalog.quality.flapping import LOOKED_AT, standing

START = datetime(2026, 11, 1, tzinfo=UTC)
LETTERS = {"p": "passed", "f": "failed", "e": "error", "s": "skipped", "u": "unknown"}


def after(letters: str) -> list[tuple[datetime, str]]:
    return [(START + timedelta(hours=place), LETTERS[letter]) for place, letter in enumerate(letters)]


@pytest.mark.parametrize(
    ("letters", "status", "since", "flaps"),
    [
        ("", "unknown", None, False),
        ("su", "unknown", None, False),
        ("p", "passed", 0, False),
        ("sp", "passed", 1, False),
        ("pppf", "failed", 3, False),  # one failure is enough
        ("f", "failed", 0, False),
        ("pfff", "failed", 1, False),  # since the first of them
        ("pfp", "passed", 2, False),  # and one passed result mends it
        ("pfpf", "failed", 3, True),  # three changes of side: it flaps
        ("pfpfp", "failed", 3, True),  # and one passed result no longer mends it
        ("pfpfpp", "failed", 3, True),
        ("pfpfppp", "passed", 6, True),  # three do
        ("pfpfppfppp", "passed", 9, True),
        ("pfpfpppppppp", "passed", 6, False),  # the changes are older than ten results
        ("pfpfpspsp", "passed", 8, True),  # skipped ones are looked past
        ("pe", "passed", 0, False),  # one that could not be measured changes nothing
        ("pee", "error", 2, False),  # two in a row do
        ("peep", "passed", 3, False),
        ("feef", "failed", 3, False),
        ("fep", "passed", 2, False),
        ("pfpfpepp", "failed", 3, True),  # an error breaks the row of passed results
        ("pfpfpeppp", "passed", 8, True),
        ("eep", "passed", 2, False),
        ("pfpfee", "error", 5, True),
        ("pfpfeep", "failed", 6, True),  # what it was before the errors still counts
    ],
)
def test_standing_follows_the_rule(letters: str, status: str, since: int | None, flaps: bool) -> None:
    found = standing(after(letters))
    assert (found.status, found.is_flapping) == (status, flaps)
    assert found.since == (None if since is None else START + timedelta(hours=since))


def test_check_that_changes_sides_at_every_result_changes_standing_only_at_first() -> None:
    seen = [standing(after("pf" * 15)[:count]).status.value for count in range(1, LOOKED_AT + 1)]
    assert seen == ["passed", "failed", "passed"] + ["failed"] * (LOOKED_AT - 3)
