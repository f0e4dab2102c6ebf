"""The virtual environment `.venv`, made from the hashed lock files and renewed when they change."""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "lock.sha256"
EXTRAS = VENV / "extras.txt"  # one chosen extra a line
LOCK, DEV_LOCK = ROOT / "requirements.txt", ROOT / "requirements-dev.txt"


class RunError(Exception):
    """Something a person can mend; the message says what happened and what to do."""


def say(text: str) -> None:
    """One line of progress, at once even when the output is a file."""
    print(text, flush=True)


def ensure(*, development: bool = False) -> Path:
    """Make `.venv` hold what the lock and the chosen extras name and return its interpreter.

    The development lock contains the other one, so an environment made for the tests also runs the portal. A
    `.venv` that is a link belongs to whoever made the link and is used as it is. Raises RunError.
    """
    if VENV.is_symlink():
        return PYTHON
    extras = [extra_lock(name) for name in chosen_extras()]
    wanted = [DEV_LOCK if development else LOCK, *extras]
    good_enough = [[DEV_LOCK, *extras]] if development else [[LOCK, *extras], [DEV_LOCK, *extras]]
    stamp = STAMP.read_text(encoding="ascii").strip() if STAMP.is_file() else ""
    if PYTHON.exists() and stamp in {_digest(locks) for locks in good_enough}:
        return PYTHON
    count = sum(lock.read_text(encoding="utf-8").count("==") for lock in wanted)
    say(f"Installing {count} packages into .venv, once …")
    start = time.monotonic()
    _install(wanted)
    STAMP.write_text(_digest(wanted) + "\n", encoding="ascii")
    say(f"Installed in {time.monotonic() - start:.0f} s.")
    return PYTHON


def known_extras() -> list[str]:
    """The extras there are: those with a lock of their own."""
    names = (
        path.name.removeprefix("requirements-").removesuffix(".txt")
        for path in LOCK.parent.glob("requirements-*.txt")
    )
    return sorted(name for name in names if name != "dev")


def extra_lock(name: str) -> Path:
    return LOCK.parent / f"requirements-{name}.txt"


def chosen_extras() -> list[str]:
    """The extras of this environment that there still are, in order."""
    kept = EXTRAS.read_text(encoding="utf-8").split() if EXTRAS.is_file() else []
    return [name for name in known_extras() if name in kept]


def add_extras(names: Iterable[str]) -> list[str]:
    """Remember extras for this environment and install them; returns all that are chosen now. Raises RunError."""
    unknown = sorted(set(names) - set(known_extras()))
    if unknown:
        raise RunError(f"There is no extra {unknown[0]}. There are: {', '.join(known_extras())}.")
    if VENV.is_symlink():
        raise RunError("This .venv is a link: install the locks of the extras where it leads to.")
    before = chosen_extras()
    ensure()
    _choose([*before, *names])
    try:
        ensure()
    except RunError:
        _choose(before)
        raise
    return chosen_extras()


def _choose(names: Iterable[str]) -> None:
    EXTRAS.write_text("".join(f"{name}\n" for name in sorted(set(names))), encoding="utf-8")


def _digest(locks: Sequence[Path]) -> str:
    """What decides whether to install again: the locks and the interpreter's version."""
    version = ".".join(str(part) for part in sys.version_info[:2])
    return hashlib.sha256(b"".join(lock.read_bytes() for lock in locks) + version.encode()).hexdigest()


def _install(locks: Sequence[Path]) -> None:
    """Install with uv where it is on PATH (several times faster), else with pip; hashes are checked by both."""
    STAMP.unlink(missing_ok=True)
    extras = EXTRAS.read_text(encoding="utf-8") if EXTRAS.is_file() else ""
    try:
        _install_anew(locks)
    finally:  # a new environment has forgotten them
        if extras and VENV.is_dir():
            EXTRAS.write_text(extras, encoding="utf-8")


def _install_anew(locks: Sequence[Path]) -> None:
    uv = shutil.which("uv")
    if uv and _with_uv(uv, locks):
        return
    if not _runs(PYTHON, "-m", "pip", "--version"):
        _call([sys.executable, "-m", "venv", "--clear", str(VENV)], "The virtual environment cannot be made")
    named = [part for lock in locks for part in ("-r", str(lock))]
    _call(
        [
            *(str(PYTHON), "-m", "pip", "install", "-qq", "--disable-pip-version-check"),
            *("--progress-bar", "off", "--require-hashes", "--only-binary", ":all:", *named),
        ],
        "The packages cannot be installed",
    )


def _with_uv(uv: str, locks: Sequence[Path]) -> bool:
    """Whether uv did it; pip is asked when it did not (no index set for it, an old version)."""
    steps = [
        [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)],
        [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", str(PYTHON), *map(str, locks)],
    ]
    if PYTHON.exists():
        steps = steps[1:]
    return all(subprocess.run(step, cwd=ROOT, capture_output=True).returncode == 0 for step in steps)


def _runs(*command: str | Path) -> bool:
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        return False


def _call(command: list[str], failure: str) -> None:
    if subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONWARNINGS": "ignore"}).returncode:
        shown = " ".join(command[:4])
        raise RunError(f"{failure}: `{shown} …` failed, its message stands above. Mend that and try again.")
