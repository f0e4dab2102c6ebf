"""A real Valkey for the tests that ask for one: the embedded server on a socket of its own."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from meshportal.run import up


@contextlib.contextmanager
def running() -> Iterator[str]:
    """Start a server; yields its address as MESHPORTAL_REDIS_URL takes it. MESHPORTAL_TEST_REDIS_URL names one
    that runs already."""
    given = os.environ.get("MESHPORTAL_TEST_REDIS_URL", "")
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="vk-") as folder:
        try:
            command = up.valkey_command(Path(sys.prefix) / "bin" / "python", Path(folder))
        except up.RunError as error:
            pytest.skip(str(error))
        path = Path(folder) / "valkey.sock"
        server = subprocess.Popen(command)
        try:
            yield f"unix://{wait_for(path)}"
        finally:
            server.terminate()
            server.wait(10)


def wait_for(path: Path) -> Path:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(path))
            return path
        time.sleep(0.02)
    pytest.fail(f"Valkey never listened on {path}.")
