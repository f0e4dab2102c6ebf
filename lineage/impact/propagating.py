"""Which columns ought to be classified as what they are made from: along direct edges, the strictest word first.

A classification flows from a column somebody classified to everything that is made from it (direct edges; what only
decides which rows there are carries nothing over). A column already classified at least as strictly stays out of it,
and so does one that no product offers: nobody could decide about it.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from catalog.schemas.models import FieldAnnotation
from catalog.vocabulary.models import Classification
from lineage.impact.csr import Walk
from lineage.impact.rows import COLUMNS, DIRECT
from lineage.impact.sight import among, claims_on
from lineage.impact.walking import Question, groups_of, walked
from lineage.models import ClassificationProposal, Column

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Reason:
    """`column_id` is made from `because_id`, `steps` above, which is classified as `classification_id`."""

    column_id: int
    classification_id: int
    because_id: int
    steps: int
    basis: str


def basis_of(because_id: int, classification_id: int) -> str:
    """What a decision was about: the classified column it comes from, and its word."""
    return hashlib.sha256(f"{because_id}:{classification_id}".encode()).hexdigest()


def reasons() -> list[Reason]:
    """Everything there is to propose now; a walk for every classification that is in use."""
    sources, known = _classified()
    ranks = dict(Classification.objects.values_list("pk", "rank"))
    found: dict[int, Reason] = {}
    for classification_id in sorted(sources, key=lambda pk: (-ranks[pk], pk)):
        for reason in _below(classification_id, sources[classification_id]):
            standing = known.get(reason.column_id)
            is_stricter = standing is None or ranks[standing] < ranks[classification_id]
            if is_stricter and reason.column_id not in found:
                found[reason.column_id] = reason
    return [found[pk] for pk in sorted(found)]


def _classified() -> tuple[dict[int, list[int]], dict[int, int]]:
    """(classification -> columns of lineage that carry it, column -> its classification)."""
    rows = FieldAnnotation.objects.exclude(classification=None).order_by("pk")
    said = {
        (asset, path): pk for asset, path, pk in rows.values_list("asset_id", "path", "classification_id")
    }
    sources: dict[int, list[int]] = defaultdict(list)
    known: dict[int, int] = {}
    for part in _parts({asset for asset, _ in said}):
        columns = Column.objects.filter(asset__in=part).order_by("pk")
        for pk, asset, path in columns.values_list("pk", "asset_id", "path"):
            if classification := said.get((asset, path)):
                sources[classification].append(pk)
                known[pk] = classification
    return sources, known


def _below(classification_id: int, starts: list[int]) -> Iterable[Reason]:
    walk = _walk(_origins(classification_id, starts))
    count = int((walk.depth == 0).sum())
    groups = groups_of(walk)
    offered = among(groups, np.unique(claims_on(np.unique(groups)).asset))
    for place in range(count, len(walk)):
        if offered[place]:
            because, steps = int(walk.ids[walk.path(place)[0]]), int(walk.depth[place])
            basis = basis_of(because, classification_id)
            yield Reason(int(walk.ids[place]), classification_id, because, steps, basis)


def _walk(starts: list[int]) -> Walk:
    return walked(Question(COLUMNS, tuple(starts), only_label=DIRECT))[0]


def _origins(classification_id: int, starts: list[int]) -> list[int]:
    """Where the word comes from: not the columns that have it because a proposal was accepted, as long as what that
    was about still reaches them; else a decision further down would be asked for anew."""
    rows = ClassificationProposal.objects.filter(
        classification=classification_id, state=ClassificationProposal.State.ACCEPTED
    )
    accepted = set(rows.values_list("column_id", flat=True)) & set(starts)
    first = [pk for pk in starts if pk not in accepted]
    if not accepted:
        return first
    reached = set(_walk(first).ids.tolist()) if first else set()
    return first + sorted(accepted - reached)


def _parts(ids: set[int]) -> Iterable[list[int]]:
    listed = sorted(ids)
    return (listed[start : start + _AT_ONCE] for start in range(0, len(listed), _AT_ONCE))
