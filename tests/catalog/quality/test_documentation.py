"""Documentation completeness: what is missing is named, and writing more never lowers the figure."""

from dataclasses import replace

import pytest

from catalog.quality.documentation import Documented, completeness

NOTHING = Documented(
    purpose=False,
    description=False,
    usage=False,
    limitations=False,
    port_description=False,
    has_owner=False,
    has_support=False,
    classification=False,
)
SWITCHES = [name for name in Documented.__dataclass_fields__ if name not in ("described", "fields")]


def test_nothing_written_is_zero_and_everything_is_one() -> None:
    assert completeness(NOTHING).share == 0
    full = completeness(replace(NOTHING, **dict.fromkeys(SWITCHES, True), fields=4, described=4))  # type: ignore[arg-type]
    assert full.share == 1
    assert full.missing == ()


@pytest.mark.parametrize("name", SWITCHES)
def test_each_text_raises_the_figure(name: str) -> None:
    less, more = completeness(NOTHING), completeness(replace(NOTHING, **{name: True}))  # type: ignore[arg-type]
    assert more.share > less.share
    assert len(more.missing) == len(less.missing) - 1


def test_fields_without_description_are_counted_and_named_first() -> None:
    half = completeness(replace(NOTHING, fields=2_000, described=500))
    assert half.missing[0] == "a description of 1,500 of 2,000 fields"
    assert 0 < half.share < completeness(replace(NOTHING, fields=2_000, described=1_000)).share
