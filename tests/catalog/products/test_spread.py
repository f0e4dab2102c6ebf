"""Who is reached from many ports at once: the shortest way, budgets, cycles, retired readers, queries."""

import pytest
from pytest_django import DjangoAssertNumQueries

from catalog.products import spread
from catalog.products.models import DataProduct, Lifecycle, OutputPort
from catalog.products.reach import downstream_of
from catalog.products.spread import Origin, spread_of
from tests import factories as make

pytestmark = pytest.mark.django_db


def chain(names: list[str]) -> tuple[list[DataProduct], list[OutputPort]]:
    """Products each of which reads from the one before."""
    products = [make.make_product(name) for name in names]
    ports = [make.make_port(product, "out") for product in products]
    for product, port in zip(products[1:], ports, strict=False):
        make.make_input_port(product, port)
    return products, ports


def of(port: OutputPort) -> spread.Spread:
    return spread_of({1: Origin(port.product_id, (port.pk,))})[1]


def test_the_way_leads_through_the_products_between() -> None:
    (first, second, third), ports = chain(["First", "Second", "Third"])
    found = of(ports[0])
    assert found.paths == {second.pk: (), third.pk: (second.pk,)}
    assert first.pk not in found.paths
    make.make_input_port(third, ports[0], name="directly too")
    assert of(ports[0]).paths[third.pk] == ()


def test_it_says_the_same_as_asking_for_one_port() -> None:
    _, ports = chain(["First", "Second", "Third", "Fourth"])
    make.make_input_port(ports[0].product, ports[3], name="a circle")
    for port in ports:
        assert set(of(port).paths) == {item.product.pk for item in downstream_of(port).products}


def test_retired_products_read_nothing_any_more() -> None:
    (_, second, _), ports = chain(["First", "Second", "Third"])
    DataProduct.objects.filter(pk=second.pk).update(lifecycle=Lifecycle.RETIRED)
    assert of(ports[0]).paths == {}


def test_budgets_cut_the_answer_and_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    _, ports = chain(["First", "Second", "Third", "Fourth"])
    monkeypatch.setattr(spread, "MOST_PATHS", 2)
    found = of(ports[0])
    assert (len(found.paths), found.consumers, found.is_cut) == (2, 3, False)
    monkeypatch.setattr(spread, "DEEPEST", 1)
    assert of(ports[0]).is_cut


@pytest.mark.parametrize("many", [5, 50])
def test_many_origins_cost_as_many_queries_as_one(
    many: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    reader = make.make_product("Reader")
    ports = [make.make_port(make.make_product(f"Source {number}"), "out") for number in range(many)]
    for number, port in enumerate(ports):
        make.make_input_port(reader, port, name=f"from {number}")
    origins = {port.pk: Origin(port.product_id, (port.pk,)) for port in ports}
    with django_assert_max_num_queries(6):
        found = spread_of(origins)
    assert all(item.paths == {reader.pk: ()} for item in found.values())
