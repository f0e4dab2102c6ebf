"""The reading API of lineage: everybody signed in may ask; what one may not know of is not there."""

from typing import Any

from django.utils import timezone

from catalog.assets.models import Asset
from lineage.models import Job, Run, RunDataset
from tests.walk import Example, Keywords, Routes, api, hidden_api, nothing
from tests.walk.world import MARK, World


def _job(name: str, asset: Asset) -> Job:
    """A job that writes the asset, with one run."""
    now = timezone.now()
    job, is_new = Job.objects.get_or_create(
        namespace="etl", name=name, defaults={"first_seen_at": now, "last_seen_at": now}
    )
    if is_new:
        run = Run.objects.create(key=f"run-of-{name}", job=job, state="failed", last_event_at=now, error=name)
        RunDataset.objects.create(
            job=job, run=run, asset=asset, is_output=True, first_event_at=now, last_event_at=now
        )
    return job


def open_job(world: World) -> Job:
    """A job that writes what Play events offers."""
    assert world.plays.asset is not None
    return _job("load-plays", world.plays.asset)


def vault_job(world: World) -> Job:
    """A job that writes what only the admin may know of."""
    return _job(f"{MARK}-load", world.vault_asset)


def both(world: World) -> dict[str, Any]:
    """Both jobs are there, for lists."""
    open_job(world)
    vault_job(world)
    return {}


def _at(suffix: str, *, is_vault: bool = False) -> Keywords:
    def keywords(world: World) -> dict[str, Any]:
        both(world)
        asset = world.vault_asset if is_vault else world.plays.asset
        assert asset is not None
        return {"path": suffix.format(asset=asset)}

    return keywords


def _source(*, is_vault: bool = False) -> Keywords:
    def keywords(world: World) -> dict[str, Any]:
        asset = world.vault_asset if is_vault else world.plays.asset
        assert asset is not None
        return {"name": asset.namespace}

    return keywords


def open_run(world: World) -> dict[str, Any]:
    return {"key": f"run-of-{open_job(world).name}"}


def vault_run(world: World) -> dict[str, Any]:
    return {"key": f"run-of-{vault_job(world).name}"}


JOB = "?nodeId=job:etl:load-plays"
VAULT_JOB = f"?nodeId=job:etl:{MARK}-load"
VAULT_DATA = f"?nodeId=dataset:sqlite://{MARK}:{MARK}_table"
GRAPH = [
    Example(both, api(), query=JOB),
    Example(both, hidden_api(), query=VAULT_JOB, conceals=True),
    Example(both, hidden_api(), query=VAULT_DATA, conceals=True),
    Example(nothing, api(400, guest=400)),
]
LISTED = [Example(both, api(guest=200))]

ROUTES: Routes = {
    "compat:column-lineage": GRAPH,
    "compat:column-lineage-slash": GRAPH,
    "compat:events": LISTED,
    "compat:events-slash": LISTED,
    "compat:namespaces": LISTED,
    "compat:namespaces-slash": LISTED,
    "compat:in-namespace": [
        Example(_at("{asset.namespace}"), api()),
        Example(_at("{asset.namespace}/datasets/{asset.name}/"), api()),
        Example(_at("{asset.namespace}/datasets"), api(guest=200)),
        Example(_at("{asset.namespace}/datasets/{asset.name}/versions"), api()),
        Example(_at("etl/jobs"), api(guest=200)),
        Example(_at("etl/jobs/load-plays"), api()),
        Example(_at("etl/jobs/load-plays/runs"), api()),
        Example(_at("{asset.namespace}", is_vault=True), hidden_api(), conceals=True),
        Example(_at("{asset.namespace}/datasets/{asset.name}", is_vault=True), hidden_api(), conceals=True),
        Example(
            _at("{asset.namespace}/datasets/{asset.name}/versions", is_vault=True),
            hidden_api(),
            conceals=True,
        ),
        Example(_at("{asset.namespace}/datasets", is_vault=True), api(guest=200), conceals=True),
        Example(_at(f"etl/jobs/{MARK}-load/runs"), hidden_api(), conceals=True),
    ],
    "compat:sources": LISTED,
    "compat:sources-slash": LISTED,
    "compat:source": [
        Example(_source(), api()),
        Example(_source(is_vault=True), hidden_api(), conceals=True),
    ],
    "compat:tags": LISTED,
    "compat:run": [
        Example(open_run, api()),
        Example(vault_run, hidden_api(), conceals=True),
    ],
    "compat:search": [Example(both, api(guest=200), query="?q=a")],
}
