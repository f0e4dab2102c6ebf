"""A data folder of the first version: its rows live on in this one, and a newer one is refused."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.commanded_portal import Portal, done

FIRST = """
from datetime import UTC, datetime
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
executor = MigrationExecutor(connection)
ours = {"catalog", "lineage"}
targets = [node for node in executor.loader.graph.leaf_nodes() if node[0] not in ours]
targets += [("catalog", "0001_initial"), ("lineage", "0001_initial")]
executor.migrate(targets)
state = MigrationExecutor(connection).loader.project_state(targets).apps
def model(name, app="catalog"):
    return state.get_model(app, name)
NOW = datetime(2025, 6, 7, 8, 9, 10, 123456, UTC)
ada = model("User").objects.create(username="ada", name="Ada", password="!")
team = model("Team").objects.create(path="0001", depth=1, numchild=1, name="Daff", slug="daff")
below = model("Team").objects.create(path="00010001", depth=2, numchild=0, name="Listening", slug="listening")
model("Membership").objects.create(user=ada, team=None, role="platform_admin")
domain = model("Domain").objects.create(path="0001", depth=1, numchild=0, name="Listening", slug="listening",
    team=below)
product = model("DataProduct").objects.create(
    domain=domain, slug="plays", name="Plays", team=below, purpose="Every play.", lifecycle="active", published_at=NOW,
    links=[{"title": "Wiki", "url": "https://example.org/"}])
tag = model("Tag").objects.create(name="music", folded_name="music", slug="music")
product.tags.add(tag)
store = model("Connection").objects.create(name="Lake", slug="lake", kind="sqlite", team=below, config={"path": "/a"})
asset = model("Asset").objects.create(connection=store, namespace="file", name="plays", first_seen_at=NOW,
    last_seen_at=NOW)
port = model("OutputPort").objects.create(product=product, name="Plays table", asset=asset,
    connection=store)
consumer = model("DataProduct").objects.create(domain=domain, slug="charts", name="Charts", lifecycle="active")
model("InputPort").objects.create(product=consumer, name="Plays", upstream_port=port)
schema = model("SchemaVersion").objects.create(origin="observed", asset=asset, fingerprint="0" * 64, seen_at=NOW,
    field_count=1)
model("Field").objects.create(schema=schema, path="id", name="id", ordinal=1, logical_type="integer")
model("AssetReading").objects.create(asset=asset, read_at=NOW, is_reachable=True, row_count=2**40)
model("CrawlRun").objects.create(connection=store, trigger="manual", queued_at=NOW, due_at=NOW, finished_at=NOW,
    status="succeeded")
model("AuditEvent").objects.create(actor=ada, actor_name="Ada", verb="product.published", object_kind="product",
    object_id=product.pk, object_name="Plays")
model("LineageEdge", "lineage").objects.create(source="input_port", upstream_kind="port", upstream_id=port.pk,
    downstream_kind="product", downstream_id=consumer.pk, first_seen=NOW, last_seen=NOW)
executor = MigrationExecutor(connection)
print(json.dumps(bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))))
"""
NOW_THERE = """
from catalog.accounts.models import Team, User
from catalog.accounts import kernel
from catalog.crawling.models import CrawlRun
from catalog.products.models import DataProduct, InputPort, OutputPort
from catalog.search import services
from catalog.search.selectors import index_state
from lineage.models import LineageEdge
services.drain_marks()
ada = User.objects.get(username="ada")
product = DataProduct.objects.get(slug="plays")
port = OutputPort.objects.get()
state = index_state()
print(json.dumps({
    "admin": kernel.standing(ada).is_platform_admin,
    "team": product.team.get_parent().name,
    "product": [product.name, product.purpose, product.published_at.isoformat(), product.links, product.visibility],
    "tags": [tag.name for tag in product.tags.all()],
    "port": [port.name, port.asset.name, port.connection.config],
    "fields": [field.path for field in port.asset.schema_versions.get().fields.all()],
    "rows": port.asset.readings.get().row_count,
    "reads": InputPort.objects.get().upstream_port.product.name,
    "runs": [run.status for run in CrawlRun.objects.all()],
    "edges": LineageEdge.objects.in_force().count(),
    "visible": [row.name for row in DataProduct.objects.visible_to(ada).order_by("name")],
    "indexed": [state.in_index, state.in_database],
}))
"""
EXPECTED = {
    "admin": True,
    "team": "Daff",
    "product": [
        "Plays",
        "Every play.",
        "2025-06-07T08:09:10.123456+00:00",
        [{"title": "Wiki", "url": "https://example.org/"}],
        "mesh",
    ],
    "tags": ["music"],
    "port": ["Plays table", "plays", {"path": "/a"}],
    "fields": ["id"],
    "rows": 2**40,
    "reads": "Plays",
    "runs": ["succeeded"],
    "edges": 1,
    "visible": ["Charts", "Plays"],
    "indexed": [3, 3],
}


@pytest.mark.slow
def test_data_folder_of_the_first_version_lives_on(tmp_path: Path) -> None:
    portal = Portal(tmp_path / "old")
    has_grown = portal.json(FIRST)
    done(portal.manage("backup", tmp_path / "old.zip"))
    done(portal.manage("prepare"))
    backups = list((portal.folder / "backups").glob("portal-*.sqlite3")) if has_grown else []
    assert len(backups) == has_grown, "it is backed up before it is migrated"
    for backup in backups:
        with closing(sqlite3.connect(backup)) as rows:
            assert rows.execute("SELECT name FROM catalog_dataproduct ORDER BY name").fetchall() == [
                ("Charts",),
                ("Plays",),
            ]
    assert portal.json(NOW_THERE) == EXPECTED
    assert '"fresh": false' in done(portal.manage("prepare"))

    restored = Portal(tmp_path / "restored")
    done(restored.manage("restore", tmp_path / "old.zip"))
    assert restored.json(NOW_THERE) == EXPECTED

    with closing(sqlite3.connect(portal.folder / "portal.sqlite3")) as rows, rows:
        rows.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('lineage', '0999_future', '2031-01-01')"
        )
    refused = portal.manage("prepare")
    assert refused.returncode == 1
    assert "lineage.0999_future" in refused.stderr
