"""The small charts stay inside their box and say in words what they draw."""

from hypothesis import given
from hypothesis import strategies as st

from catalog.common.charts import histogram, sparkline

VALUES = st.lists(st.one_of(st.none(), st.floats(-1e12, 1e12)), max_size=40)


@given(VALUES)
def test_line_stays_inside_its_box(values: list[float | None]) -> None:
    chart = sparkline(values, width=96, height=20)
    points = [point for segment in chart.segments for point in segment.split()]
    for point in [*points, *([f"{chart.last[0]},{chart.last[1]}"] if chart.last else [])]:
        x, y = map(float, point.split(","))
        assert 0 <= x <= 96
        assert 0 <= y <= 20


def test_gaps_break_the_line() -> None:
    assert len(sparkline([1, 2, None, 3, 4]).segments) == 2
    assert sparkline([None, None]).twin == "no values"


def test_words_name_range_and_last() -> None:
    assert sparkline([3, None, 12, 7]).twin == "3 values, from 3 to 12, last 7"


def test_a_bin_with_one_row_can_be_seen_and_an_empty_one_not() -> None:
    bars = histogram([[0, 1, 100_000], [1, 2, 1], [2, 3, 0]]).bars
    assert bars[0].height == 28
    assert bars[1].height == 1
    assert bars[2].height == 0
    assert all(bar.y + bar.height == 28 for bar in bars)


def test_histogram_of_nothing_and_of_empty_bins() -> None:
    assert histogram([]).twin == "no values"
    assert all(bar.height == 0 for bar in histogram([[0, 1, 0], [1, 2, 0]]).bars)
