"""Rows of the database as lines of JSON, the same from SQLite and PostgreSQL, and back without a change.

A table's columns come from the models *as the applied migrations describe them*, not from today's code: a backup can
be made of, and loaded into, a database of an older version. Values pass `Field.to_python` and `get_db_prep_save`
only, so that nothing is stamped anew, folded or validated on the way.
"""

import base64
import datetime
import decimal
import itertools
import json
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.migrations.loader import MigrationLoader
from django.utils.duration import duration_iso_string

BATCH = 1_000
Model = type[models.Model]
Node = tuple[str, str]  # app and name of a migration


def models_at(loader: MigrationLoader, applied: Iterable[Node]) -> list[Model]:
    """Every model with a table of its own after `applied`, many-to-many tables included, by table name."""
    nodes = [node for node in sorted(applied) if node in loader.graph.nodes]
    found = loader.project_state(nodes).apps.get_models(include_auto_created=True)
    with_table = {model._meta.db_table: model for model in found if _has_table(model)}
    return [with_table[table] for table in sorted(with_table)]


def _has_table(model: Model) -> bool:
    return model._meta.managed and not model._meta.proxy and not model._meta.swapped


def columns(model: Model) -> "list[models.Field[Any, Any]]":
    """The fields whose values are kept; generated columns make themselves."""
    return [field for field in model._meta.local_concrete_fields if not getattr(field, "generated", False)]


def read(model: Model, alias: str) -> Iterator[bytes]:
    """One line for each row, by primary key, never more than a batch in memory."""
    names = [field.attname for field in columns(model)]
    rows = model._base_manager.using(alias).order_by("pk").values_list(*names)
    for row in rows.iterator(chunk_size=BATCH):
        yield json.dumps(row, default=_plain, separators=(",", ":")).encode("ascii") + b"\n"


def _plain(value: Any) -> str:
    if isinstance(value, datetime.timedelta):
        return duration_iso_string(value)
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (bytes, memoryview, bytearray)):
        return base64.b64encode(bytes(value)).decode("ascii")
    if isinstance(value, (decimal.Decimal, uuid.UUID)):
        return str(value)
    raise TypeError(f"A value of type {type(value).__name__} cannot be kept in a backup.")


def load(model: Model, names: list[str], lines: Iterable[bytes], connection: BaseDatabaseWrapper) -> int:
    """Insert the rows of `lines`, whose values stand in the order of `names`; returns how many."""
    by_name = {field.attname: field for field in columns(model)}
    fields = [by_name[name] for name in names]
    quote = connection.ops.quote_name
    statement = (
        f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(quote(str(field.column)) for field in fields)}) "  # noqa: S608
        f"VALUES ({', '.join(['%s'] * len(fields))})"
    )
    count, waiting = 0, iter(lines)
    with connection.cursor() as cursor:
        while batch := list(itertools.islice(waiting, BATCH)):
            cursor.executemany(statement, [_values(fields, line, connection) for line in batch])
            count += len(batch)
    return count


def _values(
    fields: "list[models.Field[Any, Any]]", line: bytes, connection: BaseDatabaseWrapper
) -> list[Any]:
    row = json.loads(line)
    return [
        field.get_db_prep_save(None if value is None else field.to_python(value), connection)
        for field, value in zip(fields, row, strict=True)
    ]


def last_numbers(found: list[Model], connection: BaseDatabaseWrapper) -> dict[str, int]:
    """The last primary key each table gave out, which may be beyond its last row: no number is given twice."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, seq FROM sqlite_sequence")
            known = dict(cursor.fetchall())
            return {m._meta.db_table: known[m._meta.db_table] for m in found if m._meta.db_table in known}
        numbers = {}
        for table, sequence in _sequences(found, cursor):
            cursor.execute(f"SELECT last_value, is_called FROM {sequence}")  # noqa: S608  # named by PostgreSQL
            last, is_called = cursor.fetchone()
            if is_called:
                numbers[table] = last
    return numbers


def continue_numbers(found: list[Model], numbers: dict[str, int], connection: BaseDatabaseWrapper) -> None:
    """Let every table go on after the last key it gave out, and after the last it holds."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for table, last in numbers.items():
                cursor.execute("UPDATE sqlite_sequence SET seq = MAX(seq, %s) WHERE name = %s", [last, table])
                cursor.execute(
                    "INSERT INTO sqlite_sequence (name, seq) SELECT %s, %s "
                    "WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = %s)",
                    [table, last, table],
                )
            return
        keys = {model._meta.db_table: str(model._meta.pk.column) for model in found if model._meta.pk}
        for table, sequence in _sequences(found, cursor):
            key, name = connection.ops.quote_name(keys[table]), connection.ops.quote_name(table)
            cursor.execute(f"SELECT MAX({key}) FROM {name}")  # noqa: S608  # names of ours
            last = max(cursor.fetchone()[0] or 0, numbers.get(table, 0))
            if last:
                cursor.execute("SELECT setval(%s, %s)", [sequence, last])


def _sequences(found: list[Model], cursor: CursorWrapper) -> list[tuple[str, str]]:
    pairs = []
    for model in found:
        if isinstance(model._meta.pk, models.AutoField):
            cursor.execute(
                "SELECT pg_get_serial_sequence(%s, %s)",
                [f'"{model._meta.db_table}"', model._meta.pk.column],
            )
            if sequence := cursor.fetchone()[0]:
                pairs.append((model._meta.db_table, sequence))
    return pairs
