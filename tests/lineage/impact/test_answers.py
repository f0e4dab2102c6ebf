"""Answers: complete, exactly counted after the permission filter, in order, in a fixed number of queries."""

import datetime as dt
import random
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.access.models import Agreement
from catalog.accounts.models import User
from catalog.common.errors import Invalid, NotFound
from catalog.products.models import DataProduct, OutputPort
from catalog.slos.services import create_slo
from catalog.trust.models import ProductTrust
from lineage.impact.answers import UP, Asked, Found
from lineage.impact.finding import find_node
from lineage.impact.shown import UNNAMED
from lineage.impact.sight import Wanted
from lineage.impact.snapshot import build_snapshot
from lineage.models import Column, LineageEdge
from tests import factories as make
from tests.conftest import Cast
from tests.lineage.impact.conftest import Mesh, hide

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]


def ask(user: User, port: OutputPort, **asked: Any) -> Found:
    return Found(user, Asked(find_node(user, f"product:{port.product.key}"), **asked))


def names(found: Found) -> list[str]:
    return [row.product.name for row in found]


@pytest.fixture(params=["database", "snapshot"])
def engine(request: pytest.FixtureRequest) -> Any:
    """Every test twice: level by level from the database, and from a snapshot made after the mesh was."""
    return build_snapshot if request.param == "snapshot" else lambda: None


def test_downstream_is_complete_with_depth_and_a_path(cast: Cast, mesh: Mesh, engine: Any) -> None:
    ports = mesh.chain(4)
    engine()
    found = ask(cast.consumer, ports[0])
    assert [(row.depth, row.product.name) for row in found] == [(1, "Step 1"), (2, "Step 2"), (3, "Step 3")]
    assert [step.name for step in list(found)[-1].way] == ["Step 0", "Step 1", "Step 2", "Step 3"]
    assert len(found) == 3
    assert found.hidden == 0
    assert names(ask(cast.consumer, ports[3], way=UP)) == ["Step 2", "Step 1", "Step 0"]
    assert names(ask(cast.consumer, ports[0], steps=2)) == ["Step 1", "Step 2"]


def test_what_one_may_not_see_is_counted_and_what_lies_behind_is_told(
    cast: Cast, mesh: Mesh, engine: Any
) -> None:
    ports = mesh.chain(5)
    hide(ports[1].product)
    hide(ports[2].product)
    engine()
    found = ask(cast.consumer, ports[0])
    assert names(found) == ["Step 3", "Step 4"]
    assert found.hidden == 2
    assert [step.name for step in found[0:1][0].way] == ["Step 0", UNNAMED, "Step 3"]
    assert len(ask(cast.admin, ports[0])) == 4


def test_columns_walk_their_own_edges_and_say_what_no_product_offers(
    cast: Cast, mesh: Mesh, engine: Any
) -> None:
    ports = mesh.chain(3)
    mesh.feeds([((ports[0], "a"), (ports[2], "b"))], is_direct=False)
    stray = make.make_port(ports[0].product, "stray", asset=make.make_asset(name="stray"))
    mesh.feeds([((ports[0], "a"), (stray, "x"))])
    OutputPort.objects.filter(pk=stray.pk).delete()
    hide(ports[1].product)
    engine()
    key = f"column:{ports[0].product.key}/rows/{ports[0].version}/a"
    found = Found(cast.consumer, Asked(find_node(cast.consumer, key), level="column"))
    rows = {(row.product.name, row.path): row for row in found}
    assert set(rows) == {("Step 2", "a"), ("Step 2", "b")}
    assert (found.hidden, found.unoffered) == (1, 1)
    assert rows["Step 2", "b"].is_direct is False
    assert [step.name for step in rows["Step 2", "a"].way] == ["Step 0.a", UNNAMED, "Step 2.a"]
    direct = Found(cast.consumer, Asked(find_node(cast.consumer, key), level="column", direct_only=True))
    assert [(row.product.name, row.path) for row in direct] == [("Step 2", "a")]


def test_a_port_begins_with_its_own_readers_only(cast: Cast, mesh: Mesh, engine: Any) -> None:
    ports = mesh.chain(3)
    other = make.make_port(ports[0].product, "other")
    reader = mesh.product("Other reader")
    mesh.reads(reader, other)
    engine()
    found = Found(
        cast.consumer, Asked(find_node(cast.consumer, f"port:{ports[0].product.key}/other/{other.version}"))
    )
    assert names(found) == ["Other reader"]
    assert (told := found[0:1][0].port) is not None
    assert told.pk == other.pk


def test_filters_and_orders(cast: Cast, mesh: Mesh, engine: Any) -> None:
    ports = mesh.chain(4)
    team = make.make_team("Charts team", slug="charts-team")
    DataProduct.objects.filter(pk=ports[2].product_id).update(team=team, name="A first")
    now = timezone.now()
    ProductTrust.objects.update_or_create(
        product=ports[3].product,
        defaults={
            "slo_status": "bad",
            "slo_measured_at": now,
            "slo_valid_until": now + dt.timedelta(days=1),
        },
    )
    create_slo(actor=None, port=ports[1], name="Delivered", kind="custom", target=0.9, criticality="critical")
    engine()
    assert names(ask(cast.consumer, ports[0], wanted=Wanted(owner="charts-team"))) == ["A first"]
    assert names(ask(cast.consumer, ports[0], wanted=Wanted(states=("bad",)))) == ["Step 3"]
    assert len(ask(cast.consumer, ports[0], wanted=Wanted(states=("none",)))) == 2
    assert len(ask(cast.consumer, ports[0], wanted=Wanted(domain="listening"))) == 3
    assert names(ask(cast.consumer, ports[0], sort="product")) == ["A first", "Step 1", "Step 3"]
    assert names(ask(cast.consumer, ports[0], sort="-product")) == ["Step 3", "Step 1", "A first"]
    assert names(ask(cast.consumer, ports[0], sort="-depth"))[0] == "Step 3"
    assert names(ask(cast.consumer, ports[0], sort="state"))[0] == "Step 3"
    assert names(ask(cast.consumer, ports[0], sort="criticality"))[0] == "Step 1"
    rows = {row.product.name: row for row in ask(cast.consumer, ports[0])}
    assert rows["Step 1"].criticality == "critical"
    assert (rows["Step 3"].slo.meaning, rows["Step 3"].slo_state) == ("bad", "bad")
    with pytest.raises(Invalid):
        ask(cast.consumer, ports[0], sort="size")
    with pytest.raises(Invalid):
        ask(cast.consumer, ports[0], wanted=Wanted(states=("blue",)))


def test_agreements_that_hang_on_what_is_reached_are_counted(cast: Cast, mesh: Mesh) -> None:
    ports = mesh.chain(2)
    Agreement.objects.create(port=ports[1], user=cast.consumer, starts_at=timezone.now())
    Agreement.objects.create(port=ports[1], user=cast.guest)  # asked for only
    assert [row.agreements for row in ask(cast.consumer, ports[0])] == [1]


def test_random_meshes_answer_as_a_naive_walk_does(cast: Cast, mesh: Mesh, engine: Any) -> None:
    draw = random.Random(5)
    ports = [mesh.product(f"Random {n}") for n in range(14)]
    pairs = {(draw.randrange(14), draw.randrange(14)) for _ in range(24)}
    now = timezone.now()
    LineageEdge.objects.bulk_create(
        LineageEdge(
            source="sql", upstream_kind="port", upstream_id=ports[up].pk, downstream_kind="product",
            downstream_id=ports[down].product_id, first_seen=now, last_seen=now,
        )
        for up, down in sorted(pairs)
    )  # fmt: skip
    private = {3, 7, 11}
    for place in private:
        hide(ports[place].product)
    engine()
    for start in set(range(14)) - private:
        reached, frontier = {start: 0}, {start}
        while frontier:
            fresh = {down for up, down in pairs if up in frontier} - reached.keys()
            reached |= dict.fromkeys(fresh, max(reached.values()) + 1)
            frontier = fresh
        del reached[start]
        found = ask(cast.consumer, ports[start])
        told = {row.product.name: row.depth for row in found}
        assert told == {f"Random {place}": depth for place, depth in reached.items() if place not in private}
        assert (len(found), found.hidden) == (len(told), len(private & reached.keys()))


@pytest.mark.parametrize("few", [0, 400])  # beyond which everything one may see is asked for at once
def test_columns_of_random_meshes_answer_as_a_naive_walk_does(
    cast: Cast, mesh: Mesh, engine: Any, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("sight", "answers"):
        monkeypatch.setattr(f"lineage.impact.{module}.FEW", few)
    draw = random.Random(11)
    ports = [mesh.product(f"Random {n:02}") for n in range(12)]
    private, unoffered, doubled = {2, 6, 9}, {4, 10}, {2, 7}
    nodes = [(port, path) for port in range(12) for path in "abc"]
    pairs = {(draw.choice(nodes), draw.choice(nodes)) for _ in range(60)}
    late = sorted(pairs)[::7]
    listed = [((ports[up[0]], up[1]), (ports[down[0]], down[1])) for up, down in sorted(pairs - {*late})]
    mesh.feeds(listed)
    for place in doubled:  # a later product offers the same data
        make.make_port(make.make_product(f"Second {place}"), "rows", asset=ports[place].asset)
    for place in private:
        hide(ports[place].product)
    assets = {place: port.asset_id for place, port in enumerate(ports)}
    OutputPort.objects.filter(pk__in=[ports[place].pk for place in unoffered]).delete()
    engine()
    mesh.feeds([((ports[up[0]], up[1]), (ports[down[0]], down[1])) for up, down in late])
    met = 0
    told_under = {n: f"Random {n:02}" for n in range(12) if n not in private | unoffered}
    told_under |= {n: f"Second {n}" for n in doubled & private}
    for start in [node for node in nodes if node[0] in told_under and node[0] not in private]:
        reached, frontier = {start: 0}, {start}
        while frontier:
            fresh = {down for up, down in pairs if up in frontier} - reached.keys()
            reached |= dict.fromkeys(fresh, max(reached.values()) + 1)
            frontier = fresh
        del reached[start]
        key = f"column:{ports[start[0]].product.key}/rows/{ports[start[0]].version}/{start[1]}"
        if not Column.objects.filter(asset=assets[start[0]], path=start[1]).exists():
            continue
        for sort in ("depth", "-depth", "product", "-product"):
            found = Found(cast.consumer, Asked(find_node(cast.consumer, key), level="column", sort=sort))
            rows = list(found)
            told = {(row.product.name, row.path): row.depth for row in rows}
            assert told == {
                (told_under[place], path): depth
                for (place, path), depth in reached.items()
                if place in told_under
            }
            assert len(found) == len(rows) == len(told)
            met += len(told)
            assert found.unoffered == sum(place in unoffered for place, _ in reached)
            assert found.hidden == sum(place in private - doubled for place, _ in reached)
            assert found[2:5] == rows[2:5]
            order = [row.depth if "depth" in sort else row.product.name for row in rows]
            assert order == sorted(order, reverse=sort.startswith("-"))
    assert met > 500


def test_as_many_queries_for_fifty_rows_as_for_five(cast: Cast, mesh: Mesh) -> None:
    hub = mesh.product("Hub")
    counts: list[int] = []
    ask(cast.consumer, hub)  # a person's rights are read once a request
    for size in (5, 45):
        readers = [mesh.product(f"Reader {size} {n}") for n in range(size)]
        for reader in readers:
            mesh.reads(reader, hub)
        mesh.feeds([((hub, "a"), (reader, "a")) for reader in readers])
        build_snapshot()
        for level in ("product", "column"):
            with CaptureQueriesContext(connection) as queries:
                list(ask(cast.consumer, hub, level=level)[:50])
            counts.append(len(queries))
    assert counts[:2] == counts[2:]
    assert max(counts) <= 14


def test_names_that_are_none_and_columns_nobody_knows(cast: Cast, mesh: Mesh) -> None:
    port = mesh.product("Alone")
    for key in ("", "product", "asset:1", "column:listening/alone/rows/1.0.0", "column:a/b/c/d/"):
        with pytest.raises(Invalid):
            find_node(cast.consumer, key)
    with pytest.raises(NotFound):
        find_node(cast.consumer, f"column:{port.product.key}/rows/{port.version}/nothing")
    make.make_schema(port.asset, {"a/b": "string"})
    node = find_node(cast.consumer, f"column:{port.product.key}/rows/{port.version}/a/b")
    assert node.path == "a/b"
    found = Found(cast.consumer, Asked(node, level="column"))
    assert (len(found), found.is_known) == (0, False)
