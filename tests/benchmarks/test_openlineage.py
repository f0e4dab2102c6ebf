"""Lineage events over HTTP: one by one against a bare address that stores, in batches, and read into the lineage.

    ./mesh bench tests/benchmarks/test_openlineage.py
    MESHPORTAL_LINEAGE_SECONDS=300 ./mesh bench tests/benchmarks/test_openlineage.py

One granian process and one worker as `./mesh up` starts them, one connection, on SQLite. Events are of 2.8 kB: START
and COMPLETE of runs of 50 jobs, two inputs, an output, 45 fields, 5 column links. The bare address (`urls.py`) is asked
alternately, so that a busy machine lengthens both. For so many seconds 300 events a second are sent while the worker
reads them.
"""

import http.client
import itertools
import json
import os
import signal
import statistics
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.lineage.openlineage.events import STORE, dataset, run_event
from tests.running_portal import Portal, started_portal

pytestmark = [pytest.mark.benchmark, pytest.mark.slow, pytest.mark.timeout(1_800)]
SECONDS = int(os.environ.get("MESHPORTAL_LINEAGE_SECONDS", "20"))
ROUNDS, JOBS, BATCH, BATCHES = 200, 50, 100, 20
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


def test_events_are_taken_and_read_as_fast_as_they_come() -> None:
    told = events()
    with started_portal() as portal:
        portal.env["DJANGO_SETTINGS_MODULE"] = "tests.benchmarks.settings"
        secret = portal.run(PREPARE)
        worker = portal.worker()  # without which the portal is not ready
        sender = Sender(portal.web(), secret)
        os.killpg(worker.pid, signal.SIGKILL)
        times: dict[str, list[float]] = {"/api/v1/lineage": [], "/api/bare/store": []}
        for event in itertools.islice(told, ROUNDS):
            for path, taken in times.items():
                taken.append(sender.post(path, event))
        single, bare = (statistics.median(taken[10:]) for taken in times.values())
        begun = time.perf_counter()
        for batch in [list(itertools.islice(told, BATCH)) for _ in range(BATCHES)]:
            sender.post("/api/v1/lineage/batch", batch)
        stored = BATCH * BATCHES / (time.perf_counter() - begun)

        portal.worker()
        portal.wait("SELECT count(*) > 0 FROM lineage_run", [(1,)], 60)  # it takes seconds to start
        before = count(portal, "waiting")
        read = before / wait_for_all(portal, 300)
        sent, begun = 0, time.perf_counter()
        while (spent := time.perf_counter() - begun) < SECONDS:
            if sent <= spent * RATE:
                sender.post("/api/v1/lineage/batch", list(itertools.islice(told, PIECE)))
                sent += PIECE
            else:
                time.sleep(0.01)
        behind = count(portal, "waiting")
        caught_up = wait_for_all(portal, 300)
        assert count(portal, "failed") == 0
    print(  # noqa: T201  # the figures are what this is for
        f"one event {single:.1f} ms, bare {bare:.1f} ms: {bare / single:.0%}; batches {stored:,.0f} events/s;"
        f" {before:,} waiting events read at {read:,.0f}/s; {sent:,} sent in {spent:.0f} s, {behind:,} behind then,"
        f" caught up in {caught_up:.1f} s; load {os.getloadavg()[0]:.1f}"
    )
    assert bare / single >= 0.5
    assert stored >= 1_000
    assert sent / (spent + caught_up) >= RATE * 0.95
