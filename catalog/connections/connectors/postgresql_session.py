"""One guarded PostgreSQL session: address checked and pinned, read-only unless asked, client-side time limit, TLS."""

import re
import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from catalog.connections.connectors.base import CrawlContext
from catalog.connections.connectors.config import Config
from catalog.connections.connectors.errors import SourceError, redact
from catalog.connections.connectors.observations import ObservedTls
from catalog.connections.connectors.servers import CONNECT_SECONDS, cut_at_deadline, end_of_certificate

if TYPE_CHECKING:
    import psycopg

_NO_FILE: Final = "/nonexistent"  # the portal's own password files and certificates are not for connections
_SSL_REQUEST: Final = struct.pack("!ii", 8, 80_877_103)  # PostgreSQL protocol 3.0, SSLRequest
_CAUSES: Final[tuple[tuple[str, str, str], ...]] = (
    ("password authentication failed", "The user name or password is wrong.", "Enter them again."),
    ("no password supplied", "The server asks for a password.", "Enter one."),
    (
        "no pg_hba.conf entry",
        "The server does not let the portal in.",
        "Ask for an entry in its pg_hba.conf.",
    ),
    ("authentication", "The server refused to sign us in.", "Check user, password and the server's rules."),
    ("role", "The server does not know this user.", "Check the user name."),
    ("database", "The server has no such database, or it may not be used.", "Check the database's name."),
    ("too many", "The server has no connection left.", "Crawl at another time, or raise its limit."),
    ("starting up", "The server is just starting.", "Try again in a minute."),
    ("permission denied", "The user may not read this.", "Grant it SELECT and USAGE in the store."),
    ("ssl", "No encrypted connection could be agreed.", "Check the encryption setting and the certificate."),
)


@contextmanager
def session(
    config: Config, address: str, context: CrawlContext, *, read_only: bool = True
) -> Iterator["psycopg.Connection[Any]"]:
    """A signed-in connection in one transaction that is read-only and rolled back. Raises SourceError.

    With `read_only` false what was done in it is kept, unless it raised.
    """
    import psycopg

    connection = None
    try:
        connection = _connect(config, address, context)
        connection.read_only = read_only
        with cut_at_deadline(connection.fileno(), context):
            limit_statements(connection, context.remaining())
            _refuse_a_portal(connection)
            yield connection
            if not read_only:
                connection.commit()
    except psycopg.Error as error:
        raise translated(error, config, context) from error
    finally:
        if connection is not None:
            connection.close()


def limit_statements(connection: "psycopg.Connection[Any]", seconds: float) -> None:
    """Ask the server to stop each statement of the present transaction after `seconds`."""
    connection.execute(f"SET LOCAL statement_timeout = {max(1, int(seconds * 1000))}")


def _connect(config: Config, address: str, context: CrawlContext) -> "psycopg.Connection[Any]":
    import psycopg

    return psycopg.connect(
        host=str(config["host"]),
        hostaddr=address,
        port=int(config["port"]),
        dbname=str(config["database"]),
        user=str(config["user"]),
        password=str(config["password"]),
        sslmode=str(config["encryption"]),
        passfile=_NO_FILE,
        sslcert=_NO_FILE,
        sslkey=_NO_FILE,
        gssencmode="disable",
        connect_timeout=max(2, int(min(CONNECT_SECONDS, context.remaining()))),
        application_name="meshportal",
        prepare_threshold=None,  # poolers in transaction mode know no prepared statements
    )


def _refuse_a_portal(connection: "psycopg.Connection[Any]") -> None:
    """However it is addressed: a database with the portal's tables holds tokens and credentials."""
    found = connection.execute(
        "SELECT count(*) FROM pg_catalog.pg_class WHERE relname IN ('catalog_connection', 'catalog_apitoken')"
    ).fetchone()
    if found and found[0] >= 2:
        raise SourceError("not_allowed", "This is a portal's own database.", "Name another database.")


def translated(error: Exception, config: Config, context: CrawlContext) -> SourceError:
    """The driver's error in the portal's words, without secrets."""
    import psycopg

    context.remaining()
    if isinstance(error, psycopg.errors.QueryCanceled):
        return SourceError("too_slow", "The server took longer than the time limit.", "Choose fewer tables.")
    text = redact(error, (str(config.get("password") or ""),))
    lowered = text.lower()
    if re.search(
        r"connection refused|timeout expired|timed out|no route|server closed|reset by peer", lowered
    ):
        return SourceError("unreachable", f"The server does not answer: {text}.", "Check that it runs.")
    for words, message, remedy in _CAUSES:
        if words in lowered:
            return SourceError("refused", message, remedy)
    return SourceError(
        "malformed", f"The server says: {text}.", "Check the table or view in the store itself."
    )


def observed_tls(
    connection: "psycopg.Connection[Any]", address: str, config: Config, context: CrawlContext
) -> ObservedTls:
    """Version and certificate end of the encryption in use; an empty version when there is none."""
    if not connection.pgconn.ssl_in_use:
        return ObservedTls(version="")
    version, ends_at = _probe(address, config, context)
    if not version:
        query = "SELECT version FROM pg_catalog.pg_stat_ssl WHERE pid = pg_backend_pid()"
        row = connection.execute(query).fetchone()
        version = str(row[0] or "") if row else ""
    return ObservedTls(version=version, certificate_ends_at=ends_at)


def _probe(address: str, config: Config, context: CrawlContext) -> tuple[str, datetime | None]:
    """Ask the server for TLS once more and look at its certificate: the driver does not show it."""
    settings = ssl.create_default_context()
    settings.check_hostname = False
    settings.verify_mode = (
        ssl.CERT_NONE
    )  # it is looked at, not trusted; the session itself follows the setting
    limit = min(5.0, context.remaining())
    try:
        with socket.create_connection((address, int(config["port"])), timeout=limit) as plain:
            plain.sendall(_SSL_REQUEST)
            if plain.recv(1) != b"S":
                return "", None
            with settings.wrap_socket(plain, server_hostname=str(config["host"])) as secure:
                ends_at = end_of_certificate(secure.getpeercert(binary_form=True))
                return secure.version() or "", ends_at
    except (OSError, ValueError):
        return "", None
