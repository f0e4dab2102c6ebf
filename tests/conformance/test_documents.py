"""Real documents made by others, in the folder named by MESHPORTAL_FIXTURES: none crashes, none valid is refused."""

import csv
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from jsonschema import Draft201909Validator

from catalog.audit.models import AuditEvent
from catalog.common.documents import read_document
from catalog.contracts import detect, odcs_schema, odps_schema
from catalog.contracts.emit import to_yaml
from catalog.contracts.export import export_contract, export_product
from catalog.contracts.importer import import_all, sources_in
from catalog.contracts.models import ContractVersion, ProductDescriptorVersion
from catalog.contracts.services.harvesting import harvest_registry
from catalog.contracts.services.importing import judge
from catalog.products.models import DataProduct, OutputPort
from catalog.search import services as search
from tests.conftest import Cast

FOLDER = Path(os.environ.get("MESHPORTAL_FIXTURES", "") or "/nonexistent")
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(),
    reason="MESHPORTAL_FIXTURES names no folder of real documents: conformance is not checked",
)
STANDARDS = ("odcs", "odps-bitol")
OTHERS = ("dcs", "dpds", "odps-lf", "datamesh-manager")
LENIENT = ("odps-lf", "dpds", "odcs/bitol-examples-v2")  # read for what they say, whatever their schemas ask


def documents(*standards: str) -> dict[str, dict[str, str]]:
    """Checked files of the standards with what their own JSON Schema says of them."""
    with (FOLDER / "VALIDATION.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["file"]: row for row in csv.DictReader(file) if row["file"].startswith(standards or STANDARDS)
        }


def called_invalid() -> set[str]:
    """Files whose authors call them invalid although their schema accepts them."""
    words = (
        (FOLDER / "VALIDATION.md").read_text(encoding="utf-8").split("Named invalid by their author", 1)[-1]
    )
    return {line.removeprefix("- ").strip() for line in words.splitlines() if line.startswith("- ")}


@pytest.mark.django_db
def test_every_document_is_answered_and_no_valid_one_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    counts: dict[str, Counter[str]] = {}
    wrong = []
    disputed = called_invalid()
    for name, row in documents(*STANDARDS, *OTHERS).items():
        with transaction.atomic():  # each alone: documents of different authors share ids
            result = next(import_all(sources_in(FOLDER / name), actor=None))
            is_kept = result.status not in ("imported", "warned") or (
                (FOLDER / name).read_bytes() in kept_originals(result.kind)
            )
            transaction.set_rollback(True)
        assert is_kept, name
        if result.status == "ignored":
            is_other_valid = row["valid"] == "yes" and not name.startswith(("datamesh-manager",))
            wrong += [(name, "valid and ignored", result.problems)] if is_other_valid else []
            continue
        counts.setdefault(f"{result.kind} {result.version or '-'}", Counter())[result.status] += 1
        is_valid = row["valid"] == "yes" and name not in disputed
        if is_valid and result.status == "refused":
            wrong.append((name, "valid and refused", result.problems))
        if name in disputed and result.status != "refused":
            wrong.append((name, "called invalid by its author and not refused", result.problems))
        if row["valid"] != "yes" and result.status == "imported" and not name.startswith(LENIENT):
            wrong.append((name, "not valid and imported without a word", ()))
        if result.status == "refused" and not all(
            problem.path.startswith("$") for problem in result.problems
        ):
            wrong.append((name, "refused without a path", result.problems))
    with capsys.disabled():
        for version, found in sorted(counts.items()):
            print(f"\n{version}: {', '.join(f'{n} {status}' for status, n in sorted(found.items()))}", end="")  # noqa: T201
    assert not wrong


@pytest.mark.django_db
def test_export_of_every_imported_document_equals_it(capsys: pytest.CaptureFixture[str]) -> None:
    counts: Counter[str] = Counter()
    unequal = []
    for name in documents(*STANDARDS, *OTHERS):
        result = next(import_all(sources_in(FOLDER / name), actor=None))
        if result.status not in ("imported", "warned"):
            continue
        if result.kind in detect.CONTRACTS:
            exported = export_contract(ContractVersion.objects.latest("pk"))
        else:
            exported = export_product(ProductDescriptorVersion.objects.latest("pk").descriptor.product)
        original = read_document((FOLDER / name).read_bytes()).data
        counts[result.kind] += 1
        if not exported.data == original == read_document(exported.text.encode()).data:
            unequal.append(name)
        if read_document(to_yaml(original).encode()).data != original:
            unequal.append(f"{name} written anew")
    with capsys.disabled():
        print(f"\nexported and equal: {dict(counts)}", end="")  # noqa: T201
    assert not unequal
    assert sum(counts.values()) > 100


