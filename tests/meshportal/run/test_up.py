"""`./mesh up`: what it refuses, and one whole life of the real thing."""

import http.client
import json
import os
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import pytest

from meshportal import valkey
from meshportal.run import up
from meshportal.run.environment import RunError
from tests.hosts import Visitor, form_of

ROOT = Path(__file__).resolve().parents[3]
T = TypeVar("T")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment() -> dict[str, str]:
    """What a person's shell would hold: nothing of the portal's, nothing of pytest's."""
    foreign = ("MESHPORTAL_", "DJANGO_", "PYTEST_")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)}


def mesh(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "mesh", *arguments],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_second_portal_on_the_same_data_folder_is_refused(tmp_path: Path) -> None:
    with up.locked(tmp_path):
        done = mesh("up", "--data", tmp_path, "--port", str(free_port()))
    assert done.returncode == 1
    assert f"is in use by process {os.getpid()}" in done.stderr
    assert "Traceback" not in done.stderr


def test_busy_port_is_said_before_anything_is_made(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = mesh("up", "--data", tmp_path, "--port", str(port))
    assert done.returncode == 1
    assert f"Port {port} on 127.0.0.1 cannot be used: Address already in use." in done.stderr
    assert not (tmp_path / "portal.sqlite3").exists()


@pytest.mark.parametrize("port", ["99999", "-1", "0"])
def test_impossible_port_is_a_sentence(tmp_path: Path, port: str) -> None:
    done = mesh("up", "--data", tmp_path, f"--port={port}")
    assert done.returncode == 1
    assert "cannot be used" in done.stderr
    assert "Traceback" not in done.stderr


def test_data_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = mesh("up", "--data", tmp_path / "file" / "below")
    assert done.returncode == 1
    assert "cannot be used" in done.stderr


def test_demo_folder_is_not_opened_as_a_real_one(tmp_path: Path) -> None:
    (tmp_path / "DEMO").write_text("")
    with pytest.raises(RunError, match="holds the demo mesh"):
        up.choose_demo(tmp_path, fresh=False, demo=False)


def test_portal_in_use_never_becomes_a_demo(tmp_path: Path) -> None:
    up.choose_demo(tmp_path, fresh=False, demo=True)
    assert not (tmp_path / "DEMO").exists()
    up.choose_demo(tmp_path, fresh=True, demo=True)
    assert (tmp_path / "DEMO").exists()


def test_data_folder_is_closed_to_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    monkeypatch.setenv("MESHPORTAL_DATA_DIR", str(tmp_path / "open"))
    assert stat.S_IMODE(up.data_folder().stat().st_mode) == 0o700


def test_long_data_folder_gets_a_short_socket(tmp_path: Path) -> None:
    long = tmp_path / ("a" * 120)
    path = valkey.socket_path(long)
    assert len(os.fsencode(path)) <= valkey.LONGEST_SOCKET_PATH
    assert path == valkey.socket_path(long)
    assert path != valkey.socket_path(tmp_path / ("b" * 120))
    assert valkey.socket_path(Path("/data")) == Path("/data/valkey.sock")


def test_listening_on_a_name_answers_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MESHPORTAL_ALLOWED_HOSTS", raising=False)
    env = up.child_environment(tmp_path, "192.0.2.7")
    assert env["MESHPORTAL_ALLOWED_HOSTS"].split(",")[-1] == "192.0.2.7"
    assert "MESHPORTAL_ALLOWED_HOSTS" not in up.child_environment(tmp_path, "127.0.0.1")
    assert "MESHPORTAL_ALLOWED_HOSTS" not in up.child_environment(tmp_path, "::")


# --- the real thing


class Portal:
    """A running `./mesh up` with its output in a file, without the demo unless it is asked for."""

    def __init__(self, data: Path, log: Path, *, demo: bool = False) -> None:
        self.data, self.log, self.port = data, log, free_port()
        with log.open("a") as output:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, ROOT / "mesh", "up", "--data", data, "--port", str(self.port)),
                    *(() if demo else ("--no-demo",)),
                ],
                env=environment(),
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait_for(self, pattern: str, seconds: float = 90) -> re.Match[str]:
        def found() -> re.Match[str] | None:
            if self.process.poll() is not None:
                pytest.fail(f"./mesh up ended early:\n{self.log.read_text()}")
            return re.search(pattern, self.log.read_text(), re.MULTILINE)

        return wait_until(found, seconds)

    def get(self, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()

    def members(self, word: str = "") -> list[int]:
        """The processes that carry this data folder in their environment or command, but not ./mesh itself."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                text = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
                dead = (folder / "stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
            except OSError:
                continue
            if not dead and os.fsencode(self.data) in text and word.encode() in text:
                found.append(int(folder.name))
        return [pid for pid in found if pid not in (self.process.pid, os.getpid())]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


def wait_until(condition: Callable[[], T | None], seconds: float = 30) -> T:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (found := condition()) is not None and found is not False:
            return found
        time.sleep(0.1)
    pytest.fail("This never came true.")


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    data = tmp_path / "data"
    running = Portal(data, tmp_path / "log")
    yield running
    if running.process.poll() is None:
        running.stop()
    for pid in running.members():
        os.kill(pid, signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.skipif(sys.platform != "linux", reason="the processes are counted in /proc")
def test_whole_life_of_a_portal(portal: Portal) -> None:
    portal.wait_for(r"^Ready after")
    output = portal.log.read_text()
    assert len(re.findall(r"^[A-Za-z0-9_-]{20}$", output, re.MULTILINE)) == 1, "one password, printed once"
    status, body = portal.get("/readyz")
    assert (status, json.loads(body)["status"]) == (200, "ready")
    assert portal.get("/healthz")[0] == 200

    for path in [portal.data, *portal.data.rglob("*")]:
        assert path.is_symlink() or not path.stat().st_mode & 0o077, f"{path} is open to others"

    worker = min(portal.members("celery"))
    os.kill(worker, signal.SIGKILL)
    portal.wait_for(r"^worker ended \(signal SIGKILL\); starting it again", 20)
    wait_until(lambda: any(pid != worker for pid in portal.members("celery")))
    wait_until(lambda: portal.get("/readyz")[0] == 200)

    assert portal.stop(signal.SIGINT) == 0
    assert portal.members() == []
    assert "Traceback" not in portal.log.read_text()


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.skipif(sys.platform != "linux", reason="the processes are counted in /proc")
def test_killed_runner_leaves_nothing_and_the_folder_opens_again(portal: Portal, tmp_path: Path) -> None:
    portal.wait_for(r"^Ready after")
    assert portal.members()
    portal.stop(signal.SIGKILL)
    wait_until(lambda: not portal.members() or None)
    again = Portal(portal.data, tmp_path / "log2")
    try:
        again.wait_for(r"^Ready after")
        assert not re.search(r"^[A-Za-z0-9_-]{20}$", again.log.read_text(), re.MULTILINE), (
            "no second password"
        )
    finally:
        again.stop()


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.skipif(sys.platform != "linux", reason="the processes are counted in /proc")
@pytest.mark.timeout(600)
def test_whole_life_of_the_demo(tmp_path: Path) -> None:
    portal = Portal(tmp_path / "data", tmp_path / "log", demo=True)
    address = f"http://127.0.0.1:{portal.port}"
    try:
        portal.wait_for(r"^Ready after", 400)
        visitor = Visitor()
        form = form_of(visitor.ask("GET", f"{address}/account/login/").text, "next")
        entered = visitor.ask("POST", f"{address}/account/login/demo/", data=form | {"account": "consumer"})
        assert entered.status_code == 302, entered.text
        home = visitor.ask("GET", f"{address}/")
        assert home.status_code == 200
        assert "/products/listening/" in home.text, "the home page shows products of the demo"

        def found() -> bool:
            answer = visitor.ask("GET", f"{address}/api/v1/search/?q=play+events")
            return answer.status_code == 200 and "play-events" in answer.text

        wait_until(found, 60)
        assert portal.stop(signal.SIGTERM) == 0
        assert portal.members() == []
        assert "Traceback" not in portal.log.read_text()
    finally:
        if portal.process.poll() is None:
            portal.stop()
        for pid in portal.members():
            os.kill(pid, signal.SIGKILL)


def prepare(data: Path) -> subprocess.CompletedProcess[str]:
    return mesh("manage", "--data", data, "prepare")


@pytest.mark.slow
def test_existing_database_is_backed_up_before_it_is_migrated_and_a_newer_one_refused(tmp_path: Path) -> None:
    first = prepare(tmp_path)
    assert json.loads(first.stdout) == {"fresh": True}, first.stderr
    database = tmp_path / "portal.sqlite3"
    with closing(sqlite3.connect(database)) as rows, rows:
        rows.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
        rows.execute("DROP TABLE django_session")
    second = prepare(tmp_path)
    assert json.loads(second.stdout) == {"fresh": False}, second.stderr
    (backup,) = (tmp_path / "backups").iterdir()
    with closing(sqlite3.connect(backup)) as rows:
        tables = {name for (name,) in rows.execute("SELECT name FROM sqlite_master")}
    assert "catalog_dataproduct" in tables
    assert "django_session" not in tables

    with closing(sqlite3.connect(database)) as rows, rows:
        rows.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('catalog', '0999_future', '2031-01-01')"
        )
    third = prepare(tmp_path)
    assert third.returncode != 0
    assert "newer version" in third.stderr
    assert "catalog.0999_future" in third.stderr
    assert "Traceback" not in third.stderr
