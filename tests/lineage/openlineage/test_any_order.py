"""Whatever the order and number in which events come, and however they are batched, they say the same."""

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from catalog.accounts.models import Membership, Role
from catalog.assets.models import Asset
from catalog.common.errors import Invalid
from catalog.schemas.models import SchemaVersion
from lineage.models import ColumnEdge, DatasetFacets, Job, LineageEdge, LineageEvent, Run, RunDataset
from lineage.openlineage import receiving
from lineage.openlineage.projecting import project_waiting
from lineage.openlineage.reading import Event, Refusal, read_event, read_json
from tests import factories as make
from tests.lineage.openlineage.events import columns, dataset, dataset_event, receive, run_event

pytestmark = pytest.mark.django_db
FEW = settings(max_examples=25, suppress_health_check=list(HealthCheck))
NAMES = some.sampled_from(["a", "b", "c"])


@some.composite
def told_dataset(draw: some.DrawFn) -> dict[str, Any]:
    facets: dict[str, Any] = {}
    if draw(some.booleans()):
        facets |= columns(draw(NAMES), draw(NAMES), "x", type=draw(some.sampled_from(["DIRECT", "INDIRECT"])))
    if draw(some.booleans()):
        facets["schema"] = {"fields": [{"name": draw(NAMES), "type": "int"}]}
    if draw(some.booleans()):
        facets["own"] = {"said": draw(some.integers(0, 3)), "_deleted": draw(some.booleans())}
    if draw(some.integers(0, 4)) == 0:
        facets["lineage"] = {"inputs": [dataset(draw(NAMES)) | {"type": "DATASET"}]}
    return dataset(draw(NAMES), facets)


@some.composite
def told_event(draw: some.DrawFn) -> dict[str, Any]:
    minutes = draw(some.integers(0, 5))
    datasets = some.lists(told_dataset(), max_size=2)
    if draw(some.integers(0, 5)) == 0:
        one = draw(told_dataset())
        return dataset_event("a", one["facets"], minutes)
    parent = {"parent": {"run": {"runId": "p"}, "job": {"namespace": "airflow", "name": draw(NAMES)}}}
    number = draw(some.integers(1, 2))
    event = run_event(
        draw(some.sampled_from(["START", "RUNNING", "COMPLETE", "FAIL", "ABORT", "OTHER"])), minutes=minutes,
        job=f"job-{number}", inputs=draw(datasets), outputs=draw(datasets),
    )  # fmt: skip
    facets = parent if draw(some.booleans()) else {}
    return event | {"run": {"runId": f"run-{number}", "facets": facets}}


def picture() -> dict[str, Any]:
    """Everything the events made, without the numbers of rows."""
    asset = dict(Asset.objects.values_list("pk", "name"))
    job = {None: "", **dict(Job.objects.values_list("pk", "name"))}
    run = {None: "", **dict(Run.objects.values_list("pk", "key"))}
    pieces: dict[str, list[list[Any]]] = {
        "jobs": [[j.name, job[j.parent_id], j.facets, j.first_seen_at, j.last_seen_at] for j in Job.objects.all()],
        "runs": [
            [r.key, job[r.job_id], r.state, r.started_at, r.ended_at, r.parent_key, r.facets, r.first_event_at,
             r.last_event_at] for r in Run.objects.all()
        ],
        "datasets": [
            [run[d.run_id], job[d.job_id], asset[d.asset_id], d.is_output, d.is_explicit, d.facets, d.first_event_at,
             d.last_event_at] for d in RunDataset.objects.all()
        ],
        "facets": [[asset[f.asset_id], f.facets] for f in DatasetFacets.objects.all()],
        "edges": [
            [asset[e.upstream_id], asset[e.downstream_id], job[e.job_id], e.first_seen, e.last_seen, e.valid_to]
            for e in LineageEdge.objects.filter(upstream_kind="asset")
        ],
        "columns": [
            [asset[e.upstream.asset_id], e.upstream.path, asset[e.downstream.asset_id], e.downstream.path,
             job[e.job_id], e.is_direct, e.how, e.first_seen, e.last_seen]
            for e in ColumnEdge.objects.select_related("upstream", "downstream")
        ],
    }  # fmt: skip
    return {
        name: sorted(json.dumps(row, sort_keys=True, default=str) for row in rows)
        for name, rows in pieces.items()
    }


