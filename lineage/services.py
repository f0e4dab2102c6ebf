"""Keeping edges true to what products declare. Declared edges follow input ports; ended ones keep their dates."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from catalog.audit.remembered import forget_on_commit
from catalog.products.models import InputPort
from lineage.impact.changes import note_graph_changed
from lineage.models import LineageEdge, NodeKind

Pair = tuple[int, int]  # (output port, product)


def sync_declared_edges(product_ids: Collection[int] | None = None, *, now: datetime | None = None) -> int:
    """Make the declared edges of the products (None: of all) equal to their input ports; returns how many changed.

    Safe to repeat and to run beside others: an edge in force exists once by constraint, ends are set once.
    """
    now = now or timezone.now()
    ports = InputPort.objects.exclude(upstream_port=None)
    edges = LineageEdge.objects.filter(
        valid_to=None,
        source=LineageEdge.Source.INPUT_PORT,
        upstream_kind=NodeKind.PORT,
        downstream_kind=NodeKind.PRODUCT,
    )
    if product_ids is not None:
        ports = ports.filter(product_id__in=product_ids)
        edges = edges.filter(downstream_id__in=product_ids)
    with transaction.atomic():
        declared: set[Pair] = set(ports.values_list("upstream_port_id", "product_id"))
        known = {(up, down): pk for pk, up, down in edges.values_list("pk", "upstream_id", "downstream_id")}
        ended = [pk for pair, pk in known.items() if pair not in declared]
        begun = sorted(declared - known.keys())
        LineageEdge.objects.filter(pk__in=ended, valid_to=None).update(valid_to=now)
        LineageEdge.objects.bulk_create(
            [_declared_edge(pair, now) for pair in begun], ignore_conflicts=True, batch_size=500
        )
        if ended or begun:
            note_graph_changed()
            forget_on_commit()
    return len(ended) + len(begun)


def _declared_edge(pair: Pair, now: datetime) -> LineageEdge:
    return LineageEdge(
        source=LineageEdge.Source.INPUT_PORT,
        upstream_kind=NodeKind.PORT,
        upstream_id=pair[0],
        downstream_kind=NodeKind.PRODUCT,
        downstream_id=pair[1],
        first_seen=now,
        last_seen=now,
    )
