"""Projects of dbt become nodes, datasets, edges and columns; twice is once; what fails changes nothing."""

import contextlib
import copy
import gzip
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.assets.models import Asset
from catalog.common.errors import Invalid, NotAllowed
from catalog.schemas.models import Field
from lineage.models import ColumnEdge, DbtImport, DbtImportPiece, DbtNode, DbtProject, Job, LineageEdge
from tests import factories as make
from tests.conftest import Cast
from tests.lineage.dbt.projects import catalog, imported, manifest

NAMESPACE = "postgres://db.example:5432"
pytestmark = pytest.mark.django_db


def edges() -> set[tuple[str, str]]:
    names = dict(Asset.objects.values_list("pk", "name"))
    rows = LineageEdge.objects.in_force().filter(source="dbt", upstream_kind="asset", downstream_kind="asset")
    return {(names[up], names[down]) for up, down in rows.values_list("upstream_id", "downstream_id")}


def columns() -> set[tuple[str, str, str]]:
    rows = ColumnEdge.objects.in_force().filter(source="dbt", is_direct=True)
    return {
        (f"{edge.upstream.asset.name}.{edge.upstream.path}", f"{edge.downstream.asset.name}.{edge.downstream.path}",
         edge.how) for edge in rows.select_related("upstream__asset", "downstream__asset")
    }  # fmt: skip


ALL = {
    ("db.public.raw_orders", "db.public.stg_orders"),
    ("db.public.stg_orders", "db.public.orders"),  # across the ephemeral model
    ("db.public.countries", "db.public.orders"),
}


@pytest.mark.parametrize("version", range(1, 13))
def test_manifests_of_every_version_are_read(cast: Cast, version: int) -> None:
    data = manifest(version)
    if version < 7:  # older names of members
        for node in data["nodes"].values():
            node["compiled_sql"] = node.pop("compiled_code")
        del data["metadata"]["project_name"]
    job = imported(data, catalog(), namespace=NAMESPACE)
    assert (job.status, job.error) == ("succeeded", "")
    assert edges() == ALL
    assert columns() == {
        ("db.public.raw_orders.id", "db.public.stg_orders.order_id", "identity"),
        ("db.public.raw_orders.amount", "db.public.stg_orders.amount", "identity"),
        ("db.public.raw_orders.country", "db.public.stg_orders.country", "identity"),
        ("db.public.stg_orders.order_id", "db.public.orders.order_id", "identity"),
        ("db.public.countries.name", "db.public.orders.country_name", "identity"),
    }
    assert DbtProject.objects.get().name == "shop"


def test_what_is_said_of_nodes_is_kept(cast: Cast) -> None:
    imported(manifest(), catalog(), namespace=NAMESPACE)
    orders = DbtNode.objects.get(unique_id="model.shop.orders")
    assert orders.facts["group"] == "finance"
    assert orders.facts["version"] == "2"
    assert orders.facts["columns"][0] == {
        "name": "order_id", "type": "bigint", "description": "The order.", "tests": ["not_null"],
    }  # fmt: skip
    board = DbtNode.objects.get(kind="exposure")
    assert (board.facts["owner"], board.facts["upstream"], board.asset) == (
        "Ada",
        ["model.shop.orders"],
        None,
    )
    assert orders.asset is not None
    assert (orders.asset.namespace, orders.asset.comment) == (NAMESPACE, "About orders.")
    assert list(Field.objects.filter(schema__asset=orders.asset).values_list("path", "logical_type")) == [
        ("order_id", "integer"), ("country_name", "string"),
    ]  # fmt: skip


def test_twice_is_once(cast: Cast) -> None:
    first = imported(manifest(), catalog(), namespace=NAMESPACE)
    counted = [model.objects.count() for model in (Asset, DbtNode, Job, LineageEdge, ColumnEdge, Field)]
    second = imported(manifest(), catalog())  # the namespace is remembered
    assert (first.counts["made"], second.counts["made"], second.counts["same"]) == (6, 0, 6)
    assert second.counts["changed"] == second.counts["removed"] == 0
    assert [
        model.objects.count() for model in (Asset, DbtNode, Job, LineageEdge, ColumnEdge, Field)
    ] == counted
    assert not DbtImportPiece.objects.exists()


