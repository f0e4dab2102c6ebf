"""Who reads from a port, and everything downstream of that: a registry of providers.

Declared input ports answer first; other features (access, lineage) register what they know at start-up. Every answer
names the providers that spoke, so that people know what was asked and what could not be known.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from catalog.products.models import DataProduct, InputPort, Lifecycle, OutputPort

MOST = 5_000  # products of one answer
DEEPEST = 50  # steps


@dataclass(frozen=True, slots=True)
class Use:
    """Something reads from a port: a product (`product_id`), or whoever `words` name; `provider` says who knows."""

    port_id: int
    provider: str
    product_id: int | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Reached:
    """A product that reads from where the question began, `steps` ports away; `via` are the providers that said so."""

    product: DataProduct
    steps: int
    via: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reach:
    """The answer: products by distance, others by their words, the providers that spoke, whether it was cut off."""

    products: tuple[Reached, ...]
    others: tuple[str, ...]
    providers: tuple[str, ...]
    is_cut: bool = False


Provider = Callable[
    [Collection[int]], Iterable[Use]
]  # ids of ports -> uses of them, in a fixed number of queries
_providers: dict[str, Provider] = {}


def register(name: str, provider: Provider) -> None:
    """Features call this at start-up; `name` is told to people. A name belongs to one provider."""
    if _providers.get(name, provider) is not provider:
        raise ValueError(f"The provider {name} is registered twice.")
    _providers[name] = provider


def consumers_of(*ports: OutputPort) -> Reach:
    """Who reads from the ports directly."""
    return _reach(ports, 1)


def direct_readers(*ports: OutputPort) -> tuple[set[int], tuple[str, ...]]:
    """Ids of the products that read from the ports directly, and the others by their words: for whoever only counts
    them or shows the first few. Retired products are among them."""
    origin = {port.product_id for port in ports}
    uses = list(uses_of({port.pk for port in ports}))
    ids = {use.product_id for use in uses if use.product_id is not None} - origin
    return ids, tuple(dict.fromkeys(use.words for use in uses if use.product_id is None))


def downstream_of(*ports: OutputPort) -> Reach:
    """Who reads from the ports, and from the products made of them, and so on; a few queries a step."""
    return _reach(ports, DEEPEST)


def _reach(ports: Iterable[OutputPort], steps: int) -> Reach:
    frontier = {port.pk for port in ports}
    origin = {port.product_id for port in ports}
    found: dict[int, tuple[int, set[str]]] = {}  # product -> steps, providers
    others: dict[str, None] = {}
    is_cut = False
    for step in range(1, steps + 1):
        reached: set[int] = set()
        for use in uses_of(frontier):
            if use.product_id is None:
                others.setdefault(use.words)
            elif use.product_id in found:
                if found[use.product_id][0] == step:
                    found[use.product_id][1].add(use.provider)
            elif use.product_id not in origin:
                if len(found) >= MOST:
                    is_cut = True
                    break
                found[use.product_id] = (step, {use.provider})
                reached.add(use.product_id)
        if not reached or step == steps:
            break
        frontier = set(OutputPort.objects.filter(product_id__in=reached).values_list("pk", flat=True))
    rows = DataProduct.objects.filter(pk__in=found).exclude(lifecycle=Lifecycle.RETIRED)
    products = rows.select_related("domain", "team").prefetch_related("stewardships__user")
    answer = [
        Reached(product, found[product.pk][0], tuple(sorted(found[product.pk][1]))) for product in products
    ]
    return Reach(
        tuple(sorted(answer, key=lambda item: (item.steps, item.product.name, item.product.pk))),
        tuple(others), tuple(_providers), is_cut,
    )  # fmt: skip


def uses_of(port_ids: Collection[int]) -> Iterable[Use]:
    """What every provider knows of the ports; see also `spread`, which asks for many origins at once."""
    if port_ids:
        for provider in _providers.values():
            yield from provider(port_ids)


Place = tuple[int, str]  # a column: id of the port that offers it, its path


@dataclass(frozen=True, slots=True)
class ColumnUse:
    """A product has a column that is made from (or chosen by) the column `path` of a port, `steps` columns away."""

    port_id: int
    path: str
    product_id: int
    steps: int


@dataclass(frozen=True, slots=True)
class ColumnUses:
    """What one provider knows of columns. `covered`: (port, product) pairs of which it knows at all which columns of
    the port the product reads; a product that reads from the port and is not among them may read any."""

    uses: tuple[ColumnUse, ...] = ()
    covered: frozenset[tuple[int, int]] = frozenset()


@dataclass(frozen=True, slots=True)
class ColumnReach:
    """Column -> the products that read it, with their distance; the pairs that are covered; the providers that spoke.

    Without a provider nothing is known of columns, and nothing may be concluded from an empty answer."""

    readers: Mapping[Place, Mapping[int, int]]
    covered: frozenset[tuple[int, int]]
    providers: tuple[str, ...]


ColumnProvider = Callable[[Collection[Place]], ColumnUses]
_column_providers: dict[str, ColumnProvider] = {}


def register_columns(name: str, provider: ColumnProvider) -> None:
    """As `register`, for who knows which columns are read."""
    if _column_providers.get(name, provider) is not provider:
        raise ValueError(f"The provider {name} is registered twice.")
    _column_providers[name] = provider


def readers_of_columns(places: Collection[Place]) -> ColumnReach:
    """Which products read each of the columns, as far as providers know; nested fields count for what holds them."""
    readers: dict[Place, dict[int, int]] = {place: {} for place in places}
    covered: set[tuple[int, int]] = set()
    for provider in _column_providers.values() if places else ():
        answer = provider(places)
        covered |= answer.covered
        for use in answer.uses:
            known = readers.setdefault((use.port_id, use.path), {})
            known[use.product_id] = min(use.steps, known.get(use.product_id, use.steps))
    return ColumnReach(readers, frozenset(covered), tuple(_column_providers))


def _declared(port_ids: Collection[int]) -> Iterable[Use]:
    rows = InputPort.objects.filter(upstream_port_id__in=port_ids).values_list(
        "upstream_port_id", "product_id"
    )
    for port_id, product_id in rows.order_by("pk"):
        if port_id is not None:
            yield Use(port_id, DECLARED, product_id)


DECLARED = "declared input ports"
register(DECLARED, _declared)
