"""Granting in PostgreSQL: SELECT on the port's table, or on some of its columns, for the consumer's database role.

The account of the port's connection does it, so it must own the table or hold SELECT with the grant option. What is
really there is read from the catalog (`pg_class.relacl`, `pg_attribute.attacl`) and asked of the server itself
(`has_table_privilege`), which also knows of PUBLIC and inherited roles.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.access import databases
from catalog.access.stores import CannotProvision, Grant, Reader, Stored
from catalog.connections.connectors.postgresql_session import session

if TYPE_CHECKING:
    import psycopg

_ROLE = "SELECT oid, rolsuper, rolname = current_user FROM pg_catalog.pg_roles WHERE rolname = %s"
_TABLE = """
SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND c.relname = %s AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
"""
_WHOLE = """
SELECT count(*) > 0 FROM pg_catalog.pg_class c, aclexplode(c.relacl) a
WHERE c.oid = %s AND a.grantee = %s AND a.privilege_type = 'SELECT'
"""
_COLUMNS = """
SELECT t.attname FROM pg_catalog.pg_attribute t, aclexplode(t.attacl) a
WHERE t.attrelid = %s AND NOT t.attisdropped AND a.grantee = %s AND a.privilege_type = 'SELECT'
"""


_COUNTING = """
SELECT n.nspname FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname = 'pg_stat_statements' AND pg_has_role(current_user, 'pg_read_all_stats', 'MEMBER')
"""
_USES = """
SELECT coalesce(sum(s.calls), 0)::bigint FROM {}.pg_stat_statements s
WHERE s.userid = %s AND s.dbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())
AND strpos(lower(s.query), lower(%s)) > 0
"""

# Everybody who holds SELECT on the table or a column of it, with those who can put on the role that holds it. Left out:
# superusers, roles of the server, the table's owner and the portal's own account.
_READERS = """
WITH wanted AS (
    SELECT c.oid, c.relowner, c.relnamespace, c.relacl FROM pg_catalog.pg_class c WHERE c.oid = %s
), given AS (
    SELECT a.grantee, true AS whole FROM wanted w, aclexplode(w.relacl) a WHERE a.privilege_type = 'SELECT'
    UNION SELECT a.grantee, false FROM wanted w
    JOIN pg_catalog.pg_attribute t ON t.attrelid = w.oid AND NOT t.attisdropped, aclexplode(t.attacl) a
    WHERE a.privilege_type = 'SELECT'
    UNION SELECT w.relowner, true FROM wanted w
    UNION SELECT r.oid, true FROM pg_catalog.pg_roles r WHERE r.rolname = 'pg_read_all_data'
)
SELECT r.rolname, CASE WHEN g.oid = r.oid THEN '' ELSE g.rolname END AS through, bool_or(given.whole)
FROM wanted w, pg_catalog.pg_roles r, given
JOIN pg_catalog.pg_roles g ON g.oid = given.grantee
WHERE NOT r.rolsuper AND r.rolname !~ '^pg_' AND r.rolname <> current_user AND r.oid <> w.relowner
AND pg_has_role(r.oid, g.oid, 'MEMBER')
AND (has_schema_privilege(r.oid, w.relnamespace, 'USAGE') OR has_schema_privilege(g.oid, w.relnamespace, 'USAGE'))
GROUP BY 1, 2
UNION ALL
SELECT 'PUBLIC', '', bool_or(given.whole) FROM given, wanted w
WHERE given.grantee = 0 AND has_schema_privilege('public', w.relnamespace, 'USAGE') HAVING count(*) > 0
ORDER BY 1, 2 LIMIT %s
"""


class Place(NamedTuple):
    """The table and the role as the server knows them; None where it does not."""

    schema: str
    table: str
    role: str
    table_oid: int | None
    role_oid: int | None


class PostgresProvisioner:
    """GRANT and REVOKE by the connection's account."""

    name = "postgresql"
    counted_by = "pg_stat_statements"
    title = "PostgreSQL: the portal grants SELECT to the consumer's database role and takes it away"
    needs_work = True
    kinds = ("postgresql",)
    grants_plain = databases.PLAIN

    def grant(self, grant: Grant) -> None:
        """All in one transaction: what was there of another extent is taken away first."""
        from psycopg import sql

        with _changing(grant) as database:
            place = _place(database, grant)
            _require_known(place)
            table = sql.Identifier(place.schema, place.table)
            role = sql.Identifier(place.role)
            database.execute(sql.SQL("REVOKE SELECT ON TABLE {} FROM {}").format(table, role))
            schema = sql.Identifier(place.schema)
            database.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, role))
            if grant.columns:
                columns = sql.SQL(", ").join(sql.Identifier(name) for name in grant.columns)
                words = sql.SQL("GRANT SELECT ({}) ON TABLE {} TO {}").format(columns, table, role)
            else:
                words = sql.SQL("GRANT SELECT ON TABLE {} TO {}").format(table, role)
            database.execute(words)

    def missing(self, grant: Grant) -> str:
        """Compares what was granted to the role itself, and what it can read at all."""
        with _looking(grant) as database:
            place = _place(database, grant)
            if place.role_oid is None:
                return f"There is no role {place.role}."
            if place.table_oid is None:
                return f"There is no table {place.schema}.{place.table}."
            keys = (place.table_oid, place.role_oid)
            whole = _one(database, _WHOLE, keys)
            reads_all = _one(
                database, "SELECT has_table_privilege(%s::oid, %s::oid, 'SELECT')", (keys[1], keys[0])
            )
            if not _one(
                database, "SELECT has_schema_privilege(%s::oid, %s, 'USAGE')", (keys[1], place.schema)
            ):
                return f"The role {place.role} may not use the schema {place.schema}."
            if not grant.columns:
                return "" if whole else f"The role {place.role} has no SELECT on the table."
            if reads_all:
                return databases.reads_more(f"The role {place.role}")
            there = {row[0] for row in database.execute(_COLUMNS, keys).fetchall()}
            return databases.difference(there, set(grant.columns))

    def revoke(self, grant: Grant) -> None:
        """Takes SELECT on the table and on every column; a table or role that is gone needs nothing."""
        from psycopg import sql

        with _changing(grant) as database:
            place = _place(database, grant)
            if place.table_oid is None or place.role_oid is None:
                return
            table = sql.Identifier(place.schema, place.table)
            role = sql.Identifier(place.role)
            database.execute(sql.SQL("REVOKE SELECT ON TABLE {} FROM {}").format(table, role))

    def uses(self, grant: Grant) -> int | None:
        """Statements of the role that name the table, as pg_stat_statements counts them; None without the extension
        or the right to read it (pg_read_all_stats). What reads the table through a view or a function is not seen."""
        with _looking(grant) as database:
            return _counted(database, _place(database, grant))

    def left(self, grant: Grant) -> str:
        """Asks the server whether the role can still read anything, on whatever way."""
        with _looking(grant) as database:
            place = _place(database, grant)
            if place.table_oid is None or place.role_oid is None:
                return ""
            can_read = _one(
                database,
                "SELECT has_any_column_privilege(%s::oid, %s::oid, 'SELECT')",
                (place.role_oid, place.table_oid),
            )
        return databases.still_reads(f"The role {place.role}") if can_read else ""

    def readers(self, stored: Stored) -> list[Reader]:
        """Everybody who can read the table or a column of it, but superusers, its owner and the portal's account."""
        schema, table = str(stored.address.get("schema", "")), databases.table_of(stored)
        with _looking(stored) as database:
            oid = database.execute(_TABLE, (schema, table)).fetchone()
            if oid is None:
                raise CannotProvision(f"There is no table {schema}.{table} in the database.")
            rows = database.execute(_READERS, (oid[0], databases.MOST_READERS)).fetchall()
        return [
            databases.reader((name,), (through,) if through else (), whole) for name, through, whole in rows
        ]


