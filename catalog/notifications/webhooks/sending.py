"""Sending what is due. The row is the job; every step is one conditional UPDATE, kept before the next.

    waiting -> sending -> delivered
                  |-> waiting again, later (another answer than 2xx, or none)
                  |-> dead (tried for a day; can be replayed)
                  |-> withheld (its creator may no longer see it)

At least once: a worker killed between the answer and the row sends again under the same `webhook-id`. In order for each
key: of a webhook's deliveries about one product only the oldest that is open is sent, so that one that fails holds
back its own product and nothing else. What was given up holds nothing back.

Requests run in threads, rows are read and written by one: a receiver that hangs costs the others nothing but its place.
"""

import datetime as dt
import json
import logging
import random
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from catalog.common.crypto import CannotDecrypt, decrypt
from catalog.common.outbound import Limits, Outbound, OutboundError
from catalog.connections.context import allow_list
from catalog.events import envelope
from catalog.events.selectors import visible_to
from catalog.notifications.webhooks import pacing, signing, switching
from catalog.notifications.webhooks.models import Webhook, WebhookDelivery

logger = logging.getLogger(__name__)
State = WebhookDelivery.State
LIMITS = Limits(seconds=15.0, connect_seconds=5.0, wire_bytes=65_536, decoded_bytes=65_536, redirects=0)
IN_FLIGHT, PER_WEBHOOK = 16, 4
LOOKED_AT = 200  # rows read at once
LOOK_AGAIN = 0.5  # seconds: whether others, of other webhooks, are due as well
LONGEST_RUN = 120.0  # seconds
STALE = dt.timedelta(minutes=1)  # longer than a request that was claimed can take
KEPT = 20  # attempts of the log
GONE = 410


