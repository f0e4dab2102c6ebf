"""Names of datasets in real events, in the folder named by MESHPORTAL_FIXTURES: each becomes one asset."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from catalog.assets.models import Asset
from lineage.datasets.naming import DatasetName
from lineage.datasets.services import find_or_make_assets

FOLDER = Path(os.environ.get("MESHPORTAL_FIXTURES", "") or "/nonexistent")
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not FOLDER.is_dir(),
        reason="MESHPORTAL_FIXTURES names no folder of real documents: conformance is not checked",
    ),
]


def names_in(value: Any) -> Iterator[DatasetName]:
    """Every object with a namespace and a name, however deep."""
    if isinstance(value, dict):
        namespace, name = value.get("namespace"), value.get("name")
        if isinstance(namespace, str) and isinstance(name, str):
            yield DatasetName(namespace, name)
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from names_in(item)


def documents() -> Iterator[Any]:
    for folder in ("openlineage", "marquez"):
        for path in sorted((FOLDER / folder).rglob("*json")):
            text = path.read_text(encoding="utf-8", errors="replace")
            for part in text.splitlines() if path.suffix == ".ndjson" else [text]:
                try:
                    yield json.loads(part)
                except ValueError:
                    continue  # templates of the compatibility tests


def test_every_name_in_real_events_is_one_asset_and_is_found_again() -> None:
    names = {name for document in documents() for name in names_in(document)}
    now = datetime.now(UTC)
    found = find_or_make_assets(names, seen_at=now)
    assert len(names) > 100
    assert found == find_or_make_assets(names, seen_at=now)
    assert Asset.objects.count() == len(set(found.values()))
    for name in names:
        assert find_or_make_assets([name], seen_at=now)[name] == found[name]
