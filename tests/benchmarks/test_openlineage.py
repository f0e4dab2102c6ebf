"""Lineage events over HTTP: one by one against a bare address that stores, in batches, and read into the lineage.

    ./mesh bench tests/benchmarks/test_openlineage.py
    BENCHMARK_SECONDS=300 ./mesh bench tests/benchmarks/test_openlineage.py -k read

One granian process and one worker as `./mesh up` starts them, one connection, on SQLite. Events are of 2.8 kB: START
and COMPLETE of runs of 50 jobs, two inputs, an output, 45 fields, 5 column links. The bare address (`urls.py`) is asked
alternately, so that a busy machine lengthens both. For so many seconds 300 events a second are sent while the worker
reads them. Times are by the clock; those of the processor are the processes' own, with their children.
"""

import http.client
import itertools
import json
import os
import signal
import statistics
import subprocess
import time
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import psutil
import pytest

from tests.lineage.openlineage.events import STORE, dataset, run_event
from tests.running_portal import Portal, started_portal

pytestmark = [pytest.mark.benchmark, pytest.mark.slow, pytest.mark.timeout(1_800)]
SECONDS = int(os.environ.get("BENCHMARK_SECONDS", "60"))
ROUNDS, JOBS, BATCH, BATCHES = 300, 50, 100, 40
RATE, PIECE = 300, 30  # events a second, sent so many at a time
PREPARE = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
from catalog.accounts.services.tokens import create_token
from tests.conftest import make_cast
print(json.dumps(create_token(actor=None, person=make_cast().owner, name="air", scopes=["lineage", "write"])[1]))
"""
COUNT = "SELECT count(*) FROM lineage_lineageevent WHERE kind = 'run' AND state = '{}'"


def events() -> Iterator[dict[str, Any]]:
    fields = [{"name": f"column_{n}", "type": "integer", "description": "of one"} for n in range(15)]
    schema = {"schema": {"fields": fields}}
    for number in itertools.count():
        job = number % JOBS
        inputs = [dataset(f"in_{job}_{n}", schema) for n in range(2)]
        made = {"namespace": STORE, "name": inputs[0]["name"]}
        links = {f"column_{n}": {"inputFields": [made | {"field": f"column_{n}"}]} for n in range(5)}
        outputs = [dataset(f"out_{job}", schema | {"columnLineage": {"fields": links}})]
        for place, state in enumerate(("START", "COMPLETE")):
            yield run_event(
                state, job=f"job-{job}", run=f"run-{number}", minutes=number / 10 + place / 20, inputs=inputs,
                outputs=outputs,
            )  # fmt: skip


class Sender:
    def __init__(self, address: str, secret: str) -> None:
        self.link = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
        self.headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}

    def post(self, path: str, data: Any) -> float:
        """Milliseconds until it was answered."""
        body = json.dumps(data)
        begun = time.perf_counter()
        self.link.request("POST", path, body, self.headers)
        answer = self.link.getresponse()
        said = answer.read()
        assert answer.status in (200, 201), said
        return (time.perf_counter() - begun) * 1000


def count(portal: Portal, state: str) -> int:
    return int(portal.rows(COUNT.format(state))[0][0])


def wait_for_all(portal: Portal, seconds: float) -> float:
    """How many seconds until nothing waits."""
    begun = time.perf_counter()
    while count(portal, "waiting"):
        assert time.perf_counter() - begun < seconds
        time.sleep(0.05)
    return time.perf_counter() - begun


def used(process: subprocess.Popen[bytes]) -> float:
    """Seconds of processor that a process and those it started have taken."""
    own = psutil.Process(process.pid)
    times = [each.cpu_times() for each in (own, *own.children(recursive=True))]
    return sum(each.user + each.system for each in times)


class Told(NamedTuple):
    portal: Portal
    sender: Sender
    server: subprocess.Popen[bytes]


@pytest.fixture(scope="module")
def told() -> Iterator[Told]:
    """A portal that takes events and, until a test starts a worker, reads none."""
    with started_portal() as portal:
        portal.env["DJANGO_SETTINGS_MODULE"] = "tests.benchmarks.settings"
        secret = portal.run(PREPARE)
        worker = portal.worker()  # without which the portal is not ready
        address = portal.web()
        server = portal.processes[-1]
        os.killpg(worker.pid, signal.SIGKILL)
        sender = Sender(address, secret)
        yield Told(portal, sender, server)
        sender.link.close()


told_events = events()  # of all tests, so that none is told twice


def some(number: int) -> list[dict[str, Any]]:
    return list(itertools.islice(told_events, number))


def test_one_event_costs_at_most_twice_a_bare_address_that_stores(told: Told) -> None:
    times: dict[str, list[float]] = {"/api/v1/lineage": [], "/api/bare/store": []}
    for event in some(ROUNDS):
        for path, taken in times.items():
            taken.append(told.sender.post(path, event))
    single, bare = (statistics.median(taken[20:]) for taken in times.values())
    say(f"one event {single:.1f} ms, bare {bare:.1f} ms: {bare / single:.0%} of its speed")
    assert bare / single >= 0.5


def test_batches_are_stored(told: Told) -> None:
    batches = [some(BATCH) for _ in range(BATCHES)]
    before, begun = used(told.server), time.perf_counter()
    for batch in batches:
        told.sender.post("/api/v1/lineage/batch", batch)
    stored = BATCH * BATCHES / (time.perf_counter() - begun)
    cost = BATCH * BATCHES / (used(told.server) - before)
    say(f"batches of {BATCH}: {stored:,.0f} events/s by the clock, {cost:,.0f} of processor")
    assert stored >= 1_000


def test_events_are_read_as_fast_as_they_come(told: Told) -> None:
    portal = told.portal
    for _ in range(10):
        told.sender.post("/api/v1/lineage/batch", some(BATCH))
    worker = portal.worker()
    portal.wait("SELECT count(*) > 0 FROM lineage_run", [(1,)], 60)  # it takes seconds to start
    waiting = count(portal, "waiting")
    read = waiting / wait_for_all(portal, 300)
    sent, before, begun, most = 0, used(worker), time.perf_counter(), 0
    while (spent := time.perf_counter() - begun) < SECONDS:
        if sent <= spent * RATE:
            told.sender.post("/api/v1/lineage/batch", some(PIECE))
            sent += PIECE
            if sent % (RATE * 5) == 0:
                most = max(most, count(portal, "waiting"))
        else:
            time.sleep(0.01)
    behind = count(portal, "waiting")
    caught_up = wait_for_all(portal, 300)
    cost = sent / (used(worker) - before)
    say(
        f"{waiting:,} waiting events read at {read:,.0f}/s; {sent:,} sent in {spent:.0f} s ({sent / spent:.0f}/s),"
        f" at most {most:,} waited, {behind:,} at the end, caught up in {caught_up:.1f} s;"
        f" {cost:,.0f}/s of the worker's processor"
    )
    assert count(portal, "failed") == 0
    assert sent / spent >= RATE * 0.98
    assert max(most, behind) < RATE * 10  # never more than ten seconds behind


def say(words: str) -> None:
    """The figures are what this is for."""
    print(f"{words}; load {os.getloadavg()[0]:.1f}")  # noqa: T201
