"""Orders to another system: what it is told, signed, and how it takes it. It reports back when it is done.

The body is a CloudEvent (1.0, structured JSON). An order may be sent several times under one id, so whoever receives
it does it once.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.utils import timezone

from catalog.access.stores import CannotProvision
from catalog.common.outbound import Limits, Outbound, OutboundError
from catalog.common.signing import signed_headers
from catalog.connections.context import allow_list

LIMITS = Limits(
    seconds=20.0, connect_seconds=5.0, wire_bytes=64 * 1024, decoded_bytes=256 * 1024, redirects=0
)


class Action(StrEnum):
    """What is ordered."""

    GRANT = "grant"  # put exactly this into the store, whatever of it is there
    REVOKE = "revoke"  # take it away
    VERIFY = "verify"  # look whether it is there


@dataclass(frozen=True, slots=True)
class Order:
    """One thing to do for one agreement. `details` is what the other system is told of it."""

    id: str
    action: Action
    agreement_id: int
    url: str
    secret: str
    source: str
    at: datetime
    details: Mapping[str, Any]

    def body(self) -> bytes:
        """The CloudEvent as it is sent."""
        event = {
            "specversion": "1.0",
            "id": self.id,
            "source": self.source,
            "type": f"meshportal.access.{self.action}_ordered",
            "subject": f"agreements/{self.agreement_id}",
            "time": self.at.isoformat(),
            "datacontenttype": "application/json",
            "data": dict(self.details),
        }
        return json.dumps(event, ensure_ascii=False, sort_keys=True).encode()


class HttpProvisioner:
    """A system of the owner, told by signed requests."""

    name = "http"
    title = "Another system: the portal sends it signed orders, and it reports back"
    needs_work = True
    kinds: tuple[str, ...] = ()

    def send(self, order: Order) -> None:
        """Deliver the order. Raises CannotProvision where it was not taken (any answer but 2xx)."""
        if not order.url or not order.secret:
            raise CannotProvision(
                "The terms of the port name no address and secret of the system that grants."
            )
        body = order.body()
        headers = {
            "content-type": "application/cloudevents+json",
            **signed_headers(order.secret, order.id, timezone.now(), body),
        }
        try:
            client = Outbound(allow_list(), LIMITS)
            with client.request("POST", order.url, headers=headers, content=body) as reply:
                status = reply.status
        except OutboundError as error:
            raise CannotProvision(f"The order was not taken: {error.message}") from error
        if not 200 <= status < 300:
            raise CannotProvision(f"The order was not taken: the system answered {status}.")
