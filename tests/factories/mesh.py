"""A made-up mesh of any size, written in bulk: domains in a tree, products, ports, dependencies, measurements.

The same numbers make the same mesh. Sizes of domains and numbers of consumers follow Zipf's law; two dependencies in
three stay within the top-level domain.
"""

import datetime as dt
import random
from dataclasses import dataclass

from django.utils import timezone

from catalog.domains.models import Domain
from catalog.products.models import DataProduct, InputPort, OutputPort
from catalog.trust.models import ProductTrust
from lineage.services import sync_declared_edges
from tests import factories as make

FIRST = (
    "Order", "Invoice", "Customer", "Shipment", "Return", "Payment", "Session", "Click", "Campaign", "Supplier",
    "Contract", "Price", "Stock", "Forecast", "Complaint", "Visit", "Basket", "Refund", "Route", "Sensor",
)  # fmt: skip
SECOND = (
    "events",
    "daily",
    "facts",
    "history",
    "scores",
    "snapshots",
    "summary",
    "master",
    "features",
    "quality",
)
DOMAINS = (
    "Sales", "Logistics", "Finance", "Marketing", "Customers", "Production", "Suppliers", "People", "Web shop",
    "Stores", "Service", "Risk", "Pricing", "Energy", "Fleet", "Research", "Legal", "Treasury", "Quality", "Planning",
    "Returns", "Payments", "Advertising", "Warehouses",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Size:
    products: int
    edges: int
    ports_each: int = 2


def make_mesh(size: Size, seed: int = 7) -> list[DataProduct]:
    """Write the mesh; returns its products. Some tens of queries for any size."""
    draw = random.Random(seed)
    homes = _domains(size.products, draw)
    weights = [1 / (place + 1) ** 0.7 for place in range(len(homes))]
    teams = [home.team for home in homes]
    chosen = draw.choices(range(len(homes)), weights, k=size.products)
    lives = draw.choices(
        ["active", "draft", "deprecated", "retired", "proposed"], [80, 7, 7, 3, 3], k=size.products
    )
    products = DataProduct.objects.bulk_create(
        [
            DataProduct(
                name=f"{FIRST[n % 20]} {SECOND[n // 20 % 10]} {n}",
                slug=f"product-{n}",
                domain=homes[place],
                team=teams[place] if draw.random() > 0.03 else None,
                lifecycle=lives[n],
            )
            for n, place in enumerate(chosen)
        ],
        batch_size=500,
    )
    ports = OutputPort.objects.bulk_create(
        [
            OutputPort(product=product, name=f"port-{m}", kind="table")
            for product in products
            for m in range(size.ports_each)
        ],
        batch_size=500,
    )
    _inputs(size, products, ports, draw)
    sync_declared_edges()
    _measure(products, draw)
    return products


def _domains(products: int, draw: random.Random) -> list[Domain]:
    """A top-level domain for about every 80 products (6 at least), half of them with domains inside."""
    count = min(max(products // 80, 6), len(DOMAINS))
    homes = []
    for place in range(count):
        top = make.make_domain(DOMAINS[place], slug=f"domain-{place}", hue=place % 12)
        homes.append(top)
        for inner in range(draw.choice((0, 0, 2, 3, 4))):
            name = f"{DOMAINS[place]} {SECOND[inner]}"
            homes.append(make.make_domain(name, top, slug=f"domain-{place}-{inner}", hue=place % 12))
    return homes


def _inputs(size: Size, products: list[DataProduct], ports: list[OutputPort], draw: random.Random) -> None:
    by_top: dict[str, list[int]] = {}
    for number, product in enumerate(products):
        by_top.setdefault(product.domain.path[:4], []).append(number)
    pairs: set[tuple[int, int]] = set()
    while len(pairs) < size.edges:
        down = draw.randrange(len(products))
        near = by_top[products[down].domain.path[:4]]
        up = (
            near[int(len(near) * draw.random() ** 2)]
            if draw.random() < 0.66
            else int(len(products) * draw.random() ** 3)
        )
        if up != down:
            pairs.add((up, down))
    InputPort.objects.bulk_create(
        [
            InputPort(
                product=products[down],
                name=f"from-{up}",
                upstream_port=ports[up * size.ports_each + draw.randrange(size.ports_each)],
            )
            for up, down in sorted(pairs)
        ],
        batch_size=500,
    )


def _measure(products: list[DataProduct], draw: random.Random) -> None:
    now = timezone.now()
    rows = []
    for product in products:
        if draw.random() < 0.15:
            continue
        age = dt.timedelta(hours=draw.choice((1, 3, 8, 30)))
        rows.append(
            ProductTrust(
                product=product,
                quality=draw.choice((96.0, 91.0, 88.0, 86.0, 74.0, 41.0)),
                quality_at=now,
                fresh_at=now - age,
                freshness_promise=dt.timedelta(hours=24),
                is_reachable=draw.random() > 0.04,
                measured_at=now,
                valid_until=now + dt.timedelta(days=3000),
                has_owner=True,
            )
        )
    ProductTrust.objects.bulk_create(rows, batch_size=500)
