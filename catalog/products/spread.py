"""Which products read from each of many ports, directly or through others, and the way there.

The same providers as `reach` answer, but for many origins together: a few queries a step, however many origins there
are. Each origin's part is walked in memory. An origin that is about some columns does not reach products of which it is
known that they read none of them, nor through these; where nothing is known of columns, all are reached.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice

from catalog.products.models import DataProduct, Lifecycle, OutputPort
from catalog.products.reach import readers_of_columns, uses_of

DEEPEST = 20  # steps
MOST_PATHS = 300  # products of one origin whose way is told, the nearest; all are counted
MOST_PORTS = 50_000  # of the whole neighbourhood that is looked at

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the question begins: ports of one product, or some columns of each."""

    product_id: int
    port_ids: tuple[int, ...]
    columns: tuple[str, ...] = ()


@dataclass(slots=True)
class Spread:
    """Product -> the products on the shortest way to it, from the top down (empty: it reads directly).

    `products` counts all that are reached, `paths` holds the nearest. `others` are readers that are no products
    (teams, people), by their words; `is_cut` where a budget ended the walk, so that there may be more.
    """

    paths: dict[int, tuple[int, ...]] = field(default_factory=dict)
    products: int = 0
    others: set[str] = field(default_factory=set)
    is_cut: bool = False

    @property
    def consumers(self) -> int:
        return self.products + len(self.others)


@dataclass(slots=True)
class _Neighbourhood:
    """Everything downstream of all origins: who reads from each port, and the ports of each of those products."""

    readers: dict[int, set[int]] = field(default_factory=dict)  # port -> products
    others: dict[int, set[str]] = field(default_factory=dict)  # port -> words
    ports: dict[int, list[int]] = field(default_factory=dict)  # product -> ports
    is_cut: bool = False
    _below: dict[int, tuple[int, ...]] = field(default_factory=dict)  # product -> products that read from it

    def read_by(self, port_ids: Iterable[int]) -> tuple[int, ...]:
        """The products still offered that read from any of the ports."""
        found = set[int]().union(*(self.readers.get(pk, ()) for pk in port_ids))
        return tuple(sorted(found & self.ports.keys()))

    def below(self, product_id: int) -> tuple[int, ...]:
        """Those that read from the product, worked out once however many origins come by."""
        known = self._below.get(product_id)
        if known is None:
            known = self._below[product_id] = self.read_by(self.ports[product_id])
        return known


def spread_of(origins: Mapping[int, Origin]) -> dict[int, Spread]:
    """For each origin (by the caller's key) what it reaches; retired products read nothing any more."""
    around = _explore({pk for origin in origins.values() for pk in origin.port_ids})
    spared = _spared(origins)
    return {key: _walk(origin, around, spared.get(key, set())) for key, origin in origins.items()}


def _spared(origins: Mapping[int, Origin]) -> dict[int, set[int]]:
    """By origin that is about columns: products known to read others of its columns only."""
    asked = {key: origin for key, origin in origins.items() if origin.columns}
    places = {key: [(pk, path) for pk in one.port_ids for path in one.columns] for key, one in asked.items()}
    answer = readers_of_columns(sorted({place for some in places.values() for place in some}))
    covered: dict[int, set[int]] = {}
    for port_id, product_id in answer.covered:
        covered.setdefault(port_id, set()).add(product_id)
    found = {}
    for key, some in places.items():
        known = set[int]().union(*(covered.get(pk, ()) for pk in asked[key].port_ids))
        found[key] = known - set[int]().union(*(answer.readers[place] for place in some))
    return found


def _explore(port_ids: set[int]) -> _Neighbourhood:
    around = _Neighbourhood()
    frontier, asked, products = set(port_ids), set(port_ids), set[int]()
    for _ in range(DEEPEST):
        if not frontier:
            return around
        reached: set[int] = set()
        for part in _parts(frontier):
            for use in uses_of(part):
                if use.product_id is None:
                    around.others.setdefault(use.port_id, set()).add(use.words)
                else:
                    around.readers.setdefault(use.port_id, set()).add(use.product_id)
                    reached.add(use.product_id)
        frontier = _ports_of(reached - products, around) - asked
        products |= reached
        asked |= frontier
        if len(asked) > MOST_PORTS:
            break
    around.is_cut = bool(frontier)
    return around


def _ports_of(product_ids: set[int], around: _Neighbourhood) -> set[int]:
    """The ports of products that are still offered; noted in `around`."""
    found: set[int] = set()
    for part in _parts(product_ids):
        living = DataProduct.objects.filter(pk__in=part).exclude(lifecycle=Lifecycle.RETIRED)
        around.ports |= {pk: [] for pk in living.values_list("pk", flat=True)}
        rows = OutputPort.objects.filter(product__in=part).order_by("pk")
        for pk, product_id in rows.values_list("pk", "product_id"):
            if product_id in around.ports:
                around.ports[product_id].append(pk)
                found.add(pk)
    return found


def _walk(origin: Origin, around: _Neighbourhood, spared: set[int]) -> Spread:
    spread = Spread(is_cut=around.is_cut)
    others = [around.others.get(pk, ()) for pk in origin.port_ids]
    above: dict[int, int] = {}  # product -> the one its data comes through, on the shortest way
    never = spared | {origin.product_id}
    frontier = [pk for pk in around.read_by(origin.port_ids) if pk not in never]
    above |= dict.fromkeys(frontier, 0)
    while frontier:
        further: list[int] = []
        for product_id in frontier:
            others += [around.others.get(pk, ()) for pk in around.ports[product_id]]
            for reader in around.below(product_id):
                if reader not in above and reader not in never:
                    above[reader] = product_id
                    further.append(reader)
        frontier = further
    spread.products = len(above)
    spread.others = set[str]().union(*others)
    for product_id, through in islice(above.items(), MOST_PATHS):  # nearest first: the order they were met in
        spread.paths[product_id] = (*spread.paths[through], through) if through else ()
    return spread


def _parts(ids: Collection[int]) -> Iterable[list[int]]:
    listed = sorted(ids)
    return (listed[start : start + _AT_ONCE] for start in range(0, len(listed), _AT_ONCE))