def test_a_removed_model_is_marked_its_edges_end_and_it_may_come_back(cast: Cast) -> None:
    imported(manifest(), catalog(), namespace=NAMESPACE)
    less = manifest(generated_at="2026-03-02T10:00:00Z")
    del less["nodes"]["model.shop.orders"]
    job = imported(less, catalog())
    assert job.counts["removed"] == 1
    node = DbtNode.objects.get(unique_id="model.shop.orders")
    assert node.removed_at is not None
    assert edges() == {("db.public.raw_orders", "db.public.stg_orders")}
    assert LineageEdge.objects.exclude(valid_to=None).filter(source="dbt").count() >= 2
    again = imported(manifest(generated_at="2026-03-03T10:00:00Z"), catalog())
    assert again.counts["changed"] == 1
    assert edges() == ALL


def test_without_a_catalog_columns_come_from_the_models_before(cast: Cast) -> None:
    imported(manifest(), namespace=NAMESPACE)
    assert ("db.public.raw_orders.id", "db.public.stg_orders.order_id", "identity") in columns()
    assert ("db.public.stg_orders.order_id", "db.public.orders.order_id", "identity") in columns()


def test_nodes_are_the_tables_that_were_crawled(cast: Cast) -> None:
    store = make.make_connection("Shop", kind="postgresql", team=cast.listening_team)
    known = make.make_asset(store, "db.public.orders", namespace=NAMESPACE)
    make.make_schema(known, {"order_id": "integer"})
    job = imported(manifest(), catalog(), actor=cast.owner)
    assert DbtProject.objects.get().namespace == NAMESPACE
    assert DbtNode.objects.get(unique_id="model.shop.orders").asset == known
    assert any("Shop" in problem["message"] for problem in job.problems)
    known.refresh_from_db()
    assert known.comment != "About orders."  # its store describes it
    assert known.schema_versions.count() == 1


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b'{"nodes": {}}', b'{"metadata": {}, "nodes": [], "sources": {}}', b"\x1f\x8bnot gzip",
     b'{"metadata": {"dbt_schema_version": "x/manifest/v12.json"}, "nodes": {"a": 1}, "sources": {}}', b"\xff\xfe\x00",
     b"[" * 100_000],
)  # fmt: skip
def test_what_is_no_manifest_is_refused_and_changes_nothing(cast: Cast, data: bytes) -> None:
    imported(manifest(), catalog(), namespace=NAMESPACE)
    with contextlib.suppress(Invalid):  # told at once, or by the row
        job = imported(data)
        assert job.status == "failed"
        assert job.error
        assert job.problems
    assert edges() == ALL
    assert not DbtNode.objects.exclude(removed_at=None).exists()
    assert not DbtImportPiece.objects.exists()


def test_gzip_and_several_artifacts_in_one_object_are_read(cast: Cast) -> None:
    whole = {"manifest": manifest(), "catalog": catalog()}
    job = imported(gzip.compress(json.dumps(whole).encode()), namespace=NAMESPACE)
    assert job.status == "succeeded"
    assert edges() == ALL


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


KEYS = ("model.shop.orders", "source.shop.raw.orders", "seed.shop.countries")
MEMBERS = (
    "depends_on", "columns", "config", "database", "schema", "alias", "description", "compiled_code", "resource_type",
    "name", "unique_id", "tags", "version", "contract", "owner",
)  # fmt: skip


@given(
    junk=st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(MEMBERS), JUNK), min_size=1, max_size=4)
)
@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
def test_whatever_stands_in_a_node_the_rest_is_imported(cast: Cast, junk: list[tuple[str, str, Any]]) -> None:
    data = copy.deepcopy(manifest())
    for key, member, value in junk:
        section = data["sources"] if key.startswith("source") else data["nodes"]
        section[key][member] = value
    job = imported(data, namespace=NAMESPACE)
    assert job.status == "succeeded", job.error
    assert DbtNode.objects.filter(unique_id="model.shop.stg_orders", removed_at=None).exists()


def test_only_those_in_charge_of_a_team_import_for_it(cast: Cast) -> None:
    for person in (cast.consumer, cast.guest, cast.steward):
        with pytest.raises(NotAllowed):
            imported(manifest(), actor=person)
    assert not DbtImport.objects.exists()
    assert imported(manifest(), actor=cast.owner).status == "succeeded"
    assert imported(manifest(), actor=cast.owner, team="").team == cast.listening_team


def test_a_project_of_another_team_is_another_project(cast: Cast) -> None:
    imported(manifest(), actor=cast.owner)
    less = manifest()
    less["nodes"] = {}
    imported(less, actor=cast.steward, team="playback-team")
    assert DbtProject.objects.count() == 2
    assert not DbtNode.objects.exclude(removed_at=None).exists()
    assert edges() == ALL
