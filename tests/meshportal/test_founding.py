"""A database made from the models is the one that migrations lead to."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from meshportal.founding import writes_rows
from tests import postgres_server

ROOT = Path(__file__).resolve().parents[2]
BARE = {name: value for name, value in os.environ.items() if not name.startswith(("MESHPORTAL_", "DJANGO_"))}
DESCRIBE = """
import json
from django.db import connection
def described(cursor, table):
    columns = {column.name: [column.type_code, column.internal_size, column.null_ok]
        for column in connection.introspection.get_table_description(cursor, table)}
    shapes = connection.introspection.get_constraints(cursor, table)
    return {"columns": columns, "constraints": {name: {key: said[key] for key in sorted(said) if key != "definition"}
        for name, said in shapes.items() if not name.startswith(("__", "fk_"))},
        "unnamed": sorted(repr([said["columns"], said["unique"], said["check"], said["foreign_key"]])
            for name, said in shapes.items() if name.startswith(("__", "fk_")))}
with connection.cursor() as cursor:
    tables = {table: described(cursor, table) for table in connection.introspection.table_names(cursor)}
    if connection.vendor == "sqlite":
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    else:
        cursor.execute("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'")
    indexes = dict(cursor.fetchall())
    cursor.execute("SELECT app, name FROM django_migrations")
    applied = sorted(map(list, cursor.fetchall()))
print(json.dumps([tables, indexes, applied], default=str))
"""


def manage(environment: dict[str, str], *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env={**BARE, **environment}, check=True,
        capture_output=True, text=True,
    ).stdout  # fmt: skip


def described(environment: dict[str, str]) -> Any:
    return json.loads(manage(environment, "shell", "--no-imports", "-c", DESCRIBE).splitlines()[-1])


def compare(founded: dict[str, str], migrated: dict[str, str]) -> None:
    assert json.loads(manage(founded, "prepare").splitlines()[-1]) == {"fresh": True}
    manage(migrated, "migrate", "-v0")
    made, expected = described(founded), described(migrated)
    assert made[0].keys() == expected[0].keys()
    for table in expected[0]:
        assert made[0][table] == expected[0][table], table
    assert made[1] == expected[1]
    assert made[2] == expected[2]  # the migrations that count as applied
    assert json.loads(manage(founded, "prepare").splitlines()[-1]) == {"fresh": False}


def test_tables_on_sqlite_are_those_migrations_make(tmp_path: Path) -> None:
    founded, migrated = ({"MESHPORTAL_DATA_DIR": str(tmp_path / name)} for name in ("founded", "migrated"))
    compare(founded, migrated)


@pytest.mark.postgres
def test_tables_on_postgresql_are_those_migrations_make(tmp_path: Path) -> None:
    with postgres_server.running() as server:
        for name in ("founded", "migrated"):
            server.run(f"CREATE DATABASE {name}")
        founded, migrated = (
            {"MESHPORTAL_DATA_DIR": str(tmp_path / name), "MESHPORTAL_DATABASE_URL": server.url(name)}
            for name in ("founded", "migrated")
        )
        compare(founded, migrated)


@pytest.mark.django_db
def test_no_migration_writes_rows() -> None:
    assert writes_rows() == []
