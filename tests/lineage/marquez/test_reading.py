"""The reading API in the shapes that lineage clients expect, over real rows and through HTTP."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.accounts.models import User
from catalog.products.models import OutputPort, Visibility
from lineage.datasets.naming import DatasetName
from lineage.datasets.services import find_or_make_assets
from lineage.models import (
    Column,
    ColumnEdge,
    DatasetFacets,
    Job,
    LineageEdge,
    LineageEvent,
    Run,
    RunDataset,
    Source,
)
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PG = "postgres://db.example:5432"
LAKE = "s3://lake"


def asset(namespace: str, name: str) -> int:
    named = DatasetName(namespace, name)
    return find_or_make_assets([named], seen_at=NOW)[named]


def job(name: str, *, reads: list[int], writes: list[int], namespace: str = "airflow://prod") -> Job:
    row = Job.objects.create(
        namespace=namespace, name=name, first_seen_at=NOW, last_seen_at=NOW,
        facets={"sql": {"query": f"-- {name}"}},
    )  # fmt: skip
    for pk, is_output in [*((pk, False) for pk in reads), *((pk, True) for pk in writes)]:
        RunDataset.objects.create(
            job=row, asset_id=pk, is_output=is_output, first_event_at=NOW, last_event_at=NOW
        )
    return row


@pytest.fixture
def chain(cast: Cast) -> dict[str, Any]:
    """raw -> load -> orders -> sum -> sums; `orders` is claimed by a private product, the others by Play events."""
    ids = {
        "raw": asset(LAKE, "raw/orders"),
        "orders": asset(PG, "shop.public.orders"),
        "sums": asset(PG, "shop.public.sums"),
    }
    secret = make.make_product("Secret", visibility=Visibility.PRIVATE)
    make.make_port(secret, "orders", asset_id=ids["orders"])
    for name in ("raw", "sums"):
        make.make_port(cast.play_events, name, asset_id=ids[name])
    return {
        **ids,
        "load": job("load", reads=[ids["raw"]], writes=[ids["orders"]]),
        "sum": job("sum", reads=[ids["orders"]], writes=[ids["sums"]]),
    }


def get(client: Client, user: User, path: str, **query: Any) -> Any:
    client.force_login(user)
    response = client.get(path, query)
    assert response.status_code == 200, response.content
    return response.json()


def test_the_graph_holds_jobs_and_datasets_with_their_edges(
    client: Client, cast: Cast, chain: dict[str, Any]
) -> None:
    answer = get(client, cast.admin, "/api/v1/lineage", nodeId=f"dataset:{PG}:shop.public.orders", depth=0)
    nodes = {node["id"]: node for node in answer["graph"]}
    orders = nodes[f"dataset:{PG}:shop.public.orders"]
    assert set(nodes) == {
        f"dataset:{LAKE}:raw/orders", f"dataset:{PG}:shop.public.orders", f"dataset:{PG}:shop.public.sums",
        "job:airflow://prod:load", "job:airflow://prod:sum",
    }  # fmt: skip
    assert orders["type"] == "DATASET"
    assert orders["inEdges"] == [{"origin": "job:airflow://prod:load", "destination": orders["id"]}]
    assert orders["outEdges"] == [{"origin": orders["id"], "destination": "job:airflow://prod:sum"}]
    assert nodes["job:airflow://prod:load"]["data"]["outputs"] == [
        {"namespace": PG, "name": "shop.public.orders"}
    ]
    assert answer["hidden"] == {"datasets": 0, "jobs": 0}


def test_nothing_behind_what_somebody_else_offers_is_shown(
    client: Client, cast: Cast, chain: dict[str, Any]
) -> None:
    answer = get(client, cast.consumer, "/api/v1/lineage", nodeId=f"dataset:{LAKE}:raw/orders")
    assert [node["id"] for node in answer["graph"]] == [f"dataset:{LAKE}:raw/orders"]
    assert answer["hidden"] == {"datasets": 1, "jobs": 1}


def test_datasets_in_quarantine_are_walked_through_and_counted(
    client: Client, cast: Cast, chain: dict[str, Any]
) -> None:
    OutputPort.objects.filter(asset=chain["orders"]).delete()
    answer = get(client, cast.consumer, "/api/v1/lineage", nodeId=f"dataset:{LAKE}:raw/orders")
    text = json.dumps(answer)
    assert f"dataset:{PG}:shop.public.sums" in text
    assert "public.orders" not in text
    assert "load" not in text  # it writes only what is hidden
    assert "-- sum" not in text  # SQL names whatever it likes
    assert answer["hidden"] == {"datasets": 1, "jobs": 1}
    assert next(n for n in answer["graph"] if n["type"] == "JOB")["data"]["hiddenDatasets"] == 1


def test_depth_counts_jobs(client: Client, cast: Cast) -> None:
    ids = [asset(LAKE, f"step{number}") for number in range(5)]
    for number in range(4):
        job(f"j{number}", reads=[ids[number]], writes=[ids[number + 1]])
    sizes = [
        len(get(client, cast.admin, "/api/v1/lineage/", nodeId="job:airflow://prod:j0", depth=depth)["graph"])
        for depth in (0, 1, 3, 20)
    ]
    assert sizes == [3, 5, 9, 9]


def test_edges_without_a_job_join_datasets(client: Client, cast: Cast) -> None:
    up, down = asset(PG, "a.b.table"), asset(PG, "a.b.view")
    LineageEdge.objects.create(
        source=Source.SQL, upstream_kind="asset", upstream_id=up, downstream_kind="asset", downstream_id=down,
        first_seen=NOW, last_seen=NOW,
    )  # fmt: skip
    answer = get(client, cast.admin, "/api/v1/lineage", nodeId=f"dataset:{PG}:a.b.view")
    assert [node["id"] for node in answer["graph"]] == [f"dataset:{PG}:a.b.table", f"dataset:{PG}:a.b.view"]
    assert answer["graph"][0]["outEdges"]


@pytest.mark.parametrize("slash", ["", "/"])
def test_names_with_slashes_and_colons_are_found_encoded_or_not(
    client: Client, cast: Cast, chain: dict[str, Any], slash: str
) -> None:
    for name in (quote("raw/orders", safe=""), "raw/orders"):
        path = f"/api/v1/namespaces/{quote(LAKE, safe='')}/datasets/{name}{slash}"
        assert get(client, cast.consumer, path)["name"] == "raw/orders"
    assert get(client, cast.consumer, f"/api/v1/namespaces/{quote(PG, safe='')}{slash}")["name"] == PG
    answer = get(client, cast.consumer, f"/api/v1/namespaces/{quote(PG, safe='')}/datasets{slash}")
    assert [item["name"] for item in answer["datasets"]] == ["shop.public.sums"]
    assert answer["totalCount"] == 1


def test_a_dataset_is_found_by_any_spelling_and_has_the_fields_an_event_told_of(
    client: Client, cast: Cast, chain: dict[str, Any]
) -> None:
    DatasetFacets.objects.create(
        asset_id=chain["sums"],
        last_event_at=NOW,
        facets={
            "schema": {"fields": [{"name": "total", "type": "INT"}]},
            "columnLineage": {"fields": {"total": {"inputFields": [{"name": "shop.public.orders"}]}}},
        },
    )
    path = f"/api/v1/namespaces/{quote('postgresql://DB.example', safe='')}/datasets/shop.public.SUMS"
    found = get(client, cast.consumer, path)
    assert found["fields"] == [{"name": "total", "type": "INT", "tags": [], "description": None}]
    assert "columnLineage" not in found["facets"]  # it names what is hidden
    assert "columnLineage" in get(client, cast.admin, path)["facets"]


def test_jobs_come_with_their_newest_runs(client: Client, cast: Cast, chain: dict[str, Any]) -> None:
    for number in range(12):
        begun = NOW + timedelta(hours=number)
        Run.objects.create(
            key=f"00000000-0000-0000-0000-{number:012}", job=chain["sum"], state="completed",
            started_at=begun, ended_at=begun + timedelta(minutes=2), last_event_at=begun,
        )  # fmt: skip
    spaces = quote("airflow://prod", safe="")
    found = get(client, cast.consumer, f"/api/v1/namespaces/{spaces}/jobs/sum")
    assert found["latestRun"]["durationMs"] == 120_000
    assert found["latestRun"]["state"] == "COMPLETED"
    assert len(found["latestRuns"]) == 10
    runs = get(client, cast.consumer, f"/api/v1/namespaces/{spaces}/jobs/sum/runs", limit=5)
    assert [run["id"][-2:] for run in runs["runs"]] == ["11", "10", "09", "08", "07"]
    assert get(client, cast.consumer, f"/api/v1/jobs/runs/{runs['runs'][0]['id']}/")["job"]["name"] == "sum"
    listed = get(client, cast.consumer, f"/api/v1/namespaces/{spaces}/jobs")
    assert [item["name"] for item in listed["jobs"]] == ["sum"]


def test_columns_are_followed_up_and_down(client: Client, cast: Cast, chain: dict[str, Any]) -> None:
    a, b, c = (
        Column.objects.create(asset_id=chain[name], path=path)
        for name, path in (("raw", "amount"), ("orders", "amount"), ("sums", "total"))
    )
    for up, down in ((a, b), (b, c)):
        ColumnEdge.objects.create(
            source=Source.OPENLINEAGE,
            upstream=up,
            downstream=down,
            how="identity",
            first_seen=NOW,
            last_seen=NOW,
        )
    node = f"datasetField:{PG}:shop.public.sums:total"
    answer = get(client, cast.admin, "/api/v1/column-lineage", nodeId=node)
    assert len(answer["graph"]) == 3
    total = next(item for item in answer["graph"] if item["id"] == node)
    assert total["data"]["inputFields"][0]["dataset"] == "shop.public.orders"
    assert total["data"]["transformationType"] == "IDENTITY"
    hidden = get(client, cast.consumer, "/api/v1/column-lineage", nodeId=node)
    assert "orders" not in json.dumps([item for item in hidden["graph"] if "raw" not in item["id"]])
    assert hidden["hidden"] == {"fields": 1}
    address, raw = "/api/v1/column-lineage/", f"dataset:{LAKE}:raw/orders"
    up = get(client, cast.admin, address, nodeId=raw)
    down = get(client, cast.admin, address, nodeId=raw, withDownstream="true")
    assert (len(up["graph"]), len(down["graph"])) == (1, 3)
    assert (
        len(get(client, cast.admin, "/api/v1/column-lineage", nodeId="job:airflow://prod:sum")["graph"]) == 3
    )


def test_events_are_read_by_their_sender_and_by_those_who_see_everything(client: Client, cast: Cast) -> None:
    import zlib

    body = json.dumps({"eventType": "COMPLETE", "job": {"name": "private"}}).encode()
    LineageEvent.objects.create(
        received_at=NOW, event_at=NOW, kind="run", digest="d", body=zlib.compress(body), size=len(body),
        sent_by=cast.owner,
    )  # fmt: skip
    counts = [
        get(client, user, "/api/v1/events/lineage")["totalCount"]
        for user in (cast.admin, cast.owner, cast.consumer)
    ]
    assert counts == [1, 1, 0]
    later = get(client, cast.admin, "/api/v1/events/lineage/", after="2026-11-22T00:00:00Z", limit=5)
    assert later == {"events": [], "totalCount": 0}


def test_search_finds_datasets_and_jobs_by_a_piece_of_their_name(
    client: Client, cast: Cast, chain: dict[str, Any]
) -> None:
    found = get(client, cast.consumer, "/api/v1/search", q="su")
    assert [item["nodeId"] for item in found["results"]] == [
        f"dataset:{PG}:shop.public.sums", "job:airflow://prod:sum"
    ]  # fmt: skip
    assert get(client, cast.consumer, "/api/v1/search", q="shop%sum", filter="DATASET")["totalCount"] == 1
    assert get(client, cast.consumer, "/api/v1/search", q="public.orders")["totalCount"] == 0


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/lineage", 400),
        ("/api/v1/lineage?nodeId=nonsense", 400),
        ("/api/v1/lineage?nodeId=dataset:nobody:knows", 404),
        ("/api/v1/lineage?nodeId=dataset%3A%00%3A%00", 400),
        ("/api/v1/lineage?nodeId=dataset:" + ":" * 300, 404),
        ("/api/v1/lineage?nodeId=dataset:a:b&depth=x", 400),
        ("/api/v1/column-lineage?nodeId=datasetField:a:b:c", 404),
        ("/api/v1/events/lineage?before=yesterday", 400),
        ("/api/v1/namespaces/unknown", 404),
        ("/api/v1/namespaces/unknown/datasets", 200),
        ("/api/v1/namespaces/a%00b/datasets/c", 400),
        ("/api/v1/namespaces/" + "a/datasets/" * 200, 404),
        ("/api/v1/jobs/runs/%00", 400),
        ("/api/v1/search?q=%00", 400),
        ("/api/v1/search?q=" + "%25" * 500, 200),
    ],
)
def test_what_makes_no_sense_is_refused_and_never_an_error(
    client: Client, cast: Cast, path: str, status: int
) -> None:
    client.force_login(cast.consumer)
    response = client.get(path)
    assert response.status_code == status, response.content


def test_many_jobs_take_no_more_queries_than_few(client: Client, cast: Cast) -> None:
    client.force_login(cast.consumer)

    def queries(count: int, namespace: str) -> int:
        for number in range(count):
            reads, writes = asset(LAKE, f"in{number}"), asset(LAKE, f"out{number}")
            made = job(f"j{number}", reads=[reads], writes=[writes], namespace=namespace)
            Run.objects.create(key=f"{namespace}{number}", job=made, last_event_at=NOW)
            make.make_port(cast.play_events, f"{namespace}-{number}", asset_id=writes)
        with CaptureQueriesContext(connection) as made_queries:
            response = client.get(f"/api/v1/namespaces/{namespace}/jobs")
        assert len(response.json()["jobs"]) == count
        return len(made_queries)

    client.get("/api/v1/namespaces/none/jobs")  # what is asked once per session
    assert queries(5, "few") == queries(50, "many")
