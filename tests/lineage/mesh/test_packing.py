"""Packing: nothing overlaps, data flows to the right, the same input gives the same map, ways stay outside boxes."""

import random
from itertools import combinations

from lineage.mesh.laying import CELL_HEIGHT, CELL_WIDTH, grid_size, spot
from lineage.mesh.packing import Rect, flow_order, pack, routes, smooth


def sizes(count: int, seed: int = 1) -> dict[str, tuple[float, float]]:
    draw = random.Random(seed)
    return {f"d{n}": (draw.uniform(100, 900), draw.uniform(60, 500)) for n in range(count)}


def overlap(a: Rect, b: Rect) -> bool:
    return a.x < b.right and b.x < a.right and a.y < b.bottom and b.y < a.bottom


def test_boxes_never_overlap_and_stay_inside() -> None:
    for count in (1, 2, 7, 40):
        packed = pack(sizes(count), {("d0", "d1"): 3}, gap_x=40, gap_y=20, aspect=2)
        assert len(packed.rects) == count
        for a, b in combinations(packed.rects.values(), 2):
            assert not overlap(a, b)
        for rect in packed.rects.values():
            assert rect.x >= 0
            assert rect.y >= 0
            assert rect.right <= packed.width + 0.01
            assert rect.bottom <= packed.height + 0.01


def test_shape_comes_near_the_window() -> None:
    packed = pack(sizes(40), {}, gap_x=40, gap_y=20, aspect=2)
    assert 1.2 < packed.width / packed.height < 3.3


def test_a_chain_runs_from_left_to_right() -> None:
    chain = {("a", "b"): 1, ("b", "c"): 1, ("c", "d"): 1}
    assert flow_order(["d", "b", "c", "a"], chain) == ["a", "b", "c", "d"]
    packed = pack(dict.fromkeys("dbca", (100.0, 100.0)), chain, gap_x=40, gap_y=20, aspect=9)
    assert [packed.column_of[key] for key in "abcd"] == sorted(packed.column_of[key] for key in "abcd")
    assert packed.rects["a"].x < packed.rects["d"].x


def test_of_a_cycle_the_light_edge_leads_back() -> None:
    assert flow_order(["b", "a"], {("a", "b"): 9, ("b", "a"): 1}) == ["a", "b"]
    assert flow_order(["x", "b", "a"], {("a", "b"): 9, ("b", "a"): 1}) == ["a", "b", "x"]


def test_the_same_input_gives_the_same_places() -> None:
    weights = {("d1", "d2"): 4, ("d5", "d3"): 2, ("d2", "d0"): 7}
    first, second = (pack(sizes(9), weights, gap_x=40, gap_y=20, aspect=2) for _ in range(2))
    assert first.rects == second.rects


def test_ways_begin_and_end_at_their_boxes_and_pass_between_others() -> None:
    names = [f"d{n}" for n in range(12)]
    weights = dict.fromkeys(combinations(names, 2), 1)
    packed = pack(sizes(12), weights, gap_x=60, gap_y=24, aspect=2)
    for (up, down), points in routes(packed, list(weights), 60).items():
        ends = [packed.rects[up], packed.rects[down]]
        for (x, y), rect in zip((points[0], points[-1]), ends, strict=True):
            assert x in (rect.x, rect.right)
            assert rect.y < y < rect.bottom
        for x, y in points[1:-1] if len(points) > 3 else ():  # three: around by the gutter
            inside = [
                key
                for key, rect in packed.rects.items()
                if rect.x < x < rect.right and rect.y < y < rect.bottom
            ]
            assert not inside
        assert smooth(points).startswith("M")


def test_a_grid_holds_all_its_products_without_overlap() -> None:
    for products in (1, 2, 3, 9, 250, 2000):
        places = [spot(place, products) for place in range(products)]
        assert len(set(places)) == products
        columns, rows = grid_size(products)
        assert columns * rows >= products
        assert max(x for x, _ in places) < columns * (CELL_WIDTH + 60)
        assert max(y for _, y in places) < rows * (CELL_HEIGHT + 60)
    assert grid_size(0) == (0, 0)
