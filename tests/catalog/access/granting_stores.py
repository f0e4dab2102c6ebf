"""The real stores in which the portal grants by itself, behind one face: one suite of tests is true for all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pymysql

from catalog.access.models import Agreement
from catalog.access.services.agreeing import name_principal
from catalog.access.services.rules import set_terms
from catalog.access.services.running import provision_due
from catalog.products.models import OutputPort
from tests import factories as make
from tests import local_mariadb, postgres_server
from tests.catalog.access.asking import agreed
from tests.conftest import Cast

ROWS = "(1, 'l1', 1), (2, 'l2', 2)"
DENIED = (1142, 1143)  # of a table, of a column


class Store(Protocol):
    """A server with a table `events` (id, listener, seconds) and `other`, and accounts that may read nothing yet."""

    kind: str  # of the connection
    provisioner: str
    table: str  # as a statement names it
    reader: str  # accounts of consumers, as owners write them
    odd: str
    group: str  # a role the reader may have
    weak: str  # the user of a connection that may not grant
    config: dict[str, Any]
    address: dict[str, Any]

    def run(self, *statements: str) -> None: ...

    def reads(self, what: str, principal: str = "") -> bool:
        """Whether the consumer really can, by a session of their own; `what` follows SELECT."""

    def name_of(self, principal: str) -> str:
        """As a GRANT names it."""

    def reset(self) -> None:
        """Nobody may read anything."""


class Postgres:
    kind, provisioner, table = "postgresql", "postgresql", "play.events"
    reader, odd, group, weak = "reader", 'Odd "role', "group_role", "weak"
    address = {"schema": "play", "table": "events"}

    def __init__(self, server: postgres_server.Server) -> None:
        self.server = server
        self.config = {
            "host": "127.0.0.1",
            "port": server.port,
            "database": "postgres",
            "user": "portal",
            "encryption": "disable",
        }
        self.run(
            "CREATE SCHEMA play",
            "CREATE TABLE play.events (id integer, listener text, seconds integer)",
            f"INSERT INTO play.events VALUES {ROWS}",  # noqa: S608
            "CREATE TABLE play.other (id integer)",
            'CREATE ROLE reader LOGIN; CREATE ROLE "Odd ""role" LOGIN; CREATE ROLE weak LOGIN; CREATE ROLE group_role',
        )

    def run(self, *statements: str) -> None:
        for statement in statements:
            self.server.run(statement)

    def reads(self, what: str, principal: str = "") -> bool:
        try:
            options = {"host": "127.0.0.1", "port": self.server.port, "dbname": "postgres"}
            with psycopg.connect(user=principal or self.reader, autocommit=True, **options) as own:  # type: ignore[arg-type]
                own.execute(f"SELECT {what}")
        except psycopg.errors.InsufficientPrivilege:
            return False
        return True

    def name_of(self, principal: str) -> str:
        return '"' + principal.replace('"', '""') + '"'

    def reset(self) -> None:
        people = ", ".join(map(self.name_of, (self.reader, self.odd, self.group)))
        self.run(
            f"REVOKE ALL ON ALL TABLES IN SCHEMA play FROM PUBLIC, {people}", "REVOKE group_role FROM reader"
        )


class MariaDb:
    kind, provisioner, group = "mysql", "mariadb", "granting_group"

    def __init__(self, reach: dict[str, Any]) -> None:
        self.reach = reach
        self.database = f"granting_{os.getpid()}"
        self.table = f"{self.database}.events"
        self.reader, self.odd, self.weak = (
            f"{self.database}_r@%",
            f"o'dd\\@{self.database}@%",
            f"{self.database}_w",
        )
        self.group = f"{self.database}_g"
        self.config = {
            "host": reach["host"],
            "port": reach["port"],
            "database": self.database,
            "user": f"{self.database}_o",
            "encryption": "disable",
        }
        self.address = {"table": "events"}
        owner = f"{self.config['user']}@'%'"
        self.run(
            f"CREATE DATABASE {self.database}",
            f"CREATE TABLE {self.table} (id int, listener text, seconds int)",
            f"INSERT INTO {self.table} VALUES {ROWS}",  # noqa: S608
            f"CREATE TABLE {self.database}.other (id int)",
            *(f"CREATE USER {self.name_of(name)}" for name in (self.reader, self.odd)),
            f"CREATE USER {owner}",
            f"CREATE USER {self.weak}@'%'",
            f"CREATE ROLE {self.group}",
            f"GRANT SELECT ON {self.database}.* TO {owner} WITH GRANT OPTION",
            f"GRANT SELECT ON mysql.* TO {owner}",
            f"GRANT SELECT ON {self.database}.* TO {self.weak}@'%'",
            f"GRANT SELECT ON mysql.* TO {self.weak}@'%'",
        )

    def run(self, *statements: str) -> None:
        with pymysql.connect(**self.reach, autocommit=True) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def reads(self, what: str, principal: str = "") -> bool:
        user = (principal or self.reader).rpartition("@")[0]
        reach = {**self.reach, "user": user}
        try:
            with pymysql.connect(**reach) as own, own.cursor() as cursor:
                cursor.execute(f"SELECT {what}")
        except pymysql.err.OperationalError as error:
            if error.args[0] not in DENIED:
                raise
            return False
        return True

    def name_of(self, principal: str) -> str:
        if "@" not in principal:
            return f"'{principal}'"
        user, _, host = principal.rpartition("@")
        return "'" + user.replace("\\", "\\\\").replace("'", "''") + f"'@'{host}'"

    def reset(self) -> None:
        for name in (self.reader, self.odd):
            self.run(f"DROP USER {self.name_of(name)}", f"CREATE USER {self.name_of(name)}")
        self.run(f"DROP ROLE {self.group}", f"CREATE ROLE {self.group}")

    def drop(self) -> None:
        people = ", ".join(
            map(self.name_of, (self.reader, self.odd, f"{self.weak}@%", f"{self.config['user']}@%"))
        )
        self.run(f"DROP DATABASE {self.database}", f"DROP USER {people}", f"DROP ROLE {self.group}")


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[Store]:
    """A store of that kind on a real server; what was made in one that runs anyway is taken away again."""
    if kind == "postgresql":
        with postgres_server.running() as server:
            yield Postgres(server)
        return
    if reach := local_mariadb.running():
        store = MariaDb(reach)
        try:
            yield store
        finally:
            store.drop()
        return
    with local_mariadb.started(folder) as own:
        yield MariaDb(own)


def offered(cast: Cast, store: Store) -> OutputPort:
    """The port of Play events that leads to the store's table, granted there by the portal."""
    place = make.make_connection("Play store", kind=store.kind, config=store.config, team=cast.listening_team)
    asset = make.make_asset(place, "play.events", address=store.address)
    make.make_schema(asset, {"id": "integer", "listener": "string", "seconds": "integer"})
    port = make.make_port(cast.play_events, "plays", connection=place, asset=asset)
    set_terms(actor=cast.owner, port=port, provisioner=store.provisioner, may_choose_columns=True)
    return port


def granted(cast: Cast, port: OutputPort, role: str, **wishes: Any) -> Agreement:
    """An agreement of the consumer that the workers have brought into the store."""
    agreement = agreed(cast.consumer, port, cast.owner, **wishes)
    name_principal(actor=cast.owner, agreement=agreement, principal=role)
    provision_due()
    return agreement
