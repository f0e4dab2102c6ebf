"""Old events and runs go, those that wait stay, and the operations page says what waits or failed."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from lineage.models import LineageEvent, Run
from lineage.openlineage.keeping import backlog
from meshportal import retention
from tests.conftest import Cast
from tests.lineage.openlineage.events import receive, run_event, send

pytestmark = pytest.mark.django_db


def test_old_events_and_runs_go_and_the_last_of_each_job_stays(cast: Cast) -> None:
    send(cast.owner, run_event(run="older"), run_event(run="newer", minutes=1))
    receive(cast.owner, run_event(run="waits", minutes=2))
    LineageEvent.objects.update(received_at=timezone.now() - timedelta(days=91))
    gone = retention.apply(timezone.now() + timedelta(days=400))
    assert (gone["Lineage events"], gone["Runs of jobs"]) == (2, 1)
    assert LineageEvent.objects.get().run_key == "waits"
    assert Run.objects.get().key == "newer"


def test_the_operations_page_says_what_waits_and_what_failed(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.admin)
    assert "Every lineage event that came was read." in client.get("/operations/").content.decode()
    receive(cast.owner, run_event(run="1"), run_event(run="2"))
    LineageEvent.objects.filter(run_key="2").update(state="failed")
    late = backlog(timezone.now() + timedelta(minutes=6))
    assert late.is_late
    assert "no worker reads them" in late.sentence
    page = client.get("/operations/").content.decode()
    assert "1 lineage event waits to be read. 1 event could not be read" in page
