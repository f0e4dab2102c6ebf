"""Declared edges follow input ports in the same transaction."""

from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.utils import timezone

from catalog.crawling.signals import crawl_finished
from catalog.products.models import InputPort, OutputPort
from lineage.edges.deriving import follow_claims
from lineage.impact.changes import note_graph_changed
from lineage.models import LineageEdge, NodeKind
from lineage.services import sync_declared_edges


@receiver([post_save, post_delete], sender=InputPort, dispatch_uid="lineage.input_port_changed")
def follow_input_port(instance: InputPort, **_: Any) -> None:
    sync_declared_edges([instance.product_id])


@receiver(post_delete, sender=OutputPort, dispatch_uid="lineage.output_port_deleted")
def end_edges_of_port(instance: OutputPort, **_: Any) -> None:
    """The database empties the input ports' reference without a signal; the edges end here."""
    edges = LineageEdge.objects.in_force().filter(upstream_kind=NodeKind.PORT, upstream_id=instance.pk)
    if edges.update(valid_to=timezone.now()):
        note_graph_changed()


@receiver([post_save, post_delete], sender=OutputPort, dispatch_uid="lineage.port_changed")
def follow_claim(instance: OutputPort, created: bool = False, **_: Any) -> None:
    """Derived edges follow what ports claim; a new port without an asset claims nothing."""
    if not created or instance.asset_id is not None:
        follow_claims([instance.pk])


@receiver(crawl_finished, dispatch_uid="lineage.crawl_finished")
def follow_claims_of_crawl(connection_id: int, **_: Any) -> None:
    """A crawl binds ports to what it found in bulk, without a signal for each; told after its commit."""
    ports = OutputPort.objects.filter(connection_id=connection_id)
    follow_claims(list(ports.values_list("pk", flat=True)))
