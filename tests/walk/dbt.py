"""Imports of dbt and SQL of views: seen by the team they belong to, asked for by those in charge of it."""

from typing import Any

from django.utils import timezone

from catalog.assets.models import ViewDefinition
from lineage.models import DbtImport, DbtNode, DbtProject, ReadDefinition
from tests.walk import Example, Routes, api, nothing, page
from tests.walk.world import MARK, World

TEAM = page(404, owner=200, admin=200)
TEAM_API = api(404, owner=200, admin=200)
ADMIN = page(404, admin=200)
ADMIN_API = api(404, admin=200)


def _project(team: Any, name: str) -> DbtProject:
    now = timezone.now()
    project, _ = DbtProject.objects.get_or_create(
        team=team, name=name, defaults={"namespace": name, "job_namespace": name, "imported_at": now}
    )
    DbtNode.objects.get_or_create(
        project=project, unique_id=f"model.{name}", defaults={
            "kind": "model", "name": name, "digest": "", "first_seen_at": now, "changed_at": now}
    )  # fmt: skip
    return project


def _import(team: Any, name: str) -> dict[str, Any]:
    project = _project(team, name)
    job = DbtImport.objects.filter(project=project).first() or DbtImport.objects.create(
        team=team, project=project, queued_at=timezone.now(), status="failed", error=f"{name} failed."
    )
    return {"pk": job.pk}


def ours(world: World) -> dict[str, Any]:
    return _import(world.cast.listening_team, "plays")


def theirs(world: World) -> dict[str, Any]:
    return _import(world.vault_store.team, f"{MARK}_project")


def both(world: World) -> dict[str, Any]:
    """For lists, which then have something to conceal."""
    ours(world), theirs(world)
    return {}


def our_project(world: World) -> dict[str, Any]:
    return {"pk": _project(world.cast.listening_team, "plays").pk}


def their_project(world: World) -> dict[str, Any]:
    return {"pk": _project(world.vault_store.team, f"{MARK}_project").pk}


def with_views(world: World) -> dict[str, Any]:
    """A view of the vault's store that was not understood."""
    asset, now = world.vault_asset, timezone.now()
    definition, _ = ViewDefinition.objects.get_or_create(
        asset=asset, number=1, defaults={"sql": f"select {MARK}", "digest": "", "seen_at": now}
    )
    ReadDefinition.objects.get_or_create(
        definition=definition,
        defaults={"asset": asset, "outcome": "failed", "problems": [f"{MARK} is odd."], "read_at": now},
    )
    return {}


def store(world: World) -> dict[str, Any]:
    return {"slug": world.store.slug}


def vault_store(world: World) -> dict[str, Any]:
    return {"slug": world.vault_store.slug}


ROUTES: Routes = {
    "lineage:dbt-imports": [
        Example(both, page(guest=200)),
        Example(nothing, page(403, guest=403, owner=400, steward=400, admin=400), method="POST"),
    ],
    "lineage:dbt-import": [Example(ours, TEAM), Example(theirs, ADMIN, conceals=True)],
    "lineage:dbt-project": [Example(our_project, TEAM), Example(their_project, ADMIN, conceals=True)],
    "lineage:sql": [
        Example(with_views, page(guest=200)),
        Example(nothing, page(guest=200), query="?outcome=failed"),
    ],
    "lineage:sql-again": [
        Example(store, page(404, owner=302, admin=302), method="POST"),
        Example(vault_store, page(404, admin=302), method="POST", conceals=True),
    ],
    "lineage:sql-query": [
        Example(nothing, page(guest=200)),
        Example(nothing, page(400, guest=400), method="POST"),
    ],
    "api:dbt-import-list": [
        Example(both, api(guest=200)),
        Example(nothing, api(403, guest=403, owner=202, steward=202, admin=400), method="POST"),
    ],
    "api:dbt-import-detail": [Example(ours, TEAM_API), Example(theirs, ADMIN_API, conceals=True)],
}
