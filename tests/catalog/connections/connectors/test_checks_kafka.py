"""Checks of topics, against real (mock) brokers: messages in JSON and in Avro of a registry."""

import json
import struct
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from catalog.connections.connectors.avro_values import MAX_ITEMS, AvroReader
from catalog.connections.connectors.base import Wanted
from catalog.connections.connectors.checking import CheckSpec
from catalog.connections.connectors.contract import local_context
from catalog.connections.connectors.kafka import KafkaConnector
from catalog.connections.connectors.observations import ObservedCheck, ObservedReading
from tests import local_servers as serve
from tests.catalog.connections.connectors.support import configured
from tests.kafka_cluster import Cluster, kafka_cluster

KAFKA = KafkaConnector()
SCHEMA = {
    "type": "record",
    "name": "Play",
    "namespace": "listening",
    "fields": [
        {"name": "id", "type": "long"},
        {"name": "artist", "type": ["null", {"type": "record", "name": "Artist", "fields": []}, "string"]},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
        {"name": "tags", "type": {"type": "array", "items": "string"}},
        {"name": "of", "type": {"type": "map", "values": "Artist"}},
        {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["LIVE", "DISC"]}},
        {"name": "note", "type": ["null", "string"]},
    ],
}
CHECKS = (
    CheckSpec(number=1, kind="not_null", element="artist"),
    CheckSpec(number=2, kind="unique", element="id"),
    CheckSpec(number=3, kind="range", element="price", at_least=0),
    CheckSpec(number=4, kind="row_count"),
    CheckSpec(number=5, kind="freshness", element="at"),
    CheckSpec(number=6, kind="pattern", element="artist", pattern="^[A-Z]"),
    CheckSpec(number=7, kind="not_null", element="note"),
)
FIRST = datetime(2026, 11, 1, tzinfo=UTC)
ROWS = [(1, "Ada", 1.5), (2, None, -2.0), (2, "bob", 3.0)]


def long(number: int) -> bytes:
    """Avro's zigzag."""
    left, found = (number << 1) ^ (number >> 63), b""
    while left > 0x7F:
        found += bytes([left & 0x7F | 0x80])
        left >>= 7
    return found + bytes([left])


def text(value: str) -> bytes:
    return long(len(value.encode())) + value.encode()


def avro(number: int, artist: str | None, price: float) -> bytes:
    cents = int(price * 100).to_bytes(3, "big", signed=True)
    body = long(number) + (long(0) if artist is None else long(2) + text(artist))
    body += long(int(FIRST.replace(day=number).timestamp() * 1000)) + long(len(cents)) + cents
    tags = long(-1) + long(len(text("é"))) + text("é") + long(0)
    return struct.pack(">bI", 0, 7) + body + tags + long(1) + text("k") + long(0) + long(1) + long(0)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with kafka_cluster() as running:
        lines = [
            {"id": i, "artist": name, "price": price, "at": FIRST.replace(day=i).isoformat(), "note": None}
            for i, name, price in ROWS
        ]
        running.send("json", [json.dumps(line).encode() for line in lines])
        running.producer.produce("json", key="9", value=None)
        running.send("avro", [avro(*row) for row in ROWS])
        running.send("other", [b"\xff\x01 somebody@example.org"])
        yield running


def registry() -> dict[str, serve.Answer]:
    schema = serve.content(json.dumps({"schema": json.dumps(SCHEMA)}).encode())
    missing = serve.content(b'{"error_code": 40401}', status=404)
    latest = "/subjects/avro-{}/versions/latest"
    return {latest.format("value"): schema, latest.format("key"): missing, "/schemas/ids/7": schema}


def asked(cluster: Cluster, topic: str, registry: str = "", **limits: Any) -> dict[int, ObservedCheck]:
    config = configured(KAFKA, brokers=cluster.brokers, encryption="disable", registry=registry)
    context = replace(local_context(), **limits)
    asset = next(item for item in KAFKA.discover(config, context) if item.name == topic)
    released = frozenset({"artist", "price"})
    wanted = Wanted(asset=asset.asset, address=asset.address, checks=CHECKS, released=released)
    found = list(KAFKA.crawl(config, [wanted], context))
    assert [item.error for item in found if isinstance(item, ObservedReading)] == [None]
    return {item.number: item for item in found if isinstance(item, ObservedCheck)}


def judge(found: dict[int, ObservedCheck]) -> None:
    assert [found[number].error for number in range(1, 8)] == [None] * 7
    assert [found[number].failed_rows for number in (1, 2, 3, 6, 7)] == [1, 1, 1, 1, 3]
    assert found[4].value == 3
    assert found[5].moment == FIRST.replace(day=2)
    assert [item.sample for item in found.values()] == [()] * 7


def test_messages_in_json_are_checked_and_none_of_them_is_kept(cluster: Cluster) -> None:
    judge(asked(cluster, "json"))


def test_messages_in_avro_are_checked_by_the_schema_they_name(cluster: Cluster) -> None:
    with serve.http_server(registry()) as base:
        judge(asked(cluster, "avro", base))


def test_messages_that_cannot_be_understood_spoil_only_the_checks(cluster: Cluster) -> None:
    for found in asked(cluster, "other").values():
        assert found.error is not None
        assert "neither JSON nor" in found.error.message
        assert "somebody" not in str(found)


@pytest.mark.parametrize(("limit", "words"), [({"max_rows": 2}, "2 are read"), ({"max_bytes": 50}, "larger")])
def test_more_than_is_read_says_nothing_certain(cluster: Cluster, limit: dict[str, int], words: str) -> None:
    for found in asked(cluster, "json", **limit).values():
        assert found.error is not None
        assert words in found.error.message


def test_a_whole_avro_message() -> None:
    assert AvroReader(SCHEMA, {}).read(avro(1, "Ada", -1.25)[5:]) == {
        "id": 1,
        "artist": "Ada",
        "at": "2026-11-01T00:00:00+00:00",
        "price": -1.25,
        "tags": ["é"],
        "of": {"k": {}},
        "kind": "DISC",
        "note": None,
    }


@pytest.mark.parametrize(
    ("schema", "body"),
    [
        ("string", b"\x08ab"),
        ("long", b"\xff" * 11),
        ("long", b"\x02\x02"),
        ("string", b"\x04\xff\xff"),
        (["null"], b"\x04"),
        ({"type": "array", "items": "null"}, long(MAX_ITEMS + 1) + b"\x00"),
        ("listening.Unknown", b"\x02"),
        ({"type": "fixed", "name": "F", "size": -1}, b""),
    ],
)
def test_hostile_avro_is_refused(schema: Any, body: bytes) -> None:
    with pytest.raises(ValueError, match=r"message|number"):
        AvroReader(schema, {}).read(body)