def forget() -> None:
    for model in (
        LineageEvent,
        ColumnEdge,
        LineageEdge,
        RunDataset,
        Run,
        Job,
        DatasetFacets,
        SchemaVersion,
        Asset,
    ):
        model.objects.all().delete()


def project(events: list[dict[str, Any]], size: int, sender: Any) -> dict[str, Any]:
    forget()
    for event in events:
        receive(sender, event)
        if size == 1:
            project_waiting()
    while project_waiting(limit=size):
        pass
    assert not LineageEvent.objects.exclude(state="projected").exists()
    return picture()


@FEW
@given(some.data())
def test_order_number_and_batches_of_events_do_not_matter(data: some.DataObject) -> None:
    events = data.draw(some.lists(told_event(), min_size=1, max_size=6))
    sender = make.make_user()
    Membership.objects.create(user=sender, role=Role.PLATFORM_ADMIN)
    once = project(events, 100, sender)
    shuffled = data.draw(
        some.permutations(events + data.draw(some.lists(some.sampled_from(events), max_size=3)))
    )
    assert project(shuffled, data.draw(some.sampled_from([1, 2, 100])), sender) == once


JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=8)
    | some.sampled_from(["\x00", "\ud800", "x" * 3_000, "2026-03-01T12:00:00Z", "START", "9999-12-31T23:59:59-14:00"]),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
MEMBERS = ["eventTime", "eventType", "run", "job", "dataset", "inputs", "outputs", "schemaURL", "producer"]
FACETS = [
    "schema", "columnLineage", "lineage", "symlinks", "parent", "nominalTime", "errorMessage", "lifecycleStateChange",
    "dataQualityAssertions", "test", "outputStatistics", "ownership", "documentation", "tags", "jobType", "datasetType",
]  # fmt: skip
INSIDE = [
    "fields", "inputFields", "inputs", "entries", "identifiers", "run", "job", "runId", "namespace", "name", "type",
    "field", "transformations", "subtype", "assertions", "assertion", "success", "column", "tests", "status", "message",
    "lifecycleStateChange", "previousIdentifier", "description", "dataset", "severity", "expected", "actual",
]  # fmt: skip
TWISTED = some.recursive(
    JSON, lambda inner: some.lists(inner, max_size=2) | some.dictionaries(some.sampled_from(INSIDE), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=200)
@given(some.dictionaries(some.sampled_from(MEMBERS), JSON) | JSON)
def test_anything_is_an_event_or_refused_with_a_path(told: Any) -> None:
    found = read_event(told, now=timezone.now())
    if isinstance(found, Refusal):
        assert found.problems
        assert all(problem.path.startswith("$") and problem.message for problem in found.problems)
    else:
        assert isinstance(found, Event)


@settings(max_examples=100)
@given(some.binary(max_size=60), some.sampled_from(["", "gzip", "deflate", "br", "\x00"]))
def test_any_bytes_are_data_or_refused(raw: bytes, encoding: str) -> None:
    with suppress(Invalid):
        json.dumps(read_json(raw, encoding, 1_000))


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(some.dictionaries(some.sampled_from(FACETS), TWISTED, max_size=5))
def test_facets_of_any_form_are_projected(facets: dict[str, Any]) -> None:
    forget()
    one = dataset("a", facets, inputFacets=facets, outputFacets=facets)
    event = run_event(inputs=[one], outputs=[dataset("b"), one]) | {
        "run": {"runId": "r", "facets": facets},
        "job": {"namespace": "n", "name": "j", "facets": facets},
        "eventTime": (timezone.now() - timedelta(minutes=1)).isoformat(),
    }
    receiving.forget_room()
    receiving.take_event(actor=None, data=json.loads(json.dumps(event)))
    project_waiting()
    assert LineageEvent.objects.get().state == "projected", LineageEvent.objects.get().problem


@pytest.fixture(autouse=True)
def room() -> Iterator[None]:
    receiving.forget_room()
    yield
    receiving.forget_room()
