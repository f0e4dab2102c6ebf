"""A portal of its own that tests work on by commands, each in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PREAMBLE = "import json, django; django.setup()\n"


class Portal:
    """A data folder and a database, worked on by commands only."""

    def __init__(self, folder: Path, database: str = "") -> None:
        folder.mkdir()
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MESHPORTAL_")}
        self.env = kept | {
            "MESHPORTAL_DATA_DIR": str(folder),
            "DJANGO_SETTINGS_MODULE": "meshportal.settings",
            "PYTHONPATH": str(ROOT),
        }
        if database:
            self.env["MESHPORTAL_DATABASE_URL"] = database

    def _python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-W", "ignore", *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=200
        )

    def manage(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return self._python(str(ROOT / "manage.py"), *map(str, arguments))

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        return self._python("-c", PREAMBLE + script)

    def json(self, script: str) -> Any:
        done = self.run(script)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def done(process: subprocess.CompletedProcess[str]) -> str:
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout
