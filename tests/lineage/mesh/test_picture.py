"""What a map holds: counts, flows, tiles, the budget, and never a word of what one may not see."""

import pytest
from django.http import QueryDict

from catalog.accounts.models import User
from catalog.common.errors import Invalid, NotFound
from catalog.domains.models import Domain
from catalog.products.models import DataProduct
from lineage.mesh import ground as grounds
from lineage.mesh import picture as pictures
from lineage.mesh import tiles
from lineage.mesh.address import MapAddress, read_map_address
from lineage.mesh.ground import Ground, compute_ground
from lineage.mesh.lenses import lens_named
from lineage.mesh.picture import MeshPicture, compose_map
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def ground_of(user: User) -> Ground:
    return compute_ground(user, lens_named("domain"))


def look(user: User, query: str = "") -> MeshPicture:
    return compose_map(user, read_map_address(QueryDict(query)))


def flows(ground: Ground) -> set[tuple[str, str, int]]:
    return {(flow.upstream.domain.slug, flow.downstream.domain.slug, flow.weight) for flow in ground.flows}


@pytest.fixture
def charts(cast: Cast) -> Domain:
    """Below Listening; Play events feeds two charts by two ports, a chart feeds Playback quality."""
    domain = make.make_domain("Charts", cast.listening, team=cast.listening_team)
    ports = [make.make_port(cast.play_events) for _ in range(2)]
    for name in ("Daily", "Weekly"):
        chart = make.make_product(name, domain=domain)
        for port in ports:
            make.make_input_port(chart, port)
    make.make_input_port(cast.playback_quality, make.make_port(chart, "out"))
    make.make_input_port(cast.playback_quality, make.make_port(cast.play_events, "plays"))
    return domain


def test_each_dependency_counts_once_between_what_lies_side_by_side(cast: Cast, charts: Domain) -> None:
    ground = ground_of(cast.consumer)
    assert flows(ground) == {("listening", "charts", 2), ("listening", "playback", 2)}
    assert ground.dependencies == 4  # two ports to the same product are one dependency
    areas = {area.domain.slug: area for area in ground.areas()}
    assert (areas["listening"].products, areas["listening"].own_products) == (3, 1)
    assert (areas["listening"].feeds, areas["charts"].feeds, areas["charts"].fed_by) == (2, 1, 2)
    assert areas["playback"].fed_by == 2


def test_areas_lie_inside_their_parents_and_beside_each_other(cast: Cast, charts: Domain) -> None:
    areas = {area.domain.slug: area for area in ground_of(cast.consumer).areas()}
    outer, inner, grid = areas["listening"].rect, areas["charts"].rect, areas["listening"].grid
    assert outer.x < inner.x
    assert inner.right < outer.right
    assert outer.y < inner.y
    assert inner.bottom < outer.bottom
    assert grid.right <= inner.x or inner.right <= grid.x or grid.bottom <= inner.y or inner.bottom <= grid.y


def test_opening_and_lenses_move_nothing(cast: Cast, charts: Domain) -> None:
    places = [
        {area.domain.slug: area.rect for area in look(cast.consumer, query).ground.areas()}
        for query in ("level=domain", "level=port&lens=owner", "lens=quality&focus=domain:charts")
    ]
    assert places[0] == places[1] == places[2]


def test_private_products_are_neither_counted_nor_named(cast: Cast, charts: Domain) -> None:
    vault = make.make_domain("Vault")
    secret = make.make_product("Secret", domain=vault, visibility="private")
    make.make_input_port(secret, make.make_port(cast.play_events, "more"))
    hidden = make.make_product("Hidden", domain=charts, visibility="private")
    make.make_input_port(cast.playback_quality, make.make_port(hidden, "out"), name="hidden")
    for level in ("domain", "product", "port"):
        seen = look(cast.consumer, f"level={level}&open=vault")
        assert seen.ground.products == 4
        assert seen.ground.dependencies == 4
        assert "vault" not in {area.domain.slug for area in seen.ground.areas()}
        shown = {cell.product.name for tile in seen.tiles.values() for cell in tile.cells}
        assert not shown & {"Secret", "Hidden"}
        for tile in seen.tiles.values():
            for cell in tile.cells:
                assert not [key for key in cell.fed_by if "hidden" in key]
    assert look(cast.admin).ground.products == 6
    with pytest.raises(NotFound):
        look(cast.consumer, "focus=domain:vault")


