"""The neighbourhood: depth, direction, opening and closing, rights, budget, queries."""

from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.products.models import DataProduct
from lineage.nodes import Focus
from lineage.selectors import DOWN, UP, Neighbourhood, View, connected_products, neighbourhood
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
    DataProduct.objects.filter(pk=chain[3].pk).update(visibility="private")
    found = look(cast, chain[2], depth=5)
    assert names(found) == {"Step 0", "Step 1", "Step 2"}  # and nothing behind it either
    assert found.nodes[chain[2].pk].hidden == {UP: 0, DOWN: 1}
    assert neighbourhood(cast.owner, Focus(chain[2]), View(depth=5)).nodes.keys() == {p.pk for p in chain}


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
