"""Jobs are what all that was said of them says, whatever came first."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from lineage.models import Job
from lineage.openlineage.jobs import JobSeen, see_job, see_jobs
from lineage.openlineage.names import LONGEST, fitting

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_job_is_made_once_and_the_newest_word_stays() -> None:
    see_job(
        namespace="airflow", name="plays.daily", seen_at=NOON, kind="DAG", facets={"sql": {"query": "new"}}
    )
    late = see_job(
        namespace="airflow", name="plays.daily", seen_at=NOON - timedelta(hours=1), kind="TASK", integration="AIRFLOW",
        facets={"sql": {"query": "old"}, "team": {"x": 1}},
    )  # fmt: skip
    job = Job.objects.get()
    assert job == late
    assert (job.kind, job.integration) == ("DAG", "AIRFLOW")
    assert job.facets == {"sql": {"query": "new"}, "team": {"x": 1}}
    assert (job.first_seen_at, job.last_seen_at) == (NOON - timedelta(hours=1), NOON)


def test_every_order_of_sightings_makes_the_same_job() -> None:
    said = [
        JobSeen(namespace="n", name="job", seen_at=NOON, kind="B", parent=("n", "dag")),
        JobSeen(namespace="n", name="job", seen_at=NOON, kind="A", facets={"f": {"a": 1}}),
        JobSeen(
            namespace="n",
            name="job",
            seen_at=NOON + timedelta(1),
            description="later",
            facets={"f": {"a": 0}},
        ),
        JobSeen(namespace="n", name="job", seen_at=NOON - timedelta(1), parent=("n", "older dag")),
    ]
    seen = set()
    for order in permutations(said):
        Job.objects.all().delete()
        for one in order:
            see_jobs([one])
        job = Job.objects.select_related("parent").get(name="job")
        assert job.parent is not None
        seen.add(
            (job.kind, job.description, str(job.facets), job.parent.name, job.first_seen_at, job.last_seen_at)
        )
    expected = ("B", "later", "{'f': {'a': 0}}", "dag", NOON - timedelta(1), NOON + timedelta(1))
    assert seen == {expected}


def test_a_job_is_not_its_own_parent() -> None:
    see_jobs([JobSeen(namespace="n", name="job", seen_at=NOON, parent=("n", "job"))])
    assert Job.objects.get().parent is None


def test_names_too_long_for_the_column_are_cut_and_stay_apart() -> None:
    first, second = fitting("x" * 5_000 + "a"), fitting("x" * 5_000 + "b")
    assert first != second
    assert len(first) <= LONGEST
    assert len(fitting("\N{PILE OF POO}" * 400).encode()) <= 1_200
    assert fitting(first) == first
    assert see_job(namespace="n", name="x" * 5_000, seen_at=NOON) == see_job(
        namespace="n", name="x" * 5_000, seen_at=NOON
    )
