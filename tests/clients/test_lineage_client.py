"""The unmodified client openlineage-python against a server: packed, signed in, and nothing is lost."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from catalog.accounts.services.tokens import create_token
from lineage.models import LineageEdge, LineageEvent, Run
from lineage.openlineage import receiving, tasks
from lineage.openlineage.projecting import project_waiting
from tests.clients.environment import LINEAGE, client_commands
from tests.conftest import Cast

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
RUNS = 10
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
