"""Truth about the store: who reads without an agreement, and what was agreed long ago and is not there."""

import datetime as dt
import logging
from collections.abc import Sequence

from django.db import transaction
from django.db.models import F, Q, QuerySet

from catalog.access.drift import OutsideReader, StoreLook
from catalog.access.models import Agreement, PortTerms
from catalog.access.provisioners import Surveying, provisioner_of, provisioners
from catalog.access.services.running import stored_of
from catalog.access.services.waiting import waited
from catalog.access.services.writing import locked
from catalog.access.states import MAY_BE_THERE, Provisioning
from catalog.access.stores import CannotProvision, Reader
from catalog.audit import services as audit
from catalog.common.time_limits import TimeIsUp
from catalog.products.models import OutputPort

READERS_FOUND = "store.readers_found"
LATE = dt.timedelta(hours=2)  # agreed for so long and not there
LACKING = (Provisioning.WAITING.value, Provisioning.IN_PROGRESS.value, Provisioning.FAILED.value)
LOOK_AGAIN = dt.timedelta(hours=1)
PORTS_AT_ONCE, TOLD_AT_ONCE = 100, 500  # of one run
MOST_KEPT = 500  # readers of one port
NAMED = 20  # of them in the audit event
logger = logging.getLogger(__name__)


def late_grants(now: dt.datetime) -> QuerySet[Agreement]:
    """Agreements in force for two hours or more whose access has not been in the store as long."""
    long_ago = now - LATE
    unknown = Q(lacking_since=None, provisioning_at__lte=long_ago)  # of before this was noted
    rows = Agreement.objects.in_force(now).filter(provisioning__in=LACKING, starts_at__lte=long_ago)
    return rows.filter(Q(lacking_since__lte=long_ago) | unknown)


def tell_late(*, now: dt.datetime) -> int:
    """Leave an event for each grant that is late, once until it is granted; how many. Twice at a time does no harm."""
    waiting = late_grants(now).filter(late_told_at=None).order_by("pk")
    told = 0
    for pk in list(waiting.values_list("pk", flat=True)[:TOLD_AT_ONCE]):
        with transaction.atomic():
            agreement = locked(pk)
            if not late_grants(now).filter(pk=pk, late_told_at=None).exists():
                continue
            Agreement.objects.filter(pk=pk).update(late_told_at=now)
            since = max(
                filter(None, (agreement.lacking_since or agreement.provisioning_at, agreement.starts_at))
            )
            detail = {"since": since.isoformat(), "note": agreement.provisioning_note}
            audit.record(actor=None, verb="agreement.granting_late", obj=agreement, detail=detail)
            told += 1
    return told


def look_around(*, now: dt.datetime) -> int:
    """Ask the stores of ports the portal grants in who reads them; how many were asked. A port is claimed by a
    conditional UPDATE and asked once an hour, whether it answered or not."""
    names = [name for name, item in provisioners().items() if isinstance(item, Surveying)]
    due = Q(port__store_look=None) | waited("port__store_look__tried_at", LOOK_AGAIN, now)
    rows = PortTerms.objects.filter(due, provisioner__in=names, port__asset__isnull=False)
    OutsideReader.objects.exclude(port__access_terms__provisioner__in=names).delete()
    joins = ("port__connection", "port__asset", "port__product__domain")
    done = 0
    order = F("port__store_look__tried_at").asc(nulls_first=True)
    for terms in rows.select_related(*joins).order_by(order, "pk")[:PORTS_AT_ONCE]:
        if _claimed(terms.port, now):
            _look(terms, now)
            done += 1
    return done


def _claimed(port: OutputPort, now: dt.datetime) -> bool:
    rows = StoreLook.objects.filter(port=port)
    if rows.filter(waited("tried_at", LOOK_AGAIN, now)).update(tried_at=now):
        return True
    return StoreLook.objects.get_or_create(port=port, defaults={"tried_at": now})[1]


def _look(terms: PortTerms, now: dt.datetime) -> None:
    provisioner = provisioner_of(terms)
    if not isinstance(provisioner, Surveying):
        return
    try:
        seen = provisioner.readers(stored_of(terms.port))
    except CannotProvision as error:
        StoreLook.objects.filter(port=terms.port).update(note=str(error)[:500])
        return
    except TimeIsUp:
        raise  # the worker's time says nothing about the store
    except Exception:
        logger.exception("The provisioner %s could not say who reads %s.", provisioner.name, terms.port)
        words = "An unexpected error: the log of the worker says more."
        StoreLook.objects.filter(port=terms.port).update(note=words)
        return
    _keep(terms, seen, now)


@transaction.atomic
def _keep(terms: PortTerms, seen: Sequence[Reader], now: dt.datetime) -> None:
    """What is there beyond the agreements; what is new leaves an event, what is gone goes."""
    port = terms.port
    look = StoreLook.objects.select_for_update().get(port=port)
    outside = outside_of(seen, {*known_principals(port), *terms.known_readers})
    kept = {row.name: row for row in OutsideReader.objects.filter(port=port)}
    OutsideReader.objects.filter(port=port).exclude(name__in=list(outside)).delete()
    fresh = {name: words for name, words in outside.items() if name not in kept}
    OutsideReader.objects.bulk_create(
        OutsideReader(port=port, name=name, words=words, found_at=now) for name, words in fresh.items()
    )
    for name, row in kept.items():
        if name in outside and outside[name] != row.words:
            OutsideReader.objects.filter(pk=row.pk).update(words=outside[name])
    look.looked_at, look.note = now, ""
    look.save(update_fields=["looked_at", "note"])
    if fresh:
        detail = {"readers": list(fresh)[:NAMED], "count": len(fresh)}
        audit.record(actor=None, verb=READERS_FOUND, obj=port, detail=detail)


def known_principals(port: OutputPort) -> set[str]:
    """What consumers with an agreement are called in the store of the port: what may be there is known."""
    there = [state.value for state in MAY_BE_THERE]
    rows = Agreement.objects.filter(port__asset=port.asset_id, provisioning__in=there).exclude(principal="")
    return set(rows.values_list("principal", flat=True))


def outside_of(seen: Sequence[Reader], known: set[str]) -> dict[str, str]:
    """Readers nobody agreed with, by name, each with the sentences that say how; at most MOST_KEPT."""
    found: dict[str, list[str]] = {}
    for reader in seen:
        if not known & {*reader.names, *reader.through}:
            found.setdefault(reader.name[:300], []).append(reader.words)
    return {name: " ".join(words)[:800] for name, words in list(found.items())[:MOST_KEPT]}
