"""`./mesh up` as a company would run it, under a small load; what a fault does to it is asked afterwards."""

import itertools
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from meshportal.run.up import ask_ready
from meshportal.valkey import socket_path
from tests.hosts import Visitor
from tests.postgres_server import free_port

ROOT = Path(__file__).resolve().parents[2]
HEALED = 60  # seconds within which the portal must be itself again, without a person
PLAYS = """
CREATE TABLE plays (id INTEGER PRIMARY KEY, track TEXT NOT NULL, seconds INTEGER);
INSERT INTO plays WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
    SELECT i, 'track ' || (i % 7), i % 30 FROM n;
"""
SEED = """
from django.core.management import call_command
call_command("prepare")
from catalog.accounts import services
from tests import factories as make
from tests.conftest import make_cast
cast = make_cast()
for number in range(30):
    make.make_port(make.make_product(f"Standing {number}", domain=cast.listening), "out")
asset_of = make.make_connection("Plays", kind="sqlite", schedule="manual", config={"path": PATH})
asset = make.make_asset(asset_of, "plays", namespace="sqlite://" + PATH, address={"table": "plays"})
make.make_port(cast.play_events, "plays", connection=asset_of, asset=asset)
_, secret = services.create_token(actor=None, person=cast.admin, name="load", days=1, scopes=["write"])
print(json.dumps(secret))
"""
# Compares every document with the database; asked again and again, so it stays.
COMPARER = """
import json, sys, django
django.setup()
from django.db import connection
from catalog.search import services
for line in sys.stdin:
    drift = services.repair_drift()
    print(json.dumps(None if drift is None else [len(drift.missing), len(drift.outdated), len(drift.surplus)]), flush=True)
    connection.close()
"""


