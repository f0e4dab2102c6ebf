"""Waiting events become jobs, runs, datasets and edges; one that cannot does not stop the others."""

from typing import Any

import pytest

from catalog.assets.models import Asset
from catalog.quality.models import CheckResult, QualityCheck
from catalog.schemas.models import SchemaVersion
from lineage.models import (
    ColumnEdge,
    DatasetFacets,
    DatasetMerge,
    Job,
    LineageEdge,
    LineageEvent,
    Run,
    RunDataset,
)
from lineage.openlineage import projecting
from lineage.openlineage.projecting import let_wait_again, project_waiting
from tests import factories as make
from tests.conftest import Cast
from tests.lineage.openlineage.events import (
    NOON,
    STORE,
    columns,
    dataset,
    dataset_event,
    receive,
    run_event,
    send,
)

pytestmark = pytest.mark.django_db
SCHEMA = {"schema": {"fields": [{"name": "id", "type": "bigint"}, {"name": "where", "type": "struct", "fields": [
    {"name": "city", "type": "varchar(20)", "description": "Town"}]}]}}  # fmt: skip


def edges() -> set[tuple[str, str]]:
    names = {asset.pk: asset.name.rpartition(".")[2] for asset in Asset.objects.all()}
    rows = LineageEdge.objects.in_force().filter(upstream_kind="asset")
    return {(names[row.upstream_id], names[row.downstream_id]) for row in rows}


def test_a_run_is_told_by_its_events_together(cast: Cast) -> None:
    send(
        cast.owner,
        run_event("START", inputs=[dataset("orders")]),
        run_event("COMPLETE", minutes=5, outputs=[dataset("sums")]),
    )
    run = Run.objects.select_related("job").get()
    assert (run.state, run.started_at, run.job.name) == ("completed", NOON, "daily")
    assert run.ended_at is not None
    assert (run.ended_at - NOON).total_seconds() == 300
    assert edges() == {("orders", "sums")}
    (edge,) = LineageEdge.objects.filter(upstream_kind="asset")
    assert (edge.first_seen, edge.last_seen, edge.job) == (NOON, run.ended_at, run.job)
    assert set(LineageEvent.objects.values_list("state", flat=True)) == {"projected"}


def test_facets_of_run_and_job_are_read_and_unknown_ones_kept(cast: Cast) -> None:
    run_facets = {
        "parent": {"run": {"runId": "parent-run"}, "job": {"namespace": "airflow", "name": "dag"}},
        "nominalTime": {"nominalStartTime": "2026-03-01T00:00:00Z"},
        "errorMessage": {"message": "Out of memory\x00"},
        "own_facet": {"a": [1, "\ud800"]},
    }
    job_facets = {
        "jobType": {"integration": "AIRFLOW", "jobType": "TASK"},
        "documentation": {"description": "Sums."},
    }
    event = run_event("FAIL") | {
        "run": {"runId": "run-1", "facets": run_facets},
        "job": {"namespace": "airflow", "name": "daily", "facets": job_facets},
    }
    send(cast.owner, event)
    run, job = Run.objects.get(), Job.objects.get(name="daily")
    assert (run.state, run.parent_key, run.error) == ("failed", "parent-run", "Out of memory")
    assert run.nominal_start_at is not None
    assert run.facets["own_facet"] == {"a": [1, "?"]}
    assert (job.integration, job.kind, job.description) == ("AIRFLOW", "TASK", "Sums.")
    assert job.parent == Job.objects.get(name="dag")


def test_columns_are_linked_directly_and_indirectly(cast: Cast) -> None:
    direct = columns("total", "orders", "amount", type="DIRECT", subtype="AGGREGATION")
    direct["columnLineage"]["dataset"] = [
        dataset("orders") | {"field": "day", "transformations": [{"type": "INDIRECT"}]}
    ]
    send(cast.owner, run_event(inputs=[dataset("orders")], outputs=[dataset("sums", direct)]))
    found = {(edge.upstream.path, edge.downstream.path, edge.is_direct, edge.how) for edge in
             ColumnEdge.objects.select_related("upstream", "downstream")}  # fmt: skip
    assert found == {("amount", "total", True, "aggregation"), ("day", "total", False, "")}


