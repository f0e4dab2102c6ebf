"""The project's own files, as the architecture tests read them."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("catalog", "lineage", "meshportal")


@cache
def tracked() -> tuple[Path, ...]:
    """Every file of the project: what git tracks or would track; without git, what is not hidden."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    names = listed.stdout.split("\0") if listed.returncode == 0 else []
    paths = [ROOT / name for name in names if name] or [
        path
        for path in ROOT.rglob("*")
        if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
    ]
    return tuple(sorted(path for path in paths if path.is_file()))


def own_python() -> list[Path]:
    """The Python of the three packages, without the generated migrations."""
    return [
        path
        for path in tracked()
        if path.suffix == ".py"
        and path.relative_to(ROOT).parts[0] in PACKAGES
        and "migrations" not in path.parts
    ]


def texts() -> list[tuple[Path, str]]:
    """Every tracked file that is UTF-8 text and was written here: no vendored files."""
    found = []
    for path in tracked():
        if "vendor" in path.parts:
            continue
        try:
            found.append((path.relative_to(ROOT), path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return found
