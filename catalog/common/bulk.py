"""Bulk writes of crawls and imports: rows go to a staging table, one statement carries over what is new or different.

Rows that are there already and equal are not written again: a second, identical crawl costs reads only.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any

from django.db import connection
from django.db.models import BooleanField, CharField, FloatField, ForeignKey, IntegerField, Model, TextField
from django.db.models.fields import Field

FEW = 50  # rows that go by one statement; more are staged
_numbers = count(1)


def upsert(
    model: type[Model],
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    unique: Sequence[str],
    update: Sequence[str] = (),
    compare: Sequence[str] | None = None,
) -> None:
    """Insert `rows` (values in the order of `columns`, attribute names), or update those that differ.

    `unique` are the columns of a unique constraint. A row that exists gets the columns `update` when one of
    `compare` (all of `update` unless given) differs; with nothing to update it is left alone. Of doubled rows the
    last counts. Every column without a database default must be given: Python defaults are not applied. Call inside
    a transaction.
    """
    on_conflict = _on_conflict(model, update, update if compare is None else compare)
    _merge(model, columns, rows, unique, on_conflict)


def insert(model: type[Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Append `rows` (values in the order of `columns`) where no row can be there already; as `upsert` otherwise."""
    listed = list(rows)
    if not listed:
        return
    fields = [_field(model, name) for name in columns]
    table = f"{connection.ops.quote_name(model._meta.db_table)} ({_names(model, columns)})"
    with connection.cursor() as cursor:
        if len(listed) <= FEW:
            _insert_few(cursor, table, fields, listed)
        else:
            _fill(cursor, table, fields, listed)


def add(
    model: type[Model], columns: Sequence[str], rows: Iterable[Sequence[Any]], *, unique: Sequence[str]
) -> None:
    """Insert `rows`, or add what they say to rows that exist: every column beside `unique` is a sum.

    As `upsert` otherwise; rows of the same `unique` must be added up before.
    """
    table = connection.ops.quote_name(model._meta.db_table)
    sums = _columns(model, [name for name in columns if name not in unique])
    assignments = ", ".join(f"{column} = {table}.{column} + excluded.{column}" for column in sums)
    _merge(model, columns, rows, unique, f"DO UPDATE SET {assignments}")


def existing(
    model: type[Model], unique: Sequence[str], keys: Iterable[Sequence[Any]], columns: Sequence[str]
) -> list[tuple[Any, ...]]:
    """The rows of `keys` (values in the order of `unique`) that are there, as tuples of `columns`."""
    listed = list(keys)
    if not listed:
        return []
    with connection.cursor() as cursor, _staged(cursor, model, unique, listed) as staging:
        table = connection.ops.quote_name(model._meta.db_table)
        wanted = ", ".join(f"{table}.{column}" for column in _columns(model, columns))
        same = " AND ".join(f"{table}.{name} = {staging}.{name}" for name in _columns(model, unique))
        cursor.execute(f"SELECT {wanted} FROM {staging} CROSS JOIN {table} WHERE {same}")  # noqa: S608
        found = list(cursor.fetchall())
    places = [(place, _field(model, name)) for place, name in enumerate(columns)]
    converters = {place: made for place, field in places if (made := _converters(field))}
    return [tuple(_converted(row[place], converters.get(place, ())) for place, _ in places) for row in found]


def _converters(field: "Field[Any, Any]") -> list[Any]:
    made = [*connection.ops.get_db_converters(field.get_col("")), *field.get_db_converters(connection)]
    return [lambda value, convert=convert: convert(value, None, connection) for convert in made]


def _converted(value: Any, converters: Sequence[Any]) -> Any:
    for convert in converters:
        value = convert(value)
    return value


def _merge(
    model: type[Model],
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    unique: Sequence[str],
    on_conflict: str,
) -> None:
    places = [list(columns).index(name) for name in unique]
    latest = {tuple(row[place] for place in places): row for row in rows}
    if not latest:
        return
    fields: list[Field[Any, Any]] = [_field(model, name) for name in columns]
    names = _names(model, columns)
    table = connection.ops.quote_name(model._meta.db_table)
    conflict = f"ON CONFLICT ({_names(model, unique)}) {on_conflict}"
    with connection.cursor() as cursor:
        if len(latest) <= FEW:
            _insert_few(cursor, f"{table} ({names})", fields, list(latest.values()), conflict)
            return
        with _staged(cursor, model, columns, latest.values()) as staging:
            cursor.execute(
                f"INSERT INTO {table} ({names}) SELECT {names} FROM {staging} WHERE 1 = 1 {conflict}"  # noqa: S608
            )


