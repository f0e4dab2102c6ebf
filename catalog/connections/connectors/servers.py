"""What the connectors of database servers share: settings, the checked address, reaching it, the end of the time."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from cryptography import x509

from catalog.common.allow_list import HostRefused, HostUnknown
from catalog.connections.connectors.base import CrawlContext
from catalog.connections.connectors.config import Config, ConfigField
from catalog.connections.connectors.errors import SourceError, redact
from catalog.connections.connectors.relational import EXCLUDE, INCLUDE

CONNECT_SECONDS = 10
EXACT_COUNT_BELOW = 2_000_000  # rows; above it the server's estimate is taken
COUNT_SECONDS = 15  # a count or a search for the newest row may take


def server_fields(*, port: int, longest_name: int) -> tuple[ConfigField, ...]:
    """The settings of one database of a server that listens at `port` unless told otherwise."""
    return (
        ConfigField(name="host", label="Host", required=True, maximum=253, help="Name or address."),
        ConfigField(name="port", label="Port", kind="integer", default=port, minimum=1, maximum=65_535),
        ConfigField(name="database", label="Database", required=True, maximum=longest_name),
        ConfigField(
            name="user",
            label="User",
            required=True,
            maximum=longest_name,
            help="An account that may only read is enough.",
        ),
        ConfigField(name="password", label="Password", secret=True),
        ConfigField(
            name="encryption",
            label="Encryption",
            kind="choice",
            default="prefer",
            choices=(
                ("prefer", "Where the server offers it"),
                ("require", "Always"),
                ("verify-full", "Always, and check the server's certificate"),
                ("disable", "Never"),
            ),
        ),
        INCLUDE,
        EXCLUDE,
    )


def pinned_address(config: Config, context: CrawlContext) -> str:
    """The checked address of the server. Raises SourceError when it may not be connected to."""
    host, port = str(config["host"]), int(config["port"])
    try:
        address = context.allow_list.check(host, port)
        for own in context.own_databases:
            if (
                own.port == port
                and own.name == config["database"]
                and address in _addresses(own.host, context)
            ):
                raise SourceError("not_allowed", "This is the portal's own database.", "Name another.")
    except HostRefused as error:
        raise SourceError("not_allowed", str(error), "Name another host, or ask an administrator.") from error
    except HostUnknown as error:
        raise SourceError("unreachable", str(error), "Check the host's name.") from error
    return address


def _addresses(host: str, context: CrawlContext) -> set[str]:
    try:
        return set(context.allow_list.resolver(host, 0)) | {"127.0.0.1", "::1"} & {host}
    except HostUnknown:
        return set()


def dialled(address: str, port: int, context: CrawlContext) -> socket.socket:
    """An open TCP connection. Raises SourceError(unreachable)."""
    try:
        return socket.create_connection((address, port), timeout=min(CONNECT_SECONDS, context.remaining()))
    except OSError as error:
        raise SourceError(
            "unreachable",
            f"Nothing answers at port {port}: {redact(error.strerror or error)}.",
            "Check host and port, that the server runs, and that a firewall lets the portal through.",
        ) from error


def reach(address: str, port: int, context: CrawlContext) -> None:
    """Open and close a TCP connection. Raises SourceError(unreachable)."""
    dialled(address, port, context).close()


@contextmanager
def cut_at_deadline(fileno: int, context: CrawlContext) -> Iterator[None]:
    """Shut the socket when time is up: a server that ignores its own time limits cannot hold us."""
    duplicate = socket.socket(fileno=os.dup(fileno))

    def cut() -> None:
        try:
            duplicate.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # closed already

    timer = threading.Timer(context.remaining() + 1, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        duplicate.close()


def end_of_certificate(der: bytes | None) -> datetime | None:
    """When a certificate stops being valid; None where there is none or it cannot be read."""
    try:
        return x509.load_der_x509_certificate(der).not_valid_after_utc if der else None
    except ValueError:
        return None


def explain_nothing(known: int, readable: int, remedy: str) -> None:
    """Raises SourceError when a database has no tables, or none that may be read."""
    if not known:
        raise SourceError("empty", "The database has no tables that match.", "Check database and patterns.")
    if not readable:
        raise SourceError("refused", f"There are {known} tables and the user may read none of them.", remedy)