def test_the_lineage_facet_says_which_input_makes_which_output(cast: Cast) -> None:
    upstream = {"namespace": dataset("a")["namespace"], "name": dataset("a")["name"], "type": "DATASET"}
    facets = {"lineage": {"inputs": [upstream], "fields": {"x": {"inputs": [upstream | {"field": "y"}]}}}}
    outputs = [dataset("first", facets), dataset("second")]
    send(cast.owner, run_event(inputs=[dataset("a"), dataset("b")], outputs=outputs))
    assert edges() == {("a", "first"), ("a", "second"), ("b", "second")}
    assert ColumnEdge.objects.get().downstream.path == "x"


def test_a_schema_becomes_a_version_of_an_unclaimed_asset_and_the_newest_stays(cast: Cast) -> None:
    send(cast.owner, dataset_event("orders", SCHEMA, minutes=2))
    older = {"schema": {"fields": [{"name": "old", "type": "int"}]}}
    send(cast.owner, dataset_event("orders", older, minutes=1))
    (version,) = SchemaVersion.objects.all()
    fields = {field.path: (field.logical_type, field.comment) for field in version.fields.all()}
    assert fields == {"id": ("integer", ""), "where": ("object", ""), "where.city": ("string", "Town")}
    send(cast.owner, dataset_event("orders", older, minutes=3))
    assert SchemaVersion.objects.count() == 2


def test_a_crawled_asset_keeps_what_its_crawl_saw(cast: Cast) -> None:
    name = dataset("orders")
    asset = make.make_asset(namespace=name["namespace"], name=name["name"], comment="From the store")
    told = SCHEMA | {"documentation": {"description": "From an event"}, "lifecycleStateChange": {
        "lifecycleStateChange": "DROP"}}  # fmt: skip
    send(cast.owner, dataset_event("orders", told))
    asset.refresh_from_db()
    assert (asset.comment, asset.vanished_at) == ("From the store", None)
    assert not SchemaVersion.objects.exists()
    assert DatasetFacets.objects.get(asset=asset).facets["documentation"] == {"description": "From an event"}


def test_a_dropped_dataset_is_marked_and_comes_back(cast: Cast) -> None:
    for minutes, change, gone in (
        (0, "CREATE", False),
        (2, "DROP", True),
        (1, "ALTER", True),
        (3, "OVERWRITE", False),
    ):
        send(
            cast.owner,
            dataset_event("orders", {"lifecycleStateChange": {"lifecycleStateChange": change}}, minutes),
        )
        assert (Asset.objects.get().vanished_at is not None) is gone


def test_other_names_lead_to_one_asset(cast: Cast) -> None:
    link = {
        "symlinks": {
            "identifiers": [{"namespace": "hive://meta:9083", "name": "shop.orders", "type": "TABLE"}]
        }
    }
    send(cast.owner, run_event(inputs=[dataset("orders", link)], outputs=[dataset("sums")]))
    other = {"namespace": "hive://meta:9083", "name": "shop.orders"}
    send(cast.owner, run_event(job="other", run="run-2", inputs=[other], outputs=[dataset("sums")]))
    assert edges() == {("orders", "sums")}


def test_what_an_event_says_of_two_names_that_it_joins_is_said_of_the_one_that_stays(cast: Cast) -> None:
    send(
        cast.owner,
        run_event(job="one", run="1", outputs=[dataset("a")]),
        run_event(job="two", run="2", outputs=[dataset("b")]),
    )
    symlinks = {"symlinks": {"identifiers": [{"namespace": STORE, "name": "shop.public.b", "type": "TABLE"}]}}
    told = {"documentation": {"description": "Of both"}}
    send(
        cast.owner,
        run_event(
            job="three", run="3", inputs=[dataset("b", told)], outputs=[dataset("a", symlinks), dataset("d")]
        ),
    )
    merge = DatasetMerge.objects.get(state="done")
    names = dict(Asset.objects.values_list("pk", "name"))
    force = LineageEdge.objects.in_force().values_list("upstream_id", "downstream_id")
    assert [(names[up], names[down]) for up, down in force] == [(names[merge.kept_id], "shop.public.d")]
    facets = DatasetFacets.objects.get()
    assert facets.asset_id == merge.kept_id
    assert facets.facets == symlinks | told


