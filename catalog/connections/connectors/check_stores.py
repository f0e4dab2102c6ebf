"""The stores that answer checks by SQL: how each runs a query within its time, and says that it cannot.

What a store says of names and grammar is passed on; what it says of values is not, because it may quote them.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlglot import exp

from catalog.connections.connectors import duck
from catalog.connections.connectors.base import CrawlContext
from catalog.connections.connectors.check_conditions import literal
from catalog.connections.connectors.check_sql import SqlStore
from catalog.connections.connectors.errors import SourceError, redact
from catalog.connections.connectors.mysql_session import STOPPED, code_of
from catalog.connections.connectors.observations import ObservedField
from catalog.connections.connectors.postgresql_session import limit_statements

if TYPE_CHECKING:
    import psycopg

    from catalog.connections.connectors.mysql_session import Session

Newest = Callable[[ObservedField], Any]
Answer = TypeVar("Answer")
MOST_ROWS = 100  # of an answer
PATTERNS_AT_ONCE = 5_000  # distinct values that are matched together
_LONGEST_TEXT = 10_000_000  # bytes of one value in a SQLite query
_STEPS_BETWEEN_LOOKS = 20_000
_OF_NAMES: Final = frozenset(
    {1054, 1064, 1109, 1139, 1142, 1143, 1146, 1305, 1630}
)  # MySQL's, of names and grammar
_CORRECT: Final = "Correct the check."


def _slow() -> SourceError:
    remedy = "Ask something simpler, or let the store's owner add an index."
    return SourceError("too_slow", "The check took longer than its time limit.", remedy)


def _said(store: str, text: object) -> SourceError:
    return SourceError("malformed", f"{store} says: {redact(text).rstrip('.')}.", _CORRECT)


def _unsaid(store: str) -> SourceError:
    return SourceError("malformed", f"{store} could not work it out from the values there are.", _CORRECT)


class SqliteStore(SqlStore):
    """A table of a SQLite file. It knows no patterns; texts are matched by DuckDB, which they cannot hold up."""

    dialect = "sqlite"

    def __init__(
        self,
        database: sqlite3.Connection,
        table: str,
        fields: Sequence[ObservedField],
        newest: Newest,
        context: CrawlContext,
    ) -> None:
        super().__init__(self.other({"table": table}), fields, context)
        self._database, self._newest = database, newest
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_TEXT)

    def other(self, address: Mapping[str, Any]) -> exp.Table:
        return exp.table_(str(address["table"]), db="main", quoted=True)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self._asked(lambda: self._database.execute(query).fetchmany(MOST_ROWS))

    def newest(self, field: ObservedField) -> Any:
        return self._asked(lambda: self._newest(field))

    def count_mismatched(self, column: str, pattern: str) -> tuple[int, list[str]]:
        return self._asked(lambda: self._counted(column, pattern))

    def _counted(self, column: str, pattern: str) -> tuple[int, list[str]]:
        own = self.own.sql(dialect=self.dialect)
        query = f"SELECT CAST({column} AS TEXT), count(*) FROM {own} WHERE {column} IS NOT NULL GROUP BY 1"  # noqa: S608
        failed, seen = 0, list[str]()
        cursor = self._database.execute(query)
        with duck.session(self.context) as matcher:
            while part := cursor.fetchmany(PATTERNS_AT_ONCE):
                for place in _mismatched(matcher, [str(text) for text, _ in part], pattern):
                    failed += part[place][1]
                    seen.append(str(part[place][0]))
                del seen[MOST_ROWS:]
        return failed, seen

    def _asked(self, ask: Callable[[], Answer]) -> Answer:
        end = time.monotonic() + self.seconds
        context = self.context
        try:
            self._watch(lambda: time.monotonic() > end or context.is_cancelled())
            return ask()
        except sqlite3.Error as error:
            raise _of_sqlite(error) from error
        finally:
            self._watch(lambda: time.monotonic() > context.deadline or context.is_cancelled())

    def _watch(self, is_over: Callable[[], bool]) -> None:
        self._database.set_progress_handler(is_over, _STEPS_BETWEEN_LOOKS)


def _of_sqlite(error: sqlite3.Error) -> SourceError:
    text = str(error)
    if "interrupted" in text:
        return _slow()
    if "not authorized" in text or "prohibited" in text:
        return SourceError("not_allowed", "It does more than read.", _CORRECT)
    is_of_names = isinstance(error, sqlite3.OperationalError) and ("no such" in text or "syntax" in text)
    return _said("SQLite", text) if is_of_names else _unsaid("SQLite")


def _mismatched(matcher: Any, texts: Sequence[str], pattern: str) -> list[int]:
    """The places of the texts that do not match. Raises SourceError for a pattern that is none."""
    import duckdb

    query = (
        "SELECT place FROM (SELECT unnest($1::VARCHAR[]) AS value, unnest(range($2)) AS place) "
        "WHERE NOT regexp_matches(value, $3) ORDER BY place"
    )
    try:
        return [row[0] for row in matcher.execute(query, [texts, len(texts), pattern]).fetchall()]
    except duckdb.Error as error:
        raise _of_duckdb(error) from error


class DuckStore(SqlStore):
    """A table or view of a DuckDB session."""

    dialect = "duckdb"

    def __init__(
        self, database: Any, own: exp.Table, fields: Sequence[ObservedField], context: CrawlContext
    ) -> None:
        super().__init__(own, fields, context)
        self._database = database

    def other(self, address: Mapping[str, Any]) -> exp.Table:
        catalog = self.own.args.get("catalog")
        return exp.table_(
            str(address["table"]),
            db=str(address["schema"]),
            catalog=catalog.this if catalog else None,
            quoted=True,
        )

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self._limited():
            found: list[tuple[Any, ...]] = self._database.execute(query).fetchmany(MOST_ROWS)
            return found

    def newest(self, field: ObservedField) -> Any:
        with self._limited():
            source = self.own.sql(dialect=self.dialect)
            return duck.newest_of(self._database, source, field, self.context.now())

    def mismatched(self, column: str, pattern: str) -> str | None:
        return f"NOT regexp_matches({column}, {literal(self.dialect, pattern)})"

    @contextmanager
    def _limited(self) -> Iterator[None]:
        import duckdb

        timer = threading.Timer(self.seconds, self._database.interrupt)
        timer.daemon = True
        timer.start()
        try:
            yield
        except duckdb.Error as error:
            raise _of_duckdb(error) from error
        finally:
            timer.cancel()


def _of_duckdb(error: Exception) -> SourceError:
    import duckdb

    if isinstance(error, duckdb.InterruptException):
        return _slow()
    if isinstance(error, duckdb.OutOfMemoryException):
        return SourceError("too_large", "It needs more memory than a check may use.", _CORRECT)
    if isinstance(error, duckdb.PermissionException):
        return SourceError("not_allowed", "It does more than read this store.", _CORRECT)
    if isinstance(error, duckdb.BinderException | duckdb.CatalogException | duckdb.ParserException):
        return _said("DuckDB", str(error).split("\n")[0])
    if isinstance(error, duckdb.InvalidInputException) and "regex" in str(error).lower():
        return SourceError("malformed", "The pattern is no regular expression of the kind RE2.", _CORRECT)
    return _unsaid("DuckDB")


class PostgresStore(SqlStore):
    """A table of PostgreSQL; each query in a savepoint of the read-only transaction."""

    dialect = "postgres"

    def __init__(
        self,
        database: "psycopg.Connection[Any]",
        place: tuple[str, str],
        fields: Sequence[ObservedField],
        newest: Newest,
        context: CrawlContext,
    ) -> None:
        schema, table = place
        super().__init__(exp.table_(table, db=schema, quoted=True), fields, context)
        self._database, self._newest = database, newest
        database.execute("SET LOCAL standard_conforming_strings = on")  # as the queries are written

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self._asked(lambda: self._database.execute(query).fetchmany(MOST_ROWS))

    def newest(self, field: ObservedField) -> Any:
        return self._asked(lambda: self._newest(field))

    def mismatched(self, column: str, pattern: str) -> str | None:
        return f"{column} !~ {literal(self.dialect, pattern)}"

    def _asked(self, ask: Callable[[], Answer]) -> Answer:
        import psycopg

        try:
            with self._database.transaction():
                limit_statements(self._database, self.seconds)
                found = ask()
        except psycopg.errors.QueryCanceled as error:
            raise _slow() from error
        except psycopg.OperationalError:
            raise  # the connection itself
        except psycopg.Error as error:
            is_of_names = (error.sqlstate or "").startswith(("42", "2201B"))
            words = error.diag.message_primary or ""
            raise (_said("PostgreSQL", words) if is_of_names else _unsaid("PostgreSQL")) from error
        limit_statements(self._database, self.context.remaining())
        return found


class MySqlStore(SqlStore):
    """A table of MySQL or MariaDB."""

    dialect = "mysql"

    def __init__(
        self,
        database: "Session",
        place: tuple[str, str],
        fields: Sequence[ObservedField],
        newest: Newest,
        context: CrawlContext,
    ) -> None:
        self._schema, table = place
        super().__init__(self.other({"table": table}), fields, context)
        self._database, self._newest = database, newest

    def other(self, address: Mapping[str, Any]) -> exp.Table:
        return exp.table_(str(address["table"]), db=self._schema, quoted=True)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self._asked(lambda: self._database.rows(query))

    def newest(self, field: ObservedField) -> Any:
        return self._asked(lambda: self._newest(field))

    def mismatched(self, column: str, pattern: str) -> str | None:
        binary = "COLLATE utf8mb4_bin"
        return f"NOT (({column} {binary}) REGEXP ({literal(self.dialect, pattern)} {binary}))"

    def _asked(self, ask: Callable[[], Answer]) -> Answer:
        import pymysql

        self._database.limit_statements(self.seconds)
        try:
            return ask()
        except (pymysql.err.ProgrammingError, pymysql.err.OperationalError, pymysql.err.DataError) as error:
            code = code_of(error)
            if code in STOPPED:
                raise _slow() from error
            if code in _OF_NAMES:
                raise _said("The server", error.args[1] if len(error.args) > 1 else "") from error
            if code >= 2_000 and code < 3_000:
                raise  # the connection itself
            raise _unsaid("The server") from error
        finally:
            self._database.limit_statements(self.context.remaining())
