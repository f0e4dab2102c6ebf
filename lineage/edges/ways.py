"""Ways through assets that no port claims, and what they say together. Pure; no database."""

from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Way:
    """Since when, until when, and how sure (percent)."""

    first_seen: datetime
    last_seen: datetime
    confidence: int

    def then(self, step: "Way") -> "Way":
        """The way followed by a step: there when both are, as sure as the less sure."""
        return Way(
            max(self.first_seen, step.first_seen),
            min(self.last_seen, step.last_seen),
            min(self.confidence, step.confidence),
        )

    def or_else(self, other: "Way | None") -> "Way":
        """Either of two ways: there when one is, as sure as the surer."""
        if other is None:
            return self
        return Way(
            min(self.first_seen, other.first_seen),
            max(self.last_seen, other.last_seen),
            max(self.confidence, other.confidence),
        )

    def settled(self) -> "Way":
        """As an edge: steps seen one after the other make a way that was last seen when it began to exist."""
        return Way(self.first_seen, max(self.first_seen, self.last_seen), self.confidence)


HERE = Way(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), 100)
Steps = Mapping[int, Collection[tuple[int, str, Way]]]  # asset -> (asset it feeds, source, step)


def ways_from(
    start: int, steps: Steps, claimed: Collection[int], budget: int
) -> tuple[dict[tuple[int, str], Way], int, bool]:
    """Claimed assets reached from `start` with the source of the last step; the steps taken; whether that was all.

    Label correcting: an asset is looked at again when a way to it turns out better. Each of the three parts of a way
    only ever improves, and takes its values from the steps, so that it ends on circles too.
    """
    best: dict[int, Way] = {start: HERE}
    arrivals: dict[tuple[int, str], Way] = {}
    waiting = deque([start])
    taken = 0
    while waiting:
        here = waiting.popleft()
        for asset, source, step in steps.get(here, ()):
            if taken >= budget:
                return arrivals, taken, False
            taken += 1
            way = best[here].then(step)
            if asset in claimed:
                arrivals[asset, source] = way.or_else(arrivals.get((asset, source)))
                continue
            better = way.or_else(best.get(asset))
            if better != best.get(asset):
                best[asset] = better
                waiting.append(asset)
    return arrivals, taken, True
