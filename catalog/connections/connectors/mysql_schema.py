"""Tables, views, columns and keys of one MySQL or MariaDB database from its information schema.

Asked directly and not through SQLAlchemy's inspector, which runs SHOW CREATE TABLE once per table and stops at a view
whose tables are gone; here a fixed number of queries answers for the whole database.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from catalog.connections.connectors.mysql_session import Session, code_of
from catalog.connections.connectors.observations import LogicalType, ObservedField

_TABLES = """
SELECT TABLE_NAME, TABLE_TYPE, TABLE_COMMENT, TABLE_ROWS, DATA_LENGTH + INDEX_LENGTH
FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s AND TABLE_TYPE <> 'SEQUENCE'
ORDER BY TABLE_NAME LIMIT %s
"""
_READABLE = """
SELECT DISTINCT TABLE_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = %s AND PRIVILEGES LIKE '%%select%%'
"""  # asked once, not joined: the server would look through all columns for every table
_COLUMNS = """
SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE, COLUMN_COMMENT
FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = %s ORDER BY TABLE_NAME, ORDINAL_POSITION
"""
_KEYS = """
SELECT TABLE_NAME, COLUMN_NAME, CONSTRAINT_NAME, ORDINAL_POSITION,
  REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME
FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = %s
"""
_UNIQUE = """
SELECT TABLE_NAME, max(COLUMN_NAME) FROM information_schema.STATISTICS
WHERE TABLE_SCHEMA = %s AND NON_UNIQUE = 0 GROUP BY TABLE_NAME, INDEX_NAME HAVING count(*) = 1
"""
_VIEWS = "SELECT TABLE_NAME, VIEW_DEFINITION FROM information_schema.VIEWS WHERE TABLE_SCHEMA = %s"
_JSON_CHECKS = """
SELECT TABLE_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS
WHERE CONSTRAINT_SCHEMA = %s AND CHECK_CLAUSE LIKE '%%json_valid(%%'
"""
_JSON_CHECK: Final = re.compile(r"\s*json_valid\(`((?:[^`]|``)+)`\)\s*\Z", re.IGNORECASE)
_MISSING_VIEW: Final = 1109  # unknown table in information_schema
_LOGICAL: Final[dict[str, LogicalType]] = {
    **dict.fromkeys(("tinyint", "smallint", "mediumint", "int", "integer", "bigint", "year"), "integer"),
    **dict.fromkeys(("decimal", "numeric", "float", "double", "real"), "number"),
    **dict.fromkeys(("char", "varchar", "tinytext", "text", "mediumtext", "longtext"), "string"),
    **dict.fromkeys(("enum", "set", "uuid", "inet4", "inet6"), "string"),
    **dict.fromkeys(("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "bit"), "binary"),
    **dict.fromkeys(("timestamp", "datetime"), "timestamp"),
    "date": "date",
    "time": "time",
    "json": "object",
}


class Table(NamedTuple):
    """A row of the listing. `rows` is the server's estimate, None of a view; `size` in bytes."""

    name: str
    kind: str  # BASE TABLE, VIEW, SYSTEM VERSIONED
    comment: str
    rows: int | None
    size: int | None
    may_read: bool

    @property
    def is_view(self) -> bool:
        return self.kind.endswith("VIEW")


def tables_of(database: Session, name: str, limit: int) -> list[Table]:
    """At most `limit` tables and views of the database `name`. Raises pymysql.Error."""
    readable = {table for (table,) in database.rows(_READABLE, (name,))}
    return [
        Table(
            name=table,
            kind=kind,
            # of a view the server writes "VIEW" where the comment would stand, or why it cannot be read
            comment="" if kind.endswith("VIEW") else _text(comment),
            rows=_whole(rows),
            size=_whole(size),
            may_read=table in readable,
        )
        for table, kind, comment, rows, size in database.rows(_TABLES, (name, limit))
    ]


def definitions_of(database: Session, name: str) -> dict[str, str]:
    """The SQL of each view the account may see the SQL of. Raises pymysql.Error."""
    return {view: sql for view, sql in database.rows(_VIEWS, (name,)) if sql}


def fields_by_table(
    database: Session, name: str, tables: Iterable[str]
) -> dict[str, tuple[ObservedField, ...]]:
    """The fields of those tables, by table. Raises pymysql.Error."""
    wanted = set(tables)
    if not wanted:
        return {}
    keys, references = _keys(database, name)
    alone = {(table, column) for table, column in database.rows(_UNIQUE, (name,))}
    documents = _json_columns(database, name) if database.is_mariadb else set()
    found: dict[str, list[ObservedField]] = defaultdict(list)
    for table, column, data_type, column_type, nullable, comment in database.rows(_COLUMNS, (name,)):
        if table not in wanted:
            continue
        place = (table, column)
        found[table].append(
            ObservedField(
                path=column,
                name=column,
                ordinal=len(found[table]),
                logical_type="object" if place in documents else logical_type(data_type, column_type),
                physical_type="json" if place in documents else _text(column_type)[:300],
                is_nullable=nullable == "YES",
                key_position=keys.get(place),
                is_unique=True if place in alone else None,
                references=references.get(place, ""),
                comment=_text(comment),
            )
        )
    return {table: tuple(fields) for table, fields in found.items()}


def _keys(database: Session, name: str) -> tuple[dict[tuple[str, str], int], dict[tuple[str, str], str]]:
    """Positions in primary keys, and what foreign keys lead to, each by (table, column)."""
    positions, references = {}, {}
    for table, column, constraint, position, schema, target, target_column in database.rows(_KEYS, (name,)):
        if constraint == "PRIMARY":
            positions[table, column] = int(position)
        elif target:
            parts = (schema if schema != name else "", target, target_column)
            references[table, column] = ".".join(part for part in parts if part)
    return positions, references


def _json_columns(database: Session, name: str) -> set[tuple[str, str]]:
    """MariaDB keeps JSON as text with a check that says so."""
    import pymysql

    try:
        rows = database.rows(_JSON_CHECKS, (name,))
    except pymysql.Error as error:
        if code_of(error) == _MISSING_VIEW:
            return set()
        raise
    matches = ((table, _JSON_CHECK.match(_text(clause))) for table, clause in rows)
    return {(table, match[1].replace("``", "`")) for table, match in matches if match}


def logical_type(data_type: str, column_type: str = "") -> LogicalType:
    """From the type's name; `tinyint(1)` and `bit(1)` are how this family of servers writes a truth value."""
    if _text(column_type).lower() in {"tinyint(1)", "bit(1)"}:
        return "boolean"
    return _LOGICAL.get(_text(data_type).lower(), "unknown")


def _text(value: Any) -> str:
    """Some servers answer with bytes in their information schema."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)
