"""Manifests dbt really wrote, in the folder named by MESHPORTAL_FIXTURES: each is imported, twice is once."""

import os
import time
from pathlib import Path

import pytest

from lineage.models import DbtNode
from tests.conftest import Cast
from tests.lineage.dbt.projects import imported

FOLDER = Path(os.environ.get("MESHPORTAL_FIXTURES", "") or "/nonexistent") / "dbt"
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not FOLDER.is_dir(),
        reason="MESHPORTAL_FIXTURES names no folder of real documents: conformance is not checked",
    ),
]
TUVA = "tuva"
LIMIT = 30.0  # seconds for the largest, on a machine that does nothing else


def manifests() -> list[Path]:
    return sorted(path for path in FOLDER.glob("**/*manifest*.json*") if "schemas" not in path.parts)


def test_every_manifest_is_imported_and_twice_is_once(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    told = []
    for path in (path for path in manifests() if "semantic" not in path.name):
        beside = [other.read_bytes() for other in path.parent.glob("catalog.json")]
        began, spent = time.monotonic(), time.process_time()
        first = imported(path.read_bytes(), *beside)
        took, spent = time.monotonic() - began, time.process_time() - spent
        assert first.status == "succeeded", f"{path}: {first.error}"
        if TUVA in path.name:
            again = imported(path.read_bytes())
            assert (again.counts["made"], again.counts["changed"], again.counts["removed"]) == (0, 0, 0)
            assert spent < LIMIT
        told.append(
            f"{path.relative_to(FOLDER)}: {first.counts}, {took:.1f} s ({spent:.1f} s of this process)"
        )
    assert DbtNode.objects.exists()
    with capsys.disabled():
        print("\n" + "\n".join(told), f"\nload {os.getloadavg()[0]:.1f}")  # noqa: T201
