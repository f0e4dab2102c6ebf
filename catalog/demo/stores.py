"""The stores of the demo as real files: SQLite, DuckDB, Parquet, CSV, JSON and JSON lines.

Each store is written anew beside the old one and put in its place in one step, so whoever reads it sees the old
state or the new one. What is wrong with some of them on purpose stands in `FAULTS`.
"""

import csv
import datetime as dt
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import duckdb

from catalog.demo.rows import DAY, rows_of
from catalog.demo.structure import Table, company, tables
from catalog.demo.values import Row

_SQLITE = {
    "string": "TEXT", "integer": "INTEGER", "number": "REAL", "boolean": "BOOLEAN", "date": "DATE",
    "timestamp": "TIMESTAMP",
}  # fmt: skip
_DUCKDB = _SQLITE | {"string": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE"}

#: table -> how many days its newest rows are old (the promise is one day)
STALE = {"lyrics": 41, "currency_rates": 4, "legacy_play_log": 140}
#: table -> how many days before the demo was made it went away
GONE = {"skips": 3, "concerts": 6}
#: table -> how many days before the demo was made its columns left the contract
DRIFTING = {"listener_segments": 10}
#: table -> columns agencies forget to fill in, and lines they send twice
CARELESS = {"campaign_results": "cost"}


def write_stores(folder: Path, until: dt.datetime, made_at: dt.datetime) -> None:
    """Write every store below `folder` as it stands at `until`; faults begin at their times before `made_at`."""
    folder.mkdir(parents=True, exist_ok=True)
    for store in company()["connections"]:
        target = folder / store["path"]
        draft = folder / f".{store['path']}.new"
        _remove(draft)
        held = [
            table
            for table in tables()
            if table.store == store["slug"] and not _is_gone(table, until, made_at)
        ]
        _WRITERS[store["kind"]](draft, held, until, made_at)
        _put(draft, target)


def _is_gone(table: Table, until: dt.datetime, made_at: dt.datetime) -> bool:
    return table.name in GONE and until >= made_at - GONE[table.name] * DAY


def has_drifted(table: Table, until: dt.datetime, made_at: dt.datetime) -> bool:
    return table.name in DRIFTING and until >= made_at - DRIFTING[table.name] * DAY


def _rows(table: Table, until: dt.datetime, made_at: dt.datetime) -> list[Row]:
    rows = list(rows_of(table, until - STALE.get(table.name, 0) * DAY))
    if has_drifted(table, until, made_at):
        rows = [_drifted(row) for row in rows]
    if table.name in CARELESS:
        column = CARELESS[table.name]
        rows = [{**row, column: None} if place % 11 == 0 else row for place, row in enumerate(rows)] + rows[
            :12
        ]
    return rows


def _drifted(row: Row) -> Row:
    """The score became a word, the plan went, a number of the cluster came."""
    score = "high" if row["segment_score"] > 0.6 else "low"
    return {
        "user_id": row["user_id"], "segment": row["segment"], "segment_score": score,
        "computed_at": row["computed_at"], "cluster": len(row["segment"]),
    }  # fmt: skip


def _types(table: Table, until: dt.datetime, made_at: dt.datetime) -> dict[str, str]:
    """Column -> logical type as the store has it."""
    types = {field.path: field.logical_type for field in table.columns}
    if has_drifted(table, until, made_at):
        del types["plan"]
        types |= {"segment_score": "string", "cluster": "integer"}
    return types


def _columns(table: Table, types: dict[str, str], names: dict[str, str]) -> str:
    required = {field.path for field in table.columns if field.is_nullable is False} & set(types)
    lines = [
        f'"{name}" {names[kind]}{" NOT NULL" if name in required else ""}' for name, kind in types.items()
    ]
    key = ", ".join(f'"{name}"' for name in table.key_columns)
    return ", ".join([*lines, f"PRIMARY KEY ({key})"])


def _write_sqlite(path: Path, held: list[Table], until: dt.datetime, made_at: dt.datetime) -> None:
    database = sqlite3.connect(path)
    for table in held:
        types = _types(table, until, made_at)
        database.execute(f'CREATE TABLE "{table.name}" ({_columns(table, types, _SQLITE)})')
        marks = ", ".join("?" for _ in types)
        rows = ([_for_sqlite(row[name]) for name in types] for row in _rows(table, until, made_at))
        database.executemany(f'INSERT INTO "{table.name}" VALUES ({marks})', rows)  # noqa: S608 - our own names
    database.commit()
    database.close()


def _for_sqlite(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return value.isoformat() if isinstance(value, dt.date) else value


def _write_duckdb(path: Path, held: list[Table], until: dt.datetime, made_at: dt.datetime) -> None:
    with duckdb.connect(str(path)) as database:
        for table in held:
            _fill(database, table, until, made_at, path.parent)


def _fill(database: Any, table: Table, until: dt.datetime, made_at: dt.datetime, scratch: Path) -> None:
    """A table in DuckDB; rows go through JSON lines, many times quicker than one by one."""
    types = _types(table, until, made_at)
    database.execute(f'CREATE TABLE "{table.name}" ({_columns(table, types, _DUCKDB)})')
    columns = ", ".join(f"{name}: '{_DUCKDB[kind]}'" for name, kind in types.items())
    lines = scratch / f".{table.name}.rows"
    _write_jsonl(lines, _rows(table, until, made_at))
    database.execute(
        f"INSERT INTO \"{table.name}\" SELECT * FROM read_json('{lines}', format='newline_delimited', "  # noqa: S608
        f"columns={{{columns}}})"
    )
    lines.unlink()


def _write_files(folder: Path, held: list[Table], until: dt.datetime, made_at: dt.datetime) -> None:
    folder.mkdir(parents=True)
    for table in held:
        target = folder.joinpath(*Path(table.path).parts[1:])
        if table.format == "parquet":
            _write_parquet(target, table, until, made_at)
        else:
            _FORMATS[table.format](target, _rows(table, until, made_at))
        written = (until - STALE.get(table.name, 0) * DAY).timestamp()
        for file in [target, *target.parent.glob(target.name)]:
            if file.exists():
                os.utime(file, (written, written))


def _write_parquet(target: Path, table: Table, until: dt.datetime, made_at: dt.datetime) -> None:
    """A folder of parts, as engines write them: `part-0.parquet` and on, a thousand rows each."""
    target.parent.mkdir(parents=True)
    scratch = target.parent / ".scratch.duckdb"
    with duckdb.connect(str(scratch)) as database:
        _fill(database, table, until, made_at, target.parent)
        total = int((database.execute(f'SELECT count(*) FROM "{table.name}"').fetchone() or [0])[0])  # noqa: S608
        for part, start in enumerate(range(0, total, 1_000)):
            database.execute(
                f'COPY (SELECT * FROM "{table.name}" LIMIT 1000 OFFSET {start}) '  # noqa: S608 - our own names
                f"TO '{target.parent / f'part-{part}.parquet'}' (FORMAT parquet)"
            )
    _remove(scratch)


def _write_csv(path: Path, rows: list[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows({name: _as_text(value) for name, value in row.items()} for row in rows)


def _write_jsonl(path: Path, rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, default=_as_text, ensure_ascii=False) + "\n" for row in rows)


def _write_json(path: Path, rows: list[Row]) -> None:
    path.write_text(json.dumps(rows, default=_as_text, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _as_text(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat() if isinstance(value, dt.date) else value


_FORMATS: dict[str, Callable[[Path, list[Row]], None]] = {
    "csv": _write_csv,
    "jsonl": _write_jsonl,
    "json": _write_json,
}
_WRITERS: dict[str, Callable[[Path, list[Table], dt.datetime, dt.datetime], None]] = {
    "sqlite": _write_sqlite,
    "duckdb": _write_duckdb,
    "files": _write_files,
}


def _put(draft: Path, target: Path) -> None:
    """Put what was written in its place; folders are exchanged by renaming."""
    if target.is_dir():
        aside = target.with_name(f".{target.name}.old")
        _remove(aside)
        target.rename(aside)
        draft.rename(target)
        _remove(aside)
    else:
        draft.replace(target)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
