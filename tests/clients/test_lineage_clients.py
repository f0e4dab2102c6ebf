"""Unmodified OpenLineage clients against a running portal: nothing they send is lost, whatever ends in between."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.clients.environment import LINEAGE, client_commands
from tests.running_portal import Portal, started_portal

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
PREPARE = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
from catalog.accounts.services import create_token
from tests.conftest import make_cast
person = make_cast().owner
print(json.dumps(create_token(actor=person, person=person, name="airflow", days=1, scopes=["lineage"])[1]))
"""
SENDER = """
import sys, uuid
from datetime import datetime, timezone
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
client = OpenLineageClient()
store = "postgres://store:5432"
for number in range(int(sys.argv[2])):
    run = Run(runId=str(uuid.uuid5(uuid.NAMESPACE_URL, f"{sys.argv[1]}{number}")))
    for state in (RunState.START, RunState.COMPLETE):
        client.emit(RunEvent(
            eventTime=datetime.now(timezone.utc).isoformat(), producer="urn:own", run=run, eventType=state,
            job=Job(namespace="own", name=f"{sys.argv[1]}-{number % 5}"),
            inputs=[InputDataset(namespace=store, name=f"shop.public.in{number % 7}")],
            outputs=[OutputDataset(namespace=store, name=f"shop.public.out{number % 5}")],
        ))
client.close()
"""
PROJECT = {
    "dbt_project.yml": "name: shop\nversion: '1.0'\nprofile: shop\nmodel-paths: [models]\nseed-paths: [seeds]\n",
    "profiles.yml": "shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: shop.duckdb, threads: 1}\n",
    "seeds/raw_orders.csv": "id,customer,amount\n1,a,10\n2,b,20\n3,a,5\n",
    "models/orders.sql": "select id, customer, amount from {{ ref('raw_orders') }} where amount > 0\n",
    "models/customers.sql": "select customer, sum(amount) as total from {{ ref('orders') }} group by customer\n",
    "models/schema.yml": "version: 2\nmodels:\n  - name: orders\n    columns:\n      - name: id\n"
    "        data_tests: [not_null, unique]\n",
}
STATES = "SELECT state, count(*) FROM lineage_lineageevent GROUP BY state ORDER BY state"


@dataclass
class Setting:
    commands: Path
    portal: Portal
    host: str
    key: str

    def start(self, *command: str, folder: Path) -> "subprocess.Popen[str]":
        kept = {name: value for name, value in os.environ.items() if name in ("HOME", "LANG", "TMPDIR")}
        env = kept | {
            "PATH": f"{self.commands}{os.pathsep}{os.environ['PATH']}",
            "OPENLINEAGE_URL": self.host,
            "OPENLINEAGE_API_KEY": self.key,
            "OPENLINEAGE_NAMESPACE": "shop",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }
        return subprocess.Popen(
            command, cwd=folder, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    def send(self, job: str, runs: int, folder: Path) -> "subprocess.Popen[str]":
        return self.start("python", "-c", SENDER, job, str(runs), folder=folder)

    def wait_until_read(self, folder: Path, seconds: float = 120) -> int:
        """Wait until no event waits; every few seconds another one rings, as in life."""
        end = time.monotonic() + seconds
        while dict(self.portal.rows(STATES)).get("waiting", 0):
            assert time.monotonic() < end, self.portal.rows(STATES)
            done(self.send(f"ring-{time.monotonic():.0f}", 1, folder))
            time.sleep(2)
        return sum(number for _, number in self.portal.rows(STATES))


def done(process: "subprocess.Popen[str]", seconds: float = 300) -> str:
    words, _ = process.communicate(timeout=seconds)
    assert process.returncode == 0, words
    return words


@pytest.fixture
def setting() -> Iterator[Setting]:
    commands = client_commands(LINEAGE)
    with started_portal() as portal:
        portal.env["MESHPORTAL_LINEAGE_MOST_WAITING"] = "100"
        key = portal.run(PREPARE)
        portal.worker()
        yield Setting(commands, portal, portal.web(), key)


def test_no_event_is_lost_when_the_portal_is_full_and_a_worker_is_killed(
    setting: Setting, tmp_path: Path
) -> None:
    """Without a worker the portal asks the client to wait; then one is killed while it reads."""
    first = setting.portal.processes[1]
    os.killpg(first.pid, signal.SIGKILL)
    first.wait(10)
    sending = setting.send("daily", 100, tmp_path)
    end = time.monotonic() + 60
    while setting.portal.rows("SELECT count(*) FROM lineage_lineageevent")[0][0] <= 100:
        assert time.monotonic() < end
        time.sleep(0.1)
    second = setting.portal.worker()
    end = time.monotonic() + 60
    while not setting.portal.rows("SELECT count(*) FROM lineage_lineageevent WHERE tries > 0")[0][0]:
        assert time.monotonic() < end
        time.sleep(0.01)
    os.killpg(second.pid, signal.SIGKILL)
    second.wait(10)
    setting.portal.worker()
    done(sending)
    setting.wait_until_read(tmp_path)
    runs = "SELECT state, count(*) FROM lineage_run r JOIN lineage_job j ON j.id = r.job_id WHERE j.name LIKE 'daily-%'"
    assert setting.portal.rows(f"{runs} GROUP BY state") == [("completed", 100)]
    events = "SELECT count(*) FROM lineage_lineageevent WHERE job_name LIKE 'daily-%' AND state = 'projected'"
    assert setting.portal.rows(events) == [(200,)]


def test_dbt_tells_its_lineage(setting: Setting, tmp_path: Path) -> None:
    for name, text in PROJECT.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    words = done(setting.start("dbt-ol", "build", "--profiles-dir", ".", folder=tmp_path))
    assert "Emitted" in words, words
    setting.wait_until_read(tmp_path)
    assert dict(setting.portal.rows(STATES)).keys() == {"projected"}
    edges = setting.portal.rows(
        "SELECT u.name, d.name FROM lineage_lineageedge e JOIN catalog_asset u ON u.id = e.upstream_id "
        "JOIN catalog_asset d ON d.id = e.downstream_id WHERE e.upstream_kind = 'asset' AND d.name LIKE '%main%'"
    )
    ends = {(up.rpartition(".")[2], down.rpartition(".")[2]) for up, down in edges}
    assert {("raw_orders", "orders"), ("orders", "customers")} <= ends
