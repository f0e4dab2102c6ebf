"""Granting, looking and removing by the portal's workers. The row is the job: whatever was cut off is done again."""

import datetime as dt
import logging

from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.utils import timezone

from catalog.access.models import Agreement
from catalog.access.provisioners import Automatic, Counting, Plain, provisioner_of, provisioners
from catalog.access.services.agreeing import mark_provisioning
from catalog.access.services.ordering import due_orders, send_order
from catalog.access.services.using import note_count
from catalog.access.services.waiting import waited
from catalog.access.services.writing import locked
from catalog.access.states import Event, Provisioning
from catalog.access.stores import CannotProvision, Grant, Stored
from catalog.access.terms import terms_of
from catalog.common.crypto import CannotDecrypt, decrypt
from catalog.common.errors import Conflict
from catalog.common.time_limits import TimeIsUp
from catalog.connections.connectors.config import clean_config
from catalog.connections.connectors.registry import registry
from catalog.products.models import OutputPort

RETRY = dt.timedelta(minutes=10)  # a failure, or what somebody began and was cut off, is tried again
LOOK_AGAIN = dt.timedelta(hours=1)  # at what is granted
AT_ONCE = 200  # of one run
BEGUN = "The portal has begun."
logger = logging.getLogger(__name__)


def provision_due(*, now: dt.datetime | None = None) -> int:
    """Give, look at or take away what is due on the ports the portal provisions itself; how many were worked on.

    Due is what waits and is in force, what is to be removed, what failed or was begun some time ago, and what was
    granted and not looked at for an hour. An agreement is claimed by a conditional UPDATE of its revision.
    """
    now = now or timezone.now()
    done = 0
    for agreement in due(now)[:AT_ONCE]:
        if _claimed(agreement):
            _work(agreement, now)
            done += 1
    for agreement in due_orders(now)[:AT_ONCE]:
        if _claimed(agreement):
            send_order(agreement=agreement, now=now)
            done += 1
    return done


def _claimed(agreement: Agreement) -> bool:
    """Whether this worker is the one that goes on with it."""
    rows = Agreement.objects.filter(pk=agreement.pk, revision=agreement.revision)
    return bool(rows.update(revision=F("revision") + 1, updated_at=timezone.now()))


def due(now: dt.datetime) -> QuerySet[Agreement]:
    """What the workers have to do: removing first, giving next, looking last; the oldest of each first."""
    names = [name for name, item in provisioners().items() if isinstance(item, Automatic)]
    rows = Agreement.objects.filter(port__access_terms__provisioner__in=names)
    rested = waited("provisioning_at", RETRY, now)
    fresh = Q(provisioning_note="") | rested
    in_force = Q(starts_at__lte=now) & (Q(ends_at=None) | Q(ends_at__gt=now))
    wanted = in_force & Q(provisioning=Provisioning.WAITING.value)
    wanted |= in_force & fresh & Q(provisioning=Provisioning.IN_PROGRESS.value)
    wanted |= in_force & rested & Q(provisioning=Provisioning.FAILED.value)
    wanted |= fresh & Q(provisioning=Provisioning.REMOVING.value)
    old = Q(verified_at=None) | waited("verified_at", LOOK_AGAIN, now)
    quiet = waited("updated_at", RETRY, now)  # a server that is away is not asked every minute
    wanted |= in_force & old & quiet & Q(provisioning=Provisioning.GRANTED.value)
    joins = ("port__access_terms", "port__asset", "port__connection", "port__product__domain")
    urgency = Case(
        When(provisioning=Provisioning.REMOVING.value, then=Value(0)),
        When(provisioning=Provisioning.GRANTED.value, then=Value(2)),
        default=Value(1),
    )
    return rows.filter(wanted).select_related(*joins).order_by(urgency, "provisioning_at", "pk")


