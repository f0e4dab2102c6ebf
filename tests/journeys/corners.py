"""Rows that only pages away from the main ways show: of lineage, drafts, links and machines. Beside `mesh.plant`, so
that journeys are not told of them."""

import datetime as dt

from django.utils import timezone

from catalog.access.services.requests import draft_request
from catalog.accounts.models import User
from catalog.accounts.services import create_service_account, create_token, reset_password_link
from catalog.assets.models import ViewDefinition
from catalog.discussions.models import Answer
from catalog.identity.models import SecondFactor
from catalog.notifications import unsubscribing
from catalog.products.models import InputPort
from lineage.datasets.merging import bind_name
from lineage.datasets.models import DatasetMerge
from lineage.datasets.naming import DatasetName
from lineage.datasets.proposing import propose_merges
from lineage.datasets.services import find_or_make_assets
from lineage.edges.by_hand import draw_edge
from lineage.models import ClassificationProposal, Column, Job, LineageEvent, ReadDefinition
from tests import factories as make
from tests.journeys.mesh import Mesh
from tests.lineage.dbt.projects import catalog, imported, manifest
from tests.lineage.openlineage.events import run_event, send


def plant_corners(mesh: Mesh) -> dict[str, int | str]:
    """What stands in the paths of `pages` beside the numbers of the mesh."""
    return _people(mesh) | _drafts(mesh) | _lineage(mesh) | _dbt(mesh) | _runs(mesh)


def make_doubted() -> User:
    """Somebody whose second factor the portal asks for."""
    person = make.make_user("doubted")
    SecondFactor.objects.create(user=person, secret="never read", confirmed_at=timezone.now())
    return person


def _people(mesh: Mesh) -> dict[str, int | str]:
    cast = mesh.cast
    machine = create_service_account(actor=None, team=cast.listening_team, username="loader", name="Loader")
    create_token(actor=None, person=machine, name="Nightly load", scopes=["write"])
    return {
        "link": reset_password_link(actor=None, person=cast.steward),
        "unsubscribe": unsubscribing.path(cast.guest, ["slo", "incident"]).split("/")[-2],
    }


def _drafts(mesh: Mesh) -> dict[str, int | str]:
    """A request nobody has sent, an answer its writer may change, an input."""
    cast = mesh.cast
    port = make.make_port(cast.playback_quality, "scores")
    draft = draft_request(
        actor=cast.consumer,
        port=port,
        consumer=cast.consumer,
        purpose="To compare scores with plays.",
        days=30,
    )
    return {
        "draft": draft.pk,
        "answer": Answer.objects.filter(author=cast.owner).latest("pk").pk,
        "input": InputPort.objects.filter(product=cast.play_events).latest("pk").pk,
    }


def _lineage(mesh: Mesh) -> dict[str, int | str]:
    """An edge drawn by hand, views read well and badly, names and merges to sort, a classification to decide."""
    cast, asset, now = mesh.cast, mesh.plays.asset, timezone.now()
    assert asset is not None
    edge = draw_edge(
        actor=cast.admin, port=mesh.plays, product=cast.playback_quality, note="Told by the **loader**."
    )
    secret = make.make_product("Not for all", visibility="private")
    make.make_input_port(secret, make.make_port(cast.playback_quality, "ratings"))
    make.make_input_port(mesh.charts, make.make_port(secret, "rows"))
    outcomes: dict[str, list[str]] = {
        "read": [],
        "partly": ["SELECT * of a table whose columns nobody knows."],
        "failed": ["Line 3: a bracket is missing."],
    }
    for number, (outcome, problems) in enumerate(outcomes.items()):
        view = make.make_asset(mesh.store, f"listening.view_{number}", kind="view")
        wording = ViewDefinition.objects.create(
            asset=view, number=1, sql="select 1", digest=str(number), seen_at=now
        )
        ReadDefinition.objects.create(
            definition=wording, asset=view, outcome=outcome, problems=problems, tables=2, links=5, read_at=now
        )
    names = [DatasetName("s3://lake-of-listening-north", f"daily/plays/part={number}") for number in range(4)]
    orphans = find_or_make_assets(names, seen_at=now)
    bind_name(actor=None, namespace="s3://lake-of-listening-north", name="plays-again", asset=asset)
    propose_merges([(asset.pk, orphans[names[0]])], reason=DatasetMerge.Reason.SPELLING, at=now)
    column, because = (
        Column.objects.get_or_create(asset=asset, path=path)[0] for path in ("customer_email", "event_id")
    )
    secret = cast.play_events.classification
    assert secret is not None
    ClassificationProposal.objects.create(
        column=column, because=because, classification=secret, steps=2, basis="planted"
    )
    return {"edge": edge.pk}


def _dbt(mesh: Mesh) -> dict[str, int | str]:
    job = imported(manifest(), catalog(), actor=mesh.cast.owner, namespace="postgres://db.example:5432")
    imported({"nothing": "known"}, actor=mesh.cast.owner)
    assert job.project_id is not None
    return {"import": job.pk, "project": job.project_id}


def _runs(mesh: Mesh) -> dict[str, int | str]:
    """Runs of a job that writes the plays, one of them failed, and what they told."""
    asset, begun = mesh.plays.asset, timezone.now() - dt.timedelta(days=4)
    assert asset is not None
    facets = {
        "ownership": {"owners": [{"name": "team:listening-north", "type": "MAINTAINER"}]},
        "tags": {"tags": [{"key": "tier", "value": "gold"}, {"key": "pii", "field": "customer_email"}]},
        "dataSource": {"name": "listening", "uri": "postgres://db.example:5432/listening"},
        "catalog": {"framework": "iceberg", "type": "hive", "warehouseUri": "s3://lake-of-listening-north"},
    }  # fmt: skip
    plays = {"namespace": asset.namespace, "name": asset.name, "facets": facets}
    plays["outputFacets"] = {"outputStatistics": {"rowCount": 120_000, "size": 7_340_032, "fileCount": 12}}
    for day, ending in enumerate(("COMPLETE", "FAIL", "COMPLETE")):
        for kind, minutes in (("START", 0), (ending, 12 + 20 * day)):
            at = (begun + dt.timedelta(days=day, minutes=minutes)).isoformat()
            event = run_event(kind, job="load_plays", run=f"run-{day}", outputs=[plays], eventTime=at)
            if kind == "FAIL":
                event["run"]["facets"] = {"errorMessage": {"message": "The disk is full."}}
            send(mesh.cast.steward if kind == "FAIL" else mesh.cast.owner, event)
    return {
        "job": Job.objects.get(name="load_plays").pk,
        "dataset": asset.pk,
        "event": LineageEvent.objects.filter(event_type="FAIL").latest("pk").pk,
    }
