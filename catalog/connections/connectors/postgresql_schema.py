"""Columns, keys and comments of PostgreSQL tables through SQLAlchemy's inspector: a few queries for all tables."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from catalog.connections.connectors.observations import LogicalType, ObservedField
from catalog.connections.connectors.relational import logical_type

if TYPE_CHECKING:
    import psycopg
    from sqlalchemy.engine.reflection import Inspector

TableKey = tuple[str, str]  # (schema, table)


def fields_by_table(
    database: "psycopg.Connection[Any]", tables: Iterable[TableKey]
) -> dict[TableKey, tuple[ObservedField, ...]]:
    """The fields of each table; read in one pass per schema.

    Ends the session's transaction (SQLAlchemy rolls back when it lets go). Raises psycopg.Error.
    """
    from sqlalchemy import create_engine, inspect
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.pool import StaticPool

    names: dict[str, list[str]] = defaultdict(list)
    for schema, table in tables:
        names[schema].append(table)
    if not names:
        return {}
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: database, poolclass=StaticPool, pool_reset_on_return=None
    )
    found: dict[TableKey, tuple[ObservedField, ...]] = {}
    try:
        with engine.connect() as connection:
            inspector = inspect(connection)
            for schema, wanted in names.items():
                found |= _of_schema(inspector, schema, wanted)
    except DBAPIError as error:
        raise error.orig or error from error
    return found


def _of_schema(
    inspector: "Inspector", schema: str, names: list[str]
) -> dict[TableKey, tuple[ObservedField, ...]]:
    from sqlalchemy.engine.reflection import ObjectKind, ObjectScope

    chosen: dict[str, Any] = {
        "schema": schema,
        "filter_names": names,
        "kind": ObjectKind.ANY,
        "scope": ObjectScope.ANY,
    }
    columns = inspector.get_multi_columns(**chosen)
    keys = inspector.get_multi_pk_constraint(**chosen)
    foreign = inspector.get_multi_foreign_keys(**chosen)
    unique = inspector.get_multi_unique_constraints(**chosen)
    return {
        (schema, table): _fields(
            described,
            keys.get((schema, table)),
            foreign.get((schema, table), []),
            unique.get((schema, table), []),
        )
        for (_, table), described in columns.items()
    }


def _fields(
    columns: Iterable[Mapping[str, Any]],
    key: Mapping[str, Any] | None,
    foreign: Iterable[Mapping[str, Any]],
    unique: Iterable[Mapping[str, Any]],
) -> tuple[ObservedField, ...]:
    in_key = list((key or {}).get("constrained_columns") or [])
    alone = {item["column_names"][0] for item in unique if len(item["column_names"]) == 1}
    references = {
        column: ".".join(part for part in (item["referred_schema"], item["referred_table"], target) if part)
        for item in foreign
        for column, target in zip(item["constrained_columns"], item["referred_columns"], strict=True)
    }
    return tuple(
        ObservedField(
            path=column["name"],
            name=column["name"],
            ordinal=place,
            logical_type=_logical(column["type"]),
            physical_type=_physical(column["type"]),
            is_nullable=bool(column["nullable"]),
            key_position=in_key.index(column["name"]) + 1 if column["name"] in in_key else None,
            is_unique=True if column["name"] in alone or in_key == [column["name"]] else None,
            references=references.get(column["name"], ""),
            comment=column.get("comment") or "",
        )
        for place, column in enumerate(columns)
    )


def _physical(type_: Any) -> str:
    from sqlalchemy.dialects.postgresql.base import PGDialect
    from sqlalchemy.exc import CompileError

    try:
        return str(type_.compile(dialect=PGDialect()))[:300]  # type: ignore[no-untyped-call]
    except CompileError:
        return "unknown to the driver"


def _logical(type_: Any) -> LogicalType:
    from sqlalchemy import types
    from sqlalchemy.dialects.postgresql import DOMAIN

    if isinstance(type_, DOMAIN):
        return _logical(type_.data_type)
    return "string" if isinstance(type_, types.Enum) else logical_type(_physical(type_))
