"""The demo's past and present: stores are moved on, and the real crawler looks at them with the clock of the day."""

import datetime as dt
from contextlib import suppress

from django.db import transaction
from django.utils import timezone

from catalog.assets.models import Asset
from catalog.common.errors import NotFound, PortalError
from catalog.connections.models import Connection
from catalog.crawling import claims, runner
from catalog.crawling.services import request_crawl
from catalog.demo import hearing, state
from catalog.demo.incidents import discuss
from catalog.demo.loading import HISTORY
from catalog.demo.rows import DAY
from catalog.demo.state import State
from catalog.demo.stores import write_stores
from catalog.demo.structure import company
from catalog.schemas.services import annotate_field

#: days before the demo was made on which its stores are crawled
LOOKS = (30, 26, 22, 18, 15, 12, 10, 8, 6, 5, 4, 3, 2, 1)
MOVE_EVERY = dt.timedelta(minutes=10)


def tend(*, now: dt.datetime | None = None) -> str:
    """What the demo needs next: its past grown, or its stores moved on; "" when neither. One process at a time."""
    now = now or timezone.now()
    if not state.is_demo():
        return ""
    with state.lock() as is_ours:
        kept = state.read() if is_ours else None
        if kept is None or not kept.is_loaded:
            return ""
        if not kept.is_grown:
            grow(kept, now)
            return "grown"
        if kept.moved_at is None or now - kept.moved_at >= MOVE_EVERY:
            write_stores(state.stores(), now, kept.made_at)
            kept.moved_at = now
            state.write(kept)
            return "moved"
    return ""


def grow(kept: State, now: dt.datetime) -> None:
    """Replay the past: on each day of LOOKS the stores stand as they stood, and are crawled. Ends with today.

    A worker that dies goes on where it was: `grown_until` is kept after each look.
    """
    moments = [kept.made_at - days * DAY for days in LOOKS if days * DAY <= HISTORY]
    for moment in [*moments, now]:
        if kept.grown_until is not None and moment <= kept.grown_until:
            continue
        write_stores(state.stores(), moment, kept.made_at)
        for connection in Connection.objects.filter(slug__in=kept.made.get("connections", [])):
            crawl_at(connection, moment)
        release_fields()
        if moment <= kept.made_at:
            discuss(kept.made_at, moment)
        kept.grown_until = kept.moved_at = moment
        state.write(kept)
    hearing.tell_of_objectives(now)


def release_fields() -> None:
    """Let the values of the fields named in the company's file be kept, once a crawl has found them.

    What somebody said of such a field since is left as it is.
    """
    for item in company()["released"]:
        asset = Asset.objects.filter(connection__name=item["connection"], name=item["asset"]).first()
        if asset is None:
            continue
        said = set(asset.annotations.values_list("path", flat=True))
        for path in item["fields"]:
            if path not in said:
                with suppress(NotFound):  # a later look may find it
                    annotate_field(actor=None, asset=asset, path=path, is_released=True)


def crawl_at(connection: Connection, moment: dt.datetime) -> None:
    """Crawl a connection as if it were `moment`: through the queue like any other, taken before another worker can."""
    try:
        with transaction.atomic():
            run = request_crawl(actor=None, connection=connection, now=moment)
            claim = claims.claim_run(run.pk, moment)
    except PortalError:  # paused by somebody: their word counts here too
        return
    if claim:
        runner.execute(run.pk, claim, now=lambda: moment)
