"""Whole crawls of other real stores: PostgreSQL, a folder of files, DuckDB."""

import csv
import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pymysql
import pytest
from django.utils import timezone

from catalog.connections.models import Connection
from catalog.crawling.models import CrawlRun
from catalog.products.claim import claim_assets
from catalog.schemas.models import FieldProfile
from catalog.trust.models import PortTrust
from tests import factories as make
from tests import local_mariadb
from tests.catalog.crawling.conftest import Store
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def crawled(store: Store, cast: Cast, location: str) -> CrawlRun:
    """A port that names a place, crawled alone: it finds its asset, is read and judged."""
    port = make.make_port(cast.play_events, "found", connection=store.connection, location=location)
    run = store.crawl(timezone.now(), port=port)
    port.refresh_from_db()
    assert run.status == "succeeded", f"{run.error} {run.remedy}"
    assert port.asset is not None
    assert PortTrust.objects.get(port=port).is_reachable
    again = store.crawl(timezone.now() + timedelta(hours=1), port=port)
    assert again.counts["new"] == again.counts["changed"] == 0
    assert port.asset.schema_versions.count() == 1
    return run


@pytest.mark.postgres
def test_postgresql_schema_with_keys_and_comments(
    cast: Cast, settings: Any, request: pytest.FixtureRequest
) -> None:
    psycopg = pytest.importorskip("psycopg")
    try:
        server = psycopg.connect("postgresql://root@127.0.0.1:5432/test", autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        pytest.skip("needs a PostgreSQL server on 127.0.0.1:5432 with a database called test")
    schema = "crawl_test"
    server.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
    server.execute(f"CREATE SCHEMA {schema}")
    request.addfinalizer(server.close)
    request.addfinalizer(lambda: server.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))
    server.execute(
        f"CREATE TABLE {schema}.plays (id bigint PRIMARY KEY, track text NOT NULL, played_at timestamptz)"
    )
    server.execute(f"COMMENT ON COLUMN {schema}.plays.track IS 'What was played'")
    server.execute("INSERT INTO crawl_test.plays SELECT n, 't', now() FROM generate_series(1, 50) n")
    settings.ALLOWED_PRIVATE_HOSTS = ["127.0.0.1"]
    settings.ALLOWED_PORTS = ["5432"]
    config = {
        "host": "127.0.0.1",
        "port": 5432,
        "database": "test",
        "user": "root",
        "include": ["crawl_test.*"],
    }
    source = make.make_connection(kind="postgresql", config=config)
    crawled(Store(Path(), source), cast, f"{schema}.plays")
    fields = {item.path: item for item in source.assets.get().schema_versions.get().fields.all()}
    assert (fields["id"].key_position, fields["track"].comment) == (1, "What was played")
    assert source.assets.get().readings.first().row_count == 50  # type: ignore[union-attr]


def test_mariadb_with_keys_and_the_sql_of_views(
    cast: Cast, settings: Any, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    reach = local_mariadb.running()
    if reach is None:
        pytest.skip("needs a MariaDB or MySQL server on 127.0.0.1:3306 where root has no password")
    settings.ALLOWED_PRIVATE_HOSTS = ["127.0.0.1"]
    settings.ALLOWED_PORTS = [str(reach["port"])]
    name = f"crawl_{os.getpid()}"
    with pymysql.connect(**reach, autocommit=True) as connection, connection.cursor() as run:
        run.execute(f"CREATE DATABASE {name}")
        try:
            run.execute(f"USE {name}")
            run.execute("CREATE TABLE plays (id bigint PRIMARY KEY, track text COMMENT 'What was played')")
            run.execute("INSERT INTO plays VALUES (1, 'a'), (2, 'b')")
            run.execute("CREATE VIEW tracks AS SELECT DISTINCT track FROM plays")
            source = make.make_connection(kind="mysql", config={**reach, "database": name})
            crawled(Store(Path(), source), cast, f"{name}.plays")
        finally:
            run.execute(f"DROP DATABASE {name}")
    plays = source.assets.get(name=f"{name}.plays")
    fields = {item.path: item for item in plays.schema_versions.get().fields.all()}
    assert (fields["id"].key_position, fields["track"].comment) == (1, "What was played")
    assert plays.readings.first().row_count == 2  # type: ignore[union-attr]
    assert "distinct" in source.assets.get(name=f"{name}.tracks").definitions.get().sql


def test_openapi_document_becomes_api_ports_with_schema_and_words(
    cast: Cast, settings: Any, tmp_path: Path
) -> None:
    settings.FILE_ROOTS = [str(tmp_path)]
    play = {"properties": {"id": {"type": "integer"}, "artist": {"properties": {"name": {"type": "string"}}}}}
    answer = {"content": {"application/json": {"schema": {"type": "array", "items": play}}}}
    operation = {"summary": "All plays", "responses": {"200": answer}}
    document = {
        "openapi": "3.1.0",
        "servers": [{"url": "https://api.example.org/v1"}],
        "paths": {"/plays": {"get": operation}},
    }
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(document))
    source = make.make_connection(kind="openapi", team=cast.listening_team, config={"path": str(path)})
    store = Store(path, source)
    assert store.crawl(timezone.now()).status == "succeeded"
    (port,) = claim_assets(
        actor=cast.owner, connection=source, assets=list(source.assets.all()), product=cast.play_events
    )
    assert (port.kind, port.modality, port.location) == ("api", "api", "GET https://api.example.org/v1/plays")
    assert port.description.startswith("All plays")
    assert store.crawl(timezone.now(), port=port).counts["failed"] == 0
    fields = source.assets.get().schema_versions.get().fields
    assert list(fields.values_list("path", flat=True)) == ["id", "artist", "artist.name"]
    assert PortTrust.objects.get(port=port).is_reachable


def test_duckdb_file_with_nested_fields(cast: Cast, tmp_path: Path, settings: Any) -> None:
    settings.FILE_ROOTS = [str(tmp_path)]
    path = tmp_path / "store.duckdb"
    with duckdb.connect(str(path)) as store:
        store.execute(
            "CREATE TABLE plays AS SELECT i AS id, {'name': 'x', 'age': i} AS listener FROM range(50) t(i)"
        )
    source = make.make_connection(kind="duckdb", config={"path": str(path)})
    crawled(Store(path, source), cast, "plays")
    assert FieldProfile.objects.filter(path="listener").exists()


def test_folder_of_csv_files(cast: Cast, tmp_path: Path, settings: Any) -> None:
    settings.FILE_ROOTS = [str(tmp_path)]
    for day in ("2026-03-01", "2026-03-02"):
        with (tmp_path / f"plays-{day}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "seconds"])
            writer.writerows((n, n % 20) for n in range(30))
    source = Connection(kind="files", config={"path": str(tmp_path)})
    source = make.make_connection(kind=source.kind, config=source.config)
    store = Store(tmp_path, source)
    store.crawl(timezone.now())
    names = list(source.assets.values_list("name", flat=True))
    assert names
    crawled(store, cast, names[0])
