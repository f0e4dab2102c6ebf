"""Two datasets that are one: merged with all that hangs on them, taken back, proposed, declared by ports."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from catalog.assets.models import Asset
from catalog.common.errors import Conflict, Invalid, NotAllowed
from catalog.contracts.models import ContractVersion, PortContract
from catalog.contracts.services import import_document
from catalog.products.models import OutputPort
from lineage.datasets.merging import bind_name, decline_merge, merge_datasets, undo_alias, undo_merge
from lineage.datasets.models import DatasetAlias, DatasetMerge, DeclaredName
from lineage.datasets.naming import DatasetName
from lineage.datasets.proposing import propose_lookalikes
from lineage.datasets.services import add_symlinks, find_or_make_assets
from lineage.edges.observing import ColumnLink, observe_edges
from lineage.models import ColumnEdge, DatasetFacets, LineageEdge, Source
from tests import factories as make
from tests.conftest import Cast
from tests.lineage.openlineage.events import dataset_event, send

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PG = "postgres://db.example:5432"
TABLE = DatasetName(PG, "shop.public.orders")
HIVE = DatasetName("hive://meta:9083", "shop.orders")
RAW = DatasetName("s3://lake", "raw")
SUMS = DatasetName("s3://lake", "sums")


def asset(name: DatasetName) -> Asset:
    return Asset.objects.get(pk=find_or_make_assets([name], seen_at=NOW)[name])


def observe(up: Asset, down: Asset, at: datetime, path: str = "id") -> None:
    link = ColumnLink(up.pk, path, down.pk, path)
    observe_edges(
        source=Source.OPENLINEAGE, job_id=None, assets=[(up.pk, down.pk)], columns=[link], seen_at=at
    )


def state() -> dict[str, Any]:
    """Everything merging may touch, without the merge itself."""
    edges = LineageEdge.objects.order_by("pk").values_list()
    columns = ColumnEdge.objects.order_by("pk").values_list(
        "upstream__asset", "upstream__path", "downstream__asset", "downstream__path", "valid_to", "last_seen"
    )
    return {
        "edges": list(edges),
        "columns": list(columns),
        "ignored": list(Asset.objects.order_by("pk").values_list("pk", "is_ignored")),
    }


@pytest.fixture
def two(db: None) -> tuple[Asset, Asset]:
    """The same data as a table and under another name, both with what feeds them and what they feed."""
    table, hive, raw, sums = asset(TABLE), asset(HIVE), asset(RAW), asset(SUMS)
    observe(raw, table, NOW)
    observe(raw, hive, NOW - timedelta(days=3))
    observe(hive, sums, NOW, path="total")
    observe(table, hive, NOW, path="copy")
    return table, hive


def test_merging_moves_edges_and_columns_and_keeps_the_time_they_were_seen(two: tuple[Asset, Asset]) -> None:
    table, hive = two
    merge_datasets(actor=None, kept=table, gone=hive)
    force = LineageEdge.objects.in_force().filter(upstream_kind="asset")
    pairs = set(force.values_list("upstream_id", "downstream_id"))
    raw, sums = asset(RAW).pk, asset(SUMS).pk
    assert pairs == {(raw, table.pk), (table.pk, sums)}
    assert force.get(upstream_id=raw).first_seen == NOW - timedelta(days=3)
    columns = ColumnEdge.objects.in_force().values_list("upstream__asset", "downstream__asset")
    assert set(columns) == pairs
    assert asset(HIVE).pk == table.pk


def test_a_merge_that_is_undone_leaves_everything_as_it_was(two: tuple[Asset, Asset]) -> None:
    table, hive = two
    before = state()
    merge = merge_datasets(actor=None, kept=table, gone=hive)
    assert state() != before
    undo_merge(actor=None, merge=merge)
    assert state() == before
    assert asset(HIVE).pk == hive.pk
    with pytest.raises(Conflict):
        undo_merge(actor=None, merge=merge)


def test_what_a_crawl_reads_or_a_port_offers_is_not_merged_away(cast: Cast) -> None:
    crawled, orphan = make.make_asset(name="a.b.c", namespace=PG), asset(HIVE)
    with pytest.raises(Invalid):
        merge_datasets(actor=None, kept=orphan, gone=crawled)
    make.make_port(cast.play_events, "p", asset=orphan)
    with pytest.raises(Invalid):
        merge_datasets(actor=None, kept=crawled, gone=orphan)


def test_only_those_who_answer_for_both_may_merge(cast: Cast) -> None:
    table, hive = asset(TABLE), asset(HIVE)
    with pytest.raises(NotAllowed):
        merge_datasets(actor=cast.consumer, kept=table, gone=hive)
    secret = make.make_port(make.make_product("Secret"), "s", asset=table)
    with pytest.raises(NotAllowed):
        merge_datasets(actor=cast.owner, kept=table, gone=hive)
    secret.delete()
    assert merge_datasets(actor=cast.owner, kept=table, gone=hive).decided_by == cast.owner


OWNED = {"owners": [{"name": "team:shop", "type": "OWNER"}]}


def tell(name: DatasetName, minutes: int, **facets: dict[str, Any]) -> None:
    """An event that says this of a dataset."""
    named = {"namespace": name.namespace, "name": name.name, "facets": facets}
    send(None, dataset_event("any", minutes=minutes) | {"dataset": named})


def told(of: Asset) -> dict[str, Any]:
    found = DatasetFacets.objects.filter(asset=of).first()
    return found.facets if found else {}


def test_facets_follow_a_merge_the_newest_wins_and_undoing_brings_them_back() -> None:
    table, hive = asset(TABLE), asset(HIVE)
    tell(TABLE, 5, tags={"tags": [{"key": "new"}]}, documentation={"description": "Of the table"})
    tell(HIVE, 0, tags={"tags": [{"key": "old"}]})
    tell(HIVE, 9, ownership=OWNED, documentation={"description": "Of hive"}, unknown={"kept": True})
    before = told(table), told(hive)
    merge = merge_datasets(actor=None, kept=table, gone=hive)
    assert told(table) == {
        "tags": {"tags": [{"key": "new"}]}, "ownership": OWNED, "documentation": {"description": "Of hive"},
        "unknown": {"kept": True},
    }  # fmt: skip
    assert (told(hive), asset(TABLE).comment) == ({}, "Of hive")
    tell(HIVE, 20, ownership={"owners": []})  # under its old name, of the one that is kept
    undo_merge(actor=None, merge=merge)
    assert told(table) == before[0] | {"ownership": {"owners": []}}  # told since the merge
    assert told(hive) == before[1]
    assert asset(TABLE).comment == "Of the table"


def test_facets_of_a_dataset_follow_into_one_of_which_none_were_told() -> None:
    table, hive = asset(TABLE), asset(HIVE)
    schema = {"fields": [{"name": "id", "type": "BIGINT"}]}
    tell(HIVE, 0, schema=schema, documentation={"description": "Of hive"})
    merge = merge_datasets(actor=None, kept=table, gone=hive)
    assert told(table)["schema"] == schema
    assert table.schema_versions.get().fields.get().path == "id"
    undo_merge(actor=None, merge=merge)
    assert not DatasetFacets.objects.filter(asset=table).exists()
    assert (asset(TABLE).comment, told(hive)["schema"]) == ("", schema)


def test_facets_that_follow_into_a_crawled_dataset_change_nothing_a_crawl_saw() -> None:
    table, hive = make.make_asset(name=TABLE.name, namespace=PG, comment="As crawled"), asset(HIVE)
    tell(
        HIVE,
        0,
        documentation={"description": "Of hive"},
        lifecycleStateChange={"lifecycleStateChange": "DROP"},
    )
    merge_datasets(actor=None, kept=table, gone=hive)
    table.refresh_from_db()
    assert (table.comment, table.vanished_at) == ("As crawled", None)
    assert told(table)["documentation"] == {"description": "Of hive"}


def test_symlinks_join_datasets_in_whatever_order_events_come(two: tuple[Asset, Asset]) -> None:
    table, _ = two
    add_symlinks([(TABLE, HIVE)], source=Source.OPENLINEAGE, seen_at=NOW)
    assert asset(HIVE).pk == table.pk
    undo_merge(actor=None, merge=DatasetMerge.objects.get())
    add_symlinks([(TABLE, HIVE)], source=Source.OPENLINEAGE, seen_at=NOW)
    assert asset(HIVE).pk != table.pk  # a person said no


def test_symlinks_between_two_crawled_datasets_are_proposed_once_and_can_be_declined() -> None:
    table = make.make_asset(name=TABLE.name, namespace=PG)
    make.make_asset(name=HIVE.name, namespace=HIVE.namespace)
    for _ in range(2):
        add_symlinks([(TABLE, HIVE)], source=Source.OPENLINEAGE, seen_at=NOW)
    proposal = DatasetMerge.objects.get()
    assert (proposal.state, proposal.kept_id) == ("proposed", table.pk)
    decline_merge(actor=None, merge=proposal)
    add_symlinks([(TABLE, HIVE)], source=Source.OPENLINEAGE, seen_at=NOW)
    assert not DatasetMerge.objects.proposed().exists()


def test_the_same_table_at_another_address_is_proposed() -> None:
    known = make.make_asset(name=TABLE.name, namespace=PG)
    other = asset(DatasetName("postgres://10.0.0.5:5432", TABLE.name))
    asset(DatasetName("mysql://10.0.0.5:3306", TABLE.name))
    assert propose_lookalikes(at=NOW) == 1
    assert propose_lookalikes(at=NOW) == 0
    proposal = DatasetMerge.objects.get()
    assert (proposal.kept_id, proposal.gone_id) == (known.pk, other.pk)


def test_a_name_is_bound_by_hand_and_taken_back(cast: Cast) -> None:
    table = asset(TABLE)
    with pytest.raises(NotAllowed):
        bind_name(actor=cast.consumer, namespace=HIVE.namespace, name=HIVE.name, asset=table)
    alias = bind_name(actor=cast.owner, namespace=HIVE.namespace, name=HIVE.name, asset=table)
    assert isinstance(alias, DatasetAlias)
    assert asset(HIVE).pk == table.pk
    undo_alias(actor=cast.owner, alias=alias)
    assert asset(HIVE).pk != table.pk
    with pytest.raises(Conflict):
        undo_alias(actor=cast.owner, alias=alias)


def test_binding_the_name_of_a_dataset_merges_it_and_taking_it_back_undoes_that(
    two: tuple[Asset, Asset],
) -> None:
    table, hive = two
    before = state()
    merge = bind_name(actor=None, namespace=HIVE.namespace, name=HIVE.name, asset=table)
    assert isinstance(merge, DatasetMerge)
    undo_alias(actor=None, alias=DatasetAlias.objects.in_force().get(kind="merge"))
    assert state() == before
    assert asset(HIVE).pk == hive.pk


def contract(server: dict[str, Any]) -> ContractVersion:
    data = {"apiVersion": "v3.1.0", "kind": "DataContract", "id": "urn:x", "version": "1.0.0", "status": "active",
            "servers": [{"server": "main", "environment": "prod", **server}],
            "schema": [{"name": "orders", "properties": [{"name": "id", "logicalType": "string"}]}]}  # fmt: skip
    result = import_document(actor=None, raw=json.dumps(data).encode())
    assert result.status == "imported", result
    return ContractVersion.objects.get()


SERVER = {"type": "postgresql", "host": "DB.example", "port": 5432, "database": "shop", "schema": "public"}


def test_an_event_finds_the_port_whose_contract_names_its_server(cast: Cast) -> None:
    port = make.make_port(cast.play_events, "orders")
    PortContract.objects.create(port=port, contract_key="urn:x", version=contract(SERVER))
    found = asset(TABLE)
    assert OutputPort.objects.get(pk=port.pk).asset == found
    assert DeclaredName.objects.get().name == TABLE.name


def test_a_port_that_declares_a_dataset_in_quarantine_gets_it(cast: Cast) -> None:
    seen = asset(RAW)
    port = make.make_port(cast.play_events, "raw", location="s3a://lake/raw/")
    assert OutputPort.objects.get(pk=port.pk).asset == seen


def test_a_crawled_port_is_found_by_the_address_its_contract_gives_the_store(cast: Cast) -> None:
    crawled = make.make_asset(name=TABLE.name, namespace="postgres://10.0.0.5:5432")
    port = make.make_port(cast.play_events, "orders", asset=crawled, connection=crawled.connection)
    PortContract.objects.create(port=port, contract_key="urn:x", version=contract(SERVER))
    assert asset(TABLE) == crawled


def test_a_declaration_takes_nothing_that_somebody_else_offers_or_crawls(cast: Cast) -> None:
    offered, crawled = asset(RAW), make.make_asset(name="x", namespace="s3://lake")
    make.make_port(make.make_product("Theirs"), "raw", asset=offered)
    for name in ("raw", "x"):
        port = make.make_port(cast.play_events, f"{name}2", location=f"s3://lake/{name}")
        assert OutputPort.objects.get(pk=port.pk).asset is None
    for product in (cast.play_events, cast.playback_quality):
        make.make_port(product, "both", location="s3://lake/both")
    asset(DatasetName("s3://lake", "both"))
    assert (
        not OutputPort.objects.filter(name="both").exclude(asset=None).exists()
    )  # who of the two, nobody knows
    assert crawled.output_ports.count() == 0
