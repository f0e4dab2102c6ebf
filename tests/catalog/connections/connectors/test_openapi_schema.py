"""Fields from JSON Schema as OpenAPI documents write it, in every dialect, and never without bounds."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from catalog.connections.connectors.observations import ObservedField
from catalog.connections.connectors.openapi_schema import MAX_FIELDS, FieldReader, pointed


def read(schema: Any, **components: Any) -> dict[str, ObservedField]:
    document = {"components": {"schemas": components}}
    return {field.path: field for field in FieldReader(document).read(schema)}


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


@pytest.mark.parametrize(
    ("schema", "logical", "nullable"),
    [
        ({"type": "string"}, "string", True),
        ({"type": "string", "format": "date-time"}, "timestamp", True),
        ({"type": "string", "format": "date"}, "date", True),
        ({"type": "string", "format": "binary"}, "binary", True),
        ({"type": "integer", "format": "int64"}, "integer", True),
        ({"type": ["number", "null"]}, "number", True),
        ({"type": ["integer", "number"]}, "number", True),
        ({"type": ["integer", "string"]}, "unknown", True),
        ({"enum": ["a", "b"]}, "string", True),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "map", True),
        ({"additionalProperties": True}, "unknown", True),
        ({"items": {"type": "string"}}, "array", True),
        ({"oneOf": [{"type": "boolean"}, {"type": "null"}]}, "boolean", True),
        ({"allOf": [{"type": "string"}]}, "string", True),
        (True, "unknown", True),
        ("nonsense", "unknown", True),
        ({"type": {"of": "a kind"}, "format": 7, "description": []}, "unknown", True),
    ],
)
def test_types_are_understood(schema: Any, logical: str, nullable: bool | None) -> None:
    field = read({"type": "object", "properties": {"x": schema}})["x"]
    assert (field.logical_type, field.is_nullable) == (logical, nullable)


def test_what_is_required_is_there_unless_it_may_be_null() -> None:
    properties = {
        "old": {"type": "string", "nullable": True},
        "new": {"type": ["string", "null"]},
        "plain": {"type": "string"},
        "free": {"type": "string"},
    }
    found = read({"properties": properties, "required": ["old", "new", "plain"]})
    assert {path: field.is_nullable for path, field in found.items()} == {
        "old": True,
        "new": True,
        "plain": False,
        "free": True,
    }


def test_nested_fields_lists_and_maps_have_paths() -> None:
    play = {
        "properties": {
            "artist": {"properties": {"a.b": {"type": "string", "description": "Odd name."}}},
            "tags": {"type": "array", "items": {"type": "array", "items": ref("Tag")}},
            "labels": {"additionalProperties": ref("Tag")},
            "secret": {"type": "string", "writeOnly": True},
        }
    }
    found = read(
        {"type": "array", "items": ref("Play")}, Play=play, Tag={"properties": {"n": {"type": "integer"}}}
    )
    assert {path: (field.logical_type, field.parent_path) for path, field in found.items()} == {
        "artist": ("object", ""),
        'artist."a.b"': ("string", "artist"),
        "tags": ("array", ""),
        "tags[][].n": ("integer", "tags"),
        "labels": ("map", ""),
        "labels{}.n": ("integer", "labels"),
    }
    assert found['artist."a.b"'].comment == "Odd name."


def test_parts_are_put_together_and_variants_are_optional() -> None:
    base = {"properties": {"id": {"type": "integer"}}, "required": ["id"]}
    song = {"allOf": [ref("Base"), {"properties": {"title": {"type": "string"}}, "required": ["title"]}]}
    talk = {"allOf": [ref("Base"), {"properties": {"speaker": {"type": "string"}}, "required": ["speaker"]}]}
    whole = read(ref("Song"), Base=base, Song=song)
    assert {path: field.is_nullable for path, field in whole.items()} == {"id": False, "title": False}
    either = read({"oneOf": [ref("Song"), ref("Talk")]}, Base=base, Song=song, Talk=talk)
    assert {path: field.is_nullable for path, field in either.items()} == {
        "id": True,
        "title": True,
        "speaker": True,
    }


def test_single_value_is_a_field_and_an_empty_answer_has_none() -> None:
    assert list(read({"type": "array", "items": {"type": "integer"}})) == ["value"]
    assert read({"type": "object"}) == {}
    assert read(None) == {}


def test_circles_end() -> None:
    node = {"properties": {"name": {"type": "string"}, "children": {"type": "array", "items": ref("Node")}}}
    found = read(ref("Node"), Node=node)
    assert list(found) == ["name", "children"]
    mutual = read(
        ref("A"),
        A={"properties": {"b": ref("B")}},
        B={"properties": {"a": ref("A"), "n": {"type": "integer"}}},
    )
    assert list(mutual) == ["b", "b.a", "b.n"]
    assert "again" in mutual["b.a"].comment
    assert read(ref("Self"), Self=ref("Self")) == {}
    assert list(read(ref("List"), List={"type": "array", "items": ref("List")}))[:1] in ([], ["value"])


def test_other_documents_are_not_followed() -> None:
    found = read(
        {"properties": {"x": {"$ref": "https://example.org/x.json#/X"}, "y": {"$ref": "other.yaml"}}}
    )
    assert {field.logical_type for field in found.values()} == {"unknown"}
    assert "not followed" in found["x"].comment
    assert pointed({"a": 1}, "file:///etc/passwd") is None


def test_references_that_multiply_are_bounded() -> None:
    """Thirty lines that would be two to the thirtieth schemas."""
    components = {f"L{n}": {"allOf": [ref(f"L{n + 1}"), ref(f"L{n + 1}")]} for n in range(30)}
    components["L30"] = {"properties": {"x": {"type": "string"}}}
    wide = {f"W{n}": {"properties": {"a": ref(f"W{n + 1}"), "b": ref(f"W{n + 1}")}} for n in range(30)}
    started = time.monotonic()
    read(ref("L0"), **components)
    found = read(ref("W0"), **wide)
    assert len(found) <= MAX_FIELDS
    assert time.monotonic() - started < 10


def test_pointers_reach_into_lists_and_undo_escapes() -> None:
    document = {"paths": {"/a~b": {"get": [1, 2]}}}
    assert pointed(document, "#/paths/~1a~0b/get/1") == 2
    for wrong in ("#/paths/nothing", "#/paths/~1a~0b/get/9", "#", 7, None):
        assert pointed(document, wrong) is None


@pytest.mark.parametrize("link", [lambda name: {"$ref": name}, lambda name: {"allOf": [{"$ref": name}]}])
def test_a_chain_of_thousands_of_references_ends(link: Callable[[str], Any]) -> None:
    chain = {f"S{n}": link(f"#/components/schemas/S{n + 1}") for n in range(3_000)}
    document = {"components": {"schemas": {**chain, "S3000": {"properties": {"deep": {}}}}}}
    reader = FieldReader(document)
    assert reader.read({"properties": {"far": link("#/components/schemas/S0"), "near": {}}})
    assert [found.path for found in reader.found] == ["far", "near"]


@pytest.mark.parametrize("place", ["²", "9" * 5_000, "-1", "1"])
def test_a_place_in_a_list_that_is_none_leads_nowhere(place: str) -> None:
    document = {"tags": [{"type": "string"}]}
    assert pointed(document, f"#/tags/{place}") is None
    assert pointed(document, "#/tags/0") == {"type": "string"}


def test_parts_cost_what_they_hold_and_not_the_square_of_it() -> None:
    """Thousands of parts, with a property each or a reference each, took minutes an answer."""
    schemas = {f"S{n}": {"type": "string"} for n in range(8_000)}

    def seconds(count: int) -> float:
        parts = [{"properties": {f"p{n}": {}}} for n in range(count)]
        named = [{"$ref": f"#/components/schemas/S{n}"} for n in range(count)]
        started = time.perf_counter()
        for schema in ({"allOf": parts}, {"allOf": named}):
            FieldReader({"components": {"schemas": schemas}}).read(schema)
        return time.perf_counter() - started

    few = min(seconds(500) for _ in range(3))
    assert min(seconds(8_000) for _ in range(2)) < 60 * max(few, 0.003)