def kept_originals(kind: str) -> set[bytes]:
    model: Any = ContractVersion if kind in detect.CONTRACTS else ProductDescriptorVersion
    return {bytes(model.objects.latest("pk").original)}


@pytest.mark.django_db
def test_importing_all_again_changes_nothing() -> None:
    for _ in range(2):
        results = [r for folder in STANDARDS for r in import_all(sources_in(FOLDER / folder), actor=None)]
        before = AuditEvent.objects.count()
    assert {result.status for result in results} <= {"unchanged", "refused", "ignored"}
    assert before == AuditEvent.objects.count()


@pytest.mark.parametrize("standard", STANDARDS)
def test_schemas_judge_as_the_published_ones_do(standard: str) -> None:
    family: Any = odcs_schema if standard == "odcs" else odps_schema
    kind = "odcs" if standard == "odcs" else "odps"
    for version in family.VERSIONS:
        file = FOLDER / standard / "schemas" / f"{kind}-json-schema-{version}.json"
        published = Draft201909Validator(json.loads(file.read_text(encoding="utf-8")))
        ours = Draft201909Validator(family.schema_of(version))
        for name in documents():
            data = read_document((FOLDER / name).read_bytes()).data
            if name.startswith(standard) and isinstance(data, dict):
                dated = {**data, "apiVersion": version}
                assert _verdict(ours, dated) == _verdict(published, dated), (name, version)


def _verdict(validator: Draft201909Validator, data: dict[str, Any]) -> tuple[bool, bool]:
    """Whether it is valid, and whether unknown members are all that is wrong."""
    rules = {str(error.validator) for error in validator.iter_errors(data)}
    return not rules, not rules - {"additionalProperties", "unevaluatedProperties"}


@pytest.mark.parametrize(
    "folder", ["dcs", "dpds", "odps-lf", "datamesh-manager", "openlineage", "dbt", "quality"]
)
def test_documents_of_other_standards_never_crash(folder: str) -> None:
    for source in sources_in(FOLDER / folder):
        reading = judge(source.raw)
        assert reading.is_refused or reading.identity.kind


@pytest.mark.django_db
def test_registry_of_open_data_comes_in_whole_and_once(capsys: pytest.CaptureFixture[str]) -> None:
    folder = FOLDER / "aws-open-data" / "datasets"
    files = list(sources_in(folder))
    first = harvest_registry(actor=None, sources=files)
    assert first.counts["new"] == len(files) == DataProduct.objects.filter(origin="registry").count()
    resources = sum(len(read_document(file.raw).data["Resources"]) for file in files)
    assert OutputPort.objects.count() == resources
    kept = {bytes(raw) for raw in ProductDescriptorVersion.objects.values_list("original", flat=True)}
    assert kept == {file.raw for file in files}
    again = harvest_registry(actor=None, sources=files)
    assert again.counts["unchanged"] == len(files)
    assert not again.counts["changed"] + again.counts["vanished"]
    with capsys.disabled():
        teams = DataProduct.objects.exclude(team=None).values("team").distinct().count()
        print(f"\nregistry: {len(files)} products, {resources} ports, {teams} teams", end="")  # noqa: T201


@pytest.mark.django_db
@pytest.mark.usefixtures("search_index")
def test_every_entry_of_the_registry_is_found_by_its_name(
    client: Client, cast: Cast, capsys: pytest.CaptureFixture[str]
) -> None:
    harvest_registry(actor=None, sources=sources_in(FOLDER / "aws-open-data" / "datasets"))
    search.rebuild_index()
    client.force_login(cast.consumer)
    places: Counter[int] = Counter()
    lost = []
    for product in DataProduct.objects.filter(origin="registry").select_related("domain"):
        answer = client.get("/api/v1/search/", {"q": product.name, "kind": "product"})
        assert answer.status_code == 200, (product.name, answer.json())
        keys = [row["key"] for row in answer.json()["results"]]
        if product.key in keys:
            places[keys.index(product.key) + 1] += 1
        else:
            lost.append(product.name)
    with capsys.disabled():
        print(f"\nfound by name at place: {dict(sorted(places.items()))}", end="")  # noqa: T201
    assert not lost
    assert places.total() == len(list(sources_in(FOLDER / "aws-open-data" / "datasets")))
