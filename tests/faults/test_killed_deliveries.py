"""A worker killed while it delivers webhooks: after it came back everything has arrived, in order for each product."""

import json
import sys
import tempfile
import threading
import time
from collections import defaultdict
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.faults.running import running, wait_for
from tests.local_servers import http_server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.alone,
    pytest.mark.timeout(600),
    pytest.mark.skipif(sys.platform != "linux", reason="the processes are found in /proc"),
]
PRODUCTS, EACH = 4, 40
SEED = """
from catalog.accounts.models import User
from catalog.audit import outbox
from catalog.domains.models import Domain
from catalog.notifications.webhooks.services import create_webhook
from tests import factories as make
admin = User.objects.get(username="admin")
create_webhook(actor=admin, name="Slow", url=URL, types=["product.changed"])
domain = Domain.objects.get(slug="listening")
products = [make.make_product(f"Delivered {number}", domain=domain) for number in range(PRODUCTS)]
outbox.publish_all(
    outbox.Happened("product.changed", "s", {"n": n, "of": item.pk}, product_id=item.pk)
    for n in range(EACH) for item in products
)
print(json.dumps([item.pk for item in products]))
"""


class SlowReceiver:
    """Takes a tenth of a second for each message and keeps what it has taken; a request cut off counts as taken."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, int, int]] = []  # id, product, number
        self._lock = threading.Lock()

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        event = json.loads(handler.rfile.read(int(handler.headers["content-length"])))
        with self._lock:
            self.taken.append((event["id"], event["data"].get("of"), event["data"].get("n")))
        time.sleep(0.1)
        handler.send_response(204)
        handler.end_headers()


def test_everything_arrives_in_order_after_the_worker_was_killed() -> None:
    receiver = SlowReceiver()
    with ExitStack() as opened:
        base = opened.enter_context(http_server({"/in": receiver}))
        folder = opened.enter_context(tempfile.TemporaryDirectory(prefix="mp-"))
        ports = {"MESHPORTAL_ALLOWED_PORTS": base.rpartition(":")[2]}
        portal = opened.enter_context(running(Path(folder), **ports))
        script = SEED.replace("URL", repr(f"{base}/in")).replace("PRODUCTS", str(PRODUCTS))
        products = portal.run(script.replace("EACH", str(EACH)))
        wanted = {(product, number) for product in products for number in range(EACH)}

        def arrived() -> set[tuple[int, int]]:
            return {(product, number) for _, product, number in list(receiver.taken)} & wanted

        for share in (0.2, 0.5):
            wait_for(lambda share=share: len(arrived()) > len(wanted) * share, 90, "nothing is delivered")
            killed = portal.kill("worker")
            assert len(arrived()) < len(wanted), "it was killed in the middle"
            wait_for(lambda killed=killed: portal.pid_of("worker") not in (0, killed), 60, "no worker again")
        wait_for(lambda: arrived() == wanted, 240, lambda: f"{len(arrived())} of {len(wanted)}")
        wait_for(
            lambda: portal.count("catalog_webhookdelivery", "state <> 'delivered'") == 0, 120, "rows are left"
        )
    first: dict[int, list[int]] = defaultdict(list)
    again: dict[tuple[int, int], set[str]] = defaultdict(set)
    for message, product, number in receiver.taken:
        if (product, number) in wanted:
            again[product, number].add(message)
            if number not in first[product]:
                first[product].append(number)
    assert all(numbers == list(range(EACH)) for numbers in first.values())
    assert all(len(ids) == 1 for ids in again.values()), "what came again came under its old id"
    repeated = sum(1 for _, product, _ in receiver.taken if product in products) - len(wanted)
    assert repeated <= 2 * 16, "only what was in flight came again"
