"""Lines to copy that reach a port from SQL, Python and a shell. Pure; they never hold a secret or a person's name.

What is needed to sign in is left to the reader as a placeholder: the portal's own account is not for them.
"""

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

ROWS = 10


@dataclass(frozen=True, slots=True)
class Snippet:
    """`language` is sql, python or shell; `label` says what it needs."""

    language: str
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a port's data is: the connection's kind and public settings, and the connector's own address in it.

    `format` is what the port says of itself, for where neither setting nor address names one.
    """

    kind: str
    config: Mapping[str, Any]
    address: Mapping[str, Any]
    location: str = ""
    format: str = ""

    def text(self, name: str) -> str:
        return str(self.address.get(name) or self.config.get(name) or "")


def snippets_for(place: Place) -> list[Snippet]:
    """Snippets for the kind of store; none for a kind that is not known or a place that is not named."""
    maker = _MAKERS.get(place.kind, _address_only)
    return maker(place)


def identifier(*names: str) -> str:
    """A quoted SQL name: `"listening"."play events"`; names left empty are left out."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names if name)


def literal(text: str) -> str:
    """A quoted SQL text."""
    return "'" + text.replace("'", "''") + "'"


def public_url(url: str) -> str:
    """The address without user name, password, query and fragment; "" unless it is http(s)."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = f":{parts.port}" if parts.port else ""
    return urlunsplit((parts.scheme, host + port, parts.path, "", ""))


def _postgresql(place: Place) -> list[Snippet]:
    table, host, database = place.text("table"), place.text("host"), place.text("database")
    if not table or not host:
        return []
    query = f"select * from {identifier(place.text('schema'), table)} limit {ROWS};"  # noqa: S608 - text for people; names are quoted
    server = f"host={host} port={place.text('port') or 5432} dbname={database} user=YOUR_NAME"
    python = (
        "import pandas as pd, sqlalchemy as sa\n\n"
        f"engine = sa.create_engine(sa.URL.create('postgresql+psycopg', host={host!r}, "
        f"port={int(place.text('port') or 5432)}, database={database!r}, username='YOUR_NAME'))\n"
        f"pd.read_sql({query!r}, engine)"
    )
    return [
        Snippet("sql", "SQL", query),
        Snippet("python", "Python (pandas, SQLAlchemy)", python),
        Snippet("shell", "Shell (psql)", f"psql {shlex.quote(server)} -c {shlex.quote(query)}"),
    ]


def _mysql(place: Place) -> list[Snippet]:
    table, host, database = place.text("table"), place.text("host"), place.text("database")
    if not table or not host:
        return []
    name = "`" + table.replace("`", "``") + "`"
    query = f"select * from {name} limit {ROWS};"  # noqa: S608 - text for people; names are quoted
    port = int(place.text("port") or 3306)
    text = f"sa.text({query.replace(':', chr(92) + ':')!r})"  # a colon would begin a parameter
    python = (
        "import pandas as pd, sqlalchemy as sa\n\n"
        f"engine = sa.create_engine(sa.URL.create('mysql+pymysql', host={host!r}, "
        f"port={port}, database={database!r}, username='YOUR_NAME', password='YOUR_PASSWORD'))\n"
        f"pd.read_sql({text}, engine)"
    )
    server = f"--host={shlex.quote(host)} --port={port} --user=YOUR_NAME --password"
    shell = f"mysql {server} {shlex.quote(database)} --execute={shlex.quote(query)}"
    return [
        Snippet("sql", "SQL", query),
        Snippet("python", "Python (pandas, SQLAlchemy)", python),
        Snippet("shell", "Shell (mysql)", shell),
    ]


def _sqlite(place: Place) -> list[Snippet]:
    table, path = place.text("table"), place.text("path")
    if not table or not path:
        return []
    query = f"select * from {identifier(table)} limit {ROWS};"  # noqa: S608 - text for people; names are quoted
    python = (
        "import sqlite3, pandas as pd\n\n"
        f"pd.read_sql({query!r}, sqlite3.connect({'file:' + path + '?mode=ro'!r}, uri=True))"
    )
    return [
        Snippet("sql", "SQL", query),
        Snippet("python", "Python (pandas)", python),
        Snippet("shell", "Shell (sqlite3)", f"sqlite3 -readonly {shlex.quote(path)} {shlex.quote(query)}"),
    ]


def _duckdb(place: Place) -> list[Snippet]:
    table, path = place.text("table"), place.text("path")
    if not table or not path:
        return []
    query = f"from {identifier(place.text('schema'), table)} limit {ROWS};"
    python = f"import duckdb\n\nduckdb.connect({path!r}, read_only=True).sql({query!r}).df()"
    return [
        Snippet("sql", "SQL (DuckDB)", query),
        Snippet("python", "Python (duckdb)", python),
        Snippet("shell", "Shell (duckdb)", f"duckdb -readonly {shlex.quote(path)} -c {shlex.quote(query)}"),
    ]


_READERS = {"csv": "read_csv", "parquet": "read_parquet", "json": "read_json", "jsonl": "read_json"}


def _files(place: Place) -> list[Snippet]:
    path = place.text("pattern") or place.text("path")  # files of one dataset share a pattern
    reader = _READERS.get(place.text("format").lower())
    if not path:
        return []
    source = f"{reader}({literal(path)})" if reader else literal(path)
    query = f"from {source} limit {ROWS};"
    return [
        Snippet("sql", "SQL (DuckDB)", query),
        Snippet("python", "Python (duckdb)", f"import duckdb\n\nduckdb.sql({query!r}).df()"),
        Snippet("shell", "Shell (duckdb)", f"duckdb -c {shlex.quote(query)}"),
    ]


def _http(place: Place) -> list[Snippet]:
    url = public_url(place.text("url"))
    if not url:
        return []
    python = (
        f"import httpx\n\nanswer = httpx.get({url!r}, timeout=30)\nanswer.raise_for_status()\nanswer.text"
    )
    reader = _READERS.get(place.text("format").lower()) or _READERS.get(place.format.lower())
    query = f"from {reader}({literal(url)}) limit {ROWS};" if reader else ""
    return [
        *([Snippet("sql", "SQL (DuckDB)", query)] if query else []),
        Snippet("python", "Python (httpx)", python),
        Snippet("shell", "Shell (curl)", f"curl --fail --silent --show-error {shlex.quote(url)}"),
    ]


def _openapi(place: Place) -> list[Snippet]:
    """Of an operation that reads; what stands in braces in its path is left to the reader."""
    method, _, _ = place.text("operation").partition(" ")
    url = public_url(re.sub(r"\{([^{}/]+)\}", r"YOUR_\1", str(place.address.get("url") or "")))
    return _http(Place("http", {"url": url}, {})) if method == "GET" else []


def _address_only(place: Place) -> list[Snippet]:
    """For ports nobody connected: a web address can still be fetched."""
    return _http(Place("http", {"url": place.location}, {}, format=place.format))


_MAKERS: dict[str, Callable[[Place], list[Snippet]]] = {
    "postgresql": _postgresql,
    "mysql": _mysql,
    "sqlite": _sqlite,
    "duckdb": _duckdb,
    "files": _files,
    "http": _http,
    "openapi": _openapi,
}
