"""The ground of the map: every domain the viewer may see products of, as areas with the flows between them.

Aggregated by the database; the number of queries and the size of the answer do not depend on how many products there
are. Domains lie inside their parents. Each dependency between products is counted once: between the two areas in
which its ends lie side by side.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Count, F, OuterRef, Subquery

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.audit.remembered import remembered
from catalog.domains.models import Domain
from catalog.products.models import DataProduct, OutputPort
from lineage.mesh.areas import OWN, WHOLE, Area, Flow, Local, Pair
from lineage.mesh.laying import lay_out
from lineage.mesh.lenses import Lens
from lineage.permissions import visible_product_ids
from lineage.selectors import edges_in_force

AREA_BUDGET = 400  # areas drawn; deeper domains beyond it are counted for those above them
_SHIFT = 2**32  # makes one number of a pair of keys


@dataclass(slots=True)
class Ground:
    """`unit`: how many units of the map are one pixel when the whole of it is seen in a wide window."""

    width: float
    height: float
    unit: float
    roots: list[Area]
    flows: list[Flow]
    counts: Counter[str]
    dependencies: int
    is_folded: bool

    @property
    def products(self) -> int:
        return self.counts.total()

    def areas(self) -> Iterator[Area]:
        for root in self.roots:
            yield from root.walk()


def compute_ground(user: User, lens: Lens) -> Ground:
    """Areas and flows as far as `user` may see products; four queries whatever the size."""
    by_domain, roots, is_folded = read_areas(user, lens)
    weights = _weights(user)
    laid = lay_out(roots, _by_level(weights, by_domain))
    return Ground(
        width=laid.width,
        height=laid.height,
        unit=laid.unit,
        roots=roots,
        flows=laid.flows,
        counts=sum((root.total for root in roots), Counter()),
        dependencies=sum(weights.values()),
        is_folded=is_folded,
    )


def read_areas(user: User, lens: Lens) -> tuple[dict[int, Area], list[Area], bool]:
    """Areas by the keys of all their domains, the top ones, and whether deep domains were folded; not laid out."""
    counts: dict[int, Counter[str]] = {}
    for domain_id, state, products in remembered(
        "map-counts", (kernel.scope(user), lens.key), lambda: list(_counts(user, lens))
    ):
        counts.setdefault(domain_id, Counter())[state] += products
    return _areas(Domain.objects.visible_to(user).order_by("path"), counts)


def _counts(user: User, lens: Lens) -> Iterable[tuple[int, str, int]]:
    """(domain, state, visible products of it in that state)."""
    rows = lens.through(DataProduct.objects.visible_to(user).order_by())
    counted: Iterable[tuple[int, str, int]] = rows.values_list("domain_id", "state").annotate(n=Count("pk"))
    return counted


def _weights(user: User) -> dict[Pair, int]:
    """(domain that offers, domain that is fed) -> pairs of visible products, also within one domain."""
    found = remembered("map-weights", kernel.scope(user), lambda: list(_read_weights(user)))
    return {(up, down): weight for up, down, weight in found}


def _read_weights(user: User) -> Iterable[tuple[int, int, int]]:
    visible = visible_product_ids(user)
    ports = OutputPort.objects.filter(pk=OuterRef("upstream_id"))
    fed = DataProduct.objects.filter(pk=OuterRef("downstream_id"))
    rows: Iterable[tuple[int, int, int]] = (
        edges_in_force()
        .filter(offering__in=visible, downstream_id__in=visible)
        .annotate(up=Subquery(ports.values("product__domain_id")), down=Subquery(fed.values("domain_id")))
        .values_list("up", "down")
        .annotate(weight=Count(F("offering") * _SHIFT + F("downstream_id"), distinct=True))
    )
    return rows


def _areas(
    domains: Iterable[Domain], counts: dict[int, Counter[str]]
) -> tuple[dict[int, Area], list[Area], bool]:
    """Areas by the keys of all domains (folded ones name the area above), the top ones, whether any was folded."""
    step = Domain.steplen
    needed = {domain.path: domain for domain in domains}
    used = {
        domain.path[:end]
        for domain in needed.values()
        if domain.pk in counts
        for end in range(step, len(domain.path) + 1, step)
        if domain.path[:end] in needed
    }
    depth = _depth_within_budget(used, step)
    by_path: dict[str, Area] = {}
    by_domain: dict[int, Area] = {}
    roots: list[Area] = []
    for path in sorted(used):
        domain = needed[path]
        own = counts.get(domain.pk, Counter())
        above = _nearest(path[:-step], by_path, step)
        area = above if len(path) > step * depth else None
        if area is None:
            area = by_path[path] = Area(domain, parent=above)
            (above.children if above else roots).append(area)
        area.own.update(own)
        area.folded.append(domain.pk)
        by_domain[domain.pk] = area
        for holding in _ancestry(area):
            holding.total.update(own)
    return by_domain, roots, any(len(path) > step * depth for path in used)


def _nearest(path: str, by_path: dict[str, Area], step: int) -> Area | None:
    """The area of `path` or of the closest domain above it that is on the map."""
    while path:
        if path in by_path:
            return by_path[path]
        path = path[:-step]
    return None


def _depth_within_budget(paths: set[str], step: int) -> int:
    levels = Counter(len(path) // step for path in paths)
    shown, depth = 0, 0
    for level in sorted(levels):
        shown += levels[level]
        if depth and shown > AREA_BUDGET:
            break
        depth = level
    return max(depth, 1)


def _by_level(weights: dict[Pair, int], by_domain: dict[int, Area]) -> Local:
    """Each weight where its ends lie side by side; `feeds` and `fed_by` of every area one end lies outside of."""
    local: Local = {}
    for (up_id, down_id), weight in weights.items():
        up, down = by_domain.get(up_id), by_domain.get(down_id)
        if up is None or down is None:
            continue  # made visible between two queries
        ups, downs = _ancestry(up), _ancestry(down)
        shared = 0
        while shared < min(len(ups), len(downs)) and ups[shared] is downs[shared]:
            shared += 1
        for area in ups[shared:]:
            area.feeds += weight
        for area in downs[shared:]:
            area.fed_by += weight
        if up is down:
            continue
        container = ups[shared - 1].domain.pk if shared else WHOLE
        pair = tuple(side[shared].domain.pk if len(side) > shared else OWN for side in (ups, downs))
        local.setdefault(container, Counter())[pair[0], pair[1]] += weight
    return local


def _ancestry(area: Area) -> list[Area]:
    found = [area]
    while found[0].parent:
        found.insert(0, found[0].parent)
    return found
