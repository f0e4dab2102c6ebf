"""Observing: merged in any order, ended and revived, of many sources; edges from port to product follow."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.accounts.models import Role
from catalog.assets.models import Asset
from catalog.crawling.signals import crawl_finished
from catalog.products.models import OutputPort
from lineage.edges.observing import ColumnLink, Sight, observe, observe_edges
from lineage.edges.selectors import senders_of
from lineage.models import Column, ColumnEdge, Job, LineageEdge, Source
from tests import factories as make

pytestmark = pytest.mark.django_db
START = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def job(name: str) -> Job:
    return Job.objects.create(namespace="air", name=name, first_seen_at=START, last_seen_at=START)


def assets(number: int) -> list[int]:
    store = make.make_connection()
    return [make.make_asset(store).pk for _ in range(number)]


def see(*pairs: tuple[int, int], on: int = 1, **more: Any) -> int:
    more.setdefault("source", Source.OPENLINEAGE)
    more.setdefault("job_id", None)
    return observe_edges(assets=pairs, seen_at=day(on), **more)


def lives(*fields: str, **which: Any) -> list[tuple[Any, ...]]:
    wanted = fields or ("first_seen", "last_seen", "valid_to")
    return list(LineageEdge.objects.filter(**which).order_by("pk").values_list(*wanted))


def test_an_edge_seen_again_keeps_its_first_and_moves_its_last_sight() -> None:
    a, b = assets(2)
    assert see((a, b), on=5) == 1
    assert see((a, b), on=9) == 1
    assert see((a, b), on=3) == 1
    assert see((a, b), on=4) == 0
    assert lives() == [(day(3), day(9), None)]


def test_a_complete_call_ends_what_it_does_not_name_of_its_own_source_and_job_only() -> None:
    a, b, c = assets(3)
    one, two = job("one"), job("two")
    see((a, b), (a, c), job_id=one.pk)
    see((a, b), job_id=two.pk)
    see((a, b), source=Source.DBT, job_id=one.pk)
    assert see((a, c), job_id=one.pk, on=2, is_complete=True) == 2  # one ended, one was seen again
    ended = LineageEdge.objects.exclude(valid_to=None).get()
    assert (ended.job_id, ended.downstream_id, ended.valid_to) == (one.pk, b, day(2))


def test_a_late_complete_call_does_not_end_what_was_seen_since() -> None:
    a, b = assets(2)
    see((a, b), on=9)
    assert see(on=5, is_complete=True) == 0


def test_an_ended_edge_seen_again_is_a_new_one_and_a_late_sight_belongs_to_the_old() -> None:
    a, b = assets(2)
    see((a, b), on=1)
    see(on=5, is_complete=True)
    see((a, b), on=8)
    see((a, b), on=3)
    assert lives() == [(day(1), day(3), day(5)), (day(8), day(8), None)]


def test_columns_are_made_once_and_their_assets_are_connected() -> None:
    a, b = assets(2)
    links = [ColumnLink(a, "id", b, "user_id", how="identity"), ColumnLink(a, "kind", b, "user_id", False)]
    see(columns=links)
    see(columns=links, on=2)
    assert Column.objects.count() == 3
    assert lives("upstream_id", "downstream_id") == [(a, b)]
    kinds = ColumnEdge.objects.order_by("-is_direct").values_list("is_direct", "how", "last_seen")
    assert list(kinds) == [(True, "identity", day(2)), (False, "", day(2))]
    see((a, b), on=3, is_complete=True)
    assert not ColumnEdge.objects.in_force().exists()


def test_two_ways_told_at_one_moment_are_merged_also_where_one_has_no_name() -> None:
    a, b = assets(2)
    links = [ColumnLink(a, "id", b, "id", is_direct=False, how=how) for how in ("", "filter")]
    for columns in (links, links[::-1]):
        see(on=1, columns=columns)
        assert [edge.how for edge in ColumnEdge.objects.all()] == ["filter"]
    see(on=1, columns=links[:1])
    assert ColumnEdge.objects.get().how == "filter"  # at the same moment, whichever came last


def test_a_path_that_no_column_can_have_is_left_out() -> None:
    a, b = assets(2)
    see(columns=[ColumnLink(a, "x" * 401, b, "y"), ColumnLink(a, "", b, "y"), ColumnLink(a, "a\x00", b, "y")])
    assert not Column.objects.exists()


class Flow:
    """a (port of X) -> u -> v (claimed by nobody) -> b (port of Y)."""

    def __init__(self) -> None:
        self.a, self.u, self.v, self.b = assets(4)
        self.x, self.y = make.make_product(), make.make_product()
        self.out = make.make_port(self.x, asset_id=self.a)
        self.into = make.make_port(self.y, asset_id=self.b)

    def derived(self) -> list[tuple[Any, ...]]:
        fields = ("upstream_id", "downstream_id", "source", "first_seen", "last_seen", "confidence")
        return lives(*fields, is_derived=True, valid_to=None)


def test_a_port_feeds_a_product_through_assets_that_no_port_claims() -> None:
    flow = Flow()
    see((flow.u, flow.v), on=4, confidence=70)
    see((flow.v, flow.b), on=9)
    assert flow.derived() == []
    see((flow.a, flow.u), on=2)
    assert flow.derived() == [(flow.out.pk, flow.y.pk, "openlineage", day(9), day(9), 70)]
    see((flow.u, flow.v), on=12, confidence=80)
    see((flow.a, flow.u), on=11)
    assert flow.derived() == [(flow.out.pk, flow.y.pk, "openlineage", day(9), day(9), 80)]
    see((flow.v, flow.b), on=14)
    assert flow.derived() == [(flow.out.pk, flow.y.pk, "openlineage", day(9), day(11), 80)]
    see((flow.a, flow.u), on=15, is_complete=True)  # by nobody's job: ends the other two
    assert flow.derived() == []
    assert lives("valid_to", is_derived=True) == [(day(15),)]


def test_claiming_in_the_middle_cuts_the_way_and_releasing_joins_it_again() -> None:
    flow = Flow()
    see((flow.a, flow.u), (flow.u, flow.v), (flow.v, flow.b))
    middle = make.make_port(make.make_product(), asset_id=flow.v)
    pairs = {(up, down) for up, down, *_ in flow.derived()}
    assert pairs == {(flow.out.pk, middle.product_id), (middle.pk, flow.y.pk)}
    middle.asset = None
    middle.save()
    assert [row[:2] for row in flow.derived()] == [(flow.out.pk, flow.y.pk)]
    flow.into.delete()
    assert flow.derived() == []


def test_a_product_does_not_feed_itself() -> None:
    flow = Flow()
    make.make_port(flow.x, asset_id=flow.v)
    see((flow.a, flow.u), (flow.u, flow.v))
    assert flow.derived() == []


def test_ports_bound_in_bulk_are_caught_by_the_periodic_task() -> None:
    from lineage.tasks import follow_all_claims

    flow = Flow()
    see((flow.a, flow.u), (flow.u, flow.v))
    OutputPort.objects.filter(pk=flow.into.pk).update(asset_id=flow.v)
    assert follow_all_claims() == 1
    assert follow_all_claims() == 0
    assert [row[:2] for row in flow.derived()] == [(flow.out.pk, flow.y.pk)]


def test_each_source_has_its_own_derived_edge_and_the_last_step_names_it() -> None:
    flow = Flow()
    see((flow.a, flow.u), source=Source.OPENLINEAGE)
    see((flow.u, flow.b), source=Source.DBT)
    see((flow.u, flow.b), source=Source.SQL)
    assert {row[2] for row in flow.derived()} == {"dbt", "sql"}


def test_a_region_too_large_is_not_followed_to_its_end_and_says_where(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from lineage.edges import region
    from lineage.models import DerivationStop

    flow = Flow()
    see((flow.a, flow.u), (flow.u, flow.v), (flow.v, flow.b))
    monkeypatch.setattr(region, "EDGES", 2)
    see((flow.a, flow.u), on=2)
    assert [row[:2] for row in flow.derived()] == [(flow.out.pk, flow.y.pk)]  # nothing was ended
    assert DerivationStop.objects.get().asset_id == flow.a
    monkeypatch.undo()
    see((flow.a, flow.u), on=3)
    assert not DerivationStop.objects.exists()


def test_what_many_jobs_were_seen_doing_is_merged_at_once_and_says_the_same() -> None:
    flow = Flow()
    one, two = job("one").pk, job("two").pk
    steps = ((one, flow.a, flow.u), (two, flow.u, flow.v), (None, flow.v, flow.b), (one, flow.a, flow.u))
    sights = [
        Sight(Source.DBT, job_id, day(place + 1), [(up, down)], [ColumnLink(up, "a", down, "b")])
        for place, (job_id, up, down) in enumerate(steps)
    ]
    with CaptureQueriesContext(connection) as few:
        assert observe(sights) == 3 + 3
    assert flow.derived() == [(flow.out.pk, flow.y.pk, "dbt", day(3), day(3), 100)]
    assert lives("job_id", "first_seen", "last_seen", is_derived=False) == [
        (None, day(3), day(3)), (one, day(1), day(4)), (two, day(2), day(2)),
    ]  # fmt: skip
    with CaptureQueriesContext(connection) as more:
        observe([Sight(Source.SQL, two, day(on), [(flow.a, flow.u)]) for on in range(1, 90)])
    assert len(more) <= len(few)


def test_the_last_who_told_of_an_edge_stands_on_it_whatever_the_order() -> None:
    a, b = assets(2)
    people = [make.make_user().pk, make.make_user().pk]
    sights = [
        Sight(Source.OPENLINEAGE, None, day(on), [(a, b)], sender_id=people[on % 2]) for on in (1, 2, 3)
    ]
    sights.append(Sight(Source.OPENLINEAGE, None, day(3), [(a, b)]))
    for sight in (*sights, *reversed(sights)):
        observe([sight])
    assert lives("first_seen", "last_seen", "sent_by") == [(day(1), day(3), people[1])]


def test_the_page_of_a_derived_edge_says_who_sent_what_leads_into_the_product(client: Client) -> None:
    flow = Flow()
    admin, sender, other = (make.make_user(name) for name in ("admin", "sender", "other"))
    make.make_membership(admin, Role.PLATFORM_ADMIN)
    see((flow.a, flow.u), sender_id=other.pk)
    see((flow.u, flow.b), sender_id=sender.pk)
    edge = LineageEdge.objects.get(is_derived=True)
    assert senders_of(admin, edge) == [sender]
    client.force_login(admin)
    assert f"sent by {sender.name}" in client.get(f"/lineage/edges/{edge.pk}/").content.decode()


def test_ports_bound_by_a_crawl_are_followed_when_it_ends() -> None:
    flow = Flow()
    store = Asset.objects.get(pk=flow.v).connection
    see((flow.a, flow.u), (flow.u, flow.v))
    OutputPort.objects.filter(pk=flow.into.pk).update(asset_id=flow.v, connection=store)
    assert store
    crawl_finished.send_robust(sender=Asset, run_id=1, connection_id=store.pk)
    assert [row[:2] for row in flow.derived()] == [(flow.out.pk, flow.y.pk)]


@pytest.fixture
def mesh() -> list[int]:
    """Six assets; ports of three products claim the first, the third and the last."""
    made = assets(6)
    for place in (0, 2, 5):
        make.make_port(make.make_product(), asset_id=made[place])
    return made


@pytest.fixture
def undone() -> Callable[[Callable[[], Any]], Any]:
    """Runs something in a transaction that is rolled back."""

    class _Undo(Exception):
        pass

    def run(what: Callable[[], Any]) -> Any:
        try:
            with transaction.atomic():
                answer = what()
                raise _Undo
        except _Undo:
            return answer

    return run


sights = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.integers(0, 5),
        st.integers(0, 9),
        st.sampled_from([Source.SQL, Source.DBT]),
        st.integers(1, 3),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(sights=sights, random=st.randoms(use_true_random=False))
def test_any_order_and_multiplicity_of_observations_gives_the_same_edges(
    mesh: list[int], undone: Callable[[Callable[[], Any]], Any], sights: list[Any], random: Random
) -> None:
    def play(listed: list[Any]) -> Any:
        for up, down, on, source, confidence in listed:
            links = [ColumnLink(mesh[up], "a", mesh[down], "b", confidence > 1, f"how {confidence}")]
            see((mesh[up], mesh[down]), on=on, source=source, confidence=confidence, columns=links)
        told = (
            "source",
            "is_derived",
            "upstream_id",
            "downstream_id",
            "first_seen",
            "last_seen",
            "confidence",
        )
        columns = (
            "source",
            "upstream__asset",
            "downstream__asset",
            "first_seen",
            "last_seen",
            "how",
            "is_direct",
        )
        edges = LineageEdge.objects.filter(valid_to=None).values_list(*told)
        return sorted(edges), sorted(ColumnEdge.objects.values_list(*columns))

    shuffled = [*sights, *sights]
    random.shuffle(shuffled)
    assert undone(lambda: play(sights)) == undone(lambda: play(shuffled))


def test_claims_before_or_after_the_observations_make_the_same_edges(
    undone: Callable[[Callable[[], Any]], Any],
) -> None:
    flow = Flow()
    OutputPort.objects.all().delete()

    def claim() -> None:
        OutputPort.objects.create(pk=901, product=flow.x, name="a", asset_id=flow.a)
        OutputPort.objects.create(pk=902, product=flow.y, name="b", asset_id=flow.b)

    def look() -> None:
        see((flow.a, flow.u), (flow.u, flow.v), (flow.v, flow.b))

    first = undone(lambda: (claim(), look(), flow.derived())[2])
    assert first == undone(lambda: (look(), claim(), flow.derived())[2])
    assert len(first) == 1


def test_ten_thousand_column_links_in_one_call_take_few_statements_and_seconds() -> None:
    store = make.make_connection()
    now = START
    made = Asset.objects.bulk_create(
        Asset(connection=store, namespace="n", name=f"t{n}", first_seen_at=now, last_seen_at=now)
        for n in range(200)
    )
    links = [
        ColumnLink(made[n % 100].pk, f"c{n}", made[100 + n % 100].pk, f"c{n}", how="identity")
        for n in range(10_000)
    ]
    began = time.perf_counter()
    with CaptureQueriesContext(
        connection,
    ) as first:
        assert see(columns=links) == 10_100
    took = time.perf_counter() - began
    with CaptureQueriesContext(connection) as again:
        assert see(columns=links, on=2) == 10_100
    print(f"10,000 links: {took:.2f} s, {len(first)} statements, again {len(again)}")  # noqa: T201
    assert took < 20  # a busy machine; idle it is below two
    assert len(first) < 60
    assert len(again) < 60
