"""Drawing edges by hand: what people know and no machine says. Machines never change these, nor these what they saw."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.audit import services as audit
from catalog.audit.changes import difference, snapshot
from catalog.common.errors import Conflict, Invalid, NotFound, Problem
from catalog.common.validation import clean
from catalog.products.models import DataProduct, OutputPort
from lineage.edges import permissions as _permissions  # noqa: F401 - registers them
from lineage.edges.locks import lock_edges
from lineage.impact.changes import note_graph_changed
from lineage.models import LineageEdge, NodeKind

FIELDS = ("note", "valid_to")
NOTE_LETTERS = 2_000


@transaction.atomic
def draw_edge(
    *,
    actor: User,
    port: OutputPort,
    product: DataProduct,
    note: str = "",
    valid_to: dt.datetime | None = None,
) -> LineageEdge:
    """Say that `port` feeds `product` from now on, until `valid_to` if that is known already.

    Raises NotAllowed, NotFound (a port the actor may not know of), Conflict (it is drawn already) and Invalid.
    """
    if not OutputPort.objects.visible_to(actor).filter(pk=port.pk).exists():
        raise NotFound("There is no such output port, or you may not see it.")
    kernel.require(actor, "lineage_edge.create", product, "You may not say what this product is made from.")
    if port.product_id == product.pk:
        raise _wrong("port", "A product is not made from its own port.")
    lock_edges()
    now = timezone.now()
    edge = LineageEdge(
        source=LineageEdge.Source.BY_HAND, author=actor, note=note,
        upstream_kind=NodeKind.PORT, upstream_id=port.pk,
        downstream_kind=NodeKind.PRODUCT, downstream_id=product.pk,
        first_seen=now, last_seen=now, valid_to=valid_to,
    )  # fmt: skip
    _check(edge, now)
    same = LineageEdge.objects.in_force().filter(
        source=edge.source, upstream_kind=NodeKind.PORT, upstream_id=port.pk,
        downstream_kind=NodeKind.PRODUCT, downstream_id=product.pk,
    )  # fmt: skip
    if same.exists():
        raise Conflict(
            "This edge is drawn already.", kept="Nothing was saved.", remedy="Change the one that is there."
        )
    edge.save(force_insert=True)
    _record(actor, "lineage_edge.drawn", edge, difference({}, snapshot(edge, FIELDS)))
    return edge


@transaction.atomic
def edit_edge(*, actor: User, edge: LineageEdge, **fields: Any) -> LineageEdge:
    """Change the note or the end (`valid_to`, None: open) of an edge drawn by hand; seen again by doing so.

    Raises NotAllowed, Conflict (it has ended) and Invalid.
    """
    _require_edit(actor, edge)
    lock_edges()
    fresh = LineageEdge.objects.select_for_update().get(pk=edge.pk)
    now = timezone.now()
    if fresh.valid_to is not None and fresh.valid_to <= now:
        raise Conflict("This edge has ended.", kept="Nothing was changed.", remedy="Draw it anew.")
    before = snapshot(fresh, FIELDS)
    for name in FIELDS:
        if name in fields:
            setattr(fresh, name, fields[name])
    fresh.last_seen = now
    _check(fresh, now)
    fresh.save()
    if changes := difference(before, snapshot(fresh, FIELDS)):
        _record(actor, "lineage_edge.edited", fresh, changes)
    return fresh


@transaction.atomic
def end_edge(*, actor: User, edge: LineageEdge) -> LineageEdge:
    """End an edge drawn by hand now; ending it twice changes nothing. Raises NotAllowed."""
    _require_edit(actor, edge)
    lock_edges()
    now = timezone.now()
    still = LineageEdge.objects.filter(Q(valid_to=None) | Q(valid_to__gt=now), pk=edge.pk)
    before = snapshot(edge, FIELDS)
    ended = still.update(valid_to=now)
    edge.refresh_from_db()
    if ended:
        _record(actor, "lineage_edge.ended", edge, difference(before, snapshot(edge, FIELDS)))
    return edge


def _require_edit(actor: User, edge: LineageEdge) -> None:
    product = DataProduct.objects.select_related("domain").get(pk=edge.downstream_id)
    kernel.require(actor, "lineage_edge.edit", product, "You may not say what this product is made from.")
    if edge.source != LineageEdge.Source.BY_HAND:
        raise Conflict(
            "Only edges drawn by hand can be changed or ended one by one.",
            kept="Nothing was changed.",
            remedy="Declared ones follow the input ports; what machines saw ends when they no longer see it.",
        )


def _check(edge: LineageEdge, now: dt.datetime) -> None:
    if len(edge.note) > NOTE_LETTERS:
        raise _wrong("note", f"A note has at most {NOTE_LETTERS:,} letters.")
    if edge.valid_to is not None and edge.valid_to <= now:
        raise _wrong("valid_to", "The end lies in the future; to end it now, end the edge.")
    clean(edge, exclude=("job",))


def _wrong(path: str, words: str) -> Invalid:
    return Invalid(words, kept="Nothing was saved.", problems=[Problem(path, "invalid", words)])


def _record(actor: User, verb: str, edge: LineageEdge, changes: Any) -> None:
    """Told at the downstream product, whose readers may not know the other end: its number alone is kept."""
    note_graph_changed()
    audit.record(
        actor=actor, verb=verb, obj=edge, product_id=edge.downstream_id, changes=changes,
        name=f"lineage edge {edge.pk}", detail={"upstream_port": edge.upstream_id},
    )  # fmt: skip
