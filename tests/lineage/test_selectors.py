"""The neighbourhood: depth, direction, opening and closing, rights, budget, queries."""

from itertools import pairwise
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.products.models import DataProduct
from lineage.nodes import Focus
from lineage.selectors import DOWN, UNNAMED, UP, Neighbourhood, View, connected_products, neighbourhood
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain(cast: Cast) -> list[DataProduct]:
    """Five public products, each made from the one before."""
    products = [make.make_product(f"Step {place}", domain=cast.listening) for place in range(5)]
    for upstream, downstream in pairwise(products):
        make.make_input_port(downstream, make.make_port(upstream))
    return products


def names(found: Neighbourhood) -> set[str]:
    return {node.product.name for node in found.nodes.values()}


def look(cast: Cast, product: DataProduct, **view: Any) -> Neighbourhood:
    return neighbourhood(cast.consumer, Focus(product), View(**view))


def test_one_hop_first_with_what_lies_beyond_counted(cast: Cast, chain: list[DataProduct]) -> None:
    found = look(cast, chain[2])
    assert names(found) == {"Step 1", "Step 2", "Step 3"}
    assert found.nodes[chain[1].pk].more == {UP: 1, DOWN: 0}
    assert found.nodes[chain[3].pk].more == {UP: 0, DOWN: 1}
    assert [found.nodes[product.pk].distance for product in chain[1:4]] == [-1, 0, 1]


def test_depth_and_direction(cast: Cast, chain: list[DataProduct]) -> None:
    assert names(look(cast, chain[2], depth=2)) == {f"Step {place}" for place in range(5)}
    assert names(look(cast, chain[2], depth=2, direction=UP)) == {"Step 0", "Step 1", "Step 2"}


def test_opening_goes_one_hop_further_and_chains(cast: Cast, chain: list[DataProduct]) -> None:
    opened = frozenset({(DOWN, chain[3].pk)})
    assert names(look(cast, chain[1], opened=opened)) == {
        "Step 0",
        "Step 1",
        "Step 2",
    }  # step 3 is not drawn yet
    opened |= {(DOWN, chain[2].pk)}
    assert names(look(cast, chain[1], opened=opened)) == {f"Step {place}" for place in range(5)}


def test_closing_hides_what_lies_behind(cast: Cast, chain: list[DataProduct]) -> None:
    found = look(cast, chain[1], depth=3, direction=DOWN, closed=frozenset({(DOWN, chain[2].pk)}))
    assert names(found) == {"Step 1", "Step 2"}


def test_what_one_may_not_see_is_counted_and_never_named(cast: Cast, chain: list[DataProduct]) -> None:
    DataProduct.objects.filter(pk=chain[4].pk).update(visibility="private")
    found = look(cast, chain[2], depth=5)
    assert names(found) == {"Step 0", "Step 1", "Step 2", "Step 3"}
    assert found.nodes[chain[3].pk].hidden == {UP: 0, DOWN: 1}
    assert not found.unnamed
    assert neighbourhood(cast.owner, Focus(chain[2]), View(depth=5)).nodes.keys() == {p.pk for p in chain}


@pytest.mark.parametrize("at", ["above", "below"])
def test_the_walk_goes_on_behind_what_one_may_not_see(cast: Cast, chain: list[DataProduct], at: str) -> None:
    """Two hidden ones in a row between two that are seen: one box without a name, and one step."""
    DataProduct.objects.filter(pk__in=[chain[2].pk, chain[3].pk]).update(visibility="private")
    found = look(cast, chain[4] if at == "above" else chain[1])
    assert names(found) == {"Step 1", "Step 4"} | ({"Step 0"} if at == "below" else set())
    (box,) = found.unnamed.values()
    assert (box.upstream, box.downstream) == ((chain[1].pk,), (chain[4].pk,))
    assert (
        found.nodes[chain[1].pk].hidden[DOWN] == found.nodes[chain[4].pk].hidden[UP] == 0
    )  # drawn, not counted
    deep = look(cast, chain[0], depth=2)
    assert names(deep) == {"Step 0", "Step 1", "Step 4"}
    reach = deep.nodes[chain[4].pk].reach
    assert reach is not None
    assert [deep.name_of(int(key)) for key in reach.path] == ["Step 0", "Step 1", UNNAMED, "Step 4"]
    assert not neighbourhood(cast.admin, Focus(chain[0]), View(depth=5)).unnamed


def test_a_box_without_a_name_says_no_more_than_what_is_so(cast: Cast) -> None:
    """a -> hidden -> x; b -> hidden -> y: neither a and y nor b and x hang together. c leads where a does."""
    a, b, c, x, y, focus = (make.make_product(name, domain=cast.listening) for name in "abcxyf")
    one, two = (make.make_product(f"hidden {n}", visibility="private") for n in (1, 2))
    ways = [(focus, a), (focus, b), (focus, c), (a, one), (c, one), (one, x), (b, two), (two, y), (one, a)]
    for up, down in ways:
        make.make_input_port(down, up.output_ports.first() or make.make_port(up))
    found = look(cast, focus, depth=3, direction=DOWN)
    told = {(found.name_of(up), found.name_of(down)) for one in found.unnamed.values() for up in one.upstream
            for down in one.downstream}  # fmt: skip
    assert told == {("a", "x"), ("c", "x"), ("b", "y"), ("c", "a")}
    assert found.cycles == []


