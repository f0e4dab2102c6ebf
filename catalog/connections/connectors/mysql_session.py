"""One guarded MySQL or MariaDB session, read-only unless asked: address pinned, time limits, TLS observed.

The driver is given a socket that is connected already, so that it never looks the name up again; it uses the name only
to check the certificate.
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from catalog.connections.connectors.base import CrawlContext
from catalog.connections.connectors.config import Config
from catalog.connections.connectors.errors import SourceError, redact
from catalog.connections.connectors.observations import ObservedTls
from catalog.connections.connectors.servers import cut_at_deadline, dialled, end_of_certificate

if TYPE_CHECKING:
    from pymysql.connections import Connection

NO_SUCH_VARIABLE: Final = 1193
_NO_TLS: Final = 2026  # the driver's own code: the server offers no encryption
STOPPED: Final = frozenset({1317, 1969, 3024})  # interrupted, max_statement_time, max_execution_time
_AWAY: Final = frozenset({1053, 1077, 2002, 2003, 2006, 2013, 2055})
_LONGEST_LIMIT: Final = 4_000_000  # seconds; beyond it the server's own variable overflows
_GRANT: Final = "Grant it SELECT in the store."
_CAUSES: Final[dict[int, tuple[str, str]]] = {
    1040: ("The server has no connection left.", "Crawl at another time, or raise its limit."),
    1044: ("The server has no such database, or the user may not use it.", "Check the database's name."),
    1045: ("The user name or password is wrong.", "Enter them again."),
    1049: ("The server has no such database, or the user may not use it.", "Check the database's name."),
    1129: ("The server has blocked the portal after many failures.", "Run FLUSH HOSTS in the store."),
    1130: ("The server does not let the portal in.", "Ask for an account for the portal's address."),
    1142: ("The user may not read this.", _GRANT),
    1143: ("The user may not read all of its columns.", _GRANT),
    1203: ("The user has too many connections.", "Crawl at another time, or raise its limit."),
    1226: ("The user has used up a limit of the server.", "Crawl at another time, or raise its limit."),
    1251: ("The server asks for a way to sign in that is not known here.", "Give the user a password."),
    1356: ("The view cannot be read: what it is made of is not there, or may not be used.", "Repair it."),
    1370: ("The user may not run a function the view uses.", "Grant it EXECUTE in the store."),
    1449: ("The account the view runs as does not exist.", "Create the view again under another one."),
    1820: ("The password has expired.", "Give the user a new one in the store."),
    2026: ("No encrypted connection could be agreed.", "Check the encryption setting and the certificate."),
    2059: ("The server asks for a way to sign in that is not known here.", "Give the user a password."),
    3118: ("The account is locked.", "Unlock it in the store."),
    3159: ("The server only takes encrypted connections.", "Choose another encryption setting."),
}


@contextmanager
def session(
    config: Config, address: str, context: CrawlContext, *, read_only: bool = True
) -> Iterator["Session"]:
    """A signed-in session in one read-only transaction that is rolled back. Raises SourceError.

    With `read_only` false each statement is kept as soon as it ran: grants know no transaction in these servers.
    """
    import pymysql

    opened = None
    try:
        opened = _opened(config, address, context)
        with cut_at_deadline(opened.fileno, context):
            opened.prepare(context, read_only=read_only)
            yield opened
    except (pymysql.Error, ssl.SSLError, UnicodeError) as error:
        raise translated(error, config, context) from error
    finally:
        if opened is not None:
            opened.close()


class Session:
    """What the connector needs of a connection: rows of a query, limits, and what was seen of its encryption."""

    def __init__(self, connection: "Connection[Any]", fileno: int, tls: ObservedTls) -> None:
        self.fileno = fileno
        self.tls = tls
        self._connection = connection
        self.is_mariadb = "mariadb" in connection.get_server_info().lower()

    def prepare(self, context: CrawlContext, *, read_only: bool = True) -> None:
        """Read only, times in UTC, figures of the catalog as of now, and the time limit."""
        self.limit_statements(context.remaining())
        if read_only:
            self.rows("SET SESSION TRANSACTION READ ONLY")
        self.rows("SET SESSION time_zone = '+00:00'")
        if not self.is_mariadb:
            self._set("information_schema_stats_expiry = 0")
        self.rows("START TRANSACTION READ ONLY" if read_only else "SET SESSION autocommit = 1")

    def limit_statements(self, seconds: float) -> None:
        """Ask the server to stop each later statement after `seconds`."""
        limit = min(max(seconds, 0.001), _LONGEST_LIMIT)
        if self.is_mariadb:
            self._set(f"max_statement_time = {limit:.3f}")
        else:
            self._set(f"max_execution_time = {max(1, int(limit * 1000))}")

    def rows(self, query: str, parameters: tuple[Any, ...] | None = None) -> list[tuple[Any, ...]]:
        """All rows of a query. Raises pymysql.Error."""
        with self._connection.cursor() as cursor:
            cursor.execute(query, parameters)
            return list(cursor.fetchall())

    def value(self, query: str) -> Any:
        """The first value of a query that may give up; None then."""
        import pymysql

        try:
            found = self.rows(query)
        except pymysql.Error as error:
            if code_of(error) in STOPPED:
                return None
            raise
        return found[0][0] if found else None

    def close(self) -> None:
        from pymysql import Error

        with suppress(Error, OSError):
            self._connection.close()

    def _set(self, assignment: str) -> None:
        """Set a variable of the session; one that an older server does not know is left alone."""
        import pymysql

        try:
            self.rows(f"SET SESSION {assignment}")
        except pymysql.Error as error:
            if code_of(error) != NO_SUCH_VARIABLE:
                raise


class _Watched(ssl.SSLContext):
    """A TLS context that keeps what the handshake showed."""

    version = ""
    certificate: bytes | None = None

    def wrap_socket(self, *args: Any, **options: Any) -> ssl.SSLSocket:
        secure = super().wrap_socket(*args, **options)
        self.version, self.certificate = secure.version() or "", secure.getpeercert(binary_form=True)
        return secure


class _NoPlainPassword:
    """Answers a server that asks for the password in plain text: it is not sent."""

    def __init__(self, connection: Any) -> None:
        del connection

    def authenticate(self, packet: Any) -> None:
        from pymysql import OperationalError

        raise OperationalError(
            2059, "The server asks for the password in plain text, which only a checked certificate allows"
        )


def _opened(config: Config, address: str, context: CrawlContext) -> Session:
    import pymysql

    encryption = config["encryption"]
    watched = None if encryption == "disable" else _watched(encryption == "verify-full")
    try:
        return _signed_in(config, address, context, watched)
    except pymysql.Error as error:
        if encryption != "prefer" or code_of(error) != _NO_TLS:
            raise
    return _signed_in(config, address, context, None)


def _watched(is_verified: bool) -> _Watched:
    watched = _Watched(ssl.PROTOCOL_TLS_CLIENT)
    if is_verified:
        watched.load_default_certs()
    else:
        watched.check_hostname = False
        watched.verify_mode = ssl.CERT_NONE
    return watched


def _signed_in(config: Config, address: str, context: CrawlContext, watched: _Watched | None) -> Session:
    from pymysql.connections import Connection

    plain = dialled(address, int(config["port"]), context)
    fileno = plain.fileno()
    refusing = {} if config["encryption"] == "verify-full" else _REFUSING
    patience = max(1.0, context.remaining() + 1)
    connection = Connection(
        host=str(config["host"]).strip("[]"),
        user=str(config["user"]),
        password=str(config["password"]).encode(),
        database=str(config["database"]),
        charset="utf8mb4",
        sql_mode="",
        autocommit=False,
        read_timeout=patience,
        write_timeout=patience,
        program_name="meshportal",
        local_infile=False,
        auth_plugin_map=refusing,
        ssl=watched,
        ssl_disabled=watched is None,
        defer_connect=True,
    )
    try:
        with cut_at_deadline(fileno, context):
            connection.connect(plain)
    except BaseException:
        plain.close()
        raise
    tls = ObservedTls(version="")
    if watched is not None:
        tls = ObservedTls(
            version=watched.version, certificate_ends_at=end_of_certificate(watched.certificate)
        )
    return Session(connection, fileno, tls)


_REFUSING: Final = {"mysql_clear_password": _NoPlainPassword, "dialog": _NoPlainPassword}


def code_of(error: BaseException) -> int:
    """The number of a driver's error, 0 where it has none."""
    first = error.args[0] if error.args else 0
    return first if isinstance(first, int) else 0


def translated(error: Exception, config: Config, context: CrawlContext) -> SourceError:
    """The driver's error in the portal's words, without secrets."""
    context.remaining()
    code = code_of(error)
    words = str(error.args[1]) if len(error.args) > 1 else str(error)
    text = redact(words, (str(config.get("password") or ""),)).rstrip(".")
    if code in STOPPED:
        return SourceError("too_slow", "The server took longer than the time limit.", "Choose fewer tables.")
    if isinstance(error, ssl.SSLError) or "certificate" in text.lower():
        return SourceError(
            "refused",
            f"No encrypted connection could be agreed: {text}.",
            "Check the encryption setting and the certificate.",
        )
    if code in _AWAY:
        return SourceError("unreachable", f"The server does not answer: {text}.", "Check that it runs.")
    if code in _CAUSES:
        return SourceError("refused", *_CAUSES[code])
    return SourceError(
        "malformed", f"The server says: {text}.", "Check the table or view in the store itself."
    )
