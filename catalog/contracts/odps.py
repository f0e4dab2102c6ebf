"""Bitol ODPS data -> typed parts for which the portal has a model. Everything else stays in the original."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.contracts.parts import (
    TeamPart,
    read_custom,
    read_links,
    read_support,
    read_team,
    semantic_version,
    text,
    texts,
)

Data = Mapping[str, Any]

_ARCHETYPES = {
    "sourcealigned": "source_aligned", "aggregate": "aggregate", "consumeraligned": "consumer_aligned",
}  # fmt: skip
_LIFECYCLES = {
    "proposed": "proposed", "draft": "draft", "active": "active", "deprecated": "deprecated", "retired": "retired",
    "development": "draft", "test": "draft", "production": "active", "current": "active",
}  # fmt: skip
_KINDS = (
    (re.compile(r"view"), "view"),
    (re.compile(r"table|sql|postgres|snowflake|bigquery|databricks|redshift|duckdb|delta|iceberg"), "table"),
    (re.compile(r"file|csv|json|parquet|s3|gcs|blob|bucket|folder"), "files"),
    (re.compile(r"topic|kafka|stream|queue|pubsub|kinesis"), "topic"),
    (re.compile(r"api|rest|http|graphql"), "api"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OutputPortPart:
    """An output port as declared; `version` is a semantic version, `stated_version` what the document says."""

    name: str
    version: str
    stated_version: str = ""
    description: str = ""
    type: str = ""
    contract_key: str = ""
    is_deprecated: bool = False
    custom: Data = field(default_factory=dict)

    @property
    def kind(self) -> str:
        words = self.type.lower()
        return next((kind for pattern, kind in _KINDS if pattern.search(words)), "other")


@dataclass(frozen=True, slots=True)
class InputPortPart:
    name: str
    version: str = ""  # as stated
    contract_key: str = ""


@dataclass(frozen=True, slots=True)
class Product:
    """The parts of a product descriptor the portal works with."""

    key: str
    version: str
    spec_version: str
    name: str = ""
    status: str = ""
    domain: str = ""
    archetype: str = ""
    is_deprecated: bool = False
    purpose: str = ""
    usage: str = ""
    limitations: str = ""
    output_ports: tuple[OutputPortPart, ...] = ()
    input_ports: tuple[InputPortPart, ...] = ()
    team: TeamPart = field(default_factory=TeamPart)
    tags: tuple[str, ...] = ()
    links: tuple[dict[str, str], ...] = ()
    support: tuple[dict[str, str], ...] = ()
    custom: Data = field(default_factory=dict)

    @property
    def lifecycle(self) -> str | None:
        """The portal's lifecycle step, None when the words are not known."""
        if self.is_deprecated and self.status in ("", "active", "production", "current"):
            return "deprecated"
        return _LIFECYCLES.get(self.status or "draft")

    def custom_text(self, name: str) -> str:
        value = self.custom.get(name)
        return value.strip() if isinstance(value, str) else ""

    def custom_date(self, name: str) -> dt.date | None:
        try:
            return dt.date.fromisoformat(self.custom_text(name)[:10])
        except ValueError:
            return None


def parse(data: Data) -> Product:
    """The typed descriptor of validated ODPS data."""
    description = data.get("description")
    words: Data = description if isinstance(description, Mapping) else {}
    archetype = re.sub(r"[^a-z]", "", text(data, "type").lower())
    return Product(
        key=text(data, "id"),
        version=semantic_version(text(data, "version"), "0.1.0"),
        spec_version=text(data, "apiVersion"),
        name=text(data, "name") or text(data, "id"),
        status=text(data, "status").lower(),
        domain=text(data, "domain"),
        archetype=_ARCHETYPES.get(archetype, ""),
        is_deprecated=data.get("deprecated") is True,
        purpose=text(words, "purpose"),
        usage=text(words, "usage"),
        limitations=text(words, "limitations"),
        output_ports=tuple(_output_port(item) for item in data.get("outputPorts") or []),
        input_ports=tuple(_input_port(item) for item in data.get("inputPorts") or []),
        team=read_team(data.get("team")),
        tags=texts(data.get("tags")),
        links=(
            *read_links(data.get("authoritativeDefinitions")),
            *read_links(words.get("authoritativeDefinitions")),
        ),
        support=read_support(data.get("support")),
        custom=read_custom(data.get("customProperties")),
    )


def _output_port(item: Data) -> OutputPortPart:
    stated = text(item, "version")
    return OutputPortPart(
        name=text(item, "name"),
        version=semantic_version(stated, "1.0.0"),
        stated_version=stated,
        description=text(item, "description"),
        type=text(item, "type"),
        contract_key=text(item, "contractId"),
        is_deprecated=item.get("deprecated") is True,
        custom=read_custom(item.get("customProperties")),
    )


def _input_port(item: Data) -> InputPortPart:
    return InputPortPart(text(item, "name"), text(item, "version"), text(item, "contractId"))
