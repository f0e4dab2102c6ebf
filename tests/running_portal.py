"""A portal in processes and a data folder of its own: Valkey, workers that can be killed, a web server."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from meshportal.run.up import ask_ready, valkey_command, wait_for_socket, web_command, worker_command
from meshportal.valkey import socket_path

ROOT = Path(__file__).resolve().parents[1]


class Portal:
    """What a test may start, ask and kill. File connectors may read below `stores`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stores = folder / "stores"
        self.stores.mkdir()
        self.python = Path(sys.executable)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MESHPORTAL_")}
        self.env = kept | {
            "MESHPORTAL_DATA_DIR": str(folder),
            "MESHPORTAL_FILE_ROOTS": str(self.stores),
            "MESHPORTAL_CRAWL_BEAT_SECONDS": "1",
            "MESHPORTAL_CRAWL_STALE_SECONDS": "3",
            "DJANGO_SETTINGS_MODULE": "meshportal.settings",
        }
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, command: list[str]) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            command, cwd=ROOT, env=self.env, start_new_session=True, stderr=subprocess.DEVNULL
        )
        self.processes.append(process)
        return process

    def worker(self) -> subprocess.Popen[bytes]:
        return self.start(worker_command(self.python.parent, self.folder))

    def web(self) -> str:
        """Start the web server on a free port of the loopback; the address when it and the rest are ready."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.start(web_command(self.python.parent, "127.0.0.1", port))
        end = time.monotonic() + 60
        while not (answer := ask_ready("127.0.0.1", port))[0]:
            assert time.monotonic() < end, f"the portal is not ready after 60 s: {answer[1]}"
            time.sleep(0.1)
        return f"http://127.0.0.1:{port}"

    def manage(self, *arguments: str) -> None:
        command = [str(self.python), "-W", "ignore", str(ROOT / "manage.py"), *arguments]
        subprocess.run(command, cwd=ROOT, env=self.env, check=True, stdout=subprocess.DEVNULL)

    def run(self, script: str) -> Any:
        """The JSON a script prints in a process of its own, with Django set up."""
        preamble = "import json, django; django.setup()\n"
        done = subprocess.run(
            [str(self.python), "-W", "ignore", "-c", preamble + script],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout or "null")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        database = sqlite3.connect(self.folder / "portal.sqlite3", timeout=20)
        try:
            return database.execute(query).fetchall()
        finally:
            database.close()

    def wait(self, query: str, expected: list[tuple[Any, ...]], seconds: float) -> None:
        end = time.monotonic() + seconds
        while (found := self.rows(query)) != expected:
            assert time.monotonic() < end, f"{query} gave {found} after {seconds} s"
            time.sleep(0.1)

    def stop(self) -> None:
        for process in reversed(self.processes):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


@contextmanager
def started_portal() -> Iterator[Portal]:
    """A portal whose Valkey runs; the test starts the rest. Afterwards nothing of it is left."""
    with tempfile.TemporaryDirectory(prefix="mp-") as folder:  # short: a socket's path is limited
        portal = Portal(Path(folder))
        try:
            portal.start(valkey_command(portal.python, portal.folder))
            wait_for_socket(socket_path(portal.folder))
            yield portal
        finally:
            portal.stop()
