"""Extras of the environment: chosen once, kept when the lock changes, refused when unknown."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from meshportal.run import commands, environment
from meshportal.run.environment import RunError


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """A working copy with three locks and an environment that notes what it is told to install."""
    for name in ("requirements", "requirements-dev", "requirements-kafka", "requirements-lake"):
        (tmp_path / f"{name}.txt").write_text(f"{name}==1\n")
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").touch()
    for name, value in {
        "VENV": venv,
        "PYTHON": venv / "bin" / "python",
        "STAMP": venv / "lock.sha256",
        "EXTRAS": venv / "extras.txt",
        "LOCK": tmp_path / "requirements.txt",
        "DEV_LOCK": tmp_path / "requirements-dev.txt",
    }.items():
        monkeypatch.setattr(environment, name, value)
    done: list[list[str]] = []

    def install(locks: Sequence[Path]) -> None:
        if any("fails" in lock.read_text() for lock in locks):
            raise RunError("it failed")
        (venv / "extras.txt").unlink(missing_ok=True)  # as a new environment would be
        done.append([lock.stem for lock in locks])

    monkeypatch.setattr(environment, "_install_anew", install)
    return done


def test_extras_are_installed_beside_the_core_and_kept(installed: list[list[str]]) -> None:
    environment.ensure()
    assert environment.add_extras(["kafka"]) == ["kafka"]
    environment.ensure()
    assert installed == [["requirements"], ["requirements", "requirements-kafka"]]
    environment.LOCK.write_text("requirements==2\n")
    environment.ensure()
    assert environment.add_extras(["lake"]) == ["kafka", "lake"]
    assert installed[2:] == [
        ["requirements", "requirements-kafka"],
        ["requirements", "requirements-kafka", "requirements-lake"],
    ]
    environment.ensure(development=True)
    assert installed[-1] == ["requirements-dev", "requirements-kafka", "requirements-lake"]
    before = len(installed)
    environment.ensure()  # what runs the tests also runs the portal
    assert len(installed) == before


def test_extras_that_cannot_be_installed_are_not_remembered(installed: list[list[str]]) -> None:
    environment.ensure()
    environment.extra_lock("lake").write_text("fails==1\n")
    with pytest.raises(RunError, match="it failed"):
        environment.add_extras(["lake"])
    assert environment.chosen_extras() == []
    with pytest.raises(RunError, match=r"There are: kafka, lake\."):
        environment.add_extras(["spark"])


def test_the_command_installs_and_lists(
    installed: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands.main(["extras", "kafka"]) == 0
    assert commands.main(["extras"]) == 0
    assert commands.main(["extras", "spark"]) == 1
    said = capsys.readouterr().out
    assert "Installed: kafka. Restart the portal on this host." in said
    assert "kafka: installed\nlake: not installed\n" in said


def test_an_environment_that_is_a_link_is_left_alone(
    installed: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(environment.VENV)
    monkeypatch.setattr(environment, "VENV", tmp_path / "link")
    with pytest.raises(RunError, match="is a link"):
        environment.add_extras(["kafka"])
