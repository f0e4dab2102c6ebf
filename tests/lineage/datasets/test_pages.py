"""Pages of jobs and datasets, through the client."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from catalog.products.models import OutputPort
from lineage.datasets.jobs import history
from lineage.datasets.models import DatasetAlias, DatasetMerge
from lineage.datasets.naming import DatasetName
from lineage.datasets.proposing import propose_merges
from lineage.datasets.services import find_or_make_assets
from lineage.models import Job, Run, RunDataset
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def asset(name: str) -> int:
    named = DatasetName("s3://lake", name)
    return find_or_make_assets([named], seen_at=NOW)[named]


def job_writing(*assets: int) -> Job:
    job = Job.objects.create(
        namespace="etl", name="load", description="Loads it", first_seen_at=NOW, last_seen_at=NOW
    )
    for pk in assets:
        RunDataset.objects.create(job=job, asset_id=pk, is_output=True, first_event_at=NOW, last_event_at=NOW)
    for hour, state in enumerate(["completed", "completed", "failed"]):
        begun = NOW + timedelta(hours=hour)
        Run.objects.create(
            key=f"run-{hour}", job=job, state=state, started_at=begun, last_event_at=begun,
            ended_at=begun + timedelta(minutes=10 * (hour + 1)), error="disk full" if state == "failed" else "",
        )  # fmt: skip
    return job


def test_a_job_shows_its_runs_with_their_durations_as_a_picture_and_in_words(
    client: Client, cast: Cast
) -> None:
    job = job_writing(asset("plays"))
    make.make_port(cast.play_events, "plays", asset_id=asset("plays"))
    client.force_login(cast.consumer)
    assert b"load" in client.get("/lineage/jobs/?state=failed").content
    assert b">load<" not in client.get("/lineage/jobs/?state=completed").content
    page = client.get(f"/lineage/jobs/{job.pk}/").content.decode()
    assert re.findall(r'<rect class="run is-(\w+)" x="(\d+)"', page) == [
        ("completed", "0"), ("completed", "10"), ("failed", "20")
    ]  # fmt: skip
    assert "1 failed or aborted, the longest took 30 min" in page
    assert "disk full" in page
    assert "Play events" in page


def test_what_a_job_touches_and_one_may_not_see_is_counted_and_its_words_are_not_shown(
    client: Client, cast: Cast
) -> None:
    job = job_writing(asset("plays"), asset("hidden-thing"))
    make.make_port(cast.play_events, "plays", asset_id=asset("plays"))
    client.force_login(cast.consumer)
    page = client.get(f"/lineage/jobs/{job.pk}/").content.decode()
    assert re.search(r">?1<?[^.]{0,20} more dataset", page)
    for words in ("hidden-thing", "disk full", "Loads it"):
        assert words not in page


def test_a_job_says_who_owns_it_to_those_who_may_know_all_it_touches(client: Client, cast: Cast) -> None:
    job = job_writing(asset("plays"))
    job.facets = {
        "ownership": {"owners": [{"name": "team:loaders", "type": "OWNER"}]},
        "tags": {"tags": [{"key": "cost", "value": "high"}]},
    }
    job.save()
    Run.objects.filter(job=job, key="run-0").update(nominal_start_at=datetime(2026, 2, 3, 4, 5, tzinfo=UTC))
    make.make_port(cast.play_events, "plays", asset_id=asset("plays"))
    client.force_login(cast.consumer)
    page = client.get(f"/lineage/jobs/{job.pk}/").content.decode()
    for words in ("team:loaders", "OWNER", "cost: high", "2026-02-03T04:05:00Z"):
        assert words in page, words
    RunDataset.objects.create(
        job=job, asset_id=asset("hidden-thing"), is_output=False, first_event_at=NOW, last_event_at=NOW
    )
    page = client.get(f"/lineage/jobs/{job.pk}/").content.decode()
    assert "team:loaders" not in page
    assert "cost: high" not in page


def test_runs_without_an_end_are_as_low_as_can_be() -> None:
    made = history([Run(pk=2, state="running", started_at=NOW), Run(pk=1, state="unknown")])
    assert [bar.height for bar in made.bars] == [4, 4]
    assert made.longest is None


def test_datasets_are_claimed_ignored_and_noticed_on_their_page(client: Client, cast: Cast) -> None:
    one, two = asset("plays"), asset("temp")
    client.force_login(cast.owner)
    client.post("/lineage/datasets/", {"action": "ignore", "assets": [two]})
    page = client.get("/lineage/datasets/").content.decode()
    assert "plays" in page
    assert "temp" not in page
    assert "temp" in client.get("/lineage/datasets/?state=ignored").content.decode()
    body = {"action": "claim", "assets": [one], "name": "From events", "domain": cast.play_events.domain_id}
    response = client.post("/lineage/datasets/", body)
    assert response.status_code == 302
    assert OutputPort.objects.get(asset=one).product.name == "From events"


def test_names_are_bound_and_taken_back_on_their_page(client: Client, cast: Cast) -> None:
    asset("plays")
    client.force_login(cast.owner)
    body = {
        "namespace": "hive://meta:9083",
        "name": "db.plays",
        "of_namespace": "s3://lake",
        "of_name": "plays",
    }
    assert client.post("/lineage/datasets/names/", body)["Location"] == "/lineage/datasets/?view=names"
    assert "db.plays" in client.get("/lineage/datasets/?view=names").content.decode()
    wrong = client.post("/lineage/datasets/names/", {**body, "of_name": "nobody"})
    assert "There is no such dataset" in wrong.content.decode()
    client.post(f"/lineage/datasets/names/{DatasetAlias.objects.get().pk}/")
    assert not DatasetAlias.objects.in_force().exists()


def test_a_merge_is_reviewed_done_and_undone_on_its_page(client: Client, cast: Cast) -> None:
    propose_merges([(asset("plays"), asset("plays2"))], reason=DatasetMerge.Reason.SPELLING, at=NOW)
    address = f"/lineage/datasets/merges/{DatasetMerge.objects.get().pk}/"
    client.force_login(cast.owner)
    assert "would move" in client.get("/lineage/datasets/?view=merges").content.decode()
    for action, state in (("merge", "done"), ("undo", "undone")):
        client.post(address, {"action": action})
        assert DatasetMerge.objects.get().state == state
    assert client.post(address, {"action": "undo"}).status_code == 409


def test_lists_take_no_more_queries_for_many_rows(
    client: Client, cast: Cast, django_assert_max_num_queries
) -> None:  # type: ignore[no-untyped-def]
    for number in range(50):
        kept, gone = asset(f"kept{number}"), asset(f"gone{number}")
        propose_merges([(kept, gone)], reason=DatasetMerge.Reason.SPELLING, at=NOW)
        Job.objects.create(namespace="etl", name=f"j{number}", first_seen_at=NOW, last_seen_at=NOW)
    client.force_login(cast.admin)
    for address in ("jobs/", "datasets/", "datasets/?view=merges"):
        client.get(f"/lineage/{address}")
        with django_assert_max_num_queries(30):
            assert client.get(f"/lineage/{address}").status_code == 200