def _counted(database: "psycopg.Connection[Any]", place: Place) -> int | None:
    import psycopg
    from psycopg import sql

    found = database.execute(_COUNTING).fetchone()
    if found is None or place.role_oid is None:
        return None
    query = sql.SQL(_USES).format(sql.Identifier(found[0]))
    try:
        row = database.execute(query, (place.role_oid, place.table)).fetchone()
    except psycopg.errors.ObjectNotInPrerequisiteState:
        return None  # the extension is there, the server was not started with it
    return int(row[0]) if row else None


def _place(database: "psycopg.Connection[Any]", grant: Grant) -> Place:
    schema, table = str(grant.address.get("schema", "")), databases.table_of(grant)
    role = databases.principal_of(grant)
    if role.startswith("pg_") or role.lower() == "public":
        raise CannotProvision(f"{role} is no role of a single consumer.")
    found = database.execute(_ROLE, (role,)).fetchone()
    if found is not None and (found[1] or found[2]):
        raise CannotProvision(f"{role} is no role of a consumer: it administers the server.")
    oid = database.execute(_TABLE, (schema, table)).fetchone()
    return Place(schema, table, role, oid[0] if oid else None, found[0] if found else None)


def _require_known(place: Place) -> None:
    if place.role_oid is None:
        raise CannotProvision(
            f"There is no role {place.role} in the database. Have it made, or correct its name."
        )
    if place.table_oid is None:
        raise CannotProvision(f"There is no table {place.schema}.{place.table} in the database.")


def _one(database: "psycopg.Connection[Any]", query: str, values: tuple[object, ...]) -> bool:
    row = database.execute(query, values).fetchone()
    return bool(row and row[0])


def _looking(grant: Stored) -> Any:
    return _opened(grant, read_only=True)


def _changing(grant: Grant) -> Any:
    return _opened(grant, read_only=False)


@contextmanager
def _opened(grant: Stored, *, read_only: bool) -> "Iterator[psycopg.Connection[Any]]":
    import psycopg

    with (
        databases.reached(grant) as (address, context),
        session(grant.config, address, context, read_only=read_only) as database,
    ):
        try:
            yield database
        except psycopg.errors.InsufficientPrivilege as error:
            remedy = "Make it the owner of the table, or give it SELECT with the grant option."
            raise CannotProvision(databases.NOT_ALLOWED + remedy) from error
        except psycopg.errors.UndefinedColumn as error:
            raise CannotProvision(databases.NO_SUCH_COLUMN) from error
