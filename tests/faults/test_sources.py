"""Connectors and messages that do harm: one source fails in a sentence, the others are read, the worker stays small."""

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.faults.running import Portal, running, wait_for
from tests.local_servers import endless, http_server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.alone,
    pytest.mark.timeout(600),
    pytest.mark.skipif(sys.platform != "linux", reason="the processes are found in /proc"),
]
KINDS = ("crashing", "leaking", "hanging", "endless")
MOST = 700  # MiB a worker may hold here
ASK = """
from catalog.accounts.models import Team
from catalog.connections.models import Connection
from catalog.crawling import services
from tests import factories as make
source = Connection.objects.filter(slug=SLUG).first() or make.make_connection(SLUG, slug=SLUG, kind=KIND, schedule="manual", config=CONFIG, team=Team.objects.get(slug="listening-team"))
print(services.request_crawl(actor=None, connection=source).pk)
"""
POISON = """
from meshportal.celery import app
for signature in (("catalog.search.drain", ["too", "many", "arguments"]), ("catalog.crawling.run_batch", [["no number"]]), ("no.such.task", [])):
    app.send_task(*signature)
"""


@pytest.fixture(scope="module")
def portal() -> Iterator[Portal]:
    with (
        tempfile.TemporaryDirectory(prefix="mp-") as name,
        http_server({"/big.csv": endless(b"a,b\n" * 16_384)}) as big,
    ):
        folder = Path(name)
        site = folder / "site"
        info = site / "faulty-1.0.dist-info"
        info.mkdir(parents=True)
        code = (Path(__file__).parent / "faulty_connectors.py").read_text(encoding="utf-8")
        (site / "faulty_connectors_site.py").write_text(code, encoding="utf-8")
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: faulty\nVersion: 1.0\n")
        entries = "".join(f"{kind} = faulty_connectors_site:{kind.title()}\n" for kind in KINDS)
        (info / "entry_points.txt").write_text(f"[meshportal.connectors]\n{entries}")
        with running(
            folder,
            PYTHONPATH=str(site),
            MESHPORTAL_ALLOWED_PORTS=str(urlsplit(big).port),
            MESHPORTAL_CRAWL_SECONDS="4",
            MESHPORTAL_CRAWL_GRACE_SECONDS="10",
            MESHPORTAL_CRAWL_MEBIBYTES="32",
            MESHPORTAL_CRAWL_APART_MEBIBYTES="512",
            MESHPORTAL_WORKER_MEBIBYTES=str(MOST),
        ) as portal:
            portal.big = f"{big}/big.csv"  # type: ignore[attr-defined]
            yield portal


def ask(portal: Portal, kind: str, **config: str) -> int:
    script = (
        ASK.replace("SLUG", repr(f"a-{kind}-store"))
        .replace("KIND", repr(kind))
        .replace("CONFIG", repr(config))
    )
    return int(portal.run(script))


def ended(portal: Portal, run: int, seconds: float = 90) -> tuple[str, str]:
    """How a run ended: its code and its sentence; the worker's memory is watched meanwhile."""
    end = time.monotonic() + seconds
    while True:
        assert portal.memory_of("worker") < MOST * 1.5, "the worker grows"
        status, code, words = portal.rows(
            f"SELECT status, error_code, error FROM catalog_crawlrun WHERE id = {run}"
        )[0]
        if status not in ("queued", "running"):
            return str(code), str(words)
        assert time.monotonic() < end, f"run {run} is still {status} ({code})"
        time.sleep(0.2)


def others_are_read(portal: Portal) -> None:
    answer = portal.ask("POST", "products/listening/play-events/ports/plays/1.0.0/crawl/")
    assert answer.status_code == 202, answer.text
    wait_for(
        lambda: (
            portal.rows(f"SELECT status FROM catalog_crawlrun WHERE id = {answer.json()['id']}")
            == [("succeeded",)]
        ),
        60,
        lambda: (
            f"another source waits: {portal.rows('SELECT id, status, error, attempt FROM catalog_crawlrun')}"
        ),
    )


def deaths(portal: Portal) -> int:
    return portal.log.read_text().count("worker ended (")


def test_connector_that_kills_its_process_does_so_once(portal: Portal) -> None:
    code, words = ended(portal, ask(portal, "crashing"))
    assert (code, words) == ("crashed", "The connector ended the process that ran it (SIGSEGV).")
    assert deaths(portal) == 1
    portal.wait_ready()
    assert "The worker was killed (SIGSEGV). It was started again." in portal.page()
    again = ended(portal, ask(portal, "crashing"))
    assert again[0] == "crashed"
    assert deaths(portal) == 1, "the second time it had a process of its own"
    assert "a-crashing-store" in portal.page(), "it stands among the failing sources"
    others_are_read(portal)


def test_connector_that_leaks_is_ended_before_it_fills_the_host(portal: Portal) -> None:
    before = deaths(portal)
    code, words = ended(portal, ask(portal, "leaking"))
    assert (code, words) == ("out_of_memory", "The source needs more memory than a crawl may use.")
    assert deaths(portal) == before + 1
    portal.wait_ready()
    assert "more than its 700 MB, and ended itself. Its work is done again." in portal.page()
    others_are_read(portal)


def test_endless_answers_are_cut(portal: Portal) -> None:
    before = deaths(portal)
    code, words = ended(portal, ask(portal, "endless"))
    assert code in ("", "too_slow", "too_large"), words  # a listing is cut at the limit of assets
    assert portal.count("catalog_asset", "namespace = 'endless://'") <= 1
    code, words = ended(portal, ask(portal, "http", url=portal.big))  # type: ignore[attr-defined]
    reading = portal.rows("SELECT message FROM catalog_crawlitem ORDER BY id DESC LIMIT 1")
    assert "more than" in words or "time limit" in words or reading, words
    assert deaths(portal) == before
    others_are_read(portal)


def test_poisoned_messages_are_tried_once_and_block_nobody(portal: Portal) -> None:
    """Messages that raise, and those that were with workers that died (here: in the tests above)."""
    before, broker, unacked = deaths(portal), portal.valkey(), "meshportal-jobs:unacked"
    portal.run(POISON)
    for tag in broker.hkeys(unacked):
        broker.zadd(
            "meshportal-jobs:unacked_index", {tag: 0}
        )  # half an hour later the broker gives them anew
    others_are_read(portal)
    wait_for(lambda: not broker.hlen(unacked), 60, lambda: f"messages stay: {broker.hgetall(unacked)}")
    assert not broker.llen("meshportal-jobs:celery")
    assert deaths(portal) == before
    text = portal.page()
    for name in ("catalog.search.drain (TypeError)", "catalog.crawling.run_batch ("):
        assert f"The task {name.replace(' (', ' failed (')}" in text
    assert "A message asked for a task that there is not; it was dropped." in text


def test_connector_that_hangs_is_given_up(portal: Portal) -> None:
    run = ask(portal, "hanging")
    others_are_read(portal)
    code, words = ended(portal, run, 150)
    assert code == "crashed"
    assert words == "The connector did not stop when its time was over; its process was ended."
    assert "a-hanging-store" in portal.page()
