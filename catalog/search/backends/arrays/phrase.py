"""Phrases: documents in which words stand one after the other."""

import numpy as np

from catalog.search.backends.arrays.segment import PlaceArray
from catalog.search.backends.arrays.snapshot import Mask, Snapshot


def phrase_mask(snapshot: Snapshot, parts: tuple[str, ...], among: Mask) -> Mask:
    """Which of `among` contain the parts in this order, none between.

    Beginning with the rarest word, each place it stands is a place the phrase may begin; every other word strikes out
    those where it does not follow.
    """
    found = np.zeros(snapshot.size, np.bool_)
    places = sorted(
        ((offset, snapshot.places(part)) for offset, part in enumerate(parts)), key=lambda item: len(item[1])
    )
    first_offset, starts = places[0][0], places[0][1]
    starts = starts[among[starts >> 32]] - first_offset
    for offset, standing in places[1:]:
        starts = starts[_contains(standing, starts + offset)]
    found[starts >> 32] = True
    return found


def _contains(ascending: PlaceArray, wanted: PlaceArray) -> Mask:
    """Which of `wanted` stand in a sorted array."""
    if not len(ascending):
        return np.zeros(len(wanted), np.bool_)
    at = np.searchsorted(ascending, wanted)
    found: Mask = ascending[np.minimum(at, len(ascending) - 1)] == wanted
    return found
