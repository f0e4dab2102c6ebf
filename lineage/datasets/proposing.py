"""Proposals that two assets are one, for people to decide."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q

from lineage.datasets.finding import slices
from lineage.datasets.models import DatasetMerge


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
