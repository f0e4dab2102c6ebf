"""What the ground of the map is made of: areas inside each other, and flows between those that lie side by side."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import sqrt

from django.urls import reverse

from catalog.domains.models import Domain
from lineage.mesh.packing import Rect

Pair = tuple[int, int]
Local = dict[int, Counter[Pair]]  # container's domain -> (item, item) -> pairs of products
WHOLE = 0  # the container that is the whole map
NOWHERE = Rect(0, 0, 0, 0)  # until it is laid out
OWN = -1  # inside a domain: its own products, beside the domains below it


@dataclass(slots=True)
class Area:
    """A domain on the map. `own` and `total` count visible products by the lens's state, here and with those below."""

    domain: Domain
    own: Counter[str] = field(default_factory=Counter)
    total: Counter[str] = field(default_factory=Counter)
    folded: list[int] = field(default_factory=list)  # keys of the domains counted as its own, itself first
    children: list["Area"] = field(default_factory=list)
    parent: "Area | None" = None
    rect: Rect = NOWHERE
    grid: Rect = NOWHERE  # where its own products lie
    head: float = 0.0
    feeds: int = 0  # pairs of products leading out of it
    fed_by: int = 0

    @property
    def products(self) -> int:
        return self.total.total()

    @property
    def own_products(self) -> int:
        return self.own.total()

    @property
    def depth(self) -> int:
        return 1 + self.parent.depth if self.parent else 1

    @property
    def url(self) -> str:
        return reverse("domains:detail", args=[self.domain.slug])

    def walk(self) -> Iterator["Area"]:
        """Itself and every area inside, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class Flow:
    """`weight` pairs of products, one of `upstream` feeding one of `downstream`."""

    upstream: Area
    downstream: Area
    weight: int
    path: str
    strong: bool
    strongest: int  # weight of the strongest flow on the map

    @property
    def thickness(self) -> float:
        """Pixels: grows with the root, so that one big flow does not hide the small ones; a young mesh stays thin."""
        return round(1.5 + 11 * sqrt(self.weight / max(self.strongest, 40)), 1)

    @property
    def sentence(self) -> str:
        times = "once" if self.weight == 1 else f"{self.weight} times"
        return f"{self.upstream.domain.name} feeds {self.downstream.domain.name} {times}"
