"""Subjects of a schema registry, through the guarded HTTP client.

Source: https://docs.confluent.io/platform/current/schema-registry/develop/api.html (subjects, versions, references);
Karapace and Apicurio answer the same.
"""

import base64
from dataclasses import dataclass, field
from typing import Any

from catalog.common.outbound import Limits, Outbound, OutboundError
from catalog.connections.connectors import nested
from catalog.connections.connectors.base import CrawlContext
from catalog.connections.connectors.config import Config
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.sigv4 import encoded

ANSWER_BYTES = 4 * 1024 * 1024
MAX_REFERENCES = 50


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema: its type (`AVRO`, `JSON`, `PROTOBUF`), text, and what it refers to by name."""

    kind: str
    text: str
    references: dict[str, str] = field(default_factory=dict)


def latest(config: Config, subject: str, context: CrawlContext) -> Schema | None:
    """The newest schema of a subject, None where there is none. Raises SourceError."""
    return _schema(config, _asked(config, f"/subjects/{encoded(subject)}/versions/latest", context), context)


def by_number(config: Config, number: int, context: CrawlContext) -> Schema | None:
    """The schema messages were written by, as they name it; None where there is none. Raises SourceError."""
    return _schema(config, _asked(config, f"/schemas/ids/{number}", context), context)


def _schema(config: Config, found: Any, context: CrawlContext) -> Schema | None:
    if found is None:
        return None
    references: dict[str, str] = {}
    _collect(config, found.get("references"), references, context)
    return Schema(str(found.get("schemaType") or "AVRO"), str(found.get("schema") or ""), references)


def subject_count(config: Config, context: CrawlContext) -> int:
    """How many subjects there are; tells that the registry answers. Raises SourceError."""
    return len(_asked(config, "/subjects", context) or ())


def _collect(config: Config, listed: Any, into: dict[str, str], context: CrawlContext) -> None:
    for item in listed if isinstance(listed, list) else ():
        name = str(item.get("name", "")) if isinstance(item, dict) else ""
        if not name or name in into or len(into) >= MAX_REFERENCES:
            continue
        path = f"/subjects/{encoded(str(item.get('subject')))}/versions/{encoded(str(item.get('version')))}"
        found = _asked(config, path, context)
        if found is not None:
            into[name] = str(found.get("schema") or "")
            _collect(config, found.get("references"), into, context)


def _asked(config: Config, path: str, context: CrawlContext) -> Any:
    headers = {"accept": "application/vnd.schemaregistry.v1+json, application/json"}
    if config["registry_user"] or config["registry_password"]:
        pair = f"{config['registry_user']}:{config['registry_password'] or ''}"
        headers["authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    limits = Limits(
        seconds=min(15.0, context.remaining()),
        wire_bytes=ANSWER_BYTES,
        decoded_bytes=ANSWER_BYTES,
        redirects=2,
    )
    url = str(config["registry"]).rstrip("/") + path
    try:
        _, body = Outbound(context.allow_list, limits).get(url, headers=headers)
    except OutboundError as error:
        if error.code == "gone":
            return None
        remedy = (
            "Check user and password of the registry." if error.code == "refused" else "Check its address."
        )
        raise SourceError(error.code, f"The schema registry: {error.message}", remedy) from error
    found = nested.parse(body, "The schema registry's answer")
    if not isinstance(found, dict | list):
        raise SourceError("malformed", "The answer is none of a schema registry.", "Check its address.")
    return found
