"""Ways: what steps say one after the other, and several ways beside each other."""

from datetime import UTC, datetime
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from lineage.edges.ways import Way, ways_from


def day(number: int) -> datetime:
    return datetime(2026, 1, number, tzinfo=UTC)


def step(first: int, last: int, confidence: int = 100) -> Way:
    return Way(day(first), day(last), confidence)


def test_a_way_is_as_young_as_its_youngest_step_and_as_stale_as_its_stalest() -> None:
    steps = {1: [(2, "sql", step(1, 9, 80))], 2: [(3, "dbt", step(4, 7, 90))]}
    arrivals, taken, is_done = ways_from(1, steps, {1, 3}, 10)
    assert arrivals == {(3, "dbt"): step(4, 7, 80)}
    assert (taken, is_done) == (2, True)


def test_of_two_ways_the_better_of_each_part_counts_whichever_is_met_first() -> None:
    steps = {
        1: [(2, "sql", step(5, 9)), (3, "sql", step(1, 2))],
        2: [(4, "sql", step(5, 9))],
        3: [(2, "sql", step(1, 2))],
    }
    assert ways_from(1, steps, {1, 4}, 99)[0] == {(4, "sql"): step(5, 9)}
    steps[2] = [(4, "sql", step(1, 9))]
    assert ways_from(1, steps, {1, 4}, 99)[0] == {(4, "sql"): step(1, 9)}


def test_a_circle_of_unclaimed_assets_ends_and_a_claimed_asset_ends_the_way() -> None:
    steps = {n: [(n % 4 + 1, "sql", step(1, 9)), (5, "sql", step(1, 9))] for n in (1, 2, 3, 4)}
    steps[5] = [(6, "sql", step(1, 9))]
    arrivals, _, is_done = ways_from(1, steps, {1, 5, 6}, 999)
    assert is_done
    assert set(arrivals) == {(1, "sql"), (5, "sql")}


def test_the_budget_ends_the_walk_and_says_so() -> None:
    steps = {n: [(n + 1, "sql", step(1, 9))] for n in range(50)}
    assert ways_from(0, steps, {0, 50}, 10) == ({}, 10, False)


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(1, 20), st.integers(1, 20)), max_size=14
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_of_steps_does_not_matter(rows: list[tuple[int, int, int, int]], random: Random) -> None:
    def walk(listed: list[tuple[int, int, int, int]]) -> object:
        steps: dict[int, list[tuple[int, str, Way]]] = {}
        for up, down, first, last in listed:
            steps.setdefault(up, []).append((down, "sql", step(first, last)))
        return ways_from(0, steps, {0, 5}, 10_000)[0]

    shuffled = list(rows) * 2
    random.shuffle(shuffled)
    assert walk(shuffled) == walk(rows)