def test_a_product_one_is_in_charge_of_is_all_a_guest_sees(cast: Cast, charts: Domain) -> None:
    assert look(cast.guest).ground.products == 0
    make.make_stewardship(DataProduct.objects.get(name="Daily"), cast.guest)
    seen = look(cast.guest)
    assert [area.domain.slug for area in seen.ground.areas()] == ["charts"]
    assert seen.ground.flows == []


def test_a_small_mesh_opens_at_its_products_a_large_one_at_its_domains(
    cast: Cast, charts: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert look(cast.consumer).shown == 4
    for module in (pictures, tiles):
        monkeypatch.setattr(module, "NODE_BUDGET", 3)
    seen = look(cast.consumer)
    assert (seen.level, seen.shown, seen.refused) == ("domain", 0, [])
    seen = look(cast.consumer, "level=product")
    assert seen.shown == 3
    assert [area.domain.slug for area in seen.refused] == ["playback"]
    seen = look(cast.consumer, "open=playback&open=charts")
    assert seen.shown == 3
    assert not seen.refused


def test_one_domain_beyond_the_budget_is_cut_and_keeps_what_the_map_is_about(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(9):
        make.make_product(f"Zz {number}", domain=cast.listening)
    for module in (pictures, tiles):
        monkeypatch.setattr(module, "NODE_BUDGET", 4)
    seen = look(cast.consumer, "focus=product:listening/zz-8")
    tile = seen.tiles[cast.listening.pk]
    assert "Zz 8" in {cell.product.name for cell in tile.cells}
    assert len(tile.cells) == 5
    assert tile.left_out == 5


def test_deep_domains_beyond_the_budget_count_for_those_above(
    cast: Cast, charts: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grounds, "AREA_BUDGET", 2)
    seen = look(cast.consumer)
    assert [area.domain.slug for area in seen.ground.areas()] == ["listening", "playback"]
    assert seen.ground.is_folded
    assert {cell.product.name for cell in seen.tiles[cast.listening.pk].cells} == {
        "Play events",
        "Daily",
        "Weekly",
    }
    assert flows(seen.ground) == {("listening", "playback", 2)}


def test_in_a_tile_sources_stand_left_of_what_is_made_from_them(cast: Cast) -> None:
    domain = make.make_domain("Chain")
    last = None
    for name in ("D", "C", "B", "A"):  # names run against the flow
        product = make.make_product(name, domain=domain)
        if last:
            make.make_input_port(product, make.make_port(last))
        last = product
    make.make_product("0 alone", domain=domain)
    tile = look(cast.consumer).tiles[domain.pk]
    assert [cell.product.name for cell in tile.cells] == ["D", "C", "B", "A", "0 alone"]
    assert tile.inner == [(0, 1), (1, 2), (2, 3)]
    assert tile.cells[1].fed_by == ["chain/d"]


def test_ports_are_read_at_port_level_and_counted_beyond_six(cast: Cast) -> None:
    for number in range(8):
        make.make_port(cast.play_events, f"p{number}")
    assert look(cast.consumer).tiles[cast.listening.pk].cells[0].ports == []
    cell = look(cast.consumer, "level=port").tiles[cast.listening.pk].cells[0]
    assert [port.name for port in cell.ports] == [f"p{number}" for number in range(6)]
    assert cell.ports_left_out == 2


def test_address_round_trip_and_refusals() -> None:
    address = MapAddress("port", "owner", "product:a/b", frozenset({"x", "y"}))
    assert read_map_address(QueryDict(address.query())) == address
    assert MapAddress().query() == ""
    for query in ("level=galaxy", "lens=x", "focus=nonsense", "focus=product:a", "focus=domain:"):
        with pytest.raises(Invalid):
            read_map_address(QueryDict(query))
