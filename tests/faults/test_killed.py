"""kill -9 of every part under load, a wiped Valkey, an index changed by hand: the portal is itself again by itself."""

import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.running import HEALED, Load, Portal, healed, running, wait_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.alone,
    pytest.mark.timeout(600),
    pytest.mark.skipif(sys.platform != "linux", reason="the processes are found in /proc"),
]

HEARTBEAT = "meshportal-cache:1:worker-heartbeat"


@pytest.fixture(scope="module")
def portal() -> Iterator[Portal]:
    with tempfile.TemporaryDirectory(prefix="mp-") as folder, running(Path(folder)) as portal:
        yield portal


@pytest.mark.parametrize("name", ["worker", "valkey", "web"])
def test_killed_part_comes_back_and_nothing_is_lost(portal: Portal, name: str) -> None:
    with Load(portal) as load:
        before = portal.kill(name)
        wait_for(lambda: portal.pid_of(name) not in (0, before), 40, f"{name} was not started again")
        portal.wait_ready()
        made = len(load.made)
        wait_for(lambda: len(load.made) > made + 1, HEALED, "nobody can write any more")
    healed(portal, load)
    text = portal.page()
    words = {"worker": "The worker", "valkey": "Valkey", "web": "The web server"}[name]
    assert f"{words} was killed (SIGKILL)" in text, "the operations page says what happened"
    assert "It was started again" in text


def test_clock_killed_alone_comes_back_with_its_worker(portal: Portal) -> None:
    """With `--beat` the clock is a child of the worker's, which the supervisor does not see."""
    portal.wait_ready()
    before = portal.pid_of("worker")
    os.kill(portal.clock(), signal.SIGKILL)
    wait_for(lambda: portal.pid_of("worker") not in (0, before), 40, "the worker was not started again")
    wait_for(portal.clock, 40, "there is no clock")
    portal.wait_ready()
    for _ in range(2):  # the first may be the worker's own, left when it was ready
        left = portal.valkey().get(HEARTBEAT)
        wait_for(lambda: portal.valkey().get(HEARTBEAT) != left, 60, "no periodic task runs any more")  # noqa: B023
    text = portal.page()
    assert "The clock of the periodic work died, so the worker ended itself" in text
    assert "The worker ended with status 70. It was started again." in text


def test_wiped_valkey_costs_nothing(portal: Portal) -> None:
    sentence = "The cache and broker was emptied or started anew."
    before = portal.page().count(sentence)
    with Load(portal) as load:
        for _ in range(3):
            portal.valkey().flushall()
            assert portal.readiness()["status"] == "ready", "a living worker is not called dead"
            time.sleep(0.5)
        made = len(load.made)
        wait_for(lambda: len(load.made) > made + 1, HEALED, "nobody can write any more")
    healed(portal, load)
    wait_for(lambda: portal.valkey().exists(HEARTBEAT), 40, "the worker is silent")
    wait_for(lambda: portal.page().count(sentence) > before, 40, "the operations page does not say it")


def index_files(portal: Portal, pattern: str) -> list[Path]:
    current = portal.data / "index" / (portal.data / "index" / "CURRENT").read_text().strip()
    return sorted(current.glob(pattern))


def flip_bytes(portal: Portal) -> None:
    for path in index_files(portal, "*.seg"):
        with path.open("r+b") as file:
            file.seek(path.stat().st_size // 3)
            file.write(os.urandom(200))


def delete_segments(portal: Portal) -> None:
    for path in index_files(portal, "*.seg"):
        path.unlink()


def garble_contents(portal: Portal) -> None:
    for path in index_files(portal, "*.toc"):
        path.write_bytes(b"nothing that Whoosh would write")


@pytest.mark.parametrize("harm", [flip_bytes, delete_segments, garble_contents])
def test_index_changed_by_hand_is_built_anew(portal: Portal, harm: object) -> None:
    rebuilt = "SELECT rebuilt_at FROM catalog_searchstate"
    with Load(portal) as load:
        before = portal.rows(rebuilt)
        harm(portal)  # type: ignore[operator]
        wait_for(lambda: portal.rows(rebuilt) != before, HEALED, "the index was not built anew")
        portal.wait_ready()
    healed(portal, load)
    assert "The search index was damaged and built anew" in portal.page()
