"""What the connectors of databases in one file share: settings, the steps of a test, reading table after table."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

from catalog.connections.connectors.base import (
    CheckResult,
    CrawlContext,
    PortFacts,
    Steps,
    Wanted,
    read_each,
)
from catalog.connections.connectors.config import Config, ConfigField
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.observations import Observation, ObservedAsset
from catalog.connections.connectors.relational import EXCLUDE, INCLUDE

Table = tuple[Any, ...]
FIELDS: Final = (
    ConfigField(
        name="path",
        label="File",
        kind="path",
        required=True,
        maximum=380,
        help="The full path of the database file, below a folder an administrator allowed.",
    ),
    INCLUDE,
    EXCLUDE,
)


class DatabaseFile(ABC):
    """A connector whose store is one file of a known database; the methods at the end are what each adds."""

    format: str  # what people call it
    config_fields = FIELDS

    def check(self, config: Config, context: CrawlContext) -> CheckResult:
        steps = Steps()
        try:
            path = context.roots.resolve(config["path"])
            steps.passed("reachable", "The file is there.")
            with self.session(path, context) as database:
                steps.passed("signed_in", f"It is a {self.format} database and may be read.")
                tables = self.tables(database, config, context)
            if not tables:
                raise SourceError("empty", "The database has no tables that match.", "Check the patterns.")
            steps.passed("readable", f"{len(tables)} tables and views can be read.")
        except SourceError as error:
            return steps.failed(error)
        return steps.result()

    def discover(self, config: Config, context: CrawlContext) -> Iterator[ObservedAsset]:
        with self.session(context.roots.resolve(config["path"]), context) as database:
            for table in self.tables(database, config, context):
                yield self.listed(database, config, table, context)

    def crawl(self, config: Config, wanted: Sequence[Wanted], context: CrawlContext) -> Iterator[Observation]:
        with self.session(context.roots.resolve(config["path"]), context) as database:
            everything = {name: value for name, value in config.items() if name not in {"include", "exclude"}}
            there = {self.key(table): table for table in self.tables(database, everything, context)}

            def read(item: Wanted, context: CrawlContext) -> Iterator[Observation]:
                table = there.get(self.sought(item.address))
                if table is None:
                    raise SourceError("gone", f"{item.asset.name} is not there any more.")
                return self.read(database, config, item, table, context)

            yield from read_each(wanted, context, read)

    def facts(self, config: Config, address: Mapping[str, Any]) -> PortFacts:
        table = ".".join(str(address[name]) for name in ("schema", "table") if address.get(name))
        return PortFacts(location=f"{config['path']}: {table}", format=self.format, platform=self.format)

    @abstractmethod
    def session(self, path: Path, context: CrawlContext) -> AbstractContextManager[Any]:
        """The database, for reading only. Raises SourceError."""

    @abstractmethod
    def tables(self, database: Any, config: Config, context: CrawlContext) -> list[Table]:
        """The tables and views the patterns of `config` choose, at most `context.max_assets` before choosing."""

    @abstractmethod
    def key(self, table: Table) -> tuple[str, ...]:
        """What an address names a table by."""

    @abstractmethod
    def sought(self, address: Mapping[str, Any]) -> tuple[str, ...]:
        """The key an address names."""

    @abstractmethod
    def listed(self, database: Any, config: Config, table: Table, context: CrawlContext) -> ObservedAsset:
        """A table with its fields, or without them where they cannot be read."""

    @abstractmethod
    def read(
        self, database: Any, config: Config, item: Wanted, table: Table, context: CrawlContext
    ) -> Iterator[Observation]:
        """Everything of one table. Raises SourceError."""
