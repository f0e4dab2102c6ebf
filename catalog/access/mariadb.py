"""Granting in MariaDB: SELECT on the port's table, or on some of its columns, for the consumer's account or role.

The account of the port's connection does it, so it needs SELECT with the grant option on the database or the table,
and SELECT on the database `mysql` to look at what is there. Grants know no transaction here and every statement is
kept at once, so what is too much is taken away before what is lacking is given: a cut leaves less, never more.

Grants outlive their table in this server: they are taken away also where the table is gone.
https://mariadb.com/kb/en/grant/, https://mariadb.com/kb/en/the-mysql-database-tables/
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from catalog.access import databases
from catalog.access.mariadb_rights import (
    ACCOUNTS,
    ON_COLUMNS,
    ON_DATABASES,
    ON_TABLES,
    PUBLIC,
    Account,
    given_roles,
    matches,
    readers,
    roles_of,
)
from catalog.access.stores import CannotProvision, Grant, Reader, Stored
from catalog.connections.connectors.mysql import SYSTEM, quote
from catalog.connections.connectors.mysql_session import Session, code_of, session

_NO_SUCH_GRANT = frozenset({1141, 1147})
_MAY_NOT = frozenset({1044, 1142, 1143, 1227, 1410})
_UNKNOWN_COLUMN = 1054
_NEEDS = (
    "Give it SELECT with the grant option on the table or its database, and SELECT on the database mysql, "
    "so that it can look at what is granted."
)
_TABLE = "SELECT count(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s"


class Seen(NamedTuple):
    """What SELECT there is on the table: for the account itself, and on which other ways it reads."""

    whole: bool
    columns: set[str]
    reads_all_otherwise: bool
    reads_otherwise: bool


class MariaDbProvisioner:
    """GRANT and REVOKE by the connection's account."""

    name = "mariadb"
    title = "MariaDB: the portal grants SELECT to the consumer's database account and takes it away"
    needs_work = True
    kinds = ("mysql",)
    grants_plain = databases.PLAIN

    def grant(self, grant: Grant) -> None:
        """Takes away what is too much, then gives what is lacking."""
        with _opened(grant, read_only=False) as database:
            account, table = _account(database, grant), databases.table_of(grant)
            if account is None:
                raise CannotProvision(_unknown(grant))
            if not database.rows(_TABLE, _keys(grant))[0][0]:
                raise CannotProvision(_no_table(grant))
            there = _seen(database, grant, account)
            agreed = set(grant.columns)
            if (agreed and there.whole) or there.columns - agreed:
                _run(database, "REVOKE SELECT ON", "FROM", table, account)
                there = _seen(database, grant, account)
            if not agreed and not there.whole:
                _run(database, "GRANT SELECT ON", "TO", table, account)
            elif lacking := sorted(agreed - there.columns):
                words = ", ".join(map(quote, lacking))
                _run(database, f"GRANT SELECT ({words}) ON", "TO", table, account)

    def missing(self, grant: Grant) -> str:
        """Compares what was granted to the account itself, and what it can read at all."""
        with _opened(grant, read_only=True) as database:
            account = _account(database, grant)
            if account is None:
                return _unknown(grant)
            if not database.rows(_TABLE, _keys(grant))[0][0]:
                return _no_table(grant)
            there = _seen(database, grant, account)
        if not grant.columns:
            return "" if there.whole else f"The {account} has no SELECT on the table."
        if there.whole or there.reads_all_otherwise:
            return databases.reads_more(f"The {account}")
        return databases.difference(there.columns, set(grant.columns))

    def revoke(self, grant: Grant) -> None:
        """Takes SELECT on the table and on every column; an account that is gone needs nothing."""
        with _opened(grant, read_only=False) as database:
            account, table = _account(database, grant), databases.table_of(grant)
            if account is None:
                return
            there = _seen(database, grant, account)
            if there.whole or there.columns:
                _run(database, "REVOKE SELECT ON", "FROM", table, account)

    def left(self, grant: Grant) -> str:
        """Looks for every way by which it could still read: its own grants, its roles, PUBLIC, the database."""
        with _opened(grant, read_only=True) as database:
            account = _account(database, grant)
            if account is None:
                return ""
            there = _seen(database, grant, account)
        if there.whole or there.columns:
            return f"The {account} still has SELECT on the table."
        return databases.still_reads(f"The {account}") if there.reads_otherwise else ""

    def readers(self, stored: Stored) -> list[Reader]:
        """Every account and role that can read the table or a column of it, but those that administer the server and
        the portal's own account."""
        with _opened(stored, read_only=True) as database:
            if not database.rows(_TABLE, _keys(stored))[0][0]:
                raise CannotProvision(_no_table(stored))
            return readers(database, str(stored.config["database"]), databases.table_of(stored))


