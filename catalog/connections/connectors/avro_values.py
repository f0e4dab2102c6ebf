"""Avro's binary encoding, read by the schema it was written by, into values as JSON knows them.

Source: https://avro.apache.org/docs/1.12.0/specification/ (binary encoding, logical types).
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from catalog.connections.connectors.avro_shapes import full_name, named_types
from catalog.connections.connectors.shapes import MAX_DEPTH

MAX_ITEMS = 100_000  # in arrays and maps of one message: those that take no bytes could be any number
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PER_SECOND = {"millis": 1_000, "micros": 1_000_000, "nanos": 1_000_000_000}


class AvroReader:
    """Reads messages of one schema; `references` are the parsed schemas of types it names."""

    def __init__(self, schema: Any, references: Mapping[str, Any]) -> None:
        self._schema = schema
        self._named = named_types(schema, references)

    def read(self, body: bytes) -> Any:
        """The value of a message. Raises ValueError for what is none of the schema."""
        message = _Message(body)
        try:
            value = self._value(self._schema, "", message, 0)
        except (IndexError, KeyError, TypeError, struct.error, OverflowError, UnicodeDecodeError) as error:
            raise ValueError("the message is none of its schema") from error
        if message.at != len(body):
            raise ValueError("the message is longer than its schema")
        return value

    def _value(self, schema: Any, namespace: str, message: "_Message", depth: int) -> Any:
        if depth > 4 * MAX_DEPTH:
            raise ValueError("the message is nested too deeply")
        if isinstance(schema, list):
            return self._value(schema[_place(message.long(), len(schema))], namespace, message, depth + 1)
        if isinstance(schema, str):
            if schema in _PRIMITIVE:
                return _PRIMITIVE[schema](message)
            known, inside = self._named[schema if schema in self._named else full_name(schema, namespace)]
            return self._value(known, inside, message, depth + 1)
        kind = schema["type"]
        if not isinstance(kind, str):
            return self._value(kind, namespace, message, depth + 1)
        if kind in {"record", "error"}:
            inside = full_name(str(schema["name"]), str(schema.get("namespace") or namespace)).rpartition(
                "."
            )[0]
            return {
                str(item["name"]): self._value(item["type"], inside, message, depth + 1)
                for item in schema["fields"]
            }
        if kind == "array":
            return [self._value(schema["items"], namespace, message, depth + 1) for _ in _Blocks(message)]
        if kind == "map":
            return {
                message.text(): self._value(schema["values"], namespace, message, depth + 1)
                for _ in _Blocks(message)
            }
        if kind == "enum":
            return str(schema["symbols"][_place(message.long(), len(schema["symbols"]))])
        found = message.taken(int(schema["size"])) if kind == "fixed" else None
        if found is None:
            found = self._value(kind, namespace, message, depth + 1) if kind != "bytes" else message.block()
        return _plain(found, schema)


@dataclass(slots=True)
class _Message:
    body: bytes
    at: int = 0
    items: int = 0

    def taken(self, count: int) -> bytes:
        if not 0 <= count <= len(self.body) - self.at:
            raise ValueError("the message is shorter than its schema")
        self.at += count
        return self.body[self.at - count : self.at]

    def long(self) -> int:
        """A number in zigzag form, seven bits a byte."""
        found, shift = 0, 0
        while True:
            byte = self.taken(1)[0]
            found |= (byte & 0x7F) << shift
            if byte < 0x80:
                return (found >> 1) ^ -(found & 1)
            shift += 7
            if shift > 63:
                raise ValueError("a number is too long")

    def block(self) -> bytes:
        return self.taken(self.long())

    def text(self) -> str:
        return self.block().decode("utf-8")


@dataclass(slots=True)
class _Blocks:
    """As many rounds as an array or a map has items."""

    message: _Message
    left: int = 0

    def __iter__(self) -> "_Blocks":
        return self

    def __next__(self) -> int:
        if not self.left:
            self.left = self.message.long()
            if self.left < 0:
                self.left = -self.left
                self.message.long()  # the bytes of the block
            if not self.left:
                raise StopIteration
        self.left -= 1
        self.message.items += 1
        if self.message.items > MAX_ITEMS:
            raise ValueError("the message has too many items")
        return self.message.items


def _place(number: int, count: int) -> int:
    if not 0 <= number < count:
        raise ValueError("the message is none of its schema")
    return number


def _plain(value: Any, schema: Mapping[str, Any]) -> Any:
    """A value with its logical type; moments as ISO 8601, decimals as numbers, bytes as hexadecimal digits."""
    logical = str(schema.get("logicalType", ""))
    name, _, unit = logical.rpartition("-")
    if isinstance(value, int) and not isinstance(value, bool):
        if logical == "date":
            return (date(1970, 1, 1) + timedelta(days=value)).isoformat()
        if name == "time" and unit in _PER_SECOND:
            moment = _EPOCH + timedelta(microseconds=value * 1_000_000 // _PER_SECOND[unit])
            return time(moment.hour, moment.minute, moment.second, moment.microsecond).isoformat()
        if name in ("timestamp", "local-timestamp") and unit in _PER_SECOND:
            moment = _EPOCH + timedelta(microseconds=value * 1_000_000 // _PER_SECOND[unit])
            return (moment if name == "timestamp" else moment.replace(tzinfo=None)).isoformat()
    if isinstance(value, bytes):
        if logical == "decimal":
            return int.from_bytes(value, "big", signed=True) / 10 ** int(schema.get("scale") or 0)
        return value.hex()
    return value


def _boolean(message: _Message) -> bool:
    return message.taken(1) != b"\x00"


_PRIMITIVE = {
    "null": lambda message: None,
    "boolean": _boolean,
    "int": _Message.long,
    "long": _Message.long,
    "float": lambda message: struct.unpack("<f", message.taken(4))[0],
    "double": lambda message: struct.unpack("<d", message.taken(8))[0],
    "bytes": lambda message: message.block().hex(),
    "string": _Message.text,
}