def test_statistics_of_a_writing_are_kept_with_it(cast: Cast) -> None:
    outputs = [dataset("sums", outputFacets={"outputStatistics": {"rowCount": 7}})]
    send(cast.owner, run_event(outputs=outputs))
    assert RunDataset.objects.get().facets == {"outputStatistics": {"rowCount": 7}}


def checked(success: bool) -> dict[str, object]:
    assertions = [
        {"assertion": "not_null", "success": success, "column": "id"},
        {"assertion": "fresh", "success": True, "severity": "warn"},
        {"assertion": 7, "success": "maybe"},
    ]
    return dataset("orders", inputFacets={"dataQualityAssertions": {"assertions": assertions}})


def test_assertions_are_results_of_checks_on_the_port(cast: Cast) -> None:
    send(cast.owner, dataset_event("orders"))
    port = make.make_port(cast.play_events, asset=Asset.objects.get())
    send(cast.owner, run_event(inputs=[checked(False)], eventTime=recent()))
    send(cast.owner, run_event(inputs=[checked(False)], eventTime=recent()))
    results = CheckResult.objects.order_by("outcome", "measured_at")
    assert [item.outcome for item in results] == ["failed", "failed", "passed", "passed"]
    assert QualityCheck.objects.count() == 2
    assert set(QualityCheck.objects.values_list("port", "element", "severity")) == {
        (port.pk, "id", "error"), (port.pk, "", "warning"),
    }  # fmt: skip


def recent() -> str:
    from django.utils import timezone

    return timezone.now().isoformat()


def test_a_skipped_test_is_no_failure(cast: Cast) -> None:
    send(cast.owner, dataset_event("orders"))
    make.make_port(cast.play_events, asset=Asset.objects.get())
    tests = [
        {"name": "a", "status": "skip"},
        {"name": "b", "status": "pass"},
        {"name": "c", "status": "fail"},
    ]
    event = run_event(inputs=[dataset("orders")], eventTime=recent())
    send(cast.owner, event | {"run": {"runId": "r", "facets": {"test": {"tests": tests}}}})
    assert sorted(CheckResult.objects.values_list("outcome", flat=True)) == ["failed", "passed", "skipped"]


def test_results_from_somebody_who_may_not_send_them_are_left_out_and_said(cast: Cast) -> None:
    send(cast.owner, dataset_event("orders"))
    make.make_port(cast.play_events, asset=Asset.objects.get())
    send(cast.steward, run_event(inputs=[checked(True)], eventTime=recent()))
    assert not CheckResult.objects.exists()
    event = LineageEvent.objects.get(kind="run")
    assert event.state == "projected"
    assert "listening/play-events" in event.problem


def test_an_event_that_cannot_be_projected_does_not_stop_the_others(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = projecting.describe_datasets

    def breaks(events: Any, ids: Any, rejected: Any) -> None:
        if any(told.job and told.job.name == "bad" for told, _ in events):
            raise ValueError("a defect")
        real(events, ids, rejected)

    monkeypatch.setattr(projecting, "describe_datasets", breaks)
    send(cast.owner, run_event(run="1"), run_event(job="bad", run="2"), run_event(run="3", minutes=1))
    failed = LineageEvent.objects.failed().get()
    assert failed.job_name == "bad"
    assert "a defect" in failed.problem
    assert set(Run.objects.values_list("key", flat=True)) == {"1", "3"}
    monkeypatch.undo()
    assert let_wait_again(ids=[failed.pk]) == 1
    assert project_waiting() == 1
    assert Run.objects.filter(key="2").exists()


def test_an_event_over_which_workers_died_is_put_aside(cast: Cast) -> None:
    receive(cast.owner, run_event(run="1"), run_event(run="2", minutes=1))
    LineageEvent.objects.filter(run_key="1").update(tries=projecting.MOST_TRIES)
    project_waiting()
    states = dict(LineageEvent.objects.values_list("run_key", "state"))
    assert states == {"1": "failed", "2": "projected"}
    assert LineageEvent.objects.failed().get().problem == projecting.DIED