def update(model: type[Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Set `columns` of the rows whose primary key comes first in each of `rows`. Call inside a transaction."""
    listed = list(rows)
    key = model._meta.pk.attname
    if not listed:
        return
    table, id_column = connection.ops.quote_name(model._meta.db_table), _column(model, key)
    with connection.cursor() as cursor, _staged(cursor, model, (key, *columns), listed) as staging:
        assignments = ", ".join(f"{column} = {staging}.{column}" for column in _columns(model, columns))
        cursor.execute(
            f"UPDATE {table} SET {assignments} FROM {staging} WHERE {table}.{id_column} = {staging}.{id_column}"  # noqa: S608
        )


@contextmanager
def _staged(
    cursor: Any, model: type[Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> Iterator[str]:
    """The rows in a temporary table with these columns of the model."""
    staging = f"staging_{next(_numbers)}"
    table = connection.ops.quote_name(model._meta.db_table)
    cursor.execute(f"CREATE TEMP TABLE {staging} AS SELECT {_names(model, columns)} FROM {table} WHERE 1 = 0")  # noqa: S608
    _fill(cursor, staging, [_field(model, name) for name in columns], rows)
    yield staging
    cursor.execute(f"DROP TABLE {staging}")


def _field(model: type[Model], name: str) -> "Field[Any, Any]":
    field = model._meta.get_field(name)
    if not isinstance(field, Field):
        raise TypeError(f"{model.__name__}.{name} is not a column.")
    return field


def _column(model: type[Model], name: str) -> str:
    column = _field(model, name).column
    if column is None:
        raise TypeError(f"{model.__name__}.{name} is not a column.")
    return connection.ops.quote_name(column)


def _columns(model: type[Model], names: Iterable[str]) -> list[str]:
    return [_column(model, name) for name in names]


def _names(model: type[Model], names: Iterable[str]) -> str:
    return ", ".join(_columns(model, names))


def _on_conflict(model: type[Model], update: Sequence[str], compare: Sequence[str]) -> str:
    if not update:
        return "DO NOTHING"
    table = connection.ops.quote_name(model._meta.db_table)
    differs = "IS NOT" if connection.vendor == "sqlite" else "IS DISTINCT FROM"
    assignments = ", ".join(f"{column} = excluded.{column}" for column in _columns(model, update))
    conditions = " OR ".join(
        f"{table}.{column} {differs} excluded.{column}" for column in _columns(model, compare)
    )
    return f"DO UPDATE SET {assignments} WHERE {conditions}"


def _is_plain(field: "Field[Any, Any]") -> bool:
    """Whether drivers take the field's values as they are: numbers and texts."""
    return isinstance(field, BooleanField | IntegerField | FloatField | CharField | TextField | ForeignKey)


def _insert_few(
    cursor: Any,
    target: str,
    fields: "Sequence[Field[Any, Any]]",
    rows: Sequence[Sequence[Any]],
    conflict: str = "",
) -> None:
    marks = f"({', '.join(['%s'] * len(fields))})"
    values = [value for row in _prepared(fields, rows) for value in row]
    cursor.execute(
        f"INSERT INTO {target} VALUES {', '.join([marks] * len(rows))} {conflict}",  # noqa: S608
        values,
    )


def _fill(
    cursor: Any, target: str, fields: "Sequence[Field[Any, Any]]", rows: Iterable[Sequence[Any]]
) -> None:
    """`target` is a table, with its columns in brackets where the fields are not all of them."""
    if connection.vendor == "postgresql":
        with cursor.copy(f"COPY {target} FROM STDIN") as copy:
            for row in _prepared(fields, rows):
                copy.write_row(row)
        return
    marks = ", ".join(["%s"] * len(fields))
    cursor.executemany(f"INSERT INTO {target} VALUES ({marks})", _prepared(fields, rows))  # noqa: S608


def _prepared(fields: "Sequence[Field[Any, Any]]", rows: Iterable[Sequence[Any]]) -> Iterator[list[Any]]:
    """Rows as drivers take them. A value that repeats from row to row (a moment, no value) is prepared once."""
    prepare = [(place, field.get_db_prep_save) for place, field in enumerate(fields) if not _is_plain(field)]
    last: dict[int, tuple[Any, Any]] = {}
    for row in rows:
        values = list(row)
        for place, make in prepare:
            value = values[place]
            known = last.get(place)
            if known is None or known[0] is not value:
                known = last[place] = (value, make(value, connection))
            values[place] = known[1]
        yield values
