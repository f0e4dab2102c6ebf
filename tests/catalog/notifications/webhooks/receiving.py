"""A real receiver of webhooks, and what the tests of webhooks share."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

from catalog.audit import outbox
from catalog.notifications.webhooks import queueing, services
from catalog.notifications.webhooks.models import Webhook, WebhookDelivery
from catalog.products.models import DataProduct
from tests.conftest import Cast
from tests.local_servers import content

State = WebhookDelivery.State


class Receiver:
    """Keeps what it took; `fails` says of each message, before it is taken, what to answer instead of 200."""

    def __init__(self, fails: Callable[[dict[str, Any]], int] = lambda event: 0) -> None:
        self.fails = fails
        self.asked = 0
        self.taken: list[dict[str, Any]] = []
        self.heads: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.lock = threading.Lock()

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        event = json.loads(body)
        with self.lock:
            self.asked += 1
            status = self.fails(event)
            if not status:
                self.taken.append(event)
                self.heads.append({name.lower(): value for name, value in handler.headers.items()})
                self.bodies.append(body)
        content(b"", status=status or 200)(handler)


def publish(product: DataProduct, *numbers: int) -> None:
    outbox.publish_all(
        [
            outbox.Happened("product.changed", f"product/{product.key}", {"n": n}, product_id=product.pk)
            for n in numbers
        ]
    )
    outbox.number_waiting()
    queueing.queue_new()


def webhook(cast: Cast, url: str, **more: Any) -> tuple[Webhook, str]:
    return services.create_webhook(actor=more.pop("actor", cast.consumer), name="Tickets", url=url, **more)


def states() -> list[str]:
    return list(WebhookDelivery.objects.order_by("position", "pk").values_list("state", flat=True))
