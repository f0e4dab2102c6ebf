"""The layered layout keeps its promises on any graph."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from lineage.layout import NODE_GAP, draw

edges_of_small_graphs = st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)), max_size=40)
SIZE = (100.0, 40.0)


@given(edges_of_small_graphs)
def test_boxes_of_one_layer_never_overlap(edges: list[tuple[int, int]]) -> None:
    drawing = draw(dict.fromkeys(range(15), SIZE), edges)
    layers: dict[int, list[float]] = {}
    for box in drawing.boxes.values():
        layers.setdefault(box.layer, []).append(box.y)
    for tops in layers.values():
        for above, below in pairwise(sorted(tops)):
            assert below - above >= SIZE[1] + NODE_GAP - 1e-6


@given(edges_of_small_graphs)
def test_every_edge_runs_rightward_unless_it_closes_a_cycle(edges: list[tuple[int, int]]) -> None:
    drawing = draw(dict.fromkeys(range(15), SIZE), edges)
    assert {(route.upstream, route.downstream) for route in drawing.routes} == set(edges)
    for route in drawing.routes:
        left, right = drawing.boxes[route.upstream], drawing.boxes[route.downstream]
        assert route.closes_cycle == (left.layer >= right.layer)
        if not route.closes_cycle:
            assert route.points[0][0] == left.x + left.width
            assert route.points[-1][0] == right.x


@given(edges_of_small_graphs)
def test_the_same_graph_is_always_drawn_the_same(edges: list[tuple[int, int]]) -> None:
    sizes = dict.fromkeys(range(15), SIZE)
    assert draw(sizes, edges) == draw(sizes, edges)


def test_a_chain_is_a_straight_line() -> None:
    drawing = draw(dict.fromkeys("abc", SIZE), [("a", "b"), ("b", "c")])
    assert [drawing.boxes[key].layer for key in "abc"] == [0, 1, 2]
    assert len({drawing.boxes[key].y for key in "abc"}) == 1


def test_a_diamond_has_no_crossing_and_its_ends_lie_between() -> None:
    drawing = draw(dict.fromkeys("abcd", SIZE), [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")])
    boxes = drawing.boxes
    assert boxes["a"].middle == boxes["d"].middle == (boxes["b"].middle + boxes["c"].middle) / 2


def test_two_pairs_are_untangled() -> None:
    drawing = draw(dict.fromkeys("abcd", SIZE), [("a", "d"), ("b", "c")])
    boxes = drawing.boxes
    assert (boxes["a"].y < boxes["b"].y) == (boxes["d"].y < boxes["c"].y)


def test_nothing_to_draw_is_an_empty_drawing() -> None:
    drawing = draw({}, [("a", "b")])
    assert (drawing.boxes, drawing.routes, drawing.width) == ({}, [], 0.0)


def test_a_chain_of_two_thousand_nodes_does_not_overflow_the_stack() -> None:
    drawing = draw(dict.fromkeys(range(2000), SIZE), list(pairwise(range(2000))))
    assert drawing.boxes[1999].layer == 1999
