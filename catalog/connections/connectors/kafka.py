"""Topics of a Kafka cluster, with the nested fields their schema registry knows. Values of messages are never kept."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from catalog.connections.connectors import kafka_checks, kafka_client, message_schemas, schema_registry
from catalog.connections.connectors.base import (
    CheckResult,
    CrawlContext,
    PortFacts,
    Steps,
    Wanted,
    unread,
)
from catalog.connections.connectors.config import Config, ConfigField
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.kafka_client import Cluster
from catalog.connections.connectors.observations import (
    Observation,
    ObservedAsset,
    ObservedField,
    ObservedReading,
)
from catalog.connections.connectors.relational import EXCLUDE, INCLUDE, is_chosen

_CRAWL_ENDS = frozenset({"unreachable", "not_allowed"})


class KafkaConnector:
    """One cluster."""

    name = "kafka"
    title = "Kafka"
    description = "Topics of a Kafka cluster; fields from its schema registry (Avro, JSON Schema, Protobuf)."
    config_fields = (
        ConfigField(
            name="brokers",
            label="Brokers",
            required=True,
            maximum=1_000,
            help="host:port, several separated by commas. Those the cluster names itself must be allowed too.",
        ),
        ConfigField(
            name="encryption",
            label="Encryption",
            kind="choice",
            default="require",
            choices=(("require", "Always, and check the certificate"), ("disable", "Never")),
        ),
        ConfigField(
            name="authority",
            label="Certificate authority",
            kind="lines",
            help="In PEM form. Empty: the public ones.",
        ),
        ConfigField(
            name="mechanism",
            label="Sign in by",
            kind="choice",
            default="none",
            choices=(
                ("none", "Nothing"),
                ("SCRAM-SHA-512", "SCRAM-SHA-512"),
                ("SCRAM-SHA-256", "SCRAM-SHA-256"),
                ("PLAIN", "PLAIN (only encrypted)"),
            ),
        ),
        ConfigField(name="user", label="User", maximum=200),
        ConfigField(name="password", label="Password", secret=True),
        ConfigField(
            name="registry",
            label="Schema registry",
            kind="url",
            maximum=300,
            help="Its address. Empty: topics have no fields but their value.",
        ),
        ConfigField(name="registry_user", label="User of the registry", maximum=200),
        ConfigField(name="registry_password", label="Password of the registry", secret=True),
        INCLUDE,
        EXCLUDE,
    )

    def check(self, config: Config, context: CrawlContext) -> CheckResult:
        steps = Steps()
        try:
            with kafka_client.opened(config, context) as cluster:
                topics = _chosen(config, cluster.topics())
                steps.passed("reachable", "The brokers answer.")
                steps.passed("signed_in", "They let us in.")
                if not topics:
                    raise SourceError(
                        "empty", "No topic matches.", "Check the patterns, and what the user may see."
                    )
                name = next(iter(topics))
                cluster.offsets(name, sorted(topics[name].partitions))
                words = f"{len(topics)} topics can be described."
                if config["registry"]:
                    words += (
                        f" The schema registry has {schema_registry.subject_count(config, context)} subjects."
                    )
            steps.passed("readable", words)
        except SourceError as error:
            return steps.failed(error)
        return steps.result()

    def discover(self, config: Config, context: CrawlContext) -> Iterator[ObservedAsset]:
        with kafka_client.opened(config, context) as cluster:
            names = list(_chosen(config, cluster.topics()))
        for name in names[: context.max_assets]:
            yield _asset(config, name, "", None)

    def crawl(self, config: Config, wanted: Sequence[Wanted], context: CrawlContext) -> Iterator[Observation]:
        with kafka_client.opened(config, context) as cluster:
            started = time.perf_counter()
            topics = cluster.topics()
            latency = (time.perf_counter() - started) * 1000
            yield kafka_client.seen_encryption(config, context)
            for done, item in enumerate(wanted):
                context.beat(done, len(wanted))
                try:
                    yield from _read(config, cluster, topics, item, latency, context)
                except SourceError as error:
                    if error.code in _CRAWL_ENDS:
                        raise
                    context.remaining()
                    yield unread(item, error)
            context.beat(len(wanted), len(wanted))

    def facts(self, config: Config, address: Mapping[str, Any]) -> PortFacts:
        return PortFacts(location=str(address.get("topic", "")), platform="Kafka", modality="streaming")


def _chosen(config: Config, topics: Mapping[str, Any]) -> dict[str, Any]:
    return {name: topic for name, topic in topics.items() if is_chosen(config, name)}


def _asset(
    config: Config, topic: str, comment: str, fields: tuple[ObservedField, ...] | None
) -> ObservedAsset:
    host, port = kafka_client.brokers_of(config)[0]
    return ObservedAsset(
        namespace=f"kafka://{host}:{port}".lower(),
        name=topic,
        kind="topic",
        address={"topic": topic},
        comment=comment,
        fields=fields,
    )


def _read(
    config: Config,
    cluster: Cluster,
    topics: Mapping[str, Any],
    wanted: Wanted,
    latency: float,
    context: CrawlContext,
) -> Iterator[Observation]:
    topic = str(wanted.address.get("topic", ""))
    described = topics.get(topic)
    if described is None:
        raise SourceError(
            "gone", f"There is no topic {topic or wanted.asset.name}.", "Browse the connection again."
        )
    if described.error is not None:
        raise SourceError("refused", "The topic cannot be described.", "Allow DESCRIBE on it.")
    offsets = cluster.offsets(topic, sorted(described.partitions))
    fresh_at = cluster.last_moment(topic, offsets)
    fresh_at = fresh_at if fresh_at is not None and fresh_at <= context.now() else None
    comment, fields = _schema(config, topic, context)
    yield _asset(config, topic, comment, fields)
    yield ObservedReading(
        asset=wanted.asset,
        is_reachable=True,
        latency_ms=latency,
        row_count=sum(high - low for low, high in offsets.values()),
        row_count_is_estimate=True,  # compacted and transactional topics have fewer messages than offsets
        object_count=len(offsets),
        fresh_at=fresh_at,
        fresh_basis="last message" if fresh_at else "",
    )
    yield from kafka_checks.measured(config, cluster, wanted, topic, offsets, fields, context)


def _schema(config: Config, topic: str, context: CrawlContext) -> tuple[str, tuple[ObservedField, ...]]:
    """Comment and fields: those of the value's schema, and below `_key` those of the key's."""
    value = schema_registry.latest(config, f"{topic}-value", context) if config["registry"] else None
    key = schema_registry.latest(config, f"{topic}-key", context) if config["registry"] else None
    comment, fields = message_schemas.fields_of(value) if value else ("", message_schemas.opaque("value"))
    if key is not None and not any(field.name == "_key" for field in fields if not field.parent_path):
        fields = (*fields, *message_schemas.below("_key", message_schemas.fields_of(key)[1]))
    return comment, tuple(replace(field, ordinal=place) for place, field in enumerate(fields))