def _work(agreement: Agreement, now: dt.datetime) -> None:
    """One agreement. What is known at the end is written; a worker killed before leaves it as begun."""
    provisioner = provisioner_of(terms_of(agreement.port))
    if not isinstance(provisioner, Automatic):
        return
    state = Provisioning(agreement.provisioning)
    try:
        event, note = _done(provisioner, agreement, state, now)
        mark_provisioning(actor=None, agreement=agreement, event=event, note=note, now=now)
        if event == Event.SUCCEED and isinstance(provisioner, Counting):
            note_count(agreement, provisioner.uses(grant_of(agreement)), provisioner.counted_by, now)
    except Conflict:
        logger.info("Agreement %s changed while the store was.", agreement.pk)  # what it is now is due again
    except CannotProvision as error:
        logger.warning("Agreement %s could not be looked at: %s", agreement.pk, error)
    except TimeIsUp:
        raise  # what was begun stays begun, and is due again
    except Exception:  # nothing of it was written; it is due again, and the others are not kept waiting
        logger.exception("What was seen of agreement %s could not be written.", agreement.pk)


def _done(
    provisioner: Automatic, agreement: Agreement, state: Provisioning, now: dt.datetime
) -> tuple[Event, str]:
    try:
        grant = grant_of(agreement)
        if state == Provisioning.REMOVING:
            provisioner.revoke(grant)
            left = provisioner.left(grant)
            return (Event.FAIL, left) if left else (Event.REMOVED, "")
        if grant.mode and isinstance(provisioner, Plain):  # plain values are not what was agreed
            return Event.FAIL, f"What was agreed is “{grant.mode}”. {provisioner.grants_plain}"
        if state == Provisioning.GRANTED:
            drift = provisioner.missing(grant)
            return (
                (Event.FAIL, f"It was granted and is no longer so: {drift}") if drift else (Event.SUCCEED, "")
            )
        grant = grant_of(_begun(provisioner, agreement, now))
        provisioner.grant(grant)
        missing = provisioner.missing(grant)
        return (Event.FAIL, missing) if missing else (Event.SUCCEED, "")
    except CannotProvision as error:
        if state == Provisioning.GRANTED:
            raise  # not seen is not gone: it stays granted, with the age of the last look
        return Event.FAIL, str(error)
    except (Conflict, TimeIsUp):
        raise  # the worker's time says nothing about the store
    except Exception:
        logger.exception("The provisioner %s failed on agreement %s.", provisioner.name, agreement.pk)
        return Event.FAIL, "An unexpected error: the log of the worker says more."


@transaction.atomic
def _begun(provisioner: Automatic, agreement: Agreement, now: dt.datetime) -> Agreement:
    """The agreement and its port as they are from now on: what has begun keeps the port and its terms in place."""
    fresh = locked(agreement.pk)
    if provisioner_of(terms_of(fresh.port)) is not provisioner:
        raise Conflict("It is granted in another way now.")
    return mark_provisioning(actor=None, agreement=fresh, event=Event.START, note=BEGUN, now=now)


def grant_of(agreement: Agreement) -> Grant:
    """The access in the words of the store, with the connection's secrets: in workers only."""
    stored = stored_of(agreement.port)
    return Grant(
        agreement_id=agreement.pk,
        principal=agreement.principal,
        mode=agreement.mode,
        columns=tuple(agreement.columns),
        config=stored.config,
        address=stored.address,
    )


def stored_of(port: OutputPort) -> Stored:
    """What the port offers in the words of the store, with the connection's secrets: in workers only. Raises
    CannotProvision where it cannot be said."""
    connection, asset = port.connection, port.asset
    if connection is None or asset is None:
        raise CannotProvision("The port belongs to no connection or is tied to nothing in it.")
    connector = registry().get(connection.kind)
    try:
        secrets = decrypt(connection.secret)
    except CannotDecrypt as error:
        raise CannotProvision(
            "The credentials of the connection cannot be read. Enter them again."
        ) from error
    config, problems = clean_config(connector.config_fields, {**connection.config, **secrets})
    if problems:
        raise CannotProvision(f"The connection's settings do not fit: {problems[0].message}")
    return Stored(config=config, address=asset.address)