class Portal:
    """A running portal: its processes by name, its database, its pages as an admin sees them."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder, self.data, self.stores = folder, folder / "data", folder / "stores"
        self.stores.mkdir()
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        foreign = ("MESHPORTAL_", "DJANGO_", "PYTEST_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        self.env = kept | {
            "MESHPORTAL_FILE_ROOTS": str(self.stores),
            "MESHPORTAL_ALLOWED_PRIVATE_HOSTS": "127.0.0.1",
            "MESHPORTAL_CRAWL_BEAT_SECONDS": "1",
            "MESHPORTAL_CRAWL_STALE_SECONDS": "3",
            "MESHPORTAL_API_RATE_USER": "1000000/min",
            **settings,
        }
        self.log = folder / "log"
        self.token = ""
        self._comparer: subprocess.Popen[str] | None = None
        self._admin = Visitor()

    def prepare(self) -> None:
        """An empty database, filled before anything runs: `up` makes no administrator then."""
        self.data.mkdir(mode=0o700)
        path = self.stores / "plays.sqlite"
        with sqlite3.connect(path) as database:
            database.executescript(PLAYS)
        database.close()
        self.token = self.run(SEED.replace("PATH", repr(str(path))))

    def start(self) -> None:
        with self.log.open("a") as output:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    ROOT / "mesh",
                    "up",
                    "--no-demo",
                    "--data",
                    self.data,
                    "--port",
                    str(self.port),
                ],
                env=self.env,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.wait_ready(120)

    def _django(self) -> dict[str, str]:
        more = {"MESHPORTAL_DATA_DIR": str(self.data), "DJANGO_SETTINGS_MODULE": "meshportal.settings"}
        path = os.pathsep.join(filter(None, (str(ROOT), self.env.get("PYTHONPATH"))))
        return self.env | more | {"PYTHONPATH": path}

    def run(self, script: str) -> Any:
        """What a script prints, as JSON; in a process of its own with Django set up."""
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", "import json, django; django.setup()\n" + script],
            cwd=ROOT, env=self._django(), capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.strip().splitlines()[-1]) if done.stdout.strip() else None

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        database = sqlite3.connect(self.data / "portal.sqlite3", timeout=20)
        try:
            return database.execute(query).fetchall()
        finally:
            database.close()

    def count(self, table: str, where: str = "1") -> int:
        return int(self.rows(f"SELECT count(*) FROM {table} WHERE {where}")[0][0])  # our own words

    def pid_of(self, name: str) -> int:
        """The leader of a part's process group: web, worker or valkey."""
        word = {"web": b"granian", "worker": b"celery", "valkey": b"valkey-server"}[name]
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError, ValueError):
                parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
                if parent == self.process.pid and word in (folder / "cmdline").read_bytes():
                    return int(folder.name)
        return 0

    def clock(self) -> int:
        """The process of beat, forked by the worker; 0 when there is none."""
        worker = self.pid_of("worker")
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError, ValueError):
                state, parent = (folder / "stat").read_text().rsplit(")", 1)[1].split()[:2]
                forked = int(parent) == worker != 0 and state != "Z"
                if forked and b"--beat" in (folder / "cmdline").read_bytes():
                    return int(folder.name)
        return 0

    def kill(self, name: str) -> int:
        pid = wait_for(lambda: self.pid_of(name), 40, f"{name} does not run")
        os.killpg(pid, signal.SIGKILL)
        return pid

    def memory_of(self, name: str) -> float:
        """MiB of memory a part holds, its children with it."""
        leader, total = self.pid_of(name), 0
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError, ValueError, IndexError):
                if os.getpgid(int(folder.name)) == leader:
                    text = (folder / "status").read_text()
                    total += int(text.split("VmRSS:")[1].split()[0])
        return total / 1024

    def valkey(self) -> "redis.Redis":
        return redis.Redis(unix_socket_path=str(socket_path(self.data)))

    def readiness(self) -> dict[str, Any]:
        with suppress(httpx.HTTPError, ValueError):
            answer: dict[str, Any] = httpx.get(f"{self.address}/readyz", timeout=5).json()
            return answer
        return {}

    def wait_ready(self, seconds: float = HEALED) -> None:
        def ready() -> bool:
            assert self.process.poll() is None, self.log.read_text()[-4000:]
            return ask_ready("127.0.0.1", self.port)[0]

        wait_for(ready, seconds, lambda: f"not ready: {self.readiness()}")

    def page(self, path: str = "/operations/") -> str:
        """A page as the admin sees it."""
        if not self._admin.cookies:
            self._admin.sign_in(self.address, "admin")
        answer = self._admin.ask("GET", self.address + path)
        assert answer.status_code == 200, answer.status_code
        return " ".join(answer.text.replace("&#x27;", "'").split())

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        return httpx.request(method, f"{self.address}/api/v1/{path}", headers=headers, timeout=30, **more)

    def found(self, words: str) -> list[str]:
        """Titles a real search finds."""
        answer = self.ask("GET", "search/", params={"q": f'"{words}"'})
        return [row["title"] for row in answer.json()["results"]] if answer.status_code == 200 else []

    def compare(self) -> list[int]:
        """Missing, outdated and surplus documents of the index, by the drift meter."""
        if self._comparer is None or self._comparer.poll() is not None:
            self._comparer = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-c", COMPARER],
                cwd=ROOT, env=self._django(), text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
        assert self._comparer.stdin is not None
        assert self._comparer.stdout is not None
        for _ in range(50):
            self._comparer.stdin.write("\n")
            self._comparer.stdin.flush()
            found = json.loads(self._comparer.stdout.readline())
            if found is not None:
                return list(found)
            time.sleep(0.2)
        raise AssertionError("somebody writes the index all the time")

    def stop(self) -> None:
        if self._comparer is not None:
            self._comparer.kill()
            self._comparer.communicate()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(40)


def wait_for(condition: Callable[[], Any], seconds: float, words: str | Callable[[], str]) -> Any:
    seconds *= max(
        1.0, os.getloadavg()[0] / (os.cpu_count() or 1)
    )  # with more to do than it can, seconds are longer
    end = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > end:
            pytest.fail(f"after {seconds:.0f} s: {words if isinstance(words, str) else words()}")
        time.sleep(0.2)
    return found


