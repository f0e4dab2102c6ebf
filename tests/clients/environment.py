"""The command lines of others, from their packages, in an environment of their own below `.mesh/`.

Their 49 packages (some older than ours) must not enter ours. The environment is made once and kept for as long as
`requirements.txt` stays the same; making it takes about 40 seconds on a quiet machine and 550 MB.
"""

import fcntl
import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCK = Path(__file__).parent / "requirements.txt"
LINEAGE = Path(__file__).parent / "lineage.txt"  # openlineage-python and marquez-python
DBT = Path(__file__).parent / "dbt.txt"  # dbt with DuckDB, and dbt-ol
SECONDS = 600
_UNREACHABLE = re.compile(
    r"retrying|connection|timed out|temporary failure|name resolution|proxy", re.IGNORECASE
)


def client_commands(lock_file: Path = LOCK) -> Path:
    """The folder of the commands of the packages in `lock_file`; skips the test where they cannot be had."""
    name = hashlib.sha256(lock_file.read_bytes() + sys.version.encode()).hexdigest()[:12]
    kept = ROOT / ".mesh" / "clients"
    kept.mkdir(parents=True, exist_ok=True)
    folder = kept / name
    with (kept / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several processes of one test run
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            _install(folder, lock_file)
            (folder / "complete").touch()
    return folder / "bin"


def _install(folder: Path, lock_file: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        done = subprocess.run(
            [*pip, "--retries", "1", "--require-hashes", "-r", str(lock_file)],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"the clients could not be installed within {SECONDS} seconds")
    if done.returncode and _UNREACHABLE.search(done.stderr):
        pytest.skip(f"the package index cannot be reached: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
