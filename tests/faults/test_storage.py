"""A PostgreSQL that restarts between a write and a read, and disks that fill up: kind answers, nothing lost, no person."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests import postgres_server, valkey
from tests.faults.running import HEALED, ROOT, Portal, wait_for
from tests.hosts import Host, Visitor

pytestmark = [
    pytest.mark.slow,
    pytest.mark.alone,
    pytest.mark.timeout(600),
    pytest.mark.skipif(sys.platform != "linux", reason="small disks are mounted as on Linux"),
]
SEED = """
from catalog.accounts import services
from tests.conftest import make_cast
cast = make_cast()
_, secret = services.create_token(actor=None, person=cast.admin, name="load", days=1, scopes=["write"])
print(json.dumps(secret))
"""
FOUND = """
from catalog.search import services
drift = services.repair_drift()
print(json.dumps(drift and drift.total))
"""


@contextmanager
def served(folder: Path, settings: dict[str, str]) -> Iterator[tuple[Host, str, str]]:
    """Web and worker in processes; the address and a token."""
    host = Host(folder / "data", settings)
    try:
        host.manage("prepare")
        token = host.run(SEED)
        host.worker()
        yield host, host.web(), token
    finally:
        host.stop()


def write(address: str, token: str, words: str) -> httpx.Response:
    return httpx.patch(
        f"{address}/api/v1/products/listening/play-events/",
        json={"purpose": words},
        headers={"Authorization": f"Bearer {token}", "If-Match": "*"},
        timeout=40,
    )


def operations(address: str) -> str:
    """The operations page as the admin sees it."""
    admin = Visitor()
    admin.sign_in(address, "admin")
    answer = admin.ask("GET", f"{address}/operations/")
    assert answer.status_code == 200, answer.text
    return answer.text


def found(address: str, token: str, words: str) -> bool:
    answer = httpx.get(
        f"{address}/api/v1/search/",
        params={"q": f'"{words}"'},
        headers={"Authorization": f"Bearer {token}"},
        timeout=40,
    )
    return answer.status_code == 200 and answer.json()["count"] > 0


def test_postgresql_restarted_while_it_is_used(tmp_path: Path) -> None:
    with postgres_server.running() as server, valkey.running() as redis:
        server.run("CREATE DATABASE portal")
        settings = {"MESHPORTAL_DATABASE_URL": server.url("portal"), "MESHPORTAL_REDIS_URL": redis}
        with served(tmp_path, settings | {"MESHPORTAL_SEARCH_BACKEND": "postgres"}) as (host, address, token):
            assert write(address, token, "before the restart").status_code == 200
            server.stop()
            answers = [write(address, token, "meanwhile"), httpx.get(f"{address}/account/login/", timeout=20)]
            answers.append(httpx.get(f"{address}/", headers={"Cookie": "sessionid=x"}, timeout=20))
            for answer in answers:
                assert answer.status_code in (200, 302, 503), answer.text
                if answer.status_code == 503:
                    assert answer.headers["Retry-After"]
                    assert "database does not answer just now" in answer.text.replace("&#x27;", "'")
            assert answers[0].status_code == 503
            ready = httpx.get(f"{address}/readyz", timeout=20)
            assert ready.status_code == 503
            assert ready.json()["reasons"]["database"] == "The database does not answer."
            server.start()
            wait_for(
                lambda: write(address, token, "after the restart").status_code == 200, HEALED, "no writing"
            )
            wait_for(lambda: found(address, token, "after the restart"), HEALED, "search does not find it")
            wait_for(
                lambda: httpx.get(f"{address}/readyz", timeout=20).status_code == 200, HEALED, "not ready"
            )
            assert "The database did not answer. Nothing was half saved." in operations(address)
            assert host.rows("SELECT purpose FROM catalog_dataproduct WHERE slug = 'play-events'") == [
                ("after the restart",)
            ]
            assert host.run(FOUND) == 0


@contextmanager
def small_disk(mebibytes: int) -> Iterator[Path]:
    """A disk of its own for a data folder. Skips where one may not be mounted."""
    with tempfile.TemporaryDirectory(prefix="mp-") as name:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m,mode=700", "faults", name],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
        try:
            yield Path(name)
        finally:
            subprocess.run(["umount", "-l", name], check=True)


def fill(folder: Path) -> Path:
    """Write until the disk is full; deleting the file makes room again."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        size = 1024 * 1024
        while size:
            try:
                file.write(b"x" * size)
            except OSError:
                size //= 2
    return ballast


