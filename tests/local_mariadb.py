"""A MariaDB or MySQL server for tests: the one that runs, else one started in a temporary folder for the session."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymysql
import pytest

HOST, PORT, USER = "127.0.0.1", 3306, "root"
Reach = dict[str, Any]


def running() -> Reach | None:
    """How to reach the server of MESHPORTAL_TEST_MARIADB_PORT (3306), where root may sign in without a password."""
    port = int(os.environ.get("MESHPORTAL_TEST_MARIADB_PORT", PORT))
    try:
        pymysql.connect(host=HOST, port=port, user=USER, connect_timeout=2).close()
    except pymysql.Error:
        return None
    return {"host": HOST, "port": port, "user": USER}


@contextmanager
def started(folder: Path, *options: str) -> Iterator[Reach]:
    """A server of its own, with its data in `folder`; skips the test where the program is not installed."""
    program = shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin")
    maker = shutil.which("mariadb-install-db") or shutil.which("mariadb-install-db", path="/usr/bin")
    if not program or not maker:
        pytest.skip("no MariaDB server runs and mariadbd is not installed")
    data = folder / "data"
    common = ["--no-defaults", f"--datadir={data}", *(["--user=root"] if os.geteuid() == 0 else [])]
    made = subprocess.run(
        [maker, *common, "--auth-root-authentication-method=normal", "--skip-test-db"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    small = ["--innodb-buffer-pool-size=16M", "--innodb-log-file-size=8M", "--skip-log-bin"]
    place = [
        f"--port={port}",
        f"--bind-address={HOST}",
        f"--socket={folder / 's'}",
        f"--pid-file={folder / 'p'}",
    ]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen([program, *common, *small, *place, *options], stdout=log, stderr=log)
    reach = {"host": HOST, "port": port, "user": USER}
    try:
        _wait(server, reach, folder / "log")
        yield reach
    finally:
        server.terminate()
        server.wait(timeout=60)


def _wait(server: "subprocess.Popen[bytes]", reach: Reach, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()[-2000:]
        try:
            pymysql.connect(**reach, connect_timeout=2).close()
        except pymysql.Error:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"MariaDB did not start: {log.read_text()[-2000:]}")
