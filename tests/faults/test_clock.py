"""The wall clock of a running portal is set: a day back, an hour forward. Nothing hangs, nothing comes in a storm."""

import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.running import HEALED, Portal, running, wait_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.alone,
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        sys.platform != "linux", reason="the clock is set by a preloaded library, as on Linux"
    ),
]
HOURLY = """
from catalog.accounts.models import Team
from tests import factories as make
make.make_connection("Hourly", kind="sqlite", schedule="1h", config={"path": PATH}, team=Team.objects.get(slug="listening-team"))
print(json.dumps(True))
"""
BEAT = "meshportal-cache:1:worker-heartbeat"


@pytest.fixture
def portal() -> Iterator[Portal]:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler: the library that sets the clock cannot be made")
    with tempfile.TemporaryDirectory(prefix="mp-") as name:
        library, source = Path(name) / "clock.so", Path(__file__).parent / "set_clock.c"
        subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"], check=True)
        set_clock(Path(name), 0)
        with running(Path(name), LD_PRELOAD=str(library), FAULTS_CLOCK=str(Path(name) / "clock")) as portal:
            yield portal


def set_clock(folder: Path, seconds: float) -> None:
    draft = folder / "clock.draft"
    draft.write_bytes(struct.pack("d", seconds))
    draft.replace(folder / "clock")


def works(portal: Portal, words: str, crawls: int) -> None:
    """Readiness stays true, work is done by the clock and by asking, people stay signed in."""
    before, end = portal.valkey().get(BEAT), time.monotonic() + HEALED
    fields = {"json": {"purpose": words}, "headers": {"If-Match": "*"}}
    assert portal.ask("PATCH", "products/listening/play-events/", **fields).status_code == 200
    asked = portal.ask("POST", "products/listening/play-events/ports/plays/1.0.0/crawl/").json()["id"]
    wait_for(lambda: "Play events" in portal.found(words), HEALED, "search does not find it")
    done = f"id = {asked} AND status = 'succeeded'"
    wait_for(lambda: portal.count("catalog_crawlrun", done), HEALED, "a crawl that was asked for hangs")
    scheduled = (
        "connection_id = (SELECT id FROM catalog_connection WHERE slug = 'hourly') AND status = 'succeeded'"
    )
    wait_for(lambda: portal.count("catalog_crawlrun", scheduled) >= crawls, HEALED, "the schedule hangs")
    while portal.valkey().get(BEAT) == before:
        assert time.monotonic() < end, "the clock of periodic work hangs"
        assert portal.readiness()["status"] == "ready"
        time.sleep(0.5)
    assert portal.count("catalog_crawlrun", scheduled.split(" AND ")[0]) == crawls, "crawls come in a storm"
    assert "signed in" not in portal.page("/products/listening/play-events/")


def test_clock_that_is_set_neither_stops_the_portal_nor_floods_it(portal: Portal) -> None:
    portal.page()
    portal.run(HOURLY.replace("PATH", repr(str(portal.stores / "plays.sqlite"))))
    works(portal, "by the right clock", 1)
    for seconds, words, crawls in ((-86_400, "back by 24.0 h", 2), (3_600, "forward by 25.0 h", 3)):
        set_clock(portal.folder, seconds)
        works(portal, f"clock set {words}", crawls)
        assert f"The clock of this host was set {words}." in portal.page()
