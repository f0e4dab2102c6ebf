"""Checks of Iceberg tables: asked of the data of the newest snapshot, in folders, buckets and behind a catalog."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from catalog.connections.connectors.iceberg import IcebergConnector
from catalog.connections.connectors.observations import ObservedCheck
from tests import local_servers as serve
from tests.catalog.connections.connectors.support import configured
from tests.catalog.connections.connectors.test_checks_lake import CHECKS, asked, judge, stored
from tests.s3_server import s3_server

pytest.importorskip("pyiceberg", reason="the extra lake is not installed: ./mesh extras lake")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
ICEBERG = IcebergConnector()
ROWS = (
    "(1, 'Ada', 'a b', 1), (2, NULL, 'a b', 2), (3, 'Bob', 'c/d', 3)",
    "(3, 'Cyd', NULL, 3, NULL), (1, 'Dan', 'a b', 1, 5)",
)
IDS = {"id": 1, "artist": 2, "performer": 2, "day": 3, "at": 4, "added": 5}


def written(path: Path, columns: tuple[str, ...], values: str, *, has_ids: bool = True) -> None:
    """A Parquet file as writers of Iceberg make them: each column has its id."""
    ids = ", ".join(f'"{name}": {IDS[name]}' for name in columns)
    named = ", ".join(f'"{name}"' for name in columns)
    moment = "TIMESTAMPTZ '2026-10-31 00:00:00+00' + to_days(\"at\"::INT)"
    query = f'SELECT * REPLACE ({moment} AS "at") FROM (VALUES {values}) AS given({named})'  # noqa: S608
    options = f", FIELD_IDS {{{ids}}}" if has_ids else ""
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        database.execute(f"COPY ({query}) TO '{path}' (FORMAT PARQUET{options})")


def append(table: Any, path: Path, content: str = "DATA") -> None:
    from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
    from pyiceberg.typedef import Record

    with table.transaction() as change, change.update_snapshot().fast_append() as append:
        append.append_data_file(
            DataFile.from_args(
                content=DataFileContent[content],
                file_path=f"file://{path}",
                file_format=FileFormat.PARQUET,
                partition=Record(),
                record_count=3,
                file_size_in_bytes=path.stat().st_size,
                spec_id=0,
            )
        )


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[tuple[Path, Any]]:
    """The table `music/plays`: a column was renamed and one added between the first file and the second."""
    from pyiceberg.catalog.sql import SqlCatalog
    from pyiceberg.schema import Schema
    from pyiceberg.types import LongType, NestedField, StringType, TimestamptzType

    lake = tmp_path / "lake"
    lake.mkdir()
    catalog = SqlCatalog(
        "made",
        uri=f"sqlite:///{tmp_path}/catalog.db",
        warehouse=f"file://{lake}",
        **{"py-io-impl": "pyiceberg.io.fsspec.FsspecFileIO"},
    )
    catalog.create_namespace("music")
    schema = Schema(
        NestedField(1, "id", LongType()),
        NestedField(2, "performer", StringType()),
        NestedField(3, "day", StringType()),
        NestedField(4, "at", TimestamptzType()),
    )
    table = catalog.create_table("music.plays", schema)
    data = lake / "music" / "plays" / "data"
    written(data / "1.parquet", ("id", "performer", "day", "at"), ROWS[0])
    append(table, data / "1.parquet")
    with table.update_schema() as change:
        change.rename_column("performer", "artist")
        change.add_column("added", LongType())
    written(data / "2.parquet", ("id", "artist", "day", "at", "added"), ROWS[1])
    append(table, data / "2.parquet")
    yield lake, table
    catalog.close()


def in_folder(lake: Path, number: int = 3) -> ObservedCheck:
    return asked(ICEBERG, configured(ICEBERG, location=str(lake)), lake, CHECKS[number])[number + 1]


def test_a_table_in_a_folder_is_checked_over_its_newest_snapshot(lake: tuple[Path, Any]) -> None:
    judge(asked(ICEBERG, configured(ICEBERG, location=str(lake[0])), lake[0]))


def test_a_table_in_a_bucket_is_checked_wherever_it_was_copied_from(lake: tuple[Path, Any]) -> None:
    with s3_server() as server:
        server.client().create_bucket(Bucket="lakes")
        judge(asked(ICEBERG, configured(ICEBERG, **stored(server, lake[0], "iceberg")), None))


def catalog_of(lake: Path) -> dict[str, serve.Answer]:
    newest = max(lake.rglob("*.metadata.json"), key=lambda path: path.name)
    listed = {"identifiers": [{"namespace": ["music"], "name": "plays"}]}
    answers = {
        "/v1/config": {},
        "/v1/namespaces": {"namespaces": [["music"]]},
        "/v1/namespaces?parent=music": {"namespaces": []},
        "/v1/namespaces/music/tables": listed,
        "/v1/namespaces/music/tables/plays": {"metadata": json.loads(newest.read_text())},
    }
    return {path: serve.content(json.dumps(body).encode()) for path, body in answers.items()}


def test_behind_a_catalog_the_data_are_read_where_the_connection_says(lake: tuple[Path, Any]) -> None:
    with serve.http_server(catalog_of(lake[0])) as base:
        judge(asked(ICEBERG, configured(ICEBERG, catalog=base, location=str(lake[0])), lake[0]))
        (found,) = asked(ICEBERG, configured(ICEBERG, catalog=base), None, CHECKS[3]).values()
    assert found.error is not None
    assert "location of the data" in found.error.remedy


def test_deleted_rows_beside_the_data_are_not_guessed(lake: tuple[Path, Any]) -> None:
    place, table = lake
    written(place / "music/plays/data/d.parquet", ("id", "at"), "(1, 1)")
    append(table, place / "music/plays/data/d.parquet", "POSITION_DELETES")
    found = in_folder(place)
    assert found.error is not None
    assert "marks rows as deleted" in found.error.message


def test_files_without_ids_of_columns_are_not_guessed(lake: tuple[Path, Any]) -> None:
    place, table = lake
    path = place / "music/plays/data/3.parquet"
    written(path, ("id", "at"), "(1, 1)", has_ids=False)
    append(table, path)
    found = in_folder(place)
    assert found.error is not None
    assert "which column is which" in found.error.message


def test_data_outside_the_location_and_lost_data_spoil_only_the_checks(lake: tuple[Path, Any]) -> None:
    place, table = lake
    outside = place.parent / "elsewhere.parquet"
    written(outside, ("id", "at"), "(1, 1)")
    (place / "music/plays/data/1.parquet").unlink()
    lost = in_folder(place)
    assert lost.error is not None
    assert lost.error.code == "gone"
    append(table, outside)
    found = in_folder(place)
    assert found.error is not None
    assert found.error.code == "not_allowed"
