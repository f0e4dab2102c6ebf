"""Which sights are believed: what a sender tells of a dataset whose owners reject that sender is left out."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lineage.models import SenderRejection

if TYPE_CHECKING:
    from lineage.edges.observing import Sight

Rejected = frozenset[tuple[int | None, int]]  # (sender, asset)


def rejected_by(senders: Collection[int | None]) -> Rejected:
    """About which assets these senders are not believed; one query, none where nobody sent."""
    ids = {sender for sender in senders if sender is not None}
    if not ids:
        return frozenset()
    rows = SenderRejection.objects.in_force().filter(sender__in=ids)
    return frozenset(rows.values_list("sender_id", "asset_id"))


def believed(sights: "Sequence[Sight]", rejected: Rejected) -> "Sequence[Sight]":
    """The sights without edges from or to assets about which their sender is not believed."""
    return [_without(sight, rejected) for sight in sights] if rejected else sights


def not_believed_about(sight: "Sight", rejected: Rejected) -> set[int]:
    """The assets of which the sight says nothing that counts, nor that something is gone."""
    return {asset for sender, asset in rejected if sender == sight.sender_id}


def _without(sight: "Sight", rejected: Rejected) -> "Sight":
    about = not_believed_about(sight, rejected)
    if not about:
        return sight
    assets = [pair for pair in sight.assets if about.isdisjoint(pair)]
    columns = [
        link for link in sight.columns if about.isdisjoint((link.upstream_asset, link.downstream_asset))
    ]
    return replace(sight, assets=assets, columns=columns)
