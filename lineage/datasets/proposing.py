"""Proposals that two assets are one, for people to decide."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q

from catalog.assets.models import Asset
from lineage.datasets.finding import slices
from lineage.datasets.models import DatasetMerge
from lineage.datasets.naming import DatasetName, loose_form
from lineage.datasets.platforms import platform_of

_MOST_LOOKED_AT = 5_000  # datasets in quarantine, the newest


def propose_merges(
    pairs: Collection[tuple[int, int]], *, reason: DatasetMerge.Reason, at: datetime, note: str = ""
) -> int:
    """Note that `gone` may be `kept`, for pairs (kept, gone); returns how many are new.

    A pair about which somebody decided already, or that waits for a decision, is not proposed again, whichever way
    round.
    """
    wanted = {pair for pair in pairs if pair[0] != pair[1]}
    known: set[frozenset[int]] = set()
    for ids in slices({pk for pair in wanted for pk in pair}):
        rows = DatasetMerge.objects.filter(Q(kept__in=ids) | Q(gone__in=ids))
        known.update(frozenset(pair) for pair in rows.values_list("kept_id", "gone_id"))
    new = sorted(pair for pair in wanted if frozenset(pair) not in known)
    DatasetMerge.objects.bulk_create(
        [
            DatasetMerge(kept_id=kept, gone_id=gone, reason=reason, note=note, proposed_at=at)
            for kept, gone in new
        ],
        ignore_conflicts=True,
        batch_size=200,
    )
    return len(new)


def propose_lookalikes(*, at: datetime) -> int:
    """Propose to merge datasets in quarantine with known ones of the same name at another address of the same platform.

    One server has many addresses (an alias, a short name, an IP number), and only people know which are one. Names
    without a namespace of a known platform are left alone. Returns how many are new.
    """
    orphans = Asset.objects.filter(connection=None, output_ports=None, is_ignored=False).order_by("-pk")
    waiting = {
        _place(row): row[0] for row in orphans.values_list("pk", "namespace", "name")[:_MOST_LOOKED_AT]
    }
    waiting.pop(None, None)
    pairs: set[tuple[int, int]] = set()
    for names in slices({place[1] for place in waiting if place}):
        known = Asset.objects.filter(name__in=names).exclude(connection=None, output_ports=None)
        for row in known.values_list("pk", "namespace", "name").distinct():
            orphan = waiting.get(_place(row))
            if orphan is not None:
                pairs.add((row[0], orphan))
    return propose_merges(pairs, reason=DatasetMerge.Reason.SPELLING, at=at)


def _place(row: tuple[int, str, str]) -> tuple[str, str] | None:
    """The platform and the name, where the platform's names hold several parts: a bare `orders` proves nothing."""
    namespace, name = loose_form(DatasetName(row[1], row[2]))
    scheme, host = namespace.partition("://")[::2]
    return (scheme, row[2]) if host and "." in name and platform_of(scheme) else None
