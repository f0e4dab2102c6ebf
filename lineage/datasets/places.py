"""The names that what a port or a contract says of its place would have in an event. Pure.

Source: servers of the Open Data Contract Standard on one side, the naming rules of OpenLineage on the other.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote

from lineage.datasets.naming import DatasetName
from lineage.datasets.platforms import Style, platform_of

_WORDS: Final = {"gcs": "gs", "adls": "abfss", "azure": "abfss", "local": "file", "glue": "glue"}
_TWO_PARTS: Final = frozenset({"mysql", "clickhouse", "hive", "teradata", "oceanbase"})
_ADDRESS = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*)://([^/?#\s]*)/?([^?#\s]*)$")


def names_of_server(kind: str, members: Mapping[str, Any], item: str) -> list[DatasetName]:
    """What events call the object `item` (a table, a topic) on a server of a contract; nothing where parts are missing.

    `members` are the server's own, `kind` its type.
    """
    found = platform_of(_WORDS.get(kind.lower(), kind))
    scheme = found.scheme if found else kind.lower()

    def part(*names: str) -> str:
        return next((str(members[name]).strip() for name in names if _is_word(members.get(name))), "")

    if found is not None and found.style is Style.PATH:
        location = part("location", "path", "endpointUrl")
        return list(names_of_location(location if "://" in location or not location else f"file:{location}"))
    if scheme == "kafka":
        return _named(scheme, part("host"), "", part("topic") or item)
    if scheme == "bigquery":
        return _joined("bigquery", part("project"), part("dataset"), item)
    if scheme == "snowflake":
        return _joined(_space(scheme, part("account", "host"), ""), part("database"), part("schema"), item)
    if scheme == "awsathena":
        region = part("regionName", "region")
        space = f"awsathena://athena.{region}.amazonaws.com" if region else ""
        return _joined(space, part("catalog") or "AwsDataCatalog", part("schema", "database"), item)
    if scheme == "glue":
        account, region = part("account"), part("regionName", "region")
        space = f"arn:aws:glue:{region}:{account}" if region and account else ""
        return [DatasetName(space, f"table/{part('database')}/{item}")] if space and item else []
    if scheme == "duckdb":
        space = f"duckdb://{part('database', 'path')}" if part("database", "path") else ""
        return _joined(space, part("schema") or "main", item)
    space = _space(scheme, part("host"), part("port"))
    if scheme in _TWO_PARTS:
        return _joined(space, part("database", "schema"), item)
    return _joined(space, part("database", "catalog", "serviceName"), part("schema"), item)


def names_of_location(location: str) -> Iterator[DatasetName]:
    """What events call a place that is written as an address: `s3://bucket/path`, `postgres://host/db/schema.table`."""
    if location.startswith("file:"):
        path = location.removeprefix("file:").removeprefix("//")
        if path.strip("/"):
            yield DatasetName("file", path)
        return
    match = _ADDRESS.match(location.strip())
    platform = platform_of(match[1]) if match else None
    if match is None or platform is None:
        return
    inside = unquote(match[3]).strip("/")
    if not inside:
        return
    space = f"{match[1]}://{match[2]}"
    if platform.style is Style.PARTS:
        yield DatasetName(space, inside.replace("/", "."))
    else:
        yield DatasetName(space, inside)


def _is_word(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and bool(str(value).strip())


def _space(scheme: str, host: str, port: str) -> str:
    if not host:
        return ""
    place = host.rpartition("://")[2].rstrip("/")
    return f"{scheme}://{place}:{port}" if port and not re.search(r":\d+$", place) else f"{scheme}://{place}"


def _named(scheme: str, host: str, port: str, name: str) -> list[DatasetName]:
    space = _space(scheme, host, port)
    return [DatasetName(space, name)] if space and name else []


def _joined(space: str, *parts: str) -> list[DatasetName]:
    """The dotted name; an `item` that brings its schema along is not given it twice."""
    if not space or not all(parts):
        return []
    *before, item = parts
    given = item.split(".")
    before = before[: max(len(before) - len(given) + 1, 0)] if len(given) > 1 else before
    return [DatasetName(space, ".".join([*before, item]))]
