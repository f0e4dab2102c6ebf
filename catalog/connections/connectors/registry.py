"""Which connectors there are: the built-in ones and those of installed packages.

A package offers one by an entry point in the group `meshportal.connectors` that names a class without arguments. A
broken plugin is logged, listed with its error, and skipped: it never keeps the portal from starting.
"""

import logging
import re
from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec

from catalog.connections.connectors.base import Connector
from catalog.connections.connectors.config import ConfigField
from catalog.connections.connectors.errors import SourceError, redact

GROUP = "meshportal.connectors"
BUILT_IN = (
    "catalog.connections.connectors.postgresql:PostgresConnector",
    "catalog.connections.connectors.mysql:MySqlConnector",
    "catalog.connections.connectors.sqlite:SqliteConnector",
    "catalog.connections.connectors.duckdb_file:DuckDbConnector",
    "catalog.connections.connectors.files:FilesConnector",
    "catalog.connections.connectors.http:HttpConnector",
    "catalog.connections.connectors.s3:S3Connector",
    "catalog.connections.connectors.openapi:OpenApiConnector",
)
EXTRAS = (  # (class, extra, modules it needs): listed always, usable once `./mesh extras …` has installed them
    (
        "catalog.connections.connectors.kafka:KafkaConnector",
        "kafka",
        ("confluent_kafka", "proto_schema_parser"),
    ),
    ("catalog.connections.connectors.delta:DeltaConnector", "lake", ("deltalake",)),
    ("catalog.connections.connectors.iceberg:IcebergConnector", "lake", ("pyiceberg",)),
)
_NAME = re.compile(r"[a-z][a-z0-9_]{1,39}\Z")
_METHODS = ("check", "discover", "crawl", "facts")
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BrokenPlugin:
    """An installed connector that cannot be used, and why."""

    name: str
    package: str
    error: str


@dataclass(frozen=True, slots=True)
class NeedingConnector:
    """A connector of the portal's own whose extra is not installed on this host."""

    connector: Connector
    extra: str

    @property
    def words(self) -> str:
        """What it needs, and the command that gives it."""
        return f"needs the extra {self.extra}: {self.command}"

    @property
    def command(self) -> str:
        return f"./mesh extras {self.extra}"


@dataclass(frozen=True, slots=True)
class Registry:
    connectors: dict[str, Connector] = field(default_factory=dict)
    broken: tuple[BrokenPlugin, ...] = ()
    needing: dict[str, NeedingConnector] = field(default_factory=dict)

    def title_of(self, name: str) -> str:
        """The connector's title; its name with a remark where it is not installed."""
        if name in self.connectors:
            return self.connectors[name].title
        if name in self.needing:
            return f"{self.needing[name].connector.title} ({self.needing[name].words})"
        return f"{name} (not installed)"

    def get(self, name: str) -> Connector:
        """Raises SourceError(unsupported) when no such connector is installed (any more)."""
        try:
            return self.connectors[name]
        except KeyError:
            if name in self.needing:
                needing = self.needing[name]
                raise SourceError(
                    "unsupported",
                    f"{needing.connector.title} {needing.words}.",
                    "Run the command on every host of the portal, then restart.",
                ) from None
            raise SourceError(
                "unsupported",
                f"No connector called “{name}” is installed.",
                "Install the package that brings it on every host, then restart.",
            ) from None


@cache
def registry() -> Registry:
    """The connectors of this process, found once."""
    return load(entry_points(group=GROUP))


def load(plugins: Iterable[EntryPoint]) -> Registry:
    """Built-in connectors first; a plugin may not take a name that is taken."""
    connectors: dict[str, Connector] = {}
    for place in BUILT_IN:
        module, _, name = place.partition(":")
        connector: Connector = getattr(import_module(module), name)()
        connectors[connector.name] = connector
    needing = _add_extras(connectors)
    broken = []
    for point in plugins:
        try:
            taken = connectors.keys() | needing.keys()
            connector = _accepted(point.load()(), taken=taken)
        except Exception as error:  # whatever somebody else's code raises
            logger.exception("The connector plugin %s cannot be used", point.name)
            package = point.dist.name if point.dist else ""
            broken.append(BrokenPlugin(point.name, package, redact(f"{type(error).__name__}: {error}")))
        else:
            connectors[connector.name] = connector
    return Registry(connectors, tuple(broken), needing)


def _add_extras(connectors: dict[str, Connector]) -> dict[str, NeedingConnector]:
    """Enter the connectors of installed extras; returns the others. What is missing is looked for, not imported."""
    needing = {}
    for place, extra, modules in EXTRAS:
        module, _, name = place.partition(":")
        connector: Connector = getattr(import_module(module), name)()
        if all(find_spec(needed) for needed in modules):
            connectors[connector.name] = connector
        else:
            needing[connector.name] = NeedingConnector(connector, extra)
    return needing


def _accepted(candidate: object, taken: Set[str]) -> Connector:
    name = getattr(candidate, "name", None)
    if not isinstance(name, str) or not _NAME.match(name):
        raise TypeError("a connector's name is lower case letters, digits and _, at most 40")
    if name in taken:
        raise ValueError(f"a connector called {name} exists already")
    missing = [method for method in _METHODS if not callable(getattr(candidate, method, None))]
    if missing:
        raise TypeError(f"it lacks {', '.join(missing)}")
    fields = getattr(candidate, "config_fields", None)
    if not isinstance(fields, list | tuple) or not all(isinstance(item, ConfigField) for item in fields):
        raise TypeError("config_fields must be a list of ConfigField")
    if not isinstance(candidate, Connector):
        raise TypeError("it lacks a title or a description")
    return candidate
