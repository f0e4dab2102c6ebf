"""Checks of topics: asked where all messages could be read and understood. No value of a message is kept."""

import struct
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from catalog.connections.connectors import check_files, message_schemas, nested, schema_registry
from catalog.connections.connectors.avro_values import AvroReader
from catalog.connections.connectors.base import CrawlContext, Wanted
from catalog.connections.connectors.config import Config
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.kafka_client import Cluster
from catalog.connections.connectors.observations import ObservedCheck, ObservedField
from catalog.connections.connectors.samples import Sample

Offsets = Mapping[int, tuple[int, int]]  # first and next offset by partition
READ_SECONDS = 60.0  # for the messages of one topic
MAX_SCHEMAS = 50  # that messages of one topic were written by
_FRAME = struct.Struct(">bI")  # before a message of a registered schema: zero, and the schema's number


def measured(
    config: Config,
    cluster: Cluster,
    wanted: Wanted,
    topic: str,
    offsets: Offsets,
    fields: Sequence[ObservedField],
    context: CrawlContext,
) -> Iterator[ObservedCheck]:
    """The answers of the checks of a topic; a message without a value (it deletes its key) is no row."""
    if not wanted.checks:
        return
    try:
        messages = _Messages(config, context)
        records = [messages.record(body) for body in _bodies(cluster, topic, offsets, context) if body]
        sample = _with_declared(nested.read_records(records, max_rows=context.max_rows), fields)
        answers = list(check_files.of_rows(wanted, sample, context))
    except SourceError as error:
        context.remaining()
        answers = list(check_files.unanswered(wanted, error))
    yield from (replace(answer, sample=()) for answer in answers)


def _bodies(cluster: Cluster, topic: str, offsets: Offsets, context: CrawlContext) -> Iterator[bytes | None]:
    """Every message's value between the offsets. Raises SourceError where that is more than a crawl reads."""
    from confluent_kafka import KafkaError, KafkaException, TopicPartition

    until = {number: high for number, (low, high) in offsets.items() if high > low}
    most = sum(high - low for low, high in offsets.values())
    if most > context.max_rows:
        words = f"The topic has up to {most:,} messages; {context.max_rows:,} are read."
        remedy = "Check a table the topic is written to, or let an administrator raise MESHPORTAL_CRAWL_ROWS."
        raise SourceError("unsupported", words, remedy)
    left, end = context.max_bytes, time.monotonic() + min(READ_SECONDS, 0.5 * context.remaining())
    consumer = cluster.consumer()
    try:
        consumer.assign([TopicPartition(topic, number, offsets[number][0]) for number in until])
        while until:
            context.remaining()
            if time.monotonic() > end:
                raise SourceError("too_slow", "The messages took too long to read.", "Crawl at another time.")
            message = consumer.poll(0.2)
            if message is None:
                continue
            if message.error():
                if message.error().code() != KafkaError._PARTITION_EOF:
                    raise cluster.failure(KafkaException(message.error()))
                until.pop(message.partition(), None)
                continue
            high = until.get(message.partition(), 0)
            if message.offset() + 1 >= high:
                until.pop(message.partition(), None)
            if message.offset() >= high:
                continue  # it came after the crawl began
            body = message.value()
            left -= len(body or b"")
            if left < 0:
                raise SourceError("too_large", "The messages are larger than is read.", "Keep them shorter.")
            yield body
    except KafkaException as error:
        raise cluster.failure(error) from error
    finally:
        with suppress(KafkaException, RuntimeError):
            consumer.close()


@dataclass(slots=True)
class _Messages:
    """What messages say: JSON, or by the schema in the registry that each names."""

    config: Config
    context: CrawlContext
    _readers: dict[int, AvroReader | None] = field(default_factory=dict)

    def record(self, body: bytes) -> dict[str, Any]:
        """A message as a record. Raises SourceError, in words that quote nothing of it."""
        reader = None
        if self.config["registry"] and len(body) > _FRAME.size and body[0] == 0:
            reader, body = self._reader(_FRAME.unpack_from(body)[1]), body[_FRAME.size :]
        try:
            value = reader.read(body) if reader else nested.parse(body, "A message")
        except (ValueError, SourceError) as error:
            raise SourceError(
                "unsupported",
                "Messages are neither JSON nor of the Avro schema they name.",
                "Name the schema registry in the connection, or write JSON or Avro.",
            ) from error
        return value if isinstance(value, dict) else {"value": value}

    def _reader(self, number: int) -> AvroReader | None:
        """Of Avro; None for JSON, which tells by itself."""
        if number not in self._readers:
            if len(self._readers) >= MAX_SCHEMAS:
                raise SourceError("unsupported", "Messages are of too many schemas.", "Use one topic each.")
            self._readers[number] = self._made(number)
        return self._readers[number]

    def _made(self, number: int) -> AvroReader | None:
        schema = schema_registry.by_number(self.config, number, self.context)
        if schema is None:
            raise SourceError("gone", "The registry has not the schema of a message.", "Register it anew.")
        if schema.kind == "JSON":
            return None
        if schema.kind != "AVRO":
            raise SourceError("unsupported", f"Messages of the kind {schema.kind[:40]} are not read.")
        references = {name: message_schemas.parsed(text) for name, text in schema.references.items()}
        return AvroReader(message_schemas.parsed(schema.text), references)


def _with_declared(sample: Sample, fields: Sequence[ObservedField]) -> Sample:
    """The sample with the declared fields no message has, as empty ones."""
    seen = {item.path for item in sample.flat}
    missing = tuple(
        item
        for item in fields
        if item.path not in seen
        and not ({"[", "{"} & set(item.path))
        and item.logical_type not in ("object", "array", "map", "unknown")
    )
    rows = [(*row, *(None for _ in missing)) for row in sample.rows]
    return replace(sample, flat=(*sample.flat, *missing), rows=rows)