@dataclass(frozen=True, slots=True)
class Message:
    """A request ready to be made, for a row that is claimed."""

    row: WebhookDelivery
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it: the status (None: no answer), in words where it is no success, and how long it took."""

    status: int | None
    words: str
    milliseconds: int
    retry_after: dt.timedelta = dt.timedelta(0)

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def send_due(*, seconds: float = LONGEST_RUN) -> int:
    """Send what is due until nothing is, or the time is over; returns how many arrived."""
    take_back(timezone.now())
    return _Run(time.monotonic() + seconds).go()


def take_back(now: dt.datetime) -> None:
    """What workers that are gone had claimed waits again."""
    gone = WebhookDelivery.objects.filter(state=State.SENDING, claimed_at__lt=now - STALE)
    gone.update(state=State.WAITING, due_at=now, claim="")


def due(now: dt.datetime) -> QuerySet[WebhookDelivery]:
    """The oldest open delivery of each key of each active webhook, where its time has come."""
    older = WebhookDelivery.objects.filter(
        webhook=OuterRef("webhook"),
        key=OuterRef("key"),
        state__in=(State.WAITING, State.SENDING),
        position__lt=OuterRef("position"),
    )
    rows = WebhookDelivery.objects.filter(~Exists(older), state=State.WAITING, due_at__lte=now)
    return rows.filter(webhook__is_active=True).order_by("due_at", "pk")


class _Run:
    """One run of the task: rows that are due, read many at a time, and the requests in flight."""

    def __init__(self, ends: float) -> None:
        self.ends = ends
        self.ready: list[
            WebhookDelivery
        ] = []  # each the oldest open one of its key, so it stays due until it is sent
        self.allowed: dict[int, set[int]] = {}  # webhook -> events its creator may see
        self.valid: dict[int, list[str]] = {}  # webhook -> secrets
        self.flying: dict[Future[Outcome], Message] = {}
        self.looked_at = 0.0

    def go(self) -> int:
        arrived = 0
        with ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="webhook") as pool:
            while True:
                if time.monotonic() < self.ends:
                    for message in self.claim():
                        self.flying[pool.submit(_post, message)] = message
                if not self.flying:
                    return arrived
                done, _ = wait(self.flying, return_when=FIRST_COMPLETED)
                for future in done:
                    arrived += _keep(self.flying.pop(future), future.result())

    def claim(self) -> list[Message]:
        """Claim what fits beside what is in flight: a few of each webhook, one of those that fail at the moment."""
        found = self._from_ready()
        room = IN_FLIGHT - len(self.flying) - len(found)
        if room and (not self.ready or time.monotonic() - self.looked_at > LOOK_AGAIN):
            self._look(found)
            found += self._from_ready(found)
        return found

    def _busy(self, found: list[Message]) -> list[int]:
        return [item.row.webhook_id for item in (*self.flying.values(), *found)]

    def _look(self, found: list[Message]) -> None:
        """Read what is due, without webhooks that are busy anyway."""
        self.looked_at = time.monotonic()
        busy = self._busy(found)
        full = {pk for pk in busy if busy.count(pk) >= PER_WEBHOOK}
        rows = due(timezone.now()).exclude(webhook__in=full).exclude(pk__in=[row.pk for row in self.ready])
        joins = ("webhook__created_by", "webhook__team", "event")
        fresh = list(rows.select_related(*joins)[:LOOKED_AT])
        by_webhook: dict[int, list[WebhookDelivery]] = {}
        for row in fresh:
            by_webhook.setdefault(row.webhook_id, []).append(row)
        for pk, group in by_webhook.items():
            if self._may_send(group[0].webhook):
                events = visible_to(group[0].webhook.created_by).filter(
                    pk__in=[row.event_id for row in group if row.event_id is not None]
                )
                self.allowed.setdefault(pk, set()).update(events.values_list("pk", flat=True))
                self.ready += group
        self.ready.sort(key=lambda row: (row.due_at, row.pk))

    def _may_send(self, webhook: Webhook) -> bool:
        problem = switching.why_not(webhook)
        if not problem:
            try:
                self.valid[webhook.pk] = secrets_of(webhook, timezone.now())
            except CannotDecrypt:
                problem = "Its secret cannot be read with the present keys. Make a new one."
        if problem:
            switching.switch_off(webhook, problem)
        return not problem

    def _from_ready(self, found: Sequence[Message] = ()) -> list[Message]:
        busy = self._busy(list(found))
        taken: list[Message] = []
        left: list[WebhookDelivery] = []
        for row in self.ready:
            most = 1 if row.webhook.failing_since else PER_WEBHOOK
            if len(busy) >= IN_FLIGHT or busy.count(row.webhook_id) >= most:
                left.append(row)
            elif message := self._claimed(row):
                taken.append(message)
                busy.append(row.webhook_id)
        self.ready = left
        return taken

    def _claimed(self, row: WebhookDelivery) -> Message | None:
        """The signed request; None where another worker was faster, or its creator may not see the event."""
        waiting = WebhookDelivery.objects.filter(pk=row.pk, state=State.WAITING, webhook__is_active=True)
        if row.event_id is not None and row.event_id not in self.allowed[row.webhook_id]:
            waiting.update(state=State.WITHHELD, done_at=timezone.now())
            return None
        row.claim, row.attempts = str(uuid4()), row.attempts + 1
        values = {"state": State.SENDING, "claim": row.claim, "claimed_at": timezone.now()}
        if not waiting.update(attempts=row.attempts, **values):
            return None
        return _message(row, self.valid[row.webhook_id])


def _message(row: WebhookDelivery, valid: list[str]) -> Message:
    message_id = str(row.event.event_id) if row.event else f"test-{row.pk}"
    content = envelope.of(row.event) if row.event else _test(row, message_id)
    body = json.dumps(content, ensure_ascii=False).encode()
    signed = signing.headers(valid, message_id, int(time.time()), body)
    return Message(row, {"content-type": envelope.MEDIA_TYPE, **signed}, body)


def secrets_of(webhook: Webhook, now: dt.datetime) -> list[str]:
    """The secrets messages are signed with now, the newest first. In workers only; raises CannotDecrypt."""
    found = [decrypt(webhook.secret)["secret"]]
    if webhook.previous_secret and webhook.previous_until and webhook.previous_until > now:
        found.append(decrypt(webhook.previous_secret)["secret"])
    return found


def _test(row: WebhookDelivery, message_id: str) -> dict[str, object]:
    words = "This is a test; nothing happened."
    return {
        "specversion": "1.0",
        "id": message_id,
        "source": settings.PUBLIC_URL or "/",
        "type": "webhook.test",
        "subject": f"webhook/{row.webhook_id}",
        "time": row.created_at.isoformat(),
        "datacontenttype": "application/json",
        "data": {"words": words, "webhook": row.webhook.name},
    }


def _post(message: Message) -> Outcome:
    """Make the request; touches no database."""
    started = time.monotonic()

    def after() -> int:
        return round((time.monotonic() - started) * 1000)

    client = Outbound(allow_list(), LIMITS)
    try:
        with client.request(
            "POST", message.row.webhook.url, headers=message.headers, content=message.body, any_status=True
        ) as reply:
            pause = pacing.asked_wait(reply.headers.get("retry-after", ""))
            return Outcome(reply.status, _words(reply.status), after(), pause)
    except OutboundError as error:
        return Outcome(None, error.message, after())
    except Exception as error:  # whatever a receiver makes the client do: one delivery failed, not the worker
        logger.exception("Delivery %s", message.row.pk)
        return Outcome(None, f"An unexpected error ({type(error).__name__}).", after())


def _words(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return f"The receiver redirects (status {status}); redirects are not followed. Change the address."
    return f"The receiver answered {status}."


def _keep(message: Message, outcome: Outcome) -> int:
    """Write down what became of a delivery; 1 where it arrived."""
    now, row = timezone.now(), message.row
    entry = {
        "at": now.isoformat(),
        "status": outcome.status,
        "ms": outcome.milliseconds,
        "words": outcome.words,
    }
    row.log = [*row.log, entry][-KEPT:]
    values: dict[str, Any] = {"log": row.log, "claim": "", "state": State.DELIVERED, "done_at": now}
    if not outcome.is_success:
        is_test = row.key == WebhookDelivery.TEST
        pause = None if is_test else pacing.wait(row.attempts, random.random())  # noqa: S311 - spreads
        values["state"] = State.DEAD
        if pause is not None:
            values |= {
                "state": State.WAITING,
                "done_at": None,
                "due_at": now + max(pause, outcome.retry_after),
            }
    WebhookDelivery.objects.filter(pk=row.pk, claim=row.claim).update(**values)  # none: it was taken back
    switching.judge(row.webhook, is_success=outcome.is_success, is_gone=outcome.status == GONE, now=now)
    return int(outcome.is_success)
