"""Every setting, dependency, address and task is documented; no file tells of a machine it was made on."""

import re
import tomllib
from io import StringIO

import pytest
from django.core.management import call_command

from tests.architecture.sources import ROOT, own_python, texts

SETTING = re.compile(r"MESHPORTAL_[A-Z][A-Z_]*[A-Z]")
TESTS_ONLY = {"MESHPORTAL_FIXTURES"}


def settings_read() -> set[str]:
    found = {name for path in own_python() for name in SETTING.findall(path.read_text(encoding="utf-8"))}
    return {name.removesuffix("_FILE") for name in found}


def test_every_setting_is_documented_and_every_documented_one_is_read() -> None:
    documented = set(SETTING.findall((ROOT / "docs/settings.md").read_text(encoding="utf-8")))
    documented = {name.removesuffix("_FILE") for name in documented}
    assert settings_read() - documented == set(), "describe these in docs/settings.md"
    assert documented - settings_read() - TESTS_ONLY == set(), "nothing reads these"


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[\[<>=~!]", line, maxsplit=1)[0].lower() for line in wanted}
    page = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    explained = {name.lower() for name in re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)}
    assert names - explained == set(), "say in docs/dependencies.md why"
    assert explained - names == set(), "these are not dependencies any more"


@pytest.mark.django_db
def test_reference_of_addresses_and_tasks_is_up_to_date() -> None:
    out = StringIO()
    call_command("reference", stdout=out)
    made = out.getvalue()
    kept = (ROOT / "docs/reference.md").read_text(encoding="utf-8")
    assert kept == made, "run ./mesh manage reference > docs/reference.md"
    assert "(undocumented)" not in made


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_locks_carry_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    pins = re.findall(r"^[a-z0-9][a-z0-9._-]*(?:\[[a-z,]+\])?==", text, re.MULTILINE)
    assert len(pins) > 40
    assert text.count(" \\\n    --hash=sha256:") >= len(pins)
    assert "://" not in text
    assert "--index-url" not in text
    assert "file:" not in text


def test_locks_name_every_direct_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for lock, wanted in (
        ("requirements.txt", project["dependencies"]),
        ("requirements-dev.txt", [*project["dependencies"], *project["optional-dependencies"]["dev"]]),
    ):
        text = (ROOT / lock).read_text(encoding="utf-8").lower()
        pinned = set(re.findall(r"^([a-z0-9][a-z0-9._-]*)(?:\[[a-z,]+\])?==", text, re.MULTILINE))
        named = {re.split(r"[\[<>=~!]", line, maxsplit=1)[0].lower() for line in wanted}
        assert named <= pinned, f"lock {lock} again"


def test_no_file_tells_of_a_registry_or_of_somebodys_machine() -> None:
    """Locks and lock-like files tend to record where packages were fetched, tracebacks where they happened."""
    told = re.compile(
        r"https?://(?!pypi\.org/project/)[^\s\"'<>]*(?:pypi|pythonhosted|npmjs|/simple/)[^\s\"'<>]*"
        r"|/(?:home|Users|root|work)/[A-Za-z0-9._-]+/",
        re.IGNORECASE,
    )
    found = [
        f"{path}: {match.group()}"
        for path, text in texts()
        if path.name != "test_documentation.py"
        for match in told.finditer(text)
    ]
    assert not found


def test_documentation_links_lead_somewhere() -> None:
    broken = []
    for path, text in texts():
        if path.suffix != ".md":
            continue
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
            outside = "://" in target or target.startswith("mailto:")
            if not outside and not (ROOT / path.parent / target).exists():
                broken.append(f"{path}: {target}")
    assert not broken
