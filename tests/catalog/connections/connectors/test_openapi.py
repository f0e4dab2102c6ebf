"""The OpenAPI connector on files and a real local server: what becomes a port, what is refused, what is never asked."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from drf_spectacular.generators import SchemaGenerator

from catalog.common.allow_list import AllowList
from catalog.connections.connectors.base import Wanted
from catalog.connections.connectors.contract import examine, local_context
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.observations import AssetKey
from catalog.connections.connectors.openapi import OpenApiConnector
from tests import local_servers as serve
from tests.catalog.connections.connectors.support import configured, context, crawl

OPENAPI = OpenApiConnector()
PLAY = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "at": {"type": "string", "format": "date-time"}},
}


PLAY_REF = {"$ref": "#/components/schemas/Play"}


def answer(schema: Any, kind: str = "application/json") -> dict[str, Any]:
    return {"description": "Fine", "content": {kind: {"schema": schema}}}


PLAYS: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Plays", "version": "1"},
    "servers": [
        {"url": "https://u:p@{region}.example.org/v1?key=x", "variables": {"region": {"default": "eu"}}}
    ],
    "tags": [{"name": "plays", "description": "What was played."}],
    "paths": {
        "/plays": {
            "get": {
                "tags": ["plays"],
                "summary": "All plays",
                "description": "The newest first.",
                "responses": {
                    "200": {
                        "description": "Plays",
                        "content": {
                            "text/csv": {},
                            "application/vnd.plays+json": {
                                "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Play"}}
                            },
                        },
                    },
                    "default": answer({"properties": {"error": {"type": "string"}}}),
                },
            },
            "post": {"tags": ["plays"], "deprecated": True, "responses": {"201": answer(PLAY)}},
        },
        "/plays/{id}": {"$ref": "#/components/pathItems/Play"},
        "/cover": {"get": {"responses": {"200": answer({}, "image/png")}}},
        "/health": {"get": {"responses": {"2XX": {"$ref": "#/components/responses/Health"}}}},
        "/odd": "nonsense",
    },
    "components": {
        "schemas": {"Play": PLAY},
        "responses": {"Health": answer({"properties": {"ok": {"type": "boolean"}}})},
        "pathItems": {
            "Play": {
                "get": {
                    "tags": ["plays"],
                    "responses": {"200": answer({"$ref": "#/components/schemas/Play"})},
                }
            }
        },
    },
}
SWAGGER = {
    "swagger": "2.0",
    "host": "old.example.org",
    "basePath": "/v2",
    "schemes": ["https"],
    "produces": ["application/json"],
    "paths": {
        "/pets": {
            "get": {
                "responses": {"200": {"schema": {"type": "array", "items": {"$ref": "#/definitions/Pet"}}}}
            }
        }
    },
    "definitions": {
        "Pet": {"type": "object", "properties": {"name": {"type": "string", "x-nullable": True}}}
    },
}


def stored(folder: Path, document: Any, name: str = "api.json") -> dict[str, Any]:
    path = folder / name
    path.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
    return {"path": str(path)}


@pytest.mark.parametrize("unit", ["operation", "tag"])
@pytest.mark.parametrize("form", ["json", "yaml", "gz"])
def test_it_keeps_the_contract(tmp_path: Path, unit: str, form: str) -> None:
    bodies = {
        "json": json.dumps(PLAYS).encode(),
        "yaml": yaml.safe_dump(PLAYS).encode(),
        "gz": gzip.compress(json.dumps(PLAYS).encode()),
    }
    raw = stored(tmp_path, bodies[form]) | {"unit": unit, "operations": "all"}
    assert examine(OPENAPI, raw, local_context(tmp_path)) == []


def test_operations_that_answer_with_json_become_assets(tmp_path: Path) -> None:
    config = configured(OPENAPI, **stored(tmp_path, PLAYS))
    found = {asset.address["operation"]: asset for asset in OPENAPI.discover(config, context(tmp_path))}
    assert list(found) == ["GET /plays", "GET /plays/{id}", "GET /health"]
    plays = found["GET /plays"]
    assert plays.kind == "api"
    assert (plays.namespace, plays.name) == ("file", f"{config['path']}#GET /plays")
    assert [field.path for field in plays.fields or ()] == ["id", "at"]
    assert plays.comment == (
        "All plays\n\nThe newest first.\n\nAnswers with text/csv, application/vnd.plays+json."
    )
    assert plays.address["url"] == "https://eu.example.org/v1/plays"
    facts = OPENAPI.facts(config, plays.address)
    assert (facts.location, facts.modality, facts.format) == (
        "GET https://eu.example.org/v1/plays",
        "api",
        "JSON",
    )
    everything = configured(OPENAPI, **stored(tmp_path, PLAYS), operations="all")
    posts = [a for a in OPENAPI.discover(everything, context(tmp_path)) if a.name.endswith("#POST /plays")]
    assert "Deprecated." in posts[0].comment


def test_groups_hold_their_operations_as_fields(tmp_path: Path) -> None:
    config = configured(OPENAPI, **stored(tmp_path, PLAYS), unit="tag")
    found = {asset.address["group"]: asset for asset in OPENAPI.discover(config, context(tmp_path))}
    assert list(found) == ["plays", "/health"]
    assert found["plays"].comment == "What was played."
    paths = {field.path: field.logical_type for field in found["plays"].fields or ()}
    assert paths["GET /plays"] == "array"
    assert paths["GET /plays[].id"] == "integer"
    assert paths['"GET /plays/{id}"'] == "object"


def test_swagger_is_read_leniently(tmp_path: Path) -> None:
    config = configured(OPENAPI, **stored(tmp_path, SWAGGER))
    (pets,) = OPENAPI.discover(config, context(tmp_path))
    assert pets.address == {"operation": "GET /pets", "url": "https://old.example.org/v2/pets"}
    assert [(field.path, field.is_nullable) for field in pets.fields or ()] == [("name", True)]


def test_operation_that_is_gone_spoils_no_other(tmp_path: Path) -> None:
    config = configured(OPENAPI, **stored(tmp_path, PLAYS))
    names = ("GET /plays", "GET /gone")
    wanted = [Wanted(asset=AssetKey("x", name), address={"operation": name}) for name in names]
    found = crawl(OPENAPI, config, context(tmp_path), wanted)
    assert [reading.error.code if reading.error else "" for reading in found.readings] == ["", "gone"]
    assert found.readings[0].row_count is None
    assert found.profiles == {}


BOMB = "openapi: 3.1.0\na: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 10)}]\n" for n in range(8)
)


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (b"", "malformed", "empty"),
        (b"<!doctype html>", "malformed", "OpenAPI"),
        (b'{"openapi": ', "malformed", "Line 1"),
        (b'{"openapi": "3.1.0", "paths": {"/a": {}, "/a": {}}}', "malformed", "twice"),
        (b"openapi: 4.0.0", "unsupported", "4.0.0"),
        (b"swagger: '1.2'", "unsupported", "1.2"),
        (b"[1, 2]", "malformed", "not an OpenAPI document"),
        (b"just: a map", "malformed", "not an OpenAPI document"),
        (b"openapi: !!python/object/apply:os.system [ls]", "malformed", "tag"),
        (BOMB.encode(), "too_large", "grows"),
        (b'{"openapi": "3.1.0", "x": "' + b"y" * 11 * 2**20 + b'"}', "too_large", "larger"),
        (gzip.compress(b'{"openapi": "3.1.0", "x": "' + b"y" * 11 * 2**20 + b'"}'), "too_large", "larger"),
        (b'{"openapi": "3.1.0", "x": ' + b"[" * 5_000 + b"]" * 5_000 + b"}", "malformed", "deeper"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, body: bytes, code: str, words: str) -> None:
    config = configured(OPENAPI, **stored(tmp_path, body))
    with pytest.raises(SourceError) as caught:
        list(OPENAPI.discover(config, context(tmp_path)))
    assert (caught.value.code, words in caught.value.message) == (code, True), caught.value.message
    check = OPENAPI.check(config, context(tmp_path))
    assert check.failed is not None
    assert check.failed.name == "readable"
    assert check.failed.remedy


@pytest.mark.parametrize("raw", [{}, {"url": "https://example.org/api.json", "path": "/srv/api.json"}])
def test_one_place_is_needed(raw: dict[str, Any]) -> None:
    check = OPENAPI.check(configured(OPENAPI, **raw), context())
    assert check.failed is not None
    assert "Give one" in check.failed.remedy


def test_files_outside_the_roots_are_refused(tmp_path: Path) -> None:
    check = OPENAPI.check(configured(OPENAPI, path="/etc/passwd"), context(tmp_path))
    assert check.failed is not None
    assert check.failed.name == "reachable"


@pytest.fixture
def base() -> Iterator[tuple[str, list[str]]]:
    """A server, and the paths it was asked for."""
    asked: list[str] = []

    def noted(inner: serve.Answer) -> serve.Answer:
        def handle(handler: Any) -> None:
            asked.append(handler.path)
            inner(handler)

        return handle

    def guarded(handler: Any) -> None:
        allowed = handler.headers.get("X-Key") == "open-sesame"
        serve.content(json.dumps(PLAYS).encode() if allowed else b"", status=200 if allowed else 401)(handler)

    answers = {
        "/guarded.json": guarded,
        "/metadata": serve.redirect("http://169.254.169.254/latest/"),
        "/endless": serve.endless(b"a: 1\n" * 1_000),
        "/schemas.json": serve.content(b'{"Play": {"properties": {"stolen": {"type": "string"}}}}'),
    }
    with serve.http_server({path: noted(inner) for path, inner in answers.items()}) as address:
        yield address, asked


def test_address_is_asked_with_its_token_and_named_by_its_place(base: tuple[str, list[str]]) -> None:
    url = f"{base[0]}/guarded.json"
    config = configured(OPENAPI, url=url, header="X-Key", token="open-sesame")
    assert OPENAPI.check(config, context()).ok
    found = crawl(OPENAPI, config, context())
    assert {asset.namespace for asset in found.assets} == {base[0]}
    assert found.assets[0].name == "guarded.json#GET /plays"
    assert found.tls[0].version == ""
    assert (found.readings[0].latency_ms or 0) > 0
    refused = OPENAPI.check(configured(OPENAPI, url=url), context())
    assert refused.failed is not None
    assert refused.failed.name == "signed_in"


def test_private_addresses_are_refused_also_behind_a_redirect(base: tuple[str, list[str]]) -> None:
    inside = OPENAPI.check(
        configured(OPENAPI, url=f"{base[0]}/guarded.json"), context(allow_list=AllowList.of())
    )
    behind = OPENAPI.check(configured(OPENAPI, url=f"{base[0]}/metadata"), context())
    for check in (inside, behind):
        assert check.failed is not None
        assert check.failed.name == "reachable"
    assert base[1] == ["/metadata"]


def test_endless_answer_is_given_up(base: tuple[str, list[str]]) -> None:
    with pytest.raises(SourceError) as caught:
        list(OPENAPI.discover(configured(OPENAPI, url=f"{base[0]}/endless"), context()))
    assert caught.value.code == "too_large"


def test_no_address_in_the_document_is_ever_asked(tmp_path: Path, base: tuple[str, list[str]]) -> None:
    address, asked = base
    outside = {"$ref": f"{address}/schemas.json#/Play"}
    document = {
        "openapi": "3.0.3",
        "servers": [{"url": f"{address}/v1"}],
        "paths": {"/a": {"get": {"responses": {"200": answer({"properties": {"x": outside}})}}}},
    }
    config = configured(OPENAPI, **stored(tmp_path, document))
    found = crawl(OPENAPI, config, context(tmp_path))
    assert [(path, field.logical_type) for path, field in found.fields().items()] == [("x", "unknown")]
    assert asked == []


def test_own_document_of_the_portal_is_read_whole(tmp_path: Path) -> None:
    """A large real one: hundreds of operations with shared, nested and nullable schemas."""
    document = SchemaGenerator().get_schema(public=True)
    config = configured(OPENAPI, **stored(tmp_path, json.loads(json.dumps(document, default=str))))
    found = {asset.address["operation"]: asset for asset in OPENAPI.discover(config, context(tmp_path))}
    products = {field.path: field for field in found["GET /api/v1/products/"].fields or ()}
    assert products["results"].logical_type == "array"
    assert products["results[].name"].logical_type == "string"
    assert products["results[].name"].is_nullable is False
    assert (
        sum(bool(asset.fields) for asset in found.values()) > 0.75 * len(found) > 20
    )  # the others answer with documents of any shape
