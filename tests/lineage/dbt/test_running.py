"""Imports by a worker: how far they are, workers that die over them, SQL that is not understood."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from lineage.dbt import running
from lineage.dbt.running import LOST, MOST_ATTEMPTS, STALE_AFTER, release_stale, run_import, waiting_imports
from lineage.dbt.services import request_import
from lineage.models import DbtImport, DbtNode, DbtProject
from tests.conftest import Cast
from tests.lineage.dbt.projects import imported, manifest, node

pytestmark = pytest.mark.django_db


def queued(cast: Cast) -> DbtImport:
    import json

    files = [("manifest.json", [json.dumps(manifest()).encode()])]
    return request_import(actor=cast.owner, files=files, team="listening-team")


def test_how_far_it_is_is_written_down_and_shown(
    client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_EVERY", 0.0)
    job, seen = queued(cast), []
    real = running._say

    def watched(row: DbtImport, step: str, done: int | None = None, total: int | None = None) -> None:
        real(row, step, done, total)
        client.force_login(cast.owner)
        page = client.get(f"/lineage/imports/{job.pk}/").content.decode()
        seen.append((step, done, total, step in page, "<progress" in page))

    monkeypatch.setattr(running, "_say", watched)
    assert run_import(import_id=job.pk)
    read = [(done, total) for step, done, total, _, _ in seen if step == "Reading SQL"]
    assert read == [(done, len(read)) for done in range(1, len(read) + 1)]
    assert len(read) > 1
    assert seen[-1][0] == "Writing"
    assert all(is_told and is_drawn for *_, is_told, is_drawn in seen)


def test_an_import_whose_worker_died_is_done_by_another(cast: Cast) -> None:
    job = queued(cast)
    dead = timezone.now() - STALE_AFTER - timedelta(seconds=1)
    rows = DbtImport.objects.filter(pk=job.pk)
    rows.update(status="running", claim="dead", heartbeat_at=dead, attempt=1)
    assert waiting_imports() == []
    assert release_stale() == 1
    assert waiting_imports() == [job.pk]
    assert run_import(import_id=job.pk)
    assert not run_import(import_id=job.pk)  # a second message for the same
    job.refresh_from_db()
    assert (job.status, job.attempt) == ("succeeded", 2)


def test_an_import_over_which_workers_die_again_and_again_is_given_up(cast: Cast) -> None:
    job = queued(cast)
    dead = timezone.now() - STALE_AFTER - timedelta(seconds=1)
    DbtImport.objects.filter(pk=job.pk).update(status="running", heartbeat_at=dead, attempt=MOST_ATTEMPTS)
    assert release_stale() == 0
    job.refresh_from_db()
    assert (job.status, job.error) == ("failed", LOST)


def test_a_worker_that_lost_its_import_to_another_writes_nothing(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = queued(cast)
    real = running.make_plan

    def while_another_takes_it(*arguments: object) -> object:
        DbtImport.objects.filter(pk=job.pk).update(claim="another")
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(running, "make_plan", while_another_takes_it)
    assert not run_import(import_id=job.pk)
    job.refresh_from_db()
    assert (job.status, job.claim) == ("running", "another")
    assert not DbtNode.objects.exists()


def test_sql_that_is_not_understood_is_listed_with_its_model(client: Client, cast: Cast) -> None:
    data = manifest()
    broken = node("model", "broken", ["seed.shop.countries"], "select from where ((")
    data["nodes"][broken["unique_id"]] = broken
    imported(data, actor=cast.owner)
    assert DbtNode.objects.get(name="broken").problems
    client.force_login(cast.owner)
    page = client.get(f"/lineage/dbt/{DbtProject.objects.get().pk}/").content.decode()
    row = page[page.index(">broken<") :]
    assert "Line 1, column 17" in row[: row.index("</tr>")]
