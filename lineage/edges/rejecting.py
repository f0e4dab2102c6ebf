"""Owners say that a sender is not to be believed about a dataset of theirs, and take it back."""

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.assets.models import Asset
from catalog.audit import services as audit
from catalog.common.errors import Conflict, Problem
from catalog.common.validation import invalid
from lineage.edges.believing import rejected_by
from lineage.edges.deriving import derive_edges
from lineage.edges.locks import in_batches, lock_edges
from lineage.impact.changes import note_graph_changed
from lineage.models import ColumnEdge, LineageEdge, NodeKind, SenderRejection

MOST_REASON = 1_000  # characters
Key = tuple[str, int | None, int, int]  # source, job, upstream asset, downstream asset


@transaction.atomic
def reject_sender(*, actor: User | None, asset: Asset, sender: User, reason: str) -> SenderRejection:
    """From now on nothing that `sender` tells of `asset` is believed: edges from and to it which they told of last end,
    with those of its columns, and what they send about it is left out.

    Raises NotAllowed, Invalid without a reason, or Conflict where they are rejected already.
    """
    kernel.require(
        actor, "lineage.reject_sender", asset, "You may not say who is believed about this dataset."
    )
    if not reason.strip():
        raise invalid([Problem("reason", "required", "Say why this sender is not to be believed.")])
    lock_edges()
    if SenderRejection.objects.in_force().filter(asset=asset, sender=sender).exists():
        raise Conflict("This sender is not believed already.", kept="Nothing was changed.")
    now = timezone.now()
    rows = _of_asset(asset).filter(sent_by=sender)
    edges = {
        pk: (source, job, up, down)
        for pk, source, job, up, down in rows.values_list(
            "pk", "source", "job_id", "upstream_id", "downstream_id"
        )
    }
    columns = _columns_below(asset, set(edges.values()))
    for model, keys in ((LineageEdge, sorted(edges)), (ColumnEdge, sorted(columns))):
        _set_end(model, keys, now)
    row = SenderRejection.objects.create(
        asset=asset, sender=sender, reason=reason.strip()[:MOST_REASON], made_at=now, made_by=actor,
        edges_ended=sorted(edges), columns_ended=sorted(columns),
    )  # fmt: skip
    _follow(asset, {up for _, _, up, _ in edges.values()}, has_columns=bool(columns))
    _record(actor, "lineage_sender.rejected", row)
    return row


@transaction.atomic
def believe_again(*, actor: User | None, rejection: SenderRejection) -> None:
    """The sender is believed about the dataset again: edges that ended by the rejection are there again, but for those
    somebody else told of since. What was sent meanwhile is not read again.

    Raises NotAllowed, or Conflict where it was taken back already.
    """
    asset = rejection.asset
    kernel.require(
        actor, "lineage.reject_sender", asset, "You may not say who is believed about this dataset."
    )
    lock_edges()
    row = SenderRejection.objects.select_for_update(of=("self",)).get(pk=rejection.pk)
    if row.ended_at is not None:
        raise Conflict("This was taken back already.", kept="Nothing was changed.")
    ended = _of_asset(asset, at_end=row).values_list("pk", "source", "job_id", "upstream_id", "downstream_id")
    there = set(_of_asset(asset).values_list("source", "job_id", "upstream_id", "downstream_id"))
    others = {about for _, about in rejected_by({row.sender_id}) if about != asset.pk}
    edges = {pk: tuple(key) for pk, *key in ended if tuple(key) not in there and others.isdisjoint(key[2:])}
    _set_end(LineageEdge, sorted(edges), None)
    has_columns = _begin_again(asset, row, others)
    row.ended_at, row.ended_by = timezone.now(), actor
    row.save(update_fields=["ended_at", "ended_by"])
    _follow(asset, {int(key[2]) for key in edges.values()}, has_columns=has_columns)
    _record(actor, "lineage_sender.believed", row)


_COLUMN_KEY = ("source", "job_id", "upstream_id", "downstream_id")


def _begin_again(asset: Asset, row: SenderRejection, others: Collection[int]) -> bool:
    """Edges of columns that the rejection ended are there again, but for those told since, and those from or to
    `others`, about which the sender is not believed either; whether there are any.

    They are written anew: impact knows by its number which edge a snapshot cannot hold."""
    known = set(ColumnEdge.objects.in_force().filter(_touching(asset)).values_list(*_COLUMN_KEY))
    ended = ColumnEdge.objects.filter(pk__in=row.columns_ended, valid_to=row.made_at)
    believed = ended.exclude(Q(upstream__asset__in=others) | Q(downstream__asset__in=others))
    again = [edge for edge in believed if tuple(getattr(edge, name) for name in _COLUMN_KEY) not in known]
    for some in in_batches([edge.pk for edge in again]):
        ColumnEdge.objects.filter(pk__in=some).delete()
    for edge in again:
        edge.pk, edge.valid_to = None, None
    ColumnEdge.objects.bulk_create(again, batch_size=500)
    return bool(again)


def _of_asset(asset: Asset, at_end: SenderRejection | None = None) -> Any:
    """What machines saw between the asset and others: in force, or ended by a rejection."""
    edges = LineageEdge.objects.filter(
        Q(upstream_id=asset.pk) | Q(downstream_id=asset.pk), is_derived=False, upstream_kind=NodeKind.ASSET,
        downstream_kind=NodeKind.ASSET,
    )  # fmt: skip
    if at_end is None:
        return edges.filter(valid_to=None)
    return edges.filter(pk__in=at_end.edges_ended, valid_to=at_end.made_at)


def _touching(asset: Asset) -> Q:
    return Q(upstream__asset=asset) | Q(downstream__asset=asset)


def _columns_below(asset: Asset, edges: set[Key]) -> list[int]:
    """Edges in force of its columns that belong to these edges between assets, or to their jobs within the asset."""
    rows = ColumnEdge.objects.in_force().filter(_touching(asset))
    found = rows.values_list("pk", "source", "job_id", "upstream__asset_id", "downstream__asset_id")
    jobs = {(source, job) for source, job, _, _ in edges}
    return [
        pk
        for pk, source, job, up, down in found.iterator(chunk_size=5_000)
        if (source, job, up, down) in edges or (up == down and (source, job) in jobs)
    ]


def _set_end(model: Any, keys: Collection[int], at: Any) -> None:
    for some in in_batches(keys):
        model.objects.filter(pk__in=some).update(valid_to=at)


def _follow(asset: Asset, upstreams: set[int], *, has_columns: bool) -> None:
    """Edges between products, snapshots of impact and what is remembered follow."""
    if upstreams or has_columns:
        note_graph_changed()
    if upstreams:
        derive_edges(upstreams | {asset.pk})


def _record(actor: User | None, verb: str, row: SenderRejection) -> None:
    detail = {"sender": row.sender.username, "reason": row.reason, "edges": len(row.edges_ended)}
    products: list[int | None] = [*sorted(set(row.asset.output_ports.values_list("product_id", flat=True)))]
    for product in products or [None]:
        audit.record(actor=actor, verb=verb, obj=row.asset, product_id=product, detail=detail)