@pytest.mark.parametrize("seed", range(4))
def test_what_is_reached_through_hidden_ones_is_what_a_naive_walk_reaches(cast: Cast, seed: int) -> None:
    dice = Random(seed)
    products = [make.make_product(f"P{number}", domain=cast.listening) for number in range(24)]
    ports = {product.pk: make.make_port(product) for product in products}
    hidden = {product.pk for product in dice.sample(products[1:], 12)}
    DataProduct.objects.filter(pk__in=hidden).update(visibility="private")
    ways: dict[int, set[int]] = {product.pk: set() for product in products}
    pairs = [(products[0], product) for product in products if product.pk in hidden][:3]
    for up, down in pairs + [tuple(dice.sample(products, 2)) for _ in range(54)]:
        if down.pk not in ways[up.pk]:
            make.make_input_port(down, ports[up.pk])
            ways[up.pk].add(down.pk)

    def behind(start: int, through: set[int] | None = None) -> set[int]:
        """What is reached from a product; `through`: these only are passed."""
        met, left = set(), [start]
        while left:
            for other in ways[left.pop()] - met:
                met.add(other)
                left += [other] if through is None or other in through else []
        return met

    found = look(cast, products[0], depth=10, direction=DOWN)
    seen = {product.pk for product in products} - hidden
    assert found.nodes.keys() == (behind(products[0].pk) & seen) | {products[0].pk}
    told = {(up, down) for one in found.unnamed.values() for up in one.upstream for down in one.downstream}
    assert told == {
        (up, down) for up in found.nodes for near in ways[up] & hidden
        for down in behind(near, hidden) & seen - {up}
    }  # fmt: skip
    assert told  # or the mesh proves nothing


def test_what_lies_behind_a_hidden_hub_is_within_the_budget(cast: Cast) -> None:
    start, hub = make.make_product("Start"), make.make_product("Hub", visibility="private")
    make.make_input_port(hub, make.make_port(start))
    port = make.make_port(hub)
    for _ in range(12):
        make.make_input_port(make.make_product(), port)
    found = neighbourhood(cast.consumer, Focus(start), View(), budget=5)
    assert len(found.nodes) == 5
    assert found.is_cut


def test_other_consumers_of_an_upstream_product_are_counted_not_walked(
    cast: Cast, chain: list[DataProduct]
) -> None:
    sibling = make.make_product("Sibling")
    make.make_input_port(sibling, chain[0].output_ports.get())
    found = look(cast, chain[1])
    assert "Sibling" not in names(found)
    assert found.nodes[chain[0].pk].more == {UP: 0, DOWN: 1}


def test_a_cycle_is_drawn_and_flagged(cast: Cast, chain: list[DataProduct]) -> None:
    make.make_input_port(chain[0], make.make_port(chain[2]))
    found = look(cast, chain[1], depth=3)
    assert sorted(found.cycles[0]) == [product.pk for product in chain[:3]]


def test_a_product_feeding_itself_is_a_cycle_of_one(cast: Cast) -> None:
    product = make.make_product()
    make.make_input_port(product, make.make_port(product))
    assert look(cast, product).cycles == [[product.pk]]


def test_focus_on_a_port_follows_only_that_port_downstream(cast: Cast, chain: list[DataProduct]) -> None:
    other_port = make.make_port(chain[2])
    reader = make.make_product("Reader of the other port")
    make.make_input_port(reader, other_port)
    found = neighbourhood(cast.consumer, Focus(chain[2], other_port), View())
    assert names(found) == {"Step 1", "Step 2", "Reader of the other port"}


def test_the_budget_cuts_and_says_so(cast: Cast) -> None:
    hub = make.make_product("Hub")
    port = make.make_port(hub)
    for _ in range(12):
        make.make_input_port(make.make_product(), port)
    found = neighbourhood(cast.consumer, Focus(hub), View(), budget=5)
    assert len(found.nodes) == 5
    assert found.is_cut
    assert found.nodes[hub.pk].more[DOWN] == 8


@pytest.mark.parametrize("consumers", [5, 50])
def test_queries_do_not_grow_with_the_nodes(cast: Cast, consumers: int) -> None:
    hub = make.make_product("Hub")
    port = make.make_port(hub)
    for _ in range(consumers):
        make.make_input_port(make.make_product(domain=cast.listening), port)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        found = neighbourhood(cast.consumer, Focus(hub), View())
    assert len(found.nodes) == consumers + 1
    assert len(queries) <= 13


def test_products_to_begin_with_are_visible_and_best_connected_first(
    cast: Cast, chain: list[DataProduct]
) -> None:
    hidden = make.make_product("Hidden hub", visibility="private")
    port = make.make_port(hidden)
    for product in chain:
        make.make_input_port(product, port, name="hidden")
    assert [product.name for product in connected_products(cast.consumer)] == [
        "Step 0",
        "Step 1",
        "Step 2",
        "Step 3",
    ]
    assert connected_products(cast.guest) == []
