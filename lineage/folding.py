"""Which box stands for which product: at the level of domains one box for all of a domain, but where it was opened."""

from collections import defaultdict
from dataclasses import dataclass, field

from catalog.domains.models import Domain
from lineage.address import Address
from lineage.selectors import Edge, Neighbourhood


@dataclass(slots=True)
class Folded:
    """A domain as one box, with its products in the picture."""

    domain: Domain
    products: list[int] = field(default_factory=list)

    @property
    def unit(self) -> int:
        return -self.domain.pk


@dataclass(slots=True)
class Folding:
    """`unit` names the box of each product: the product itself, or minus the domain. `edges` are between boxes; those
    from and to what has no name are of no edge that may be told."""

    unit: dict[int, int]
    domains: dict[int, Folded]
    edges: dict[tuple[int, int], list[Edge]]

    @property
    def products(self) -> list[int]:
        return [pk for pk, unit in self.unit.items() if pk == unit]


def fold(found: Neighbourhood, address: Address) -> Folding:
    """The focus is never folded: it stays in the middle."""
    unit: dict[int, int] = {}
    domains: dict[int, Folded] = {}
    for pk, node in found.nodes.items():
        domain = node.product.domain
        is_open = address.level != "domain" or ("product", domain.slug) in address.expanded
        if is_open or pk == found.focus.product.pk:
            unit[pk] = pk
            continue
        folded = domains.setdefault(-domain.pk, Folded(domain))
        folded.products.append(pk)
        unit[pk] = folded.unit
    edges: dict[tuple[int, int], list[Edge]] = defaultdict(list)
    for edge in found.edges:
        up, down = unit[edge.upstream], unit[edge.downstream]
        if up != down or up > 0:
            edges[up, down].append(edge)
    for one in found.unnamed.values():
        for upstream, downstream in one.pairs:
            edges.setdefault((unit.get(upstream, upstream), unit.get(downstream, downstream)), [])
    return Folding(unit, domains, dict(edges))
