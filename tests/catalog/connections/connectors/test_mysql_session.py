"""Signing in to MySQL and MariaDB: encryption, what a hostile server gets, and one that is silent."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pymysql
import pytest

from catalog.connections.connectors.mysql import MySqlConnector
from tests import local_mariadb
from tests.catalog.connections.connectors.support import certificate_for, configured, context, crawl

MYSQL = MySqlConnector()
GREETING = (
    b"\x0a5.7.0\x00\x01\x00\x00\x00"
    + b"a" * 8
    + b"\x00\xff\xf7\x21\x02\x00\x08\x00\x15"
    + b"\x00" * 10
    + b"b" * 12
    + b"\x00mysql_native_password\x00"
)  # a server without TLS: the flag 0x0800 is not set


def _packet(number: int, body: bytes) -> bytes:
    return len(body).to_bytes(3, "little") + bytes([number]) + body


@contextmanager
def _serving(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that gives every caller to `answer`; yields its port."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.1)
    is_over = threading.Event()

    def serve() -> None:
        while not is_over.is_set():
            try:
                caller, _ = listening.accept()
            except OSError:
                continue
            with caller, suppress(OSError):
                caller.settimeout(5)
                answer(caller)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        is_over.set()
        thread.join()
        listening.close()


@pytest.mark.parametrize("encryption", ["prefer", "disable", "require"])
def test_server_that_asks_for_the_plain_password_does_not_get_it(encryption: str) -> None:
    heard = bytearray()

    def ask_for_it(caller: socket.socket) -> None:
        caller.sendall(_packet(0, GREETING))
        heard.extend(caller.recv(4096))
        caller.sendall(_packet(2, b"\xfemysql_clear_password\x00"))
        heard.extend(caller.recv(4096))

    with _serving(ask_for_it) as port:
        config = configured(
            MYSQL,
            host="127.0.0.1",
            port=port,
            database="d",
            user="u",
            password="open-sesame",
            encryption=encryption,
        )
        result = MYSQL.check(config, context(seconds=5))
    assert result.failed is not None
    assert result.failed.name == "signed_in"
    assert b"open-sesame" not in heard
    assert "open-sesame" not in repr(result)


def test_server_that_never_answers_is_given_up() -> None:
    def silent(caller: socket.socket) -> None:
        caller.recv(1)  # never answered; ends when the other side gives up

    with _serving(silent) as port:
        config = configured(MYSQL, host="127.0.0.1", port=port, database="d", user="u")
        started = datetime.now(UTC)
        result = MYSQL.check(config, context(seconds=1.5))
        assert datetime.now(UTC) - started < timedelta(seconds=6)
    assert result.failed is not None
    assert result.failed.name == "signed_in"


@pytest.mark.slow
def test_encryption_is_agreed_observed_and_checked(tmp_path: Path) -> None:
    """A server of its own with a certificate: prefer and require use it, its end is seen, a check refuses it."""
    ends = datetime(2031, 5, 1, tzinfo=UTC)
    pem = certificate_for("db.example.org", ends, tmp_path / "both.pem")
    with local_mariadb.started(tmp_path, f"--ssl-cert={pem}", f"--ssl-key={pem}") as reach:
        raw = {**reach, "database": "test_tls"}
        with pymysql.connect(**reach, autocommit=True) as connection, connection.cursor() as run:
            run.execute("CREATE DATABASE test_tls")
            run.execute("CREATE TABLE test_tls.t (n int)")
        for encryption in ("prefer", "require"):
            found = crawl(MYSQL, configured(MYSQL, **raw, encryption=encryption), context())
            assert (found.tls[0].version, found.tls[0].certificate_ends_at) == ("TLSv1.3", ends)
        plain = crawl(MYSQL, configured(MYSQL, **raw, encryption="disable"), context())
        assert (plain.tls[0].version, plain.tls[0].certificate_ends_at) == ("", None)
        refused = MYSQL.check(configured(MYSQL, **raw, encryption="verify-full"), context())
        assert refused.failed is not None
        assert "certificate" in refused.failed.message


def test_required_encryption_that_is_not_offered_is_refused_before_signing_in() -> None:
    heard = bytearray()

    def greet(caller: socket.socket) -> None:
        caller.sendall(_packet(0, GREETING))
        heard.extend(caller.recv(4096))

    with _serving(greet) as port:
        raw = {
            "host": "127.0.0.1",
            "port": port,
            "database": "d",
            "user": "somebody",
            "encryption": "require",
        }
        result = MYSQL.check(configured(MYSQL, **raw), context(seconds=5))
    assert result.failed is not None
    assert "encrypted" in result.failed.message
    assert b"somebody" not in heard
