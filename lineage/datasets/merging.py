"""Joining two assets that are one dataset, and taking it back; binding a name to an asset by hand."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.assets.models import Asset
from catalog.audit import services as audit
from catalog.common.errors import Conflict, NotFound, Problem
from catalog.common.validation import invalid
from lineage.datasets.finding import resolved
from lineage.datasets.models import DatasetAlias, DatasetMerge
from lineage.datasets.moving import move, move_back
from lineage.datasets.moving_facets import move_facets, move_facets_back
from lineage.datasets.naming import DatasetName, fitted, match_key
from lineage.datasets.permissions import visible_assets
from lineage.datasets.proposing import propose_merges
from lineage.edges.deriving import derive_edges
from lineage.impact.changes import note_graph_changed

State = DatasetMerge.State


@transaction.atomic
def merge_datasets(
    *,
    actor: User | None,
    kept: Asset,
    gone: Asset,
    reason: DatasetMerge.Reason = DatasetMerge.Reason.BY_HAND,
    note: str = "",
) -> DatasetMerge:
    """From now on both names mean `kept`; edges, columns and runs move there, and the row of `gone` rests.

    `gone` must be a dataset only machines told of: one that a crawl reads or a port offers stays what it is. Raises
    NotAllowed, Invalid, or Conflict when it was merged already.
    """
    kernel.require(actor, "dataset.name", kept, "You may not say what this dataset is.")
    kernel.require(actor, "dataset.name", gone, "You may not say what the other dataset is.")
    list(Asset.objects.select_for_update().filter(pk__in=(kept.pk, gone.pk)).order_by("pk"))
    _check(kept, gone)
    now = timezone.now()
    row = DatasetMerge.objects.proposed().filter(kept=kept, gone=gone).first() or DatasetMerge(
        kept=kept, gone=gone, reason=reason, note=note[:1000], proposed_at=now
    )
    aliases = DatasetAlias.objects.in_force().filter(namespace=gone.namespace, name=gone.name)
    aliases.update(undone_at=now)
    row.moved = move(gone.pk, kept.pk, at=now) | {"was_ignored": gone.is_ignored}
    before = _described(kept.pk)
    row.moved["facets"] = move_facets(gone.pk, kept.pk)
    row.moved["described"] = {
        name: [before[name], value] for name, value in _described(kept.pk).items() if value != before[name]
    }
    Asset.objects.filter(pk=gone.pk).update(is_ignored=True)
    row.state, row.decided_at, row.decided_by = State.DONE, now, actor
    row.save()
    DatasetAlias.objects.create(
        namespace=gone.namespace, name=gone.name, match_key=gone.match_key or _key(gone), asset=kept,
        kind=DatasetAlias.Kind.MERGE, author=actor, note=note[:1000], made_at=now,
    )  # fmt: skip
    superseded = DatasetMerge.objects.proposed().filter(gone=gone)
    superseded.update(state=State.DECLINED, decided_at=now, decided_by=actor)
    _record(actor, "dataset.merged", kept, gone)
    derive_edges((), claims=(kept.pk, gone.pk))
    note_graph_changed()
    return row


@transaction.atomic
def undo_merge(*, actor: User | None, merge: DatasetMerge) -> None:
    """Both are two again, each with what it had; what came since stays with the one that was kept.

    Raises NotAllowed, or Conflict when it is not merged.
    """
    kernel.require(actor, "dataset.name", merge.kept, "You may not say what this dataset is.")
    row = DatasetMerge.objects.select_for_update(of=("self",)).select_related("kept", "gone").get(pk=merge.pk)
    if row.state != State.DONE:
        raise Conflict(
            "These are not merged any more.", kept="Nothing was changed.", remedy="Load the page again."
        )
    now = timezone.now()
    names = DatasetAlias.objects.in_force().filter(
        namespace=row.gone.namespace, name=row.gone.name, kind=DatasetAlias.Kind.MERGE
    )
    names.update(undone_at=now, undone_by=actor)
    move_back(row.moved, gone=row.gone_id, kept=row.kept_id)
    Asset.objects.filter(pk=row.kept_id, connection=None).update(**_as_it_was(row))
    move_facets_back(row.moved.get("facets", {}), gone=row.gone_id, kept=row.kept_id)
    Asset.objects.filter(pk=row.gone_id).update(is_ignored=bool(row.moved.get("was_ignored")))
    row.state, row.undone_at, row.undone_by = State.UNDONE, now, actor
    row.save(update_fields=["state", "undone_at", "undone_by"])
    _record(actor, "dataset.unmerged", row.kept, row.gone)
    derive_edges((), claims=(row.kept_id, row.gone_id))
    note_graph_changed()


@transaction.atomic
def decline_merge(*, actor: User | None, merge: DatasetMerge) -> None:
    """They are two: the proposal is not made again. Raises NotAllowed, or Conflict when it was decided already."""
    kernel.require(actor, "dataset.name", merge.kept, "You may not say what this dataset is.")
    now = timezone.now()
    waiting = DatasetMerge.objects.proposed().filter(pk=merge.pk)
    if not waiting.update(state=State.DECLINED, decided_at=now, decided_by=actor):
        raise Conflict(
            "This was decided already.", kept="Nothing was changed.", remedy="Load the page again."
        )
    _record(actor, "dataset.merge_declined", merge.kept, merge.gone)


@transaction.atomic
def bind_name(
    *, actor: User | None, namespace: str, name: str, asset: Asset, note: str = ""
) -> DatasetAlias | DatasetMerge:
    """Say that a name, as outside documents write it, means `asset`. Where it is a dataset already, the two are merged.

    Raises NotAllowed, Invalid, or Conflict when the name means something else by an earlier word.
    """
    kernel.require(actor, "dataset.name", asset, "You may not say what this dataset is.")
    written = fitted(DatasetName(namespace.strip(), name.strip()))
    if not written.namespace or not written.name:
        raise invalid([Problem("name", "required", "Give the namespace and the name.")])
    other = Asset.objects.filter(namespace=written.namespace, name=written.name).first()
    if other is not None and other.pk == asset.pk:
        raise invalid([Problem("name", "same", "This is its own name.")])
    taken = DatasetAlias.objects.in_force().filter(namespace=written.namespace, name=written.name).first()
    if taken is not None and taken.asset_id == asset.pk:
        return taken
    if taken is not None:
        raise Conflict(
            "This name means another dataset already.",
            kept="Nothing was changed.",
            remedy="Take that back first, on the page of names.",
        )
    if other is not None:
        return merge_datasets(actor=actor, kept=asset, gone=other, note=note)
    alias = DatasetAlias.objects.create(
        namespace=written.namespace, name=written.name, match_key=match_key(written), asset=asset,
        kind=DatasetAlias.Kind.BY_HAND, author=actor, note=note[:1000], made_at=timezone.now(),
    )  # fmt: skip
    detail = {"namespace": written.namespace, "name": written.name}
    audit.record(actor=actor, verb="dataset.bound", obj=asset, detail=detail)
    return alias


@transaction.atomic
def undo_alias(*, actor: User | None, alias: DatasetAlias) -> None:
    """The name does not mean this asset: machines that say so again are not believed. A merge is undone whole.

    What was seen under the name stays where it is. Raises NotAllowed, or Conflict when it was taken back already.
    """
    kernel.require(actor, "dataset.name", alias.asset, "You may not say what this dataset is.")
    if alias.kind == DatasetAlias.Kind.MERGE:
        merge = DatasetMerge.objects.done().filter(
            gone__namespace=alias.namespace, gone__name=alias.name, kept=alias.asset_id
        )
        row = merge.first()
        if row is None:
            raise NotFound("There is no such merge.")
        undo_merge(actor=actor, merge=row)
        return
    changed = DatasetAlias.objects.in_force().filter(pk=alias.pk)
    if not changed.update(undone_at=timezone.now(), undone_by=actor):
        raise Conflict(
            "This was taken back already.", kept="Nothing was changed.", remedy="Load the page again."
        )
    detail = {"namespace": alias.namespace, "name": alias.name}
    audit.record(actor=actor, verb="dataset.unbound", obj=alias.asset, detail=detail)


def join_doubles(pairs: Collection[tuple[int, int]], *, at: datetime) -> None:
    """Merge pairs of which a machine says they are one dataset, where one of the two is known from machines alone.

    The other pairs are proposed, and those somebody decided about are left alone.
    """
    ids = {pk for pair in pairs for pk in pair}
    assets = Asset.objects.in_bulk(ids)
    claimed = set(Asset.objects.filter(pk__in=ids, output_ports__isnull=False).values_list("pk", flat=True))
    bound = claimed | {pk for pk, asset in assets.items() if asset.connection_id is not None}
    gone_now: set[int] = set()
    for one, other in sorted(pairs):
        kept, gone = (other, one) if other in bound and one not in bound else (one, other)
        decided = DatasetMerge.objects.filter(kept__in=(kept, gone), gone__in=(kept, gone))
        if {kept, gone} & gone_now or decided.exclude(state=State.PROPOSED).exists():
            continue
        if gone in bound:
            propose_merges([(kept, gone)], reason=DatasetMerge.Reason.SYMLINK, at=at)
            continue
        merge_datasets(actor=None, kept=assets[kept], gone=assets[gone], reason=DatasetMerge.Reason.SYMLINK)
        gone_now.add(gone)


def find_asset(user: User, namespace: str, name: str) -> Asset:
    """The dataset of this name that the person may know of; raises NotFound."""
    written = fitted(DatasetName(namespace.strip(), name.strip()))
    found, _ = resolved([written], is_reading=True)
    asset = visible_assets(user).filter(pk=found.get(written, 0)).first()
    if asset is None:
        raise NotFound("There is no such dataset.")
    return asset


def _check(kept: Asset, gone: Asset) -> None:
    if kept.pk == gone.pk:
        raise invalid([Problem("gone", "same", "These are one dataset already.")])
    if gone.connection_id is not None or gone.output_ports.exists():
        words = "A crawl reads this one, or a port offers it: merge the other one into it."
        raise invalid([Problem("gone", "in_use", words)])
    if DatasetMerge.objects.done().filter(gone__in=(kept, gone)).exists():
        raise Conflict(
            "One of these was merged already.", kept="Nothing was changed.", remedy="Load the page again."
        )


def _described(asset_id: int) -> dict[str, Any]:
    """What the facets of a dataset may change in its row, as JSON holds it."""
    row = Asset.objects.filter(pk=asset_id).values("kind", "comment", "vanished_at").get()
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}


def _as_it_was(row: DatasetMerge) -> dict[str, Any]:
    """Of what the merge changed in the row of the asset that was kept: what nobody changed since."""
    changed, now = row.moved.get("described", {}), _described(row.kept_id)
    return {name: was for name, (was, made) in changed.items() if now[name] == made}


def _key(asset: Asset) -> str:
    return match_key(DatasetName(asset.namespace, asset.name))


def _record(actor: User | None, verb: str, kept: Asset, gone: Asset) -> None:
    detail: dict[str, Any] = {"gone": [gone.namespace, gone.name], "kept": [kept.namespace, kept.name]}
    audit.record(actor=actor, verb=verb, obj=kept, detail=detail)
