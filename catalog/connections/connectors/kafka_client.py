"""A Kafka cluster asked for what is in it: topics, offsets, times of the last messages. Never joins a consumer group.

librdkafka looks names up and connects by itself: it can be kept to no address. So every broker's name passes the
allow-list before it is asked, the ones it was given and the ones the cluster names; connections are opened only to
brokers that are needed.
"""

import logging
import socket
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography import x509

from catalog.common.allow_list import HostRefused, HostUnknown
from catalog.connections.connectors.base import CrawlContext
from catalog.connections.connectors.config import Config
from catalog.connections.connectors.errors import SourceError, redact
from catalog.connections.connectors.observations import ObservedTls

ANSWER_SECONDS = 10.0
LAST_SECONDS = 5.0  # to wait for the last messages of one topic
MAX_BROKERS = 20  # that may be named in the settings
ANSWER_BYTES = 16 * 1024 * 1024
MESSAGE_BYTES = 64 * 1024  # asked for of a partition; a broker sends at least one batch
PARTITIONS_LOOKED_AT = 64  # for the time of the last message
LAST_MESSAGES = 3  # the last offset may be the mark of a transaction, which is no message
_quiet = logging.getLogger("meshportal.librdkafka")
_quiet.setLevel(logging.CRITICAL + 1)  # what it says is in the errors too


