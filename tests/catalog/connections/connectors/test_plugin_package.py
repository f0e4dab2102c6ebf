"""A connector of somebody else: built as a package, installed, listed, used; a broken one is shown and skipped."""

import base64
import hashlib
import importlib
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from catalog.connections.connectors.registry import GROUP, registry
from catalog.crawling import runner, services
from catalog.crawling.models import CrawlRun
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
ROOT = Path(settings.BASE_DIR)
TESTED = """
from pathlib import Path

from {module} import IniConnector
from catalog.connections.connectors.contract import examine, local_context

folder = Path(__file__).parent
(folder / "a.ini").write_text("[one]\\nkey = 1\\n[two]\\nother = 2\\n")
assert examine(IniConnector(), {{"path": str(folder / "a.ini")}}, local_context(folder)) == []
print("kept")
"""


def documented() -> str:
    """The short connector of the documentation, as its author would have it in a file."""
    page = (ROOT / "docs" / "writing-a-connector.md").read_text(encoding="utf-8")
    code = re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0]
    lines = [line for line in code.splitlines() if line.strip()]
    assert len(lines) <= 30, "the page says thirty lines"
    return code


def wheel(folder: Path, name: str, code: str, entry: str, group: str = GROUP) -> Path:
    """A wheel as build tools make it (PEP 427): the module, METADATA, entry points and RECORD in a zip."""
    info = f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": code,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[{group}]\n{entry}\n",
    }
    rows = []
    for place, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        rows.append(f"{place},sha256={digest},{len(text.encode())}")
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for place, text in files.items():
            archive.writestr(place, text)
        archive.writestr(f"{info}/RECORD", "\n".join([*rows, f"{info}/RECORD,,"]) + "\n")
    return path


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path with two packages installed: a good one and one that cannot be imported."""
    folder = tmp_path / "site"
    good = wheel(tmp_path, "ini_of_somebody", documented(), "ini = ini_of_somebody:IniConnector")
    code = "raise ImportError('libthing.so.3: no such file, password=open-sesame')\n"
    broken = wheel(tmp_path, "broken_of_somebody", code, "thing = broken_of_somebody:ThingConnector")
    for package in (good, broken):
        with zipfile.ZipFile(package) as archive:
            archive.extractall(folder)
    monkeypatch.syspath_prepend(folder)
    importlib.invalidate_caches()
    registry.cache_clear()
    yield folder
    registry.cache_clear()
    sys.modules.pop("ini_of_somebody", None)


def test_installed_connector_is_listed_and_crawls_a_store(
    site: Path, cast: Cast, tmp_path: Path, settings: Settings
) -> None:
    settings.FILE_ROOTS = [str(tmp_path)]
    (tmp_path / "a.ini").write_text("[plays]\nseconds = 12\nat = 2026-03-01T10:00:00\n")
    client = Client()
    client.force_login(cast.admin)
    assert "Sections of one INI file." in client.get("/connections/new/").content.decode()
    assert b'name="config_path"' in client.get("/connections/new/ini/").content
    source = make.make_connection(
        kind="ini", team=cast.listening_team, config={"path": str(tmp_path / "a.ini")}
    )
    port = make.make_port(cast.play_events, "plays", connection=source, location="plays")
    run = services.request_crawl(actor=cast.owner, port=port)
    runner.run_batch([run.pk], now=timezone.now)
    assert CrawlRun.objects.get(pk=run.pk).status == "succeeded"
    asset = source.assets.get(name="plays")
    assert list(asset.schema_versions.get().fields.values_list("path", flat=True)) == ["seconds", "at"]
    reading = asset.readings.get()
    assert (reading.row_count, reading.fresh_basis) == (1, "column at")


@pytest.mark.parametrize("page", ["/connections/new/", "/operations/"])
def test_broken_package_is_shown_to_admins_with_its_error_and_skipped(
    site: Path, cast: Cast, page: str
) -> None:
    client = Client()
    client.force_login(cast.admin)
    body = client.get(page).content.decode()
    assert "broken-of-somebody" in body
    assert "libthing.so.3" in body
    assert "open-sesame" not in body
    assert "thing" not in registry().connectors
    client.force_login(cast.owner)
    assert "libthing" not in client.get(page).content.decode()


def test_author_examines_it_without_django_or_a_portal(site: Path) -> None:
    """As the author's own test would: nothing set up, nothing but the package and the portal's code on the path."""
    script = site / "examine.py"
    script.write_text(TESTED.format(module="ini_of_somebody"))
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{site}{os.pathsep}{ROOT}"}
    done = subprocess.run(
        [sys.executable, str(script)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == ("kept", "")
