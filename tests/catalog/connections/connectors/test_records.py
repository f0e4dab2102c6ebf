"""The short way to a connector: fields, figures and freshness found in plain records."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from catalog.connections.connectors.base import CrawlContext
from catalog.connections.connectors.config import Config
from catalog.connections.connectors.contract import examine
from catalog.connections.connectors.errors import Cancelled, SourceError
from catalog.connections.connectors.observations import ObservedAsset
from catalog.connections.connectors.records import RecordsConnector
from tests.catalog.connections.connectors.support import context, crawl

PLAYS = [
    {
        "id": n,
        "at": datetime(2026, 10, 1, n % 24, tzinfo=UTC),
        "price": Decimal("1.5"),
        "who": {"tags": {"a"}},
    }
    for n in range(200)
]


class Memory(RecordsConnector):
    name, title, description = "memory", "Memory", "Records in memory."

    def assets(self, config: Config, context: CrawlContext) -> Iterable[ObservedAsset]:
        for name in ("plays", "empty", "broken"):
            yield ObservedAsset(namespace="memory", name=name, kind="files", address={"name": name})

    def records(
        self, config: Config, address: Mapping[str, Any], context: CrawlContext
    ) -> Iterable[Mapping[str, Any]]:
        name = address.get("name")
        if name == "broken":
            raise SourceError("malformed", "It is broken.")
        if name not in {"plays", "empty"}:
            raise SourceError("gone", "It is not there.")
        yield from PLAYS if name == "plays" else []


def test_fields_figures_and_freshness_come_from_the_records() -> None:
    found = crawl(Memory(), {}, context())
    assert {path: field.logical_type for path, field in found.fields("plays").items()} == {
        "id": "integer",
        "at": "timestamp",
        "price": "number",
        "who": "object",
        "who.tags": "array",
    }
    by_name = {reading.asset.name: reading for reading in found.readings}
    assert by_name["plays"].row_count == 200
    assert by_name["plays"].fresh_at == datetime(2026, 10, 1, 23, tzinfo=UTC)
    assert by_name["empty"].row_count == 0
    assert by_name["broken"].error is not None
    assert found.profiles["price"].maximum == "1.5"


def test_of_a_sample_the_newest_is_not_known() -> None:
    found = crawl(Memory(), {}, context(max_rows=100))
    assert found.readings[0].row_count == 200
    assert found.readings[0].fresh_at is None
    assert found.profiles["id"].is_sample


def test_it_keeps_the_contract() -> None:
    class Sound(Memory):
        def assets(self, config: Config, context: CrawlContext) -> Iterable[ObservedAsset]:
            return list(super().assets(config, context))[:2]

    assert examine(Sound(), {}, context()) == []


def test_endless_records_end_with_the_time_or_when_somebody_asks() -> None:
    class Endless(Memory):
        def records(
            self, config: Config, address: Mapping[str, Any], context: CrawlContext
        ) -> Iterable[Mapping[str, Any]]:
            while True:
                yield {"n": 1}

    with pytest.raises(SourceError) as caught:
        crawl(Endless(), {}, context(seconds=0.3))
    assert caught.value.code == "too_slow"
    looks = iter([False] * 20)
    with pytest.raises(Cancelled):
        crawl(Endless(), {}, context(is_cancelled=lambda: next(looks, True)))
