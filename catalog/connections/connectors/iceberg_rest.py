"""An Iceberg REST catalog through the guarded HTTP client."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from catalog.common.outbound import Limits, Outbound, OutboundError, Tls
from catalog.connections.connectors import nested
from catalog.connections.connectors.base import CrawlContext
from catalog.connections.connectors.config import Config
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.observations import ObservedTls
from catalog.connections.connectors.sigv4 import encoded

ANSWER_BYTES = 32 * 1024 * 1024
MAX_NAMESPACES = 2_000
MAX_PAGES = 500
LONGEST_NAME = 400  # characters of a table's whole name; longer ones could not be stored
_INSIDE = "\x1f"  # between the parts of a namespace, as the description says


class RestCatalog:
    """One catalog; its tables are called `namespace.table`."""

    def __init__(self, config: Config, context: CrawlContext) -> None:
        address = urlsplit(config["catalog"])
        self.namespace = f"iceberg://{address.netloc}{address.path.rstrip('/')}".lower()
        self._base = str(config["catalog"]).rstrip("/").removesuffix("/v1")
        self._token = str(config.get("token") or "")
        if not (self._token.isascii() and (not self._token or self._token.isprintable())):
            raise SourceError("refused", "The token holds characters that no token has.", "Copy it anew.")
        self._context = context
        self._tls: Tls | None = None
        warehouse = str(config["warehouse"])
        found = self._asked("/v1/config" + (f"?warehouse={encoded(warehouse)}" if warehouse else ""))
        options = {**_object(found, "defaults"), **_object(found, "overrides")}
        prefix = str(options.get("prefix") or "").strip("/")
        self._start = f"/v1/{encoded(prefix, '/')}" if prefix else "/v1"

    def names(self, most: int) -> list[str]:
        """`namespace.table` of every table, at most that many; those below other namespaces too."""
        found: list[str] = []
        waiting: list[list[str]] = [[]]
        looked = 0
        while waiting and len(found) < most and looked < MAX_NAMESPACES:
            parent = waiting.pop(0)
            looked += 1
            if parent:
                found += islice(self._tables_in(parent), most - len(found))
            waiting += islice(self._namespaces_in(parent), MAX_NAMESPACES - len(waiting))
        return sorted(dict.fromkeys(found))

    def _tables_in(self, parent: list[str]) -> Iterator[str]:
        path = f"{self._start}/namespaces/{encoded(_INSIDE.join(parent))}/tables"
        for item in self._pages(path, "identifiers"):
            if isinstance(item, dict) and isinstance(item.get("name"), str):
                name = _joined([*parent, item["name"]])
                if len(name) <= LONGEST_NAME:
                    yield name

    def _namespaces_in(self, parent: list[str]) -> Iterator[list[str]]:
        asked = f"?parent={encoded(_INSIDE.join(parent))}" if parent else ""
        for below in self._pages(f"{self._start}/namespaces{asked}", "namespaces"):
            parts = [str(part) for part in below] if isinstance(below, list) else []
            is_next = len(parts) == len(parent) + 1 and parts[:-1] == parent
            if is_next and len(parts) < 10 and sum(map(len, parts)) <= LONGEST_NAME:
                yield parts

    def metadata(self, name: str) -> bytes:
        """The metadata document of a table. Raises SourceError."""
        parts = _split(name)
        if len(parts) < 2:
            raise SourceError("gone", f"There is no table {name}.", "Browse the connection again.")
        path = f"{self._start}/namespaces/{encoded(_INSIDE.join(parts[:-1]))}/tables/{encoded(parts[-1])}"
        return json.dumps(_object(self._asked(path), "metadata")).encode()

    def tls(self) -> ObservedTls | None:
        seen = self._tls or Tls()
        return ObservedTls(version=seen.version, certificate_ends_at=seen.certificate_ends_at)

    def _pages(self, path: str, name: str) -> Iterator[Any]:
        """The items of all pages; a page is asked for when those before it are used up, and never kept."""
        token = ""
        for _ in range(MAX_PAGES):
            mark = "&" if "?" in path else "?"
            found = self._asked(path + (f"{mark}pageToken={encoded(token)}" if token else ""))
            page = found.get(name)
            yield from page if isinstance(page, list) else ()
            following = str(found.get("next-page-token") or "")
            if not following or following == token or not page:
                break
            token = following

    def _asked(self, path: str) -> dict[str, Any]:
        headers = {"accept": "application/json"}
        if self._token:
            headers["authorization"] = f"Bearer {self._token}"
        limits = Limits(
            seconds=min(30.0, self._context.remaining()), wire_bytes=ANSWER_BYTES, decoded_bytes=ANSWER_BYTES
        )
        try:
            reply, body = Outbound(self._context.allow_list, limits).get(self._base + path, headers=headers)
        except OutboundError as error:
            remedy = "Check the token." if error.code == "refused" else "Check the address of the catalog."
            raise SourceError(error.code, f"The catalog: {error.message}", remedy) from error
        self._tls = reply.tls
        found = nested.parse(body, "The catalog's answer")
        if not isinstance(found, dict):
            raise SourceError("malformed", "The answer is none of an Iceberg catalog.", "Check its address.")
        return found


def _object(found: dict[str, Any], name: str) -> dict[str, Any]:
    value = found.get(name)
    return value if isinstance(value, dict) else {}


def _joined(parts: list[str]) -> str:
    return ".".join(
        '"' + part.replace('"', '""') + '"' if "." in part or '"' in part else part for part in parts
    )


def _split(name: str) -> list[str]:
    parts, rest = [], name
    while rest:
        if rest.startswith('"'):
            end = 1
            while end < len(rest) and (rest[end] != '"' or rest[end + 1 : end + 2] == '"'):
                end += 2 if rest[end] == '"' else 1
            parts.append(rest[1:end].replace('""', '"'))
            rest = rest[end + 2 :]
        else:
            part, _, rest = rest.partition(".")
            parts.append(part)
    return parts
