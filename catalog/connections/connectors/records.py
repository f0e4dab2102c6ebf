"""The short way to write a connector: say what is there and give its records, the rest is done here."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice
from time import perf_counter
from typing import Any

from catalog.connections.connectors import check_files, nested
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
from catalog.connections.connectors.observations import Observation, ObservedAsset, ObservedReading
from catalog.connections.connectors.profiling import profile_rows
from catalog.connections.connectors.relational import freshness_columns, newest

LOOK_EVERY = 500  # records between looks at the clock


class RecordsConnector(ABC):
    """A connector whose assets are lists of records; inherit from it and write `assets` and `records`.

    Fields with their types, nested ones included, are found in the records; rows, the newest timestamp and profiles
    (which keep what may be kept and nothing else) come from them too. Time limits and cancelling are seen to.
    """

    name: str
    title: str
    description: str
    config_fields: Sequence[ConfigField] = ()

    @abstractmethod
    def assets(self, config: Config, context: CrawlContext) -> Iterable[ObservedAsset]:
        """What is in the store: namespace, name, kind and address of each, without fields. Raises SourceError."""

    @abstractmethod
    def records(
        self, config: Config, address: Mapping[str, Any], context: CrawlContext
    ) -> Iterable[Mapping[str, Any]]:
        """The records of the asset at `address`. Raises SourceError, `gone` where it is not there any more."""

    def check(self, config: Config, context: CrawlContext) -> CheckResult:
        steps = Steps()
        try:
            context.remaining()
            listed = list(islice(self.assets(config, context), context.max_assets))
            steps.passed("reachable", "It answers.")
            steps.passed("signed_in", "It may be read.")
            if not listed:
                raise SourceError("empty", "There is nothing in it.", "Check the settings.")
            next(iter(self.records(config, listed[0].address, context)), None)
            steps.passed("readable", f"{len(listed)} to choose from.")
        except SourceError as error:
            return steps.failed(error)
        return steps.result()

    def discover(self, config: Config, context: CrawlContext) -> Iterator[ObservedAsset]:
        for asset in islice(self.assets(config, context), context.max_assets):
            context.remaining()
            yield asset

    def crawl(self, config: Config, wanted: Sequence[Wanted], context: CrawlContext) -> Iterator[Observation]:
        context.remaining()
        known = {asset.asset: asset for asset in self.discover(config, context)}

        def read(item: Wanted, context: CrawlContext) -> Iterator[Observation]:
            started = perf_counter()
            found = self.records(config, item.address, context)
            sample = nested.read_records(_timely(map(_plain, found), context), max_rows=context.max_rows)
            latency = (perf_counter() - started) * 1000
            asset = known.get(item.asset)
            if asset is None:
                raise SourceError("gone", f"{item.asset.name} is not there any more.")
            yield replace(asset, fields=sample.fields)
            places = {field.path: place for place, field in enumerate(sample.flat)}
            columns = freshness_columns(sample.flat)
            moments = [(field.name, row[places[field.path]]) for field in columns for row in sample.rows]
            is_whole = sample.seen <= len(sample.rows)  # the newest of a sample may not be the newest of all
            fresh_at, basis = newest(moments, context.now()) if is_whole else (None, "")
            yield ObservedReading(
                asset=item.asset,
                is_reachable=True,
                latency_ms=latency,
                row_count=sample.seen,
                fresh_at=fresh_at,
                fresh_basis=basis,
            )
            yield from profile_rows(
                item, sample.flat, sample.rows, is_sample=not is_whole, row_total=sample.seen
            )
            yield from check_files.of_rows(item, sample, context)

        yield from read_each(wanted, context, read)

    def facts(self, config: Config, address: Mapping[str, Any]) -> PortFacts:
        place = " ".join(str(value) for value in address.values())
        return PortFacts(location=place, format=self.title, platform=self.title)


def _timely(records: Iterable[Mapping[str, Any]], context: CrawlContext) -> Iterator[Mapping[str, Any]]:
    for number, record in enumerate(records):
        if number % LOOK_EVERY == 0:
            context.remaining()
        yield record


def _plain(value: Any) -> Any:
    """A value as JSON knows it."""
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else str(value)
