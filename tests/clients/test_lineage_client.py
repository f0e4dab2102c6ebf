"""The unmodified client openlineage-python against a server: packed, signed in, killed, and nothing is lost."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from catalog.accounts.services.tokens import create_token
from lineage.models import LineageEdge, LineageEvent, Run
from lineage.openlineage import receiving, tasks
from lineage.openlineage.projecting import project_waiting
from tests.clients.environment import LINEAGE, client_commands
from tests.conftest import Cast
from tests.lineage.openlineage.events import STORE, columns, dataset, run_event, send
from tests.running_portal import started_portal

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
RUNS = 10
SAID = {
    "schema": {"fields": [{"name": "total", "type": "int"}]},
    "tags": {"tags": [{"key": "gold", "value": "true", "source": "own"}]},
}
SENDER = """
import json, sys, uuid
from datetime import datetime, timezone
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
client = OpenLineageClient(config={"transport": json.loads(sys.argv[1])})
store = "postgres://store:5432"
for number in range(int(sys.argv[2])):
    run = Run(runId=str(uuid.uuid4()))
    for state in (RunState.START, RunState.COMPLETE):
        client.emit(RunEvent(
            eventTime=datetime.now(timezone.utc).isoformat(), producer="urn:own", run=run, eventType=state,
            job=Job(namespace="own", name="daily"),
            inputs=[InputDataset(namespace=store, name="shop.public.orders")],
            outputs=[OutputDataset(namespace=store, name="shop.public.sums")],
        ))
