"""Dockerfile and compose.yaml, read without an engine: what they name exists, and is what the portal runs by itself."""

import re
import shlex
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

from meshportal.run.up import web_command, worker_command
from tests.architecture.sources import ROOT

BIN = "/app/.venv/bin"
SETTING = re.compile(r"MESHPORTAL_[A-Z][A-Z_]*[A-Z]")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    made: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return made


@pytest.fixture(scope="module")
def steps() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def of(steps: list[tuple[str, str]], name: str) -> list[str]:
    return [rest for instruction, rest in steps if instruction == name]


def ours(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: s for name, s in compose["services"].items() if s["image"].startswith("meshportal")}


def test_every_variable_is_a_documented_setting() -> None:
    documented = set(SETTING.findall((ROOT / "docs/settings.md").read_text(encoding="utf-8")))
    for name in ("Dockerfile", "compose.yaml"):
        named = set(SETTING.findall((ROOT / name).read_text(encoding="utf-8")))
        assert named
        assert {item.removesuffix("_FILE") for item in named} <= documented, name


def test_hosts_share_what_they_must(compose: dict[str, Any]) -> None:
    for name, service in ours(compose).items():
        settings = service["environment"]
        assert settings["MESHPORTAL_SEARCH_BACKEND"] == "postgres", name
        given = {key.removesuffix("_FILE") for key in settings}
        wanted = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ENCRYPTION_KEYS"}
        assert {f"MESHPORTAL_{item}" for item in wanted} <= given, name
        for key, value in settings.items():
            if key.endswith("_FILE"):
                assert value.removeprefix("/run/secrets/") in service["secrets"], key
    for service in compose["services"].values():
        assert set(service.get("secrets", ())) <= set(compose["secrets"])
        assert {volume.split(":")[0] for volume in service.get("volumes", ())} <= set(compose["volumes"])
        assert set(service.get("depends_on", ())) <= set(compose["services"])
    folders = [service["volumes"] for name, service in ours(compose).items() if name != "prepare"]
    assert folders[0] != folders[1], "a data folder is one host's"


def test_commands_are_those_the_portal_starts_by_itself(
    compose: dict[str, Any], steps: list[tuple[str, str]]
) -> None:
    web = yaml.safe_load(of(steps, "CMD")[-1])
    assert web == web_command(Path(BIN), "0.0.0.0", 8000)  # noqa: S104  # inside its container
    assert compose["services"]["worker"]["command"] == worker_command(Path(BIN), Path("/data"))
    prepare = compose["services"]["prepare"]["command"]
    assert prepare[0] == f"{BIN}/python"
    assert (ROOT / prepare[1]).is_file()
    for command in (prepare[2], *re.findall(r"\./mesh manage (\w+)", (ROOT / "compose.yaml").read_text())):
        assert command in get_commands()
    for program in {web[0], compose["services"]["worker"]["command"][0]}:
        assert (Path(sys.executable).parent / Path(program).name).is_file(), program


def test_the_image_is_small_locked_and_not_roots(steps: list[tuple[str, str]]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    oldest = project["requires-python"].removeprefix(">=")
    assert all(image.split()[0] == f"python:{oldest}-slim" for image in of(steps, "FROM"))
    install = next(rest for rest in of(steps, "RUN") if "pip install" in rest)
    assert {"--require-hashes", "--only-binary", "/tmp/requirements.txt"} <= set(shlex.split(install))  # noqa: S108
    assert of(steps, "USER") == ["portal"]
    order = [name for name, _ in steps]
    assert order.index("USER") < order.index("CMD")
    (health,) = of(steps, "HEALTHCHECK")
    check = yaml.safe_load(health[health.index("CMD") + 4 :])
    compile(check[-1], "healthcheck", "exec")
    assert "/healthz" in check[-1]


def test_only_what_runs_goes_into_the_image() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert lines[0] == "*"
    kept = {line[1:] for line in lines if line.startswith("!")}
    assert all((ROOT / name).exists() for name in kept)
    assert {"catalog", "lineage", "meshportal", "templates", "static", "manage.py", "mesh"} <= kept
    assert not kept & {"tests", ".git", ".venv", "requirements-dev.txt"}


def test_servers_are_of_versions_the_portal_supports(compose: dict[str, Any]) -> None:
    images = {name: service["image"] for name, service in compose["services"].items()}
    assert all(re.search(r":\d+(\.\d+)*(-[a-z0-9]+)?$", image) for image in images.values()), "pin a version"
    (version,) = re.findall(r"^postgres:(\d+)", images["postgres"])
    (oldest,) = re.findall(
        r"PostgreSQL (\d+) or later", (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    )
    assert int(version) >= int(oldest)
    command = compose["services"]["valkey"]["command"]
    assert command[command.index("--maxmemory-policy") + 1] == "volatile-lru"
