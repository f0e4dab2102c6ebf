"""Lines to copy: right for each kind of store, quoted against strange names, without secrets."""

import json
import shlex
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from catalog.products.snippets import Place, identifier, public_url, snippets_for


def by_language(place: Place) -> dict[str, str]:
    return {snippet.language: snippet.text for snippet in snippets_for(place)}


def test_sqlite_python_snippet_runs_and_reads(tmp_path: Path) -> None:
    path = tmp_path / 'it\'s a "store".db'
    with sqlite3.connect(path) as database:
        database.execute('create table "odd ""name" (n int)')
        database.execute('insert into "odd ""name" values (7)')
    database.close()
    texts = by_language(Place("sqlite", {"path": str(path)}, {"table": 'odd "name'}))
    line = texts["python"].splitlines()[-1]
    program = line.replace("pd.read_sql(", "read(")
    reader = "import sqlite3\ndef read(query, connection): print(connection.execute(query).fetchall())\n"
    done = subprocess.run(
        [sys.executable, "-c", reader + program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[(7,)]"


def test_duckdb_python_snippet_runs_and_reads(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path / "lake.duckdb"
    with duckdb.connect(str(path)) as database:
        database.execute('create table "odd name" as select 7 as n')
    texts = by_language(Place("duckdb", {"path": str(path)}, {"schema": "main", "table": "odd name"}))
    program = (
        texts["python"].removesuffix(".df()").replace("duckdb.connect", "print(duckdb.connect")
        + ".fetchall())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[(7,)]"


def test_postgresql_names_the_place_and_leaves_the_person_out() -> None:
    config = {"host": "db.example", "port": 6543, "database": "plays", "user": "portal_reader"}
    texts = by_language(Place("postgresql", config, {"schema": "listening", "table": "plays"}))
    assert 'from "listening"."plays"' in texts["sql"]
    assert "db.example" in texts["shell"]
    assert "6543" in texts["shell"]
    assert "portal_reader" not in json.dumps(texts)
    assert "YOUR_NAME" in texts["python"]


def test_shell_snippets_survive_hostile_names() -> None:
    place = Place("postgresql", {"host": "h", "database": "d'; rm -rf ~"}, {"table": 't; $(reboot) `x` "q'})
    words = shlex.split(by_language(place)["shell"])
    assert words[0] == "psql"
    assert len(words) == 4


def test_web_address_loses_user_password_and_query() -> None:
    texts = by_language(Place("http", {"url": "https://bob:secret@api.example/v1/plays?token=abc#x"}, {}))
    assert "https://api.example/v1/plays" in texts["shell"]
    assert "secret" not in json.dumps(texts)
    assert "abc" not in json.dumps(texts)


@pytest.mark.parametrize("url", ["ftp://x/y", "javascript:alert(1)", "", "https://", "/etc/passwd"])
def test_other_addresses_make_no_snippet(url: str) -> None:
    assert public_url(url) == ""
    assert snippets_for(Place("", {}, {}, location=url)) == []


@pytest.mark.parametrize(
    "kind", ["postgresql", "mysql", "sqlite", "duckdb", "files", "http", "openapi", "something_else"]
)
def test_a_place_without_names_makes_no_snippet(kind: str) -> None:
    assert snippets_for(Place(kind, {}, {})) == []


def test_operation_of_an_api_is_asked_with_its_placeholders_named() -> None:
    address = {"operation": "GET /plays/{id}", "url": "https://api.example/v1/plays/{id}"}
    texts = by_language(Place("openapi", {"url": "https://api.example/openapi.json"}, address))
    assert texts["shell"].endswith("https://api.example/v1/plays/YOUR_id")
    address["operation"] = "DELETE /plays/{id}"
    assert snippets_for(Place("openapi", {"url": "https://api.example/openapi.json"}, address)) == []


def test_identifiers_double_their_quotes() -> None:
    assert identifier("", 'a"b', "c") == '"a""b"."c"'


def test_files_of_one_dataset_are_read_by_their_common_pattern_not_by_the_whole_folder() -> None:
    address = {"pattern": "/lake/plays/*.parquet", "format": "parquet"}
    texts = by_language(Place("files", {"path": "/lake"}, address))
    assert texts["sql"] == "from read_parquet('/lake/plays/*.parquet') limit 10;"


@pytest.mark.parametrize(
    ("place", "reader"),
    [
        (Place("http", {"url": "https://api.example/it's", "format": "csv"}, {}), "read_csv"),
        (Place("http", {"url": "https://api.example/it's", "format": "jsonl"}, {}), "read_json"),
        (
            Place("http", {"url": "https://api.example/it's", "format": "auto"}, {}, format="JSON"),
            "read_json",
        ),
        (
            Place("", {}, {}, location="https://bob:secret@api.example/it's?token=abc", format="CSV"),
            "read_csv",
        ),
    ],
)
def test_web_address_of_a_known_format_is_read_from_sql(place: Place, reader: str) -> None:
    texts = by_language(place)
    assert texts["sql"] == f"from {reader}('https://api.example/it''s') limit 10;"
    duckdb = pytest.importorskip("duckdb")
    assert len(duckdb.extract_statements(texts["sql"])) == 1


@pytest.mark.parametrize("stated", ["", "auto", "protobuf"])
def test_web_address_of_an_unknown_format_is_not_guessed_at_in_sql(stated: str) -> None:
    texts = by_language(Place("http", {"url": "https://api.example/plays", "format": stated}, {}))
    assert set(texts) == {"python", "shell"}
