"""What lies behind products that the viewer may not see: the walk of a picture goes through them, as that of impact.

What is told is exactly which visible product leads to which through something hidden. How many hidden ones lie between
and how they hang together is not: products that lead to the same ones share one box without a name. Pure.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

Pair = tuple[int, int]
MOST_STEPS = 10  # from one hidden product to the next
MOST_HIDDEN = 2_000  # hidden products looked at from one hop
_FIRST_NUMBER = -(1 << 40)  # of boxes without a name, far below what stands for domains


@dataclass(frozen=True, slots=True)
class Unnamed:
    """Something hidden in the picture: each of `upstream` feeds each of `downstream` through it."""

    pk: int
    upstream: tuple[int, ...]
    downstream: tuple[int, ...]

    @property
    def key(self) -> str:
        return f"unnamed:{_FIRST_NUMBER - self.pk}"

    @property
    def pairs(self) -> list[Pair]:
        """The edges to draw."""
        return [(up, self.pk) for up in self.upstream] + [(self.pk, down) for down in self.downstream]


@dataclass(slots=True)
class Beyond:
    """`ends`: (product, hidden neighbour) -> what is reached through that. `before`: reached -> its hidden neighbours.
    `is_cut`: there is more behind than was looked at."""

    ends: dict[Pair, set[int]] = field(default_factory=dict)
    before: dict[int, set[int]] = field(default_factory=dict)
    is_cut: bool = False


def look_beyond(
    starts: Collection[int],
    step: Callable[[Collection[int], bool], Iterable[Pair]],
    split: Callable[[set[int]], tuple[set[int], set[int]]],
) -> Beyond:
    """Follow hidden products from `starts` until visible ones are reached.

    `step` gives (product, neighbour) for products, the first time with hidden neighbours only; `split` parts products
    into visible and hidden ones, without those that are gone.
    """
    found = Beyond()
    leads: dict[int, set[int]] = defaultdict(set)
    visible: set[int] = set()
    hidden: set[int] = set()
    ring, is_first = set(starts), True
    for _ in range(MOST_STEPS + 1):
        pairs = list(step(ring, is_first))
        fresh = {other for _, other in pairs} - visible - hidden
        seen, unseen = split(fresh) if fresh else (set(), set())
        visible |= seen
        hidden |= unseen
        for own, other in pairs:
            if other in hidden or (other in visible and not is_first):
                leads[own].add(other)
        ring, is_first = unseen, False
        found.is_cut = bool(ring) and len(hidden) > MOST_HIDDEN
        if not ring or found.is_cut:
            break
    else:
        found.is_cut = True
    _tell(found, starts, leads, hidden)
    return found


def _tell(found: Beyond, starts: Iterable[int], leads: dict[int, set[int]], hidden: set[int]) -> None:
    reached: dict[int, set[int]] = {}
    for start in sorted(starts):
        for first in sorted(leads.get(start, ())):
            if first not in reached:
                reached[first] = _reached(first, leads, hidden)
            if ends := reached[first] - {start}:
                found.ends[start, first] = ends
    before: dict[int, set[int]] = defaultdict(set)
    for own in hidden:
        for other in leads.get(own, set()) - hidden:
            before[other].add(own)
    found.before = dict(before)


def _reached(first: int, leads: dict[int, set[int]], hidden: set[int]) -> set[int]:
    """Visible products behind a hidden one."""
    ends: set[int] = set()
    met, left = {first}, [first]
    while left:
        for other in leads.get(left.pop(), ()):
            if other not in hidden:
                ends.add(other)
            elif other not in met:
                met.add(other)
                left.append(other)
    return ends


def unnamed(pairs: Iterable[Pair]) -> dict[int, Unnamed]:
    """Boxes without a name that say of each pair (upstream, downstream) that it hangs together, and nothing more."""
    downs: dict[int, set[int]] = defaultdict(set)
    for up, down in pairs:
        downs[up].add(down)
    ups: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for up in sorted(downs):
        ups[tuple(sorted(downs[up]))].append(up)
    made = (
        Unnamed(_FIRST_NUMBER - number, tuple(ups[reached]), reached)
        for number, reached in enumerate(sorted(ups), start=1)
    )
    return {one.pk: one for one in made}
