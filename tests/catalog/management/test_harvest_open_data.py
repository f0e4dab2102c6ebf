"""The command on a folder of files: twice changes nothing, what is gone is marked, the wrong folder is refused."""

import io
from pathlib import Path

import pytest
import yaml
from django.core.management import CommandError, call_command

from catalog.audit.models import AuditEvent, ChangeMark
from catalog.products.models import DataProduct, OutputPort

pytestmark = pytest.mark.django_db


def write(folder: Path, name: str) -> Path:
    path = folder / f"{name}.yaml"
    entry = {
        "Name": f"{name.title()} counts",
        "Description": f"Counts of {name}s from the air.",
        "Documentation": "https://counts.example.org/docs",
        "Contact": "counts@example.org",
        "ManagedBy": "Counting Society",
        "UpdateFrequency": "Yearly",
        "Tags": ["oceans", "biodiversity"],
        "License": "CC-BY-4.0",
        "Resources": [
            {"Description": "All", "ARN": f"arn:aws:s3:::{name}", "Region": "eu-west-1", "Type": "S3 Bucket"}
        ],
    }
    path.write_text(yaml.safe_dump(entry, sort_keys=False))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("whale", "seal", "gull"):
        write(tmp_path, name)
    return tmp_path


def run(folder: Path, *options: str) -> str:
    out = io.StringIO()
    call_command("harvest_open_data", str(folder), *options, stdout=out, stderr=out)
    return out.getvalue()


def everything() -> list[object]:
    rows = DataProduct.objects.order_by("pk").values_list(
        "slug", "revision", "updated_at", "origin_vanished_at"
    )
    return [*rows, *(model.objects.count() for model in (OutputPort, AuditEvent, ChangeMark))]


def test_twice_changes_nothing(folder: Path) -> None:
    assert run(folder).startswith("3 new in ")
    assert set(DataProduct.objects.values_list("name", flat=True)) == {
        "Whale counts",
        "Seal counts",
        "Gull counts",
    }
    before = everything()
    assert run(folder).startswith("3 unchanged in ")
    assert everything() == before


def test_removed_file_is_marked_and_comes_back(folder: Path) -> None:
    run(folder)
    (folder / "gull.yaml").unlink()
    assert "1 vanished" in run(folder)
    assert DataProduct.objects.exclude(origin_vanished_at=None).get().name == "Gull counts"
    write(folder, "gull")
    assert "1 returned" in run(folder)
    assert not DataProduct.objects.exclude(origin_vanished_at=None).exists()


def test_wrong_folder_is_refused_unless_forced(folder: Path, tmp_path: Path) -> None:
    run(folder)
    before = everything()
    (empty := tmp_path / "elsewhere").mkdir()
    with pytest.raises(CommandError, match="3 of 3 entries known here are not in the folder") as refused:
        run(empty)
    assert refused.value.returncode == 1
    assert everything() == before
    assert "3 vanished" in run(empty, "--force")


def test_what_is_no_folder_or_no_entry_is_told(folder: Path) -> None:
    with pytest.raises(CommandError, match="is not a folder") as refused:
        run(folder / "whale.yaml")
    assert refused.value.returncode == 2
    (folder / "bad.yaml").write_text("a: [1")
    out = io.StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("harvest_open_data", str(folder), stdout=out, stderr=out)
    assert end.value.code == 1
    assert "bad.yaml: $" in out.getvalue()
    assert "3 new" in out.getvalue()
