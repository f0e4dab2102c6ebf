"""Cycles, distances and paths of the drawn graph."""

from lineage.graph import LineageGraph, Reach


def test_cycles_are_found_and_named_once() -> None:
    graph = LineageGraph("abcde", [("a", "b"), ("b", "a"), ("b", "c"), ("d", "d")])
    assert graph.cycles() == [["a", "b"], ["d"]]


def test_upstream_counts_down_and_downstream_counts_up() -> None:
    graph = LineageGraph("abcd", [("a", "b"), ("b", "c"), ("a", "c"), ("c", "d")])
    reach = graph.reach("c")
    assert reach["a"] == Reach(-1, ("a", "c"))
    assert reach["d"] == Reach(1, ("c", "d"))
    assert reach["c"] == Reach(0, ("c",))


def test_what_is_aside_is_not_reached() -> None:
    graph = LineageGraph("abc", [("a", "b"), ("a", "c")])
    assert "c" not in graph.reach("b")
    assert LineageGraph("ab", []).reach("z") == {}


def test_in_a_cycle_the_shorter_way_counts() -> None:
    graph = LineageGraph("abc", [("a", "b"), ("b", "c"), ("c", "a")])
    assert graph.reach("a")["c"].distance == -1
    assert graph.reach("a")["b"].distance == 1


def test_edges_within_a_group() -> None:
    graph = LineageGraph("abc", [("a", "b"), ("b", "a"), ("b", "c")])
    assert graph.edges_within(["a", "b"]) == {("a", "b"), ("b", "a")}
