"""Celery entries of lineage."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from catalog.products.models import OutputPort
from lineage.datasets.declaring import sync_declared_names
from lineage.datasets.finding import give_keys
from lineage.datasets.proposing import propose_lookalikes
from lineage.dbt import tasks as dbt
from lineage.edges.deriving import follow_claims
from lineage.impact.services import refresh_proposals
from lineage.impact.snapshot import build_snapshot, is_due
from lineage.openlineage.tasks import PERIODIC as PROJECTING
from lineage.services import sync_declared_edges
from lineage.sql import tasks as sql

PERIODIC = {
    **PROJECTING,
    "lineage.sync_declared_edges": timedelta(minutes=5),
    "lineage.follow_claims": timedelta(minutes=5),
    "lineage.build_snapshot": timedelta(minutes=1),
    "lineage.check_snapshot": timedelta(minutes=10),
    "lineage.keep_names": timedelta(minutes=15),
    "lineage.sync_declared_names": timedelta(days=1),
    "lineage.propose_classifications": timedelta(minutes=30),
    **dbt.PERIODIC,
    **sql.PERIODIC,
}


@shared_task(name="lineage.sync_declared_edges")
def sync_declared() -> int:
    """Catch what bulk imports wrote past the receivers; changes nothing when nothing changed."""
    return sync_declared_edges()


@shared_task(name="lineage.follow_claims")
def follow_all_claims() -> int:
    """Derive edges around ports that were bound to an asset in bulk, past the receivers; returns how many changed."""
    done = follow_claims()
    return done.begun + done.changed + done.ended


@shared_task(name="lineage.build_snapshot")
def build_edges_snapshot() -> bool:
    """Read all edges into a new snapshot for impact, where they changed since the last; nothing otherwise."""
    return is_due() and build_snapshot()


@shared_task(name="lineage.check_snapshot")
def check_edges_snapshot() -> bool:
    """The same where edges were written past the trail of changes: compares all edges with those it was made of."""
    return is_due(is_thorough=True) and build_snapshot()


@shared_task(name="lineage.keep_names")
def keep_names() -> int:
    """Make datasets that crawls wrote findable by any spelling, and propose merges of look-alikes; how many are new."""
    while give_keys():
        pass
    return propose_lookalikes(at=timezone.now())


@shared_task(name="lineage.sync_declared_names")
def sync_all_declared_names() -> int:
    """Read again what all ports and contracts declare, past the receivers; returns how many names changed."""
    return sync_declared_names(OutputPort.objects.values_list("pk", flat=True))


@shared_task(name="lineage.propose_classifications")
def propose_classifications() -> int:
    """Ask owners about columns made from classified ones; what no longer follows from lineage lapses."""
    return refresh_proposals()
