"""Avro, JSON Schema and Protobuf as nested fields."""

import json
from typing import Any

import pytest

from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.message_schemas import below, fields_of
from catalog.connections.connectors.schema_registry import Schema


def paths(kind: str, schema: Any, **references: Any) -> dict[str, str]:
    text = schema if isinstance(schema, str) else json.dumps(schema)
    known = {name: v if isinstance(v, str) else json.dumps(v) for name, v in references.items()}
    return {f.path: f.logical_type for f in fields_of(Schema(kind, text, known))[1]}


def record(name: str, **fields: Any) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": [{"name": n, "type": t} for n, t in fields.items()]}


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ("int", "integer"),
        ("double", "number"),
        ("bytes", "binary"),
        ({"type": "bytes", "logicalType": "decimal", "precision": 9}, "number"),
        ({"type": "int", "logicalType": "date"}, "date"),
        ({"type": "long", "logicalType": "time-micros"}, "time"),
        ({"type": "long", "logicalType": "local-timestamp-nanos"}, "timestamp"),
        ({"type": "string", "logicalType": "what nobody knows"}, "string"),
        ({"type": "enum", "name": "E", "symbols": ["A"]}, "string"),
        ({"type": "fixed", "name": "F", "size": 12, "logicalType": "duration"}, "string"),
        ({"type": {"type": "map", "values": "long"}}, "map"),
        (["null", "string"], "string"),
        (["int", "string"], "unknown"),
        ("nothing.known", "unknown"),
    ],
)
def test_avro_types(declared: Any, expected: str) -> None:
    assert paths("AVRO", record("R", x=declared)) == {"x": expected}


def test_avro_nests_through_arrays_maps_names_and_itself() -> None:
    inner = record("Inner", y="int")
    schema = record(
        "R",
        many={"type": "array", "items": ["null", inner]},
        named={"type": "map", "values": {"type": "array", "items": "Inner"}},
        itself=["null", "R"],
    )
    assert paths("AVRO", schema) == {
        "many": "array",
        "many[].y": "integer",
        "named": "map",
        "named{}[].y": "integer",
        "itself": "object",
    }


def test_avro_names_are_looked_up_in_their_namespace() -> None:
    schema = {**record("R", a="Other", b="far.Away"), "namespace": "near"}
    other = {**record("Other", x="int"), "namespace": "near"}
    away = {**record("Away", z="int"), "namespace": "far"}
    assert set(paths("AVRO", schema, o=other, a=away)) == {"a", "a.x", "b", "b.z"}


def test_a_message_that_is_no_record_is_one_field() -> None:
    assert paths("AVRO", '"string"') == {"value": "string"}
    assert paths("AVRO", {"type": "array", "items": record("R", x="int")}) == {
        "value": "array",
        "value[].x": "integer",
    }


def test_json_schema() -> None:
    schema = {
        "description": "An order.",
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": {"type": "integer", "description": "Its number."},
            "at": {"type": "string", "format": "date-time"},
            "maybe": {"oneOf": [{"type": "null"}, {"$ref": "#/definitions/Part"}]},
            "parts": {"type": "array", "items": {"$ref": "#/definitions/Part"}},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            "other": {"$ref": "other.json#/$defs/X"},
            "either": {"type": ["string", "integer", "null"]},
            "tree": {"$ref": "#"},
        },
        "allOf": [{"properties": {"base": {"type": "boolean"}}}],
        "definitions": {"Part": {"properties": {"sku": {"type": "string"}}}},
    }
    other = {"$defs": {"X": {"type": "number"}}}
    schema_of = Schema("JSON", json.dumps(schema), {"other.json": json.dumps(other)})
    comment, fields = fields_of(schema_of)
    found = {f.path: (f.logical_type, f.is_nullable) for f in fields}
    assert comment == "An order."
    assert found["id"] == ("integer", False)
    assert found["at"] == ("timestamp", True)
    assert found["maybe.sku"] == ("string", True)
    assert found["parts[].sku"] == ("string", True)
    assert found["labels"] == ("map", True)
    assert found["other"] == ("number", True)
    assert found["either"] == ("unknown", True)
    assert found["base"] == ("boolean", True)
    assert found["tree"][0] == "object"
    assert {f.path: f.comment for f in fields}["id"] == "Its number."
    assert len(fields) < 200


PROTO = """
syntax = "proto3";
package shop.v1;
import "google/protobuf/timestamp.proto";
import "money.proto";
// An order.
message Order {
  // Its number.
  int64 id = 1;
  repeated Line lines = 2;
  map<string, Line> by_name = 3;
  oneof who { string person = 4; int32 company = 5; }
  google.protobuf.Timestamp placed_at = 6;
  optional Kind kind = 7;
  money.Amount total = 8;
  Order parent = 9;
  message Line { string sku = 1; .shop.v1.Order.Kind kind = 2; }
  enum Kind { NONE = 0; }
}
message Later { string unused = 1; }
"""
MONEY = 'syntax = "proto3"; package money; message Amount { string currency = 1; double value = 2; }'


def test_protobuf() -> None:
    pytest.importorskip("proto_schema_parser", reason="the extra kafka is not installed")
    comment, fields = fields_of(Schema("PROTOBUF", PROTO, {"money.proto": MONEY}))
    assert comment == "An order."
    assert {f.path: f.logical_type for f in fields} == {
        "id": "integer",
        "lines": "array",
        "lines[].sku": "string",
        "lines[].kind": "string",
        "by_name": "map",
        "by_name{}.sku": "string",
        "by_name{}.kind": "string",
        "person": "string",
        "company": "integer",
        "placed_at": "timestamp",
        "kind": "string",
        "total": "object",
        "total.currency": "string",
        "total.value": "number",
        "parent": "object",
    }
    assert fields[0].comment == "Its number."
    assert {f.path: f.is_nullable for f in fields}["person"] is True


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("AVRO", "{"),
        ("AVRO", "[" * 100_000),
        ("JSON", ""),
        ("PROTOBUF", "message {"),
        ("PROTOBUF", 'syntax = "proto3";'),
        ("PROTOBUF", " " * 200_000),
        ("THRIFT", "struct X {}"),
    ],
)
def test_what_is_no_schema_is_malformed(kind: str, text: str) -> None:
    pytest.importorskip("proto_schema_parser", reason="the extra kafka is not installed")
    with pytest.raises(SourceError, match=r"schema|JSON") as caught:
        fields_of(Schema(kind, text))
    assert caught.value.code == "malformed"


@pytest.mark.parametrize("kind", ["AVRO", "JSON"])
@pytest.mark.parametrize(
    "schema", [1, None, [], {}, {"type": 7}, {"type": "record", "fields": [1, {"name": 2}]}]
)
def test_odd_schemas_do_no_harm(kind: str, schema: Any) -> None:
    assert paths(kind, schema)


def test_shapes_that_double_at_every_level_stay_bounded() -> None:
    schema: dict[str, Any] = {"type": "object", "properties": {"x": {"type": "string"}}}
    definitions = {"d0": schema}
    for level in range(1, 12):
        both = {"$ref": f"#/definitions/d{level - 1}"}
        definitions[f"d{level}"] = {"properties": {f"{side}{n}": both for side in "ab" for n in range(4)}}
    document = {**definitions["d11"], "definitions": definitions}
    assert len(paths("JSON", document)) <= 5_000


def test_keys_stand_below_a_field_of_their_own() -> None:
    _, fields = fields_of(Schema("AVRO", json.dumps(record("K", id="int"))))
    assert [(f.path, f.parent_path) for f in below("_key", fields)] == [("_key", ""), ("_key.id", "_key")]
