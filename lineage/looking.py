"""What is laid over the picture: the lens with the state of each product, and what was searched for."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone

from catalog.products.models import DataProduct
from lineage.address import AGE, LENSES
from lineage.columns import Columns, read_columns
from lineage.edges.ageing import SEEN_BY_MACHINES, age_of
from lineage.mesh.lenses import Lens, State, lens_named
from lineage.selectors import Neighbourhood, Node, Sight

AGES = {
    "good": State("good", "seen lately", "full", "is-good"),
    "warning": State("warning", "fading", "half", "is-warning"),
    "plain": State("plain", "declared or drawn", "hollow", "is-plain"),
}


@dataclass(slots=True)
class Looking:
    """`states` by product; `columns` of the ports whose columns are shown; `find` in small letters."""

    now: datetime
    lens_key: str = ""
    lens: Lens | None = None
    states: dict[int, State] = field(default_factory=dict)
    columns: Columns = field(default_factory=Columns)
    find: str = ""

    @property
    def label(self) -> str:
        return LENSES.get(self.lens_key, "")

    def age(self, sight: Sight | None) -> State | None:
        """The state of an edge seen by several: it fades when only machines see it and none did lately."""
        if sight is None:
            return None
        if not sight.sources <= set(SEEN_BY_MACHINES):
            return AGES["plain"]
        is_fading = age_of(min(sight.sources), sight.last_seen, self.now).is_fading
        return AGES["warning" if is_fading else "good"]

    def is_hit(self, *texts: str) -> bool:
        return bool(self.find) and any(self.find in text.casefold() for text in texts)

    def finds(self, node: Node) -> bool:
        """Whether a product's name, domain, owner, one of its ports or shown columns has what was searched for."""
        product = node.product
        owner = product.team.name if product.team else ""
        columns = [path for port in node.ports for path in self.columns.of_port.get(port.pk, ())]
        return self.is_hit(
            product.name, product.key, product.domain.name, owner, *map(str, node.ports), *columns
        )

    def legend(self) -> list[tuple[State, int]]:
        """The states there are in the picture, and how many products have each."""
        if self.lens_key == AGE:
            return [(state, 0) for state in AGES.values()]
        counts: dict[str, int] = {}
        for state in self.states.values():
            counts[state.key] = counts.get(state.key, 0) + 1
        by_key = {state.key: state for state in self.states.values()}
        order = list(self.lens.states) if self.lens else []
        return [(by_key[key], counts[key]) for key in sorted(by_key, key=lambda key: _place(order, key))]


def _place(order: list[str], key: str) -> tuple[int, str]:
    return (order.index(key) if key in order else len(order)), key


def look(found: Neighbourhood, lens: str, find: str, with_columns: Collection[int]) -> Looking:
    """One query for the lens (and one for what its states are called); those of the columns where any are shown."""
    seen = Looking(timezone.now(), lens, find=find.strip().casefold())
    if lens and lens != AGE:
        seen.lens = lens_named(lens)
        rows = seen.lens.through(DataProduct.objects.filter(pk__in=found.nodes).order_by())
        seen.states = {pk: seen.lens.state(str(key)) for pk, key in rows.values_list("pk", "state")}
    if with_columns:
        ports = [port for pk in with_columns for port in found.nodes[pk].ports]
        seen.columns = read_columns(ports, found.view.at)
    return seen
