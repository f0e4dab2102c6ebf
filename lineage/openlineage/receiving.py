"""Taking events in: stored as they are, in one cheap insert; a worker projects them later."""

import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from catalog.accounts import kernel
from catalog.accounts.models import ApiToken, User
from catalog.common import bulk
from catalog.common.errors import Invalid, Problem
from lineage.openlineage import reading
from lineage.openlineage.models import LineageEvent
from lineage.openlineage.reading import Event, Refusal

MOST_IN_BATCH = 1_000
RETRY_SECONDS = 15
_COLUMNS = (
    "received_at", "event_at", "kind", "event_type", "job_namespace", "job_name", "run_key", "digest", "body", "size",
    "state", "tries", "problem", "sent_by_id", "token_id",
)  # fmt: skip
_COUNTED_EVERY = 1.0  # seconds: how many wait is asked of the database no more often
_SMALL = 1  # zlib's level: most of the gain, least of the time


class Busy(Exception):
    """More events wait than should; the sender comes back later (503)."""


@dataclass
class _Waiting:
    """How many events waited when it was last counted, by this process."""

    number: int = 0
    counted_at: float = field(default=float("-inf"))


_waiting = _Waiting()


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch: the refused ones by their place."""

    received: int
    refused: dict[int, Refusal]

    @property
    def taken(self) -> int:
        return self.received - len(self.refused)


def check_room() -> None:
    """Raise Busy while more than LINEAGE_MOST_WAITING events wait; about one query a second in each process."""
    now = time.monotonic()
    if now - _waiting.counted_at > _COUNTED_EVERY:
        most: int = settings.LINEAGE_MOST_WAITING
        some = LineageEvent.objects.waiting().order_by()[: most + 1]
        _waiting.number, _waiting.counted_at = some.count(), now
    if _waiting.number > settings.LINEAGE_MOST_WAITING:
        raise Busy(
            f"More than {settings.LINEAGE_MOST_WAITING:,} events wait to be read. "
            "Nothing was stored; send it again later."
        )


def forget_room() -> None:
    """Count anew at the next event."""
    _waiting.counted_at = float("-inf")


def take_event(
    *, actor: User | None, data: Any, token: ApiToken | None = None, now: datetime | None = None
) -> None:
    """Store one event. Raises Invalid for what is none, NotAllowed, or Busy. The same twice is once."""
    require_sender(actor)
    check_room()
    now = now or timezone.now()
    found = reading.read_event(data, now=now)
    if isinstance(found, Refusal):
        raise Invalid("This is not an OpenLineage event.", "Nothing was stored.", "", list(found.problems))
    _store([found], actor, token, now)


def take_batch(
    *, actor: User | None, data: Any, token: ApiToken | None = None, now: datetime | None = None
) -> Taken:
    """Store the events of a list; what is none is left out and told. Raises as `take_event`, also when none is one."""
    require_sender(actor)
    check_room()
    now = now or timezone.now()
    if not isinstance(data, list):
        raise _refused([Problem("$", "type", "A batch is a list of events.")])
    if len(data) > MOST_IN_BATCH:
        words = f"At most {MOST_IN_BATCH:,} events at once; these are {len(data):,}. Send them in parts."
        raise _refused([Problem("$", "size", words)])
    read = [reading.read_event(item, now=now, path=f"$[{place}]") for place, item in enumerate(data)]
    refused = {place: found for place, found in enumerate(read) if isinstance(found, Refusal)}
    if data and len(refused) == len(data):
        raise _refused([problem for found in refused.values() for problem in found.problems][:100])
    _store([found for found in read if isinstance(found, Event)], actor, token, now)
    return Taken(len(data), refused)


def require_sender(actor: User | None) -> None:
    """Raise NotAllowed for people whose role says nothing of data."""
    kernel.require(actor, "lineage.send", message="You may not send lineage.")


def _refused(problems: list[Problem]) -> Invalid:
    return Invalid("None of this is an OpenLineage event.", "Nothing was stored.", "", problems)


def _store(events: Sequence[Event], actor: User | None, token: ApiToken | None, now: datetime) -> None:
    sender, key = actor.pk if actor else None, token.pk if token else None
    rows = [
        (
            now, event.event_at, event.kind, event.event_type, event.job_namespace, event.job_name, event.run_key,
            event.digest, zlib.compress(event.text, _SMALL), len(event.text), LineageEvent.State.WAITING.value, 0, "",
            sender, key,
        )
        for event in events
    ]  # fmt: skip
    with transaction.atomic():
        for start in range(0, len(rows), bulk.FEW):  # one statement for so many, and no staging
            bulk.upsert(LineageEvent, _COLUMNS, rows[start : start + bulk.FEW], unique=("digest",))
