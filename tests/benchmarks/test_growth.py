"""The same pages over meshes of 1,000, 10,000 and 100,000 products: what grows; the results page against a bare one.

    BENCH_GROWTH=1000,10000,100000 ./mesh bench tests/benchmarks/test_growth.py

Each mesh has two ports and two dependencies a product and is indexed whole. Asked through all of Django by a
reader of the public mesh: the median of nine in processor time and by the clock, after a first request that is told
apart. No page may show more for being part of a larger mesh, so its queries may not grow at all.
"""

import os
import statistics
import time
from functools import cache

import pytest
from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from catalog.accounts.models import Role
from catalog.products.models import InputPort
from catalog.search import services
from catalog.search.backends.base import SearchBackend
from tests import factories as make
from tests.benchmarks.urls import written
from tests.factories.mesh import Size, make_mesh

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(7200),
    pytest.mark.urls("tests.benchmarks.urls"),
]

SIZES = [int(size) for size in os.environ.get("BENCH_GROWTH", "1000,10000").split(",")]
ROUNDS = 9
QUERIES = (
    "order events",
    "invoice daily",
    "session history",
    "customer scores",
    "price features",
    "route quality",
)
SLOWEST_SHARE = 0.5 if max(SIZES) <= 10_000 else 0.25  # of a bare page's speed
asked: dict[str, dict[int, int]] = {}


@pytest.fixture
def reader() -> Client:
    user = make.make_user("reader")
    make.make_membership(user, Role.VIEWER, make.make_team("Readers"))
    client = Client()
    client.force_login(user)
    return client


def pages() -> dict[str, str]:
    used = InputPort.objects.select_related("upstream_port__product__domain").filter(
        product__lifecycle="active"
    )
    product = used.filter(upstream_port__product__lifecycle="active")[0].upstream_port
    assert product is not None
    address = product.product.get_absolute_url()
    return {
        "home": "/",
        "products": "/products/",
        "products, page 9": "/products/?page=9&sort=-updated",
        "products, one domain": "/products/?domain=domain-1",
        "product": address,
        "lineage": f"/lineage/?node=product:{product.product.domain.slug}/{product.product.slug}&depth=2",
        "map, domains": "/map/?level=domain",
        "domains": "/domains/",
        "API, products": "/api/v1/products/?page_size=20",
        "API, search": "/api/v1/search/?q=order+events",
        "suggestions": "/search/suggest/?q=cust",
    }


@cache
def portal() -> BaseHandler:
    """All of the portal behind its web server. A test client would keep a copy of every context beside it."""
    handler = BaseHandler()
    handler.load_middleware()
    return handler


def clock(client: Client, path: str) -> tuple[float, float, int]:
    """Milliseconds by the clock and of the processor, and the bytes of the answer."""
    request = RequestFactory().get(path)
    request.COOKIES.update({name: morsel.value for name, morsel in client.cookies.items()})
    begun, used = time.perf_counter(), time.process_time()
    answer = portal().get_response(request)
    assert answer.status_code == 200, path
    took = (time.perf_counter() - begun) * 1000, (time.process_time() - used) * 1000
    return (*took, len(answer.content))


@pytest.fixture(params=SIZES)
def size(request: pytest.FixtureRequest, search_index: SearchBackend) -> int:
    size: int = request.param
    begun = time.perf_counter()
    make_mesh(Size(size, size * 2))
    made = time.perf_counter()
    services.rebuild_index()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    print(f"\n{size} products made in {made - begun:.0f} s, indexed in {time.perf_counter() - made:.0f} s")
    return size


def test_pages_do_not_grow_with_the_mesh(reader: Client, size: int) -> None:
    for name, path in pages().items():
        first = clock(reader, path)[0]
        with CaptureQueriesContext(connection) as queries:
            reader.get(path)
        count = len(queries)  # the next request empties the log
        asked.setdefault(name, {})[size] = count
        times = [clock(reader, path) for _ in range(ROUNDS)]
        wall, processor = (statistics.median(column) for column in list(zip(*times, strict=True))[:2])
        print(
            f"{size:>7} {name:<22} {times[0][2] / 1000:5.0f} kB  {count:>3} queries  first {first:6.0f}  "
            f"clock {wall:6.1f}  processor {processor:6.1f} ms"
        )
    assert settings.SEARCH_BACKEND == "whoosh"
    smallest = min(SIZES)
    grown = [name for name, counts in asked.items() if counts.get(size, 0) > counts.get(smallest, 0) + 2]
    assert not grown, "these ask more of the database in a larger mesh"


def test_results_against_a_bare_page_of_their_bytes(reader: Client, size: int) -> None:
    written.clear()  # the bytes of the page in a mesh of another size
    ours, theirs, cold = [], [], []
    for query in QUERIES:
        path = f"?q={query.replace(' ', '+')}&kind=product"
        cold.append(clock(reader, f"/search/{path}")[1])
        clock(reader, f"/bare/results/{path}")
        for _ in range(ROUNDS):
            ours.append(clock(reader, f"/search/{path}")[1])
            theirs.append(clock(reader, f"/bare/results/{path}")[1])
    share = statistics.median(theirs) / statistics.median(ours)
    print(
        f"{size:>7} results {statistics.median(ours):.1f} ms (asked for the first time {statistics.median(cold):.1f}), "
        f"a bare page {statistics.median(theirs):.1f} ms of processor time: {share:.2f} of its speed"
    )
    assert share >= SLOWEST_SHARE
