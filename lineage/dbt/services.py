"""Asking for an import of a dbt project: checks who may, keeps the files, queues the row, rings for a worker."""

from collections.abc import Iterable
from functools import partial

from django.db import transaction
from django.utils import timezone

from catalog.accounts import kernel
from catalog.accounts.models import Team, User
from catalog.audit import services as audit
from catalog.common.errors import Invalid, Problem
from catalog.connections.models import Connection
from lineage.dbt import permissions
from lineage.dbt.files import NamedPieces, keep_files
from lineage.dbt.models import DbtImport, DbtProject
from lineage.dbt.signals import import_queued

_NAMESPACE = 400


@transaction.atomic
def request_import(
    *,
    actor: User | None,
    files: Iterable[NamedPieces],
    team: str = "",
    connection: str = "",
    namespace: str = "",
    job_namespace: str = "",
) -> DbtImport:
    """Queue an import. `team` and `connection` are slugs; the connection is the store dbt writes to.

    Raises Invalid where it is not clear whose project it is or a file cannot be taken, NotAllowed.
    """
    kernel.require(actor, "dbt.import", None, "You may not import projects of dbt.")
    store = _connection(actor, connection)
    owner = _team(actor, team, store)
    kernel.require(actor, "dbt.import", owner, "You may not import projects of dbt for this team.")
    job = DbtImport(
        team=owner, requested_by=actor, connection=store, queued_at=timezone.now(),
        namespace=_name("namespace", namespace), job_namespace=_name("job_namespace", job_namespace),
    )  # fmt: skip
    job.full_clean(exclude=["files", "counts", "problems"])
    job.save()
    keep_files(job, files)
    audit.record(actor=actor, verb="dbt_import.requested", obj=job, detail={"files": job.files})
    transaction.on_commit(partial(import_queued.send_robust, sender=DbtImport, import_id=job.pk))
    return job


def _name(path: str, words: str) -> str:
    found = words.replace("\0", "").strip()
    if len(found) > _NAMESPACE:
        raise _unclear(path, f"At most {_NAMESPACE} characters.")
    return found


def _connection(actor: User | None, slug: str) -> Connection | None:
    if not slug:
        return None
    known = Connection.objects.all() if actor is None else Connection.objects.visible_to(actor)
    found: Connection | None = known.select_related("team").filter(slug=slug).first()
    if found is None:
        raise _unclear("connection", "There is no such connection, or you may not see it.")
    return found


def _team(actor: User | None, slug: str, store: Connection | None) -> Team:
    """The team that was named, else the store's, else the only one it can be."""
    if slug:
        named: Team | None = Team.objects.filter(slug=slug).first()
        if named is None:
            raise _unclear("team", "There is no such team.")
        return named
    if store is not None:
        return store.team
    possible = possible_teams(actor)
    if len(possible) != 1:
        raise _unclear("team", "Name the team that runs the project, by its slug.")
    return possible[0]


def possible_teams(actor: User | None) -> list[Team]:
    """The teams this person may import for; for the portal itself, those that have projects already."""
    if actor is None:
        return list(Team.objects.filter(pk__in=DbtProject.objects.values("team")).order_by("name"))
    who = kernel.standing(actor)
    if who.is_platform_admin:
        return list(Team.objects.order_by("name")[:500])
    held = frozenset().union(
        *(who.teams_by_role.get(role, frozenset()) for role in permissions.IMPORTING_ROLES)
    )
    return list(Team.objects.filter(pk__in=held).order_by("name"))


def _unclear(path: str, words: str) -> Invalid:
    return Invalid("The import cannot be asked for like this.", "Nothing was changed.", problems=[
        Problem(path, "choice", words)
    ])  # fmt: skip