client.close()
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["http", "async_http"])
def test_what_the_python_client_sends_is_kept_and_read(
    kind: str, cast: Cast, live_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "_silent_until", float("inf"))  # there is no worker to ring
    receiving.forget_room()
    commands = client_commands(LINEAGE)
    (tmp_path / "send.py").write_text(SENDER, encoding="utf-8")
    _, secret = create_token(actor=None, person=cast.owner, name="airflow", scopes=["lineage"])
    transport = (
        f'{{"type": "{kind}", "url": "{live_server.url}", "compression": "gzip", '
        f'"auth": {{"type": "api_key", "apiKey": "{secret}"}}}}'
    )
    done = subprocess.run(
        [str(commands / "python"), "send.py", transport, str(RUNS)], cwd=tmp_path, capture_output=True, text=True,
        timeout=120, check=False, env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert LineageEvent.objects.count() == 2 * RUNS, done.stderr
    while project_waiting():
        pass
    assert list(Run.objects.values_list("state", flat=True)) == ["completed"] * RUNS
    assert LineageEdge.objects.filter(upstream_kind="asset").count() == 1


MANY = 60
PREPARE = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
from catalog.accounts.services.tokens import create_token
from tests.conftest import make_cast
print(json.dumps(create_token(actor=None, person=make_cast().owner, name="air", scopes=["lineage"])[1]))
"""
RETRY = (  # settings of the client: it tries again for as long as it takes to start a server
    '{"total": 60, "connect": 60, "read": 60, "backoff_factor": 0.1, "backoff_max": 1, '
    '"status_forcelist": [500, 502, 503, 504], "allowed_methods": ["HEAD", "POST"]}'
)


@pytest.mark.alone
def test_nothing_is_lost_or_doubled_when_the_server_and_the_worker_are_killed_while_a_client_sends(
    tmp_path: Path,
) -> None:
    commands = client_commands(LINEAGE)
    (tmp_path / "send.py").write_text(SENDER, encoding="utf-8")
    with started_portal() as portal:
        secret = portal.run(PREPARE)
        worker = portal.worker()
        address = portal.web()
        web = portal.processes[-1]
        transport = (
            f'{{"type": "http", "url": "{address}", "timeout": 60, "retry": {RETRY}, '
            f'"auth": {{"type": "api_key", "apiKey": "{secret}"}}}}'
        )
        sending = subprocess.Popen(
            [str(commands / "python"), "send.py", transport, str(MANY)], cwd=tmp_path, stderr=subprocess.PIPE,
            text=True, env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        )  # fmt: skip
        _until(lambda: portal.rows("SELECT count(*) > 10 FROM lineage_lineageevent") == [(1,)])
        for process in (worker, web):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
        before = portal.rows("SELECT count(*) FROM lineage_lineageevent")[0][0]
        assert before < 2 * MANY
        assert sending.poll() is None
        again = portal.start(web.args)  # type: ignore[arg-type]  # as it was started
        portal.worker()
        _, said = sending.communicate(timeout=300)
        assert sending.returncode == 0, said
        assert again.poll() is None
        assert portal.rows("SELECT count(*) FROM lineage_lineageevent") == [(2 * MANY,)], said
        portal.wait("SELECT count(*) FROM lineage_lineageevent WHERE state <> 'projected'", [(0,)], 120)
        assert portal.rows("SELECT state, count(*) FROM lineage_run GROUP BY state") == [("completed", MANY)]
        edges = "SELECT count(*) FROM lineage_lineageedge WHERE upstream_kind = 'asset'"
        assert portal.rows(edges) == [(1,)]


READER = """
import json, sys
from marquez_client import MarquezClient
client = MarquezClient(sys.argv[1], timeout_ms=60_000, api_key=sys.argv[2])
store, name = "postgres://store:5432", "shop.public.sums"
job = client.get_job("own", "daily")
runs = client.list_job_runs("own", "daily")["runs"]
print(json.dumps({
    "namespaces": [one["name"] for one in client.list_namespaces()["namespaces"]],
    "namespace": client.get_namespace("own")["name"],
    "datasets": [one["name"] for one in client.list_datasets(store)["datasets"]],
    "dataset": client.get_dataset(store, name)["id"],
    "versions": client.list_dataset_versions(store, name)["versions"],
    "jobs": [one["name"] for one in client.list_jobs("own")["jobs"]],
    "reads": [one["name"] for one in job["inputs"]],
    "runs": [one["state"] for one in runs],
    "run": client.get_job_run(runs[0]["id"])["id"] == runs[0]["id"],
    "columns": client.get_column_lineage_by_dataset(store, name)["graph"],
    "sources": [one["name"] for one in client.list_sources()["sources"]],
    "source": client.get_source(client.list_sources()["sources"][0]["name"])["type"],
    "tags": client.list_tags()["tags"],
}))
"""


@pytest.mark.django_db(transaction=True)
def test_the_client_of_marquez_reads_what_was_sent(cast: Cast, live_server: Any, tmp_path: Path) -> None:
    send(cast.owner, *(
        run_event(state, job="daily", run=str(UUID(int=number)), inputs=[dataset("orders")],
                  outputs=[dataset("sums", SAID | columns("total", "orders", "amount"))])
        | {"job": {"namespace": "own", "name": "daily"}}
        for number in range(2) for state in ("START", "COMPLETE")
    ))  # fmt: skip
    (tmp_path / "read.py").write_text(READER, encoding="utf-8")
    _, secret = create_token(actor=None, person=cast.owner, name="reader", scopes=["read"])
    done = subprocess.run(
        [str(client_commands(LINEAGE) / "python"), "read.py", live_server.url, secret], cwd=tmp_path,
        capture_output=True, text=True, timeout=120, check=False, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert {"own", STORE} <= set(told["namespaces"])
    assert told["namespace"] == "own"
    assert told["datasets"] == ["shop.public.orders", "shop.public.sums"]
    assert told["dataset"] == {"namespace": STORE, "name": "shop.public.sums"}
    assert [one["fields"][0]["name"] for one in told["versions"]] == ["total"]
    assert (told["jobs"], told["reads"]) == (["daily"], ["shop.public.orders"])
    assert (told["runs"], told["run"]) == (["COMPLETED", "COMPLETED"], True)
    assert {one["id"] for one in told["columns"]} >= {f"datasetField:{STORE}:shop.public.sums:total"}
    assert told["sources"] == [STORE]
    assert told["source"] == "POSTGRES"
    assert told["tags"] == [{"name": "gold", "description": None}]


def _until(is_so: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)
