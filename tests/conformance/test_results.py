"""Results other tools really wrote, in the folder named by MESHPORTAL_FIXTURES: each is read, none is mistaken."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from catalog.common.errors import Invalid
from catalog.quality.outside.reading import read_data, read_files

FOLDER = Path(os.environ.get("MESHPORTAL_FIXTURES", "") or "/nonexistent")
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(),
    reason="MESHPORTAL_FIXTURES names no folder of real documents: conformance is not checked",
)
CAPTURED = "datamesh-manager/captured-real-clients"


def result_files() -> dict[str, str]:
    """Files of results by their path, with the tool that wrote them."""
    found = {
        str(path.relative_to(FOLDER)): "dbt"
        for path in FOLDER.glob("dbt/**/run_results*.json")
        if "schemas" not in path.parts
    }
    found |= {str(path.relative_to(FOLDER)): "dbt-sources" for path in FOLDER.glob("dbt/**/sources.json")}
    found |= {
        str(path.relative_to(FOLDER)): "great-expectations"
        for path in FOLDER.glob("quality/great-expectations*/**/*.json")
        if "expectation_config" in path.read_text(encoding="utf-8")
    }
    return found | {"quality/soda-core-3.5.6-generated/scan_results.json": "soda"}


def test_every_file_of_results_is_read_whole(capsys: pytest.CaptureFixture[str]) -> None:
    counts: dict[str, Counter[str]] = {}
    files = result_files()
    for name, tool in files.items():
        path = FOLDER / name
        sent = [(name, path.read_bytes())]
        if (path.parent / "manifest.json").exists():
            sent.append(("manifest.json", (path.parent / "manifest.json").read_bytes()))
        ((_, reading),) = read_files(sent)
        assert reading.tool == tool, name
        assert not reading.problems, name
        assert all(found.measured_at is not None for found in reading.findings), name
        counts.setdefault(tool, Counter())["files"] += 1
        counts[tool].update(found.outcome for found in reading.findings)
        counts[tool]["placed by name"] += sum(bool(found.dataset.table) for found in reading.findings)
    with capsys.disabled():
        for tool, found in sorted(counts.items()):
            print(f"\n{tool}: {', '.join(f'{n} {words}' for words, n in sorted(found.items()))}", end="")  # noqa: T201
    assert len(files) >= 14
    assert not any(found["unknown"] for found in counts.values())


def test_what_the_real_client_sent_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    (path,) = (FOLDER / CAPTURED).glob("*.json")
    sent = [
        item for item in json.loads(path.read_text(encoding="utf-8")) if item["path"].endswith("test-results")
    ]
    assert sent
    for item in sent:
        reading = read_data(item["body"])
        assert reading.tool == "datacontract-cli"
        assert len(reading.findings) == len(item["body"]["checks"])
        assert {found.dataset.contract for found in reading.findings} == {item["body"]["dataContractId"]}
        assert len({found.key for found in reading.findings}) == len(reading.findings)


def test_no_other_document_is_taken_for_results() -> None:
    known = {FOLDER / name for name in result_files()}
    for path in FOLDER.glob("**/*.json"):
        if path in known or "manifest" in path.name:
            continue
        try:
            ((_, reading),) = read_files([("", path.read_bytes())])
        except Invalid:
            continue
        raise AssertionError(f"{path} was taken for results of {reading.tool}")