@dataclass(slots=True)
class Cluster:
    """A client of one cluster; `errors` are what librdkafka reported beside its answers."""

    admin: Any
    settings: Mapping[str, Any]
    context: CrawlContext
    secrets: tuple[str, ...]
    errors: list[Any] = field(default_factory=list)

    def topics(self) -> dict[str, Any]:
        """Metadata by name, without the cluster's own. Checks every broker the cluster names. Raises SourceError."""
        from confluent_kafka import KafkaException

        try:
            found = self.admin.list_topics(timeout=self._seconds())
        except KafkaException as error:
            raise self.failure(error) from error
        for broker in found.brokers.values():
            checked(broker.host, broker.port, self.context, "The cluster sends its clients to")
        return {name: topic for name, topic in sorted(found.topics.items()) if not name.startswith("__")}

    def offsets(self, topic: str, partitions: Sequence[int]) -> dict[int, tuple[int, int]]:
        """The first and the next offset of each partition. Raises SourceError."""
        import confluent_kafka.admin

        kafka: Any = confluent_kafka.admin  # its types do not say what it exports
        low = self._offsets(topic, partitions, kafka.OffsetSpec.earliest())
        high = self._offsets(topic, partitions, kafka.OffsetSpec.latest())
        return {number: (low[number], max(high[number], low[number])) for number in partitions}

    def _offsets(self, topic: str, partitions: Sequence[int], spec: Any) -> dict[int, int]:
        from confluent_kafka import KafkaException, TopicPartition

        asked = {TopicPartition(topic, number): spec for number in partitions}
        try:
            answers = self.admin.list_offsets(asked, request_timeout=self._seconds())
            return {key.partition: int(answer.result().offset) for key, answer in answers.items()}
        except KafkaException as error:
            raise self.failure(error) from error

    def last_moment(self, topic: str, offsets: Mapping[int, tuple[int, int]]) -> datetime | None:
        """The newest time among the last messages of the partitions; None when no message tells one.

        Only the times are looked at. Reading needs the right to read the topic; without it nothing is known.
        """
        from confluent_kafka import KafkaException, TopicPartition

        filled = [(number, low, high) for number, (low, high) in offsets.items() if high > low]
        asked = [
            TopicPartition(topic, number, max(low, high - LAST_MESSAGES))
            for number, low, high in filled[:PARTITIONS_LOOKED_AT]
        ]
        if not asked:
            return None
        consumer = self.consumer()
        try:
            consumer.assign(asked)
            return self._newest(consumer, len(asked))
        except KafkaException:
            return None
        finally:
            with suppress(KafkaException, RuntimeError):
                consumer.close()

    def consumer(self) -> Any:
        """A reader of partitions that are assigned to it; it joins no group and marks nothing as read."""
        from confluent_kafka import Consumer

        settings = {
            **self.settings,
            "group.id": "meshportal",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
        return Consumer(settings, logger=_quiet)

    def _newest(self, consumer: Any, waiting: int) -> datetime | None:
        from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, KafkaError

        newest, until = 0, time.monotonic() + min(LAST_SECONDS, self.context.remaining())
        while waiting > 0 and time.monotonic() < until:
            self.context.remaining()
            message = consumer.poll(0.2)
            if message is None:
                continue
            if message.error():
                if message.error().code() != KafkaError._PARTITION_EOF:
                    return None
                waiting -= 1
                continue
            kind, milliseconds = message.timestamp()
            newest = max(newest, milliseconds if kind != TIMESTAMP_NOT_AVAILABLE else 0)
        try:
            return datetime.fromtimestamp(newest / 1000, UTC) if newest > 0 else None
        except (OverflowError, ValueError, OSError):
            return None

    def failure(self, error: Any) -> SourceError:
        """What went wrong, by the most telling of the errors that were reported."""
        from confluent_kafka import KafkaError

        self.admin.poll(0)
        found = [*self.errors, error.args[0] if error.args else error]
        codes = {item.code() for item in found if isinstance(item, KafkaError)}
        said = redact(found[0], self.secrets)
        if codes & {KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED}:
            return SourceError(
                "refused", "The cluster does not accept user and password.", "Check them and the mechanism."
            )
        if codes & {KafkaError._SSL}:
            return SourceError(
                "unreachable", f"No encrypted connection: {said}.", "Check encryption and authority."
            )
        if codes & {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED}:
            return SourceError(
                "refused", "The cluster forbids describing it.", "Allow DESCRIBE on its topics."
            )
        if codes & {
            KafkaError.UNKNOWN_TOPIC_OR_PART,
            KafkaError._UNKNOWN_TOPIC,
            KafkaError._UNKNOWN_PARTITION,
        }:
            return SourceError("gone", "The topic is not there any more.", "Browse the connection again.")
        return SourceError(
            "unreachable",
            f"No broker answers: {said}.",
            "Check the brokers' names, and encryption yes or no.",
        )

    def _seconds(self) -> float:
        """Less than what is left, so that what happened can still be said."""
        return min(ANSWER_SECONDS, 0.8 * self.context.remaining())


@contextmanager
def opened(config: Config, context: CrawlContext) -> Iterator[Cluster]:
    """A client for the brokers of a configuration, after their names were checked. Raises SourceError."""
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient

    for host, port in brokers_of(config):
        checked(host, port, context, "A broker is")
    settings = _settings(config)
    errors: list[Any] = []
    try:
        settings["error_cb"] = errors.append
        admin = AdminClient(settings, logger=_quiet)
    except (KafkaException, ValueError, TypeError) as error:
        said = redact(error, (str(config.get("password") or ""),))
        raise SourceError("malformed", f"The settings cannot be used: {said}", "Correct them.") from error
    yield Cluster(admin, settings, context, (str(config.get("password") or ""),), errors)


def brokers_of(config: Config) -> list[tuple[str, int]]:
    """Host and port of each broker named. Raises SourceError(malformed)."""
    found = []
    for word in str(config["brokers"]).replace(",", " ").split():
        parts = word.rpartition(":")
        host, port = (parts[0], parts[2]) if parts[0] and parts[2].isdigit() else (word, "9092")
        if "://" in word or "/" in word or not 0 < int(port) < 65_536:
            raise SourceError(
                "malformed", f"“{word[:80]}” is no broker.", "Write host:port, separated by commas."
            )
        found.append((host, int(port)))
    if not 0 < len(found) <= MAX_BROKERS:
        raise SourceError("malformed", f"Name one broker, at most {MAX_BROKERS}.", "Write host:port.")
    return found


def checked(host: str, port: int, context: CrawlContext, words: str) -> str:
    """The address of a broker. Raises SourceError when it may not be connected to."""
    try:
        return context.allow_list.check(host, port)
    except HostRefused as error:
        raise SourceError(
            "not_allowed", f"{words} {host}:{port}. {error}", "Name others, or ask an administrator."
        ) from error
    except HostUnknown as error:
        raise SourceError("unreachable", str(error), "Check the names of the brokers.") from error


def _settings(config: Config) -> dict[str, Any]:
    """librdkafka's settings; nothing but what stands here can be set."""
    is_encrypted, mechanism = config["encryption"] == "require", str(config["mechanism"])
    if mechanism == "PLAIN" and not is_encrypted:
        raise SourceError(
            "not_allowed",
            "PLAIN would send the password unencrypted.",
            "Choose encryption, or a SCRAM mechanism.",
        )
    settings: dict[str, Any] = {
        "bootstrap.servers": ",".join(f"{host}:{port}" for host, port in brokers_of(config)),
        "client.id": "meshportal",
        "security.protocol": ("SASL_" if mechanism != "none" else "")
        + ("SSL" if is_encrypted else "PLAINTEXT"),
        "socket.timeout.ms": int(ANSWER_SECONDS * 1000),
        "socket.connection.setup.timeout.ms": int(ANSWER_SECONDS * 1000),
        "receive.message.max.bytes": ANSWER_BYTES,
        "fetch.message.max.bytes": MESSAGE_BYTES,
        "fetch.max.bytes": ANSWER_BYTES // 2,
        "message.max.bytes": MESSAGE_BYTES,
        "queued.max.messages.kbytes": 4_096,
        "allow.auto.create.topics": False,
        "log.connection.close": False,
        "reconnect.backoff.ms": 500,
    }
    if mechanism != "none":
        settings |= {
            "sasl.mechanism": mechanism,
            "sasl.username": str(config["user"]),
            "sasl.password": str(config["password"] or ""),
        }
    if is_encrypted:
        settings["ssl.endpoint.identification.algorithm"] = "https"
        if config["authority"]:
            settings["ssl.ca.pem"] = "\n".join(config["authority"])
    return settings


def seen_encryption(config: Config, context: CrawlContext) -> ObservedTls:
    """The encryption of the first broker that answers, from a handshake of our own (librdkafka does not tell)."""
    if config["encryption"] != "require":
        return ObservedTls(version="")
    trusted = ssl.create_default_context(cadata="\n".join(config["authority"]) or None)
    for host, port in brokers_of(config):
        address = checked(host, port, context, "A broker is")
        try:
            seconds = min(ANSWER_SECONDS, context.remaining())
            with (
                socket.create_connection((address, port), seconds) as plain,
                trusted.wrap_socket(plain, server_hostname=host.strip("[]")) as secure,
            ):
                certificate = secure.getpeercert(True)
                ends_at = (
                    x509.load_der_x509_certificate(certificate).not_valid_after_utc if certificate else None
                )
                return ObservedTls(version=secure.version() or "TLS", certificate_ends_at=ends_at)
        except (OSError, ValueError):
            continue
    return ObservedTls(version="TLS")  # librdkafka got through, so encrypted it is