class Load:
    """Two readers, one editor who makes and changes products, and crawls asked for all the time.

    What was answered 2xx is committed, and must be there; what was not answered may be there once, never twice.
    """

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.statuses: dict[int, int] = {}
        self.rude: list[str] = []  # answers that are neither right nor kind
        self.made: list[str] = []
        self.tried: list[str] = []
        self.edits: list[str] = []  # purposes of Play events whose writing was answered
        self.crawls = 0
        self._over = threading.Event()
        self._lock = threading.Lock()
        works = (self._read_pages, self._read_api, self._edit, self._crawl)
        self._threads = [threading.Thread(target=self._repeat, args=(work,), daemon=True) for work in works]

    def __enter__(self) -> "Load":
        self.portal.page()  # signs in while all is well
        for thread in self._threads:
            thread.start()
        wait_for(
            lambda: len(self.made) >= 2 and self.crawls, 60, lambda: f"no load: {self.statuses} {self.rude}"
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(60)

    def _repeat(self, work: Callable[[int], None]) -> None:
        for number in itertools.count():
            if self._over.wait(0.05):
                return
            with suppress(httpx.HTTPError):
                work(number)

    def _noted(self, answer: httpx.Response) -> httpx.Response:
        with self._lock:
            self.statuses[answer.status_code] = self.statuses.get(answer.status_code, 0) + 1
            kind = answer.status_code == 503 and "Retry-After" in answer.headers
            if answer.status_code >= 500 and not kind:
                self.rude.append(
                    f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text[:300]}"
                )
        return answer

    def _read_pages(self, number: int) -> None:
        path = ("/", "/products/", "/search/?q=standing", "/products/listening/play-events/")[number % 4]
        visitor = self.portal._admin
        cookie = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
        self._noted(httpx.get(self.portal.address + path, headers={"Cookie": cookie}, timeout=30))

    def _read_api(self, number: int) -> None:
        path = ("products/", "search/?q=standing", "search/suggest/?q=sta")[number % 3]
        self._noted(self.portal.ask("GET", path))

    def _edit(self, number: int) -> None:
        name = f"Made {time.monotonic_ns()}"
        self.tried.append(name)
        fields = {"name": name, "domain": "listening", "purpose": "made under load"}
        if self._noted(self.portal.ask("POST", "products/", json=fields)).status_code == 201:
            self.made.append(name)
        words = f"written {time.monotonic_ns()}"
        answer = self.portal.ask(
            "PATCH", "products/listening/play-events/", json={"purpose": words}, headers={"If-Match": "*"}
        )
        if self._noted(answer).status_code == 200:
            self.edits.append(words)

    def _crawl(self, number: int) -> None:
        path = "products/listening/play-events/ports/plays/1.0.0/crawl/"
        if self._noted(self.portal.ask("POST", path)).status_code == 202:
            self.crawls += 1
        self._over.wait(0.3)


def healed(portal: Portal, load: Load) -> None:
    """Nothing committed is lost, nothing doubled, nobody was answered rudely, search equals the database."""
    assert not load.rude, load.rude[:5]
    names = [name for (name,) in portal.rows("SELECT name FROM catalog_dataproduct WHERE name LIKE 'Made %'")]
    assert len(names) == len(set(names)), "a product was made twice"
    assert set(load.made) <= set(names), "a product that was answered for is gone"
    last = load.edits[-1]
    (now,) = portal.rows("SELECT purpose FROM catalog_dataproduct WHERE slug = 'play-events'")[0]
    assert str(now) >= last, f"{now} was written before {last}, which was answered for"
    wait_for(
        lambda: not portal.count("catalog_changemark"), HEALED, lambda: f"marks stay: {portal.readiness()}"
    )
    wait_for(
        lambda: load.made[-1] in portal.found(load.made[-1]),
        HEALED,
        "search does not find what was made last",
    )
    wait_for(
        lambda: "Play events" in portal.found(str(now)), HEALED, "search does not find what was written last"
    )
    assert portal.compare() == [0, 0, 0]
    wait_for(
        lambda: (
            not portal.count(
                "catalog_crawlrun", "status IN ('running', 'queued') AND due_at <= datetime('now')"
            )
        ),
        HEALED,
        lambda: (
            f"crawls hang: {portal.rows('SELECT status, attempt, heartbeat_at FROM catalog_crawlrun ORDER BY id DESC LIMIT 5')}"
        ),
    )
    # A run that died with its worker is told as what it was, and done again.
    failed = portal.rows(
        "SELECT error_code, error FROM catalog_crawlrun WHERE status = 'failed' AND error_code <> 'worker_lost'"
    )
    assert not failed, failed
    finished = "SELECT status, error FROM catalog_crawlrun WHERE finished_at IS NOT NULL"
    last = portal.rows(f"{finished} ORDER BY finished_at DESC, id DESC LIMIT 1")
    assert last[0][0] == "succeeded", last
    asked = portal.count("catalog_crawlrun", "status = 'succeeded'")
    readings = "asset_id IN (SELECT id FROM catalog_asset WHERE name = 'plays')"
    assert portal.count("catalog_assetreading", readings) <= asked, "a crawl was stored twice"
    assert portal.count("catalog_asset", "name = 'plays'") == 1


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[Portal]:
    portal = Portal(folder, **settings)
    try:
        portal.prepare()
        portal.start()
        yield portal
    finally:
        portal.stop()
