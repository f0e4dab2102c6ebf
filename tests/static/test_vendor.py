"""What is vendored is what was vendored: every file named with its sum, with a licence beside it."""

import hashlib
import re
from pathlib import Path

import pytest
from django.conf import settings

BASE = Path(settings.BASE_DIR)
FOLDERS = [BASE / "static" / "vendor", BASE / "tests" / "journeys" / "vendor"]


@pytest.mark.parametrize("folder", FOLDERS, ids=["served", "tests"])
def test_every_file_has_its_sum(folder: Path) -> None:
    named = dict(
        reversed(line.split("  ", 1)) for line in (folder / "SHA256SUMS").read_text("utf-8").splitlines()
    )
    there = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for part in folder.iterdir()
        if part.is_dir()
        for path in part.rglob("*")
        if path.is_file()
    }
    assert there == named


@pytest.mark.parametrize("folder", FOLDERS, ids=["served", "tests"])
def test_every_part_has_version_licence_and_a_line_in_the_list(folder: Path) -> None:
    words = (BASE / "static" / "vendor" / "README.md").read_text("utf-8")
    for part in folder.iterdir():
        if part.is_dir():
            assert "@" in part.name
            assert (part / "LICENSE").is_file()
            assert f"`{part.name}`" in words


def test_templates_and_styles_name_only_files_that_are_there() -> None:
    for sheet in (BASE / "static" / "css").glob("*.css"):
        for address in re.findall(r'url\("([^"]+)"\)', sheet.read_text("utf-8")):
            assert (sheet.parent / address.replace("%40", "@")).is_file(), address