def _run(database: Session, what: str, direction: str, table: str, account: Account) -> None:
    """One GRANT or REVOKE. Taking away what somebody else has taken meanwhile is no failure."""
    import pymysql

    try:
        database.rows(f"{what} {quote(table)} {direction} {account.quoted}")
    except pymysql.Error as error:
        if code_of(error) not in _NO_SUCH_GRANT or direction != "FROM":
            raise


def _account(database: Session, grant: Grant) -> Account | None:
    """The account or role a principal means: `name@host`, or a name that is one role or one account.

    Raises CannotProvision for names that are nobody's own and for accounts with rights on the whole server.
    """
    wanted = databases.principal_of(grant)
    if wanted.upper() == PUBLIC:
        raise CannotProvision(f"{wanted} is no account of a single consumer.")
    name, _, host = wanted.rpartition("@")
    found = {}
    for user, at, role, reads_all, is_super in database.rows(ACCOUNTS):
        is_role = role == "Y"
        if user == wanted or (not is_role and (user, at) == (name, host)):
            found[Account(user, at or "", is_role)] = "Y" in (reads_all, is_super)
    account = _only(wanted, list(found))
    if account is None:
        return None
    own = str(database.rows("SELECT current_user()")[0][0])
    if found[account] or own == f"{account.user}@{account.host}":
        raise CannotProvision(f"{wanted} is no account of a consumer: it administers the server.")
    return account


def _only(wanted: str, found: list[Account]) -> Account | None:
    if len(found) <= 1:
        return found[0] if found else None
    exact = [item for item in found if item.is_role or f"{item.user}@{item.host}" == wanted]
    exact = exact or [item for item in found if item.host == "%"]
    if len(exact) != 1:
        names = ", ".join(sorted(f"{item.user}@{item.host}" for item in found))
        raise CannotProvision(f"There are several accounts {wanted}. Name one of {names}.")
    return exact[0]


def _seen(database: Session, grant: Grant, account: Account) -> Seen:
    """Everything that lets the account read the table. Where a host could match, it is taken to match."""
    key = account.key
    ways = roles_of(given_roles(database), account.key) | {(PUBLIC, "")}
    names = {user for user, host in ways if not host} | {""}  # the nameless account is everybody's

    def is_another(user: str, host: str) -> bool:
        same_name = user == account.user and not account.is_role and bool(host)
        return (user, host) != key and (same_name or user in names)

    tables = {(user, host) for user, host in database.rows(ON_TABLES, _keys(grant))}
    columns = database.rows(ON_COLUMNS, _keys(grant))
    on_database = [
        (user, host)
        for user, host, pattern in database.rows(ON_DATABASES)
        if matches(str(grant.config["database"]), pattern)
    ]
    everywhere = [
        (user, host or "")
        for user, host, _role, reads_all, _super in database.rows(ACCOUNTS)
        if reads_all == "Y"
    ]
    reads_all = key in on_database or any(is_another(*who) for who in (*tables, *on_database, *everywhere))
    return Seen(
        whole=key in tables,
        columns={str(name) for user, host, name in columns if (user, host) == key},
        reads_all_otherwise=reads_all,
        reads_otherwise=reads_all or any(is_another(user, host) for user, host, _ in columns),
    )


def _keys(grant: Stored) -> tuple[str, str]:
    return str(grant.config["database"]), databases.table_of(grant)


def _unknown(grant: Grant) -> str:
    return f"There is no account or role {grant.principal} in the server. Have it made, or correct its name."


def _no_table(grant: Stored) -> str:
    return f"There is no table {'.'.join(_keys(grant))} in the server."


@contextmanager
def _opened(grant: Stored, *, read_only: bool) -> Iterator[Session]:
    import pymysql

    if str(grant.config["database"]).lower() in SYSTEM:
        raise CannotProvision("This is a database of the server itself.")
    with (
        databases.reached(grant) as (address, context),
        session(grant.config, address, context, read_only=read_only) as database,
    ):
        if not database.is_mariadb:
            raise CannotProvision(
                "This server is no MariaDB. Grant by hand, or by a provisioner made for it."
            )
        try:
            if not read_only:  # a name that is mistyped must not become an account without a password
                database.rows("SET SESSION sql_mode = 'NO_AUTO_CREATE_USER'")
            yield database
        except pymysql.Error as error:
            raise _explained(error) from error


def _explained(error: Exception) -> Exception:
    """In the portal's words where it is about rights or columns; else as it is, for the session to say."""
    if code_of(error) in _MAY_NOT:
        return CannotProvision(databases.NOT_ALLOWED + _NEEDS)
    if code_of(error) == _UNKNOWN_COLUMN:
        return CannotProvision(databases.NO_SUCH_COLUMN)
    return error
