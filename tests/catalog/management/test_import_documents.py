"""The command as pipelines use it: one JSON object a document, an exit status, and a rehearsal that changes nothing."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from catalog.audit.models import AuditEvent, ChangeMark
from catalog.contracts.models import ContractVersion
from catalog.products.models import DataProduct, OutputPort
from tests.catalog.contracts.documents import as_yaml, contract, product
from tests.conftest import Cast

pytestmark = pytest.mark.django_db

MEMBERS = ["path", "kind", "version", "status", "keys", "problems"]
PROBLEM = {"path", "rule", "severity", "message"}


@pytest.fixture
def folder(tmp_path: Path, cast: Cast) -> Path:
    """A product and its contract, and a file beside them that is no document."""
    (tmp_path / "a-product.yaml").write_bytes(as_yaml(product()))
    (tmp_path / "nested").mkdir()
    (tmp_path / "nested" / "contract.json").write_text(json.dumps(contract()))
    (tmp_path / "notes.txt").write_text("kind: DataProduct")
    return tmp_path


def run(*arguments: str | Path) -> tuple[int, str]:
    """The exit status and what was printed."""
    out = io.StringIO()
    try:
        call_command("import_documents", *map(str, arguments), stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    except CommandError as error:
        return error.returncode, str(error)
    return 0, out.getvalue()


def run_json(*arguments: str | Path) -> tuple[int, list[dict[str, Any]]]:
    status, printed = run(*arguments, "--format", "json")
    return status, [json.loads(line) for line in printed.splitlines()]


def everything() -> list[int]:
    return [
        model.objects.count() for model in (DataProduct, OutputPort, ContractVersion, AuditEvent, ChangeMark)
    ]


def test_folder_comes_in_and_every_document_is_one_object(folder: Path) -> None:
    status, results = run_json(folder)
    assert status == 0
    assert [list(result) for result in results] == [MEMBERS, MEMBERS]
    notes = results[0].pop("problems")
    assert results[0] == {
        "path": str(folder / "a-product.yaml"),
        "kind": "odps",
        "version": "v1.0.0",
        "status": "imported",
        "keys": ["listening/sessions"],
    }
    assert {note["severity"] for note in notes} == {"info"}
    assert all(set(note) == PROBLEM for note in notes)
    assert results[1]["keys"] == ["urn:example:sessions-contract"]
    assert DataProduct.objects.get(slug="sessions").output_ports.get().contract_in_force is not None


def test_second_time_changes_nothing(folder: Path) -> None:
    run(folder)
    before = everything()
    status, results = run_json(folder)
    assert (status, {result["status"] for result in results}) == (0, {"unchanged"})
    assert everything() == before


def test_rehearsal_says_the_same_and_changes_nothing(folder: Path) -> None:
    before = everything()
    status, rehearsed = run_json(folder, "--dry-run")
    assert everything() == before
    assert (status, rehearsed) == run_json(folder)
    assert everything() != before
    assert "nothing was changed: dry run" in run(folder, "--dry-run")[1]


def test_refused_document_is_told_where_and_why_and_the_others_come_in(folder: Path) -> None:
    (folder / "bad.yaml").write_bytes(as_yaml(contract(id=7)))
    status, results = run_json(folder)
    assert status == 1
    by_path = {Path(result["path"]).name: result for result in results}
    bad = by_path.pop("bad.yaml")
    assert bad["status"] == "refused"
    assert [set(problem) for problem in bad["problems"]] == [PROBLEM]
    assert bad["problems"][0]["path"] == "$.id"
    assert {result["status"] for result in by_path.values()} == {"imported"}
    status, printed = run(folder)
    assert status == 1
    assert "error: $.id: " in printed
    assert printed.endswith("1 refused, 2 unchanged\n")


def test_what_cannot_run_says_so(folder: Path) -> None:
    before = everything()
    assert run(folder / "nowhere") == (2, f"There is nothing at {folder / 'nowhere'}.")
    assert run(folder, "--as", "nobody") == (2, "There is no active person named nobody.")
    assert everything() == before


def test_rights_of_a_person_are_asked_for(folder: Path) -> None:
    status, results = run_json(folder, "--as", "consumer")
    assert status == 1
    assert {result["status"] for result in results} == {"refused"}
    assert not DataProduct.objects.filter(slug="sessions").exists()
