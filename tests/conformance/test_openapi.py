"""OpenAPI documents made by others, in the folder named by MESHPORTAL_FIXTURES: each is read and keeps the contract."""

import os
import re
from pathlib import Path

import pytest

from catalog.connections.connectors.contract import examine, local_context
from catalog.connections.connectors.openapi import OpenApiConnector
from catalog.connections.connectors.openapi_document import read_api

FOLDER = Path(os.environ.get("MESHPORTAL_FIXTURES", "") or "/nonexistent")
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(),
    reason="MESHPORTAL_FIXTURES names no folder of real documents: conformance is not checked",
)
BEGINNING = re.compile(rb"""^\s*["']?(openapi|swagger)["']?\s*:\s*["']?[23]\.""", re.MULTILINE)


def documents() -> list[Path]:
    files = (path for end in ("yaml", "yml", "json") for path in FOLDER.rglob(f"*.{end}"))
    return sorted(path for path in files if BEGINNING.search(path.read_bytes()[:2_000]))


@pytest.mark.parametrize("unit", ["operation", "tag"])
def test_real_documents_keep_the_contract(unit: str) -> None:
    connector, fields = OpenApiConnector(), 0
    found = documents()
    assert len(found) >= 4
    for path in found:
        raw = {"path": str(path), "unit": unit, "operations": "all"}
        if read_api(path.read_bytes(), "").operations:  # some answer with no JSON at all
            assert examine(connector, raw, local_context(FOLDER)) == [], path
            listed = list(
                connector.discover({**raw, "url": "", "include": [], "exclude": []}, local_context(FOLDER))
            )
            fields += sum(len(asset.fields or ()) for asset in listed)
    assert fields > 500
