"""Connectors of other packages join by entry point; a broken one is listed and skipped."""

import re
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from catalog.connections.connectors import registry as registry_module
from catalog.connections.connectors.base import Connector
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.observations import LogicalType
from catalog.connections.connectors.registry import load, registry
from catalog.schemas.models import LogicalType as StoredType


class Good:
    name, title, description, config_fields = "good", "Good", "Works.", ()

    def check(self, config: Any, context: Any) -> Any: ...
    def discover(self, config: Any, context: Any) -> Any: ...
    def crawl(self, config: Any, wanted: Any, context: Any) -> Any: ...
    def facts(self, config: Any, address: Any) -> Any: ...


class Shadowing(Good):
    name = "postgresql"


class BadName(Good):
    name = "../../etc"


class Lacking:
    name, title, description, config_fields = "lacking", "", "", ()


class BadFields(Good):
    name, config_fields = "fields", ("not a field",)  # type: ignore[assignment]


class Exploding:
    def __init__(self) -> None:
        raise RuntimeError("password=open-sesame is wrong")


def point(name: str) -> EntryPoint:
    return EntryPoint(name.lower(), f"{__name__}:{name}", "meshportal.connectors")


def test_good_plugin_stands_beside_the_built_in_ones() -> None:
    found = load([point("Good")])
    assert isinstance(found.get("good"), Connector)
    assert {"postgresql", "sqlite", "duckdb", "files", "http"} <= found.connectors.keys()
    assert found.broken == ()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Shadowing", "exists already"),
        ("BadName", "lower case"),
        ("Lacking", "lacks check"),
        ("BadFields", "ConfigField"),
        ("Exploding", "RuntimeError"),
        ("NoSuchClass", "AttributeError"),
    ],
)
def test_broken_plugin_is_listed_with_its_error_and_the_others_work(name: str, words: str) -> None:
    found = load([point(name), point("Good")])
    assert [plugin.name for plugin in found.broken] == [name.lower()]
    assert words in found.broken[0].error
    assert "open-sesame" not in found.broken[0].error
    assert "good" in found.connectors


def test_unknown_connector_is_unsupported() -> None:
    with pytest.raises(SourceError, match="no-such"):
        registry().get("no-such")


@pytest.mark.parametrize("connector", registry().connectors.values(), ids=lambda c: c.name)
def test_settings_of_every_connector_are_usable_in_a_form(connector: Connector) -> None:
    names = [field.name for field in connector.config_fields]
    assert len(names) == len(set(names))
    for field in connector.config_fields:
        assert field.label
        assert field.kind != "choice" or field.default in dict(field.choices)


def test_logical_types_are_those_the_database_keeps() -> None:
    assert set(LogicalType.__args__) == set(StoredType.values)  # type: ignore[attr-defined]


def test_without_its_extra_a_connector_is_listed_and_says_what_it_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing of the extra is imported to find out."""
    monkeypatch.setattr(registry_module, "find_spec", lambda name: None)
    for module in ("confluent_kafka", "deltalake", "pyiceberg"):
        monkeypatch.setitem(sys.modules, module, None)  # importing it fails
    found = load([])
    assert {name: item.extra for name, item in found.needing.items()} == {
        "kafka": "kafka",
        "delta": "lake",
        "iceberg": "lake",
    }
    assert not found.needing.keys() & found.connectors.keys()
    assert found.needing["kafka"].words == "needs the extra kafka: ./mesh extras kafka"
    assert found.title_of("kafka") == "Kafka (needs the extra kafka: ./mesh extras kafka)"
    with pytest.raises(SourceError, match="needs the extra kafka") as caught:
        found.get("kafka")
    assert caught.value.code == "unsupported"


def test_no_plugin_takes_the_name_of_a_connector_whose_extra_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(registry_module, "find_spec", lambda name: None)
    monkeypatch.setattr(Good, "name", "kafka")
    assert [plugin.name for plugin in load([point("Good")]).broken] == ["good"]


def test_every_extra_of_a_connector_has_a_lock_with_hashes_of_what_it_needs() -> None:
    for _, extra, _ in registry_module.EXTRAS:
        lock = (Path(settings.BASE_DIR) / f"requirements-{extra}.txt").read_text(encoding="utf-8")
        wanted = tomllib.loads((Path(settings.BASE_DIR) / "pyproject.toml").read_text(encoding="utf-8"))
        for package in wanted["project"]["optional-dependencies"][extra]:
            assert re.search(rf"^{package.split('~')[0]}==", lock, re.MULTILINE)
        pinned = {line.split(" ")[0] for line in lock.splitlines() if "==" in line}
        assert lock.count("--hash=sha256:") >= len(pinned)
        assert "://" not in lock
        core = (Path(settings.BASE_DIR) / "requirements.txt").read_text(encoding="utf-8")
        versions = dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", core, re.MULTILINE))
        for name, version in (pin.split("==") for pin in pinned):
            assert versions.get(name, version) == version, f"{extra} and the core want different {name}"