def test_full_disk_is_said_and_heals_when_there_is_room(tmp_path: Path) -> None:
    """Database, index, logs and Valkey on one small disk: the worst case."""
    with (
        small_disk(96) as folder,
        valkey.running() as redis,
        served(folder, {"MESHPORTAL_REDIS_URL": redis}) as (host, address, token),
    ):
        host_rows = Portal.rows.__get__(host)  # SQLite, in its data folder
        host.data = host.folder  # type: ignore[attr-defined]
        assert write(address, token, "while there was room").status_code == 200
        wait_for(lambda: found(address, token, "while there was room"), HEALED, "search does not find it")
        ballast = fill(folder)
        written = "while there was room"
        for number in range(400):
            answer = write(address, token, f"attempt {number} " + "x" * 8_000)
            if answer.status_code == 200:
                written = f"attempt {number} "
                continue
            assert answer.status_code == 503, answer.text
            assert answer.headers["Retry-After"]
            assert "its disk is full" in answer.text
            break
        else:
            pytest.fail("the disk never was full")
        ready = httpx.get(f"{address}/readyz", timeout=20)
        assert ready.status_code == 503
        assert "The disk of the data folder is full" in ready.json()["reasons"]["disk"]
        assert httpx.get(f"{address}/account/login/", timeout=20).status_code in (200, 503)
        time.sleep(3)  # the worker meets the full disk too
        (purpose,) = host_rows("SELECT purpose FROM catalog_dataproduct WHERE slug = 'play-events'")[0]
        assert str(purpose).startswith(written), "what was answered for is there, what was refused is not"
        ballast.unlink()
        wait_for(
            lambda: write(address, token, "room again").status_code == 200, HEALED, "nothing can be saved"
        )
        wait_for(lambda: found(address, token, "room again"), HEALED, "search does not find it")
        wait_for(lambda: httpx.get(f"{address}/readyz", timeout=20).status_code == 200, HEALED, "not ready")
        assert host_rows("PRAGMA integrity_check") == [("ok",)]
        assert host.run(FOUND) == 0


INDEXING = """
import errno
from django.conf import settings
from catalog.audit.models import ChangeMark
from catalog.audit.services import mark_changed_in
from catalog.products.models import DataProduct
from catalog.search import services, tasks
from catalog.search.selectors import index_state
from tests import factories as make
services.drain_marks()
domain = make.make_domain("Full", team=make.make_team("Full"))
for number in range(60):
    make.make_product(f"Full {number}", domain=domain, description="word " * 3000 + str(number))
mark_changed_in("product", DataProduct.objects.all())
from tests.faults.test_storage import fill
ballast = fill(settings.SEARCH_INDEX_DIR)
waiting, before = ChangeMark.objects.count(), sorted(path.name for path in settings.SEARCH_INDEX_DIR.glob("v1-*"))
try:
    tasks.drain()
    outcome = "written"
except OSError as error:
    outcome = errno.errorcode[error.errno]
kept, said = ChangeMark.objects.count(), index_state().sentence
folders = sorted(path.name for path in settings.SEARCH_INDEX_DIR.glob("v1-*"))
ballast.unlink()
tasks.drain()
drift = services.repair_drift().total
print(json.dumps([outcome, waiting == kept, said, folders == before, ChangeMark.objects.count(), drift, index_state().sentence]))
"""


def test_full_disk_while_indexing_keeps_every_mark(tmp_path: Path) -> None:
    """The index alone on a small disk: nothing is forgotten, a sentence says it, room mends it."""
    with small_disk(8) as disk, tempfile.TemporaryDirectory(prefix="mp-") as name, valkey.running() as redis:
        index = {
            "MESHPORTAL_SEARCH_INDEX_DIR": str(disk),
            "PYTHONPATH": str(ROOT),
            "MESHPORTAL_REDIS_URL": redis,
        }
        host = Host(Path(name) / "data", index)
        host.manage("prepare")
        outcome, kept, said, same_folders, left, drift, then = host.run(INDEXING)
    assert outcome == "ENOSPC"
    assert kept, "marks were forgotten"
    assert "Its disk is full. Make room; nothing is lost" in said
    assert same_folders, "an unfinished index was left behind"
    assert (left, drift) == (0, 0)
    assert then == "The index says what the database says."
