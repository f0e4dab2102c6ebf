"""A Kafka cluster for tests: librdkafka's own mock brokers, which speak the real protocol on loopback ports."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

QUIET = logging.getLogger("tests.librdkafka")
QUIET.addHandler(logging.NullHandler())
QUIET.propagate = False
FIRST_MILLISECONDS = 1_790_000_000_000


@dataclass
class Cluster:
    producer: Any

    @property
    def brokers(self) -> str:
        found = self.producer.list_topics(timeout=10).brokers.values()
        return ",".join(f"{broker.host}:{broker.port}" for broker in found)

    def send(self, topic: str, values: Sequence[bytes]) -> None:
        """Messages a second apart, each on the partition of its key."""
        for number, value in enumerate(values):
            self.producer.produce(
                topic, key=str(number), value=value, timestamp=FIRST_MILLISECONDS + number * 1_000
            )
        assert self.producer.flush(10) == 0


@contextmanager
def kafka_cluster(settings: Mapping[str, Any] = {}) -> Iterator[Cluster]:
    """The cluster until the block ends. Skips where the extra kafka is not installed."""
    confluent_kafka = pytest.importorskip(
        "confluent_kafka", reason="the extra kafka is not installed: ./mesh extras kafka"
    )
    producer = confluent_kafka.Producer(
        {"bootstrap.servers": "mock", "test.mock.num.brokers": 2, **settings}, logger=QUIET
    )
    yield Cluster(producer)
