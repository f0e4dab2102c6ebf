"""What people do with incidents: report, acknowledge, assign, comment, rate, resolve, open again, note."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from django.db import IntegrityError, transaction
from django.utils import timezone

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.audit import services as audit
from catalog.common.concurrency import bump_revision
from catalog.common.errors import Conflict, Invalid, Problem
from catalog.common.validation import clean
from catalog.incidents.models import Incident, IncidentEvent, PublicStatus
from catalog.incidents.reaching import Subject, keep_reach, spreads
from catalog.incidents.severity import Severity, rank, severity_of
from catalog.incidents.timeline import LONGEST, tell
from catalog.incidents.transitions import Cause, Happening, status_after
from catalog.products.models import DataProduct, Lifecycle, OutputPort
from catalog.products.permissions import can_view_product

Change = Callable[[Incident, dt.datetime], str]  # alters the locked incident; returns the words of the entry


@dataclass(frozen=True, slots=True)
class Report:
    """What a person says is wrong; with a severity the portal does not judge it by the consumers hit."""

    title: str
    summary: str = ""
    severity: str = ""
    port: OutputPort | None = None  # None: the whole product


def report_incident(
    *, actor: User | None, product: DataProduct, report: Report, now: dt.datetime | None = None
) -> Incident:
    """Open an incident by a person's word. Raises NotAllowed, Invalid, Conflict (said already, or retired)."""
    kernel.require(actor, "incident.report", product, "You may not report incidents of this product.")
    if product.lifecycle == Lifecycle.RETIRED:
        raise Conflict("This product is retired: nothing is promised of it.", kept="Nothing was reported.")
    now = now or timezone.now()
    incident = _drafted(actor, product, report, now)
    found = spreads({0: Subject(product.pk, incident.port_id)})[0]
    incident.consumers = found.consumers
    if not incident.is_rated:
        _set_severity(incident, severity_of(Severity.MEDIUM, found.consumers))
    _refuse_doubled(incident)
    clean(incident, exclude=["product", "port"])
    try:
        with transaction.atomic():
            incident.save(force_insert=True)
            keep_reach([incident], {incident.pk: found})
            tell(incident, Happening.OPENED, actor=actor, now=now, text=incident.summary)
    except IntegrityError:  # somebody said the same a moment ago
        _refuse_doubled(incident)
        raise
    return incident


def _refuse_doubled(incident: Incident) -> None:
    same = Incident.objects.filter(key=incident.key, cause_ended_at=None).first()
    if same is not None:
        raise Conflict(
            "The same was reported already and is not over.",
            kept="Nothing was reported twice.",
            remedy=f"Add what you know to incident {same.pk}.",
        )


def _drafted(actor: User | None, product: DataProduct, report: Report, now: dt.datetime) -> Incident:
    if report.port is not None and report.port.product_id != product.pk:
        raise Invalid(
            "The port belongs to another product.",
            problems=[Problem("port", "product", "Choose a port of this product.")],
        )
    title = " ".join(report.title.split())
    subject = f"port:{report.port.pk}" if report.port else f"product:{product.pk}"
    mark = sha256(title.casefold().encode()).hexdigest()[:24]
    incident = Incident(
        product=product,
        port=report.port,
        cause=Cause.REPORTED.value,
        key=f"{subject}:{Cause.REPORTED}:{mark}",
        title=title,
        summary=_words(report.summary),
        opened_at=now,
        opened_by=actor,
        last_seen_at=now,
    )
    if report.severity:
        incident.is_rated = True
        _set_severity(incident, _severity(report.severity))
    return incident


def acknowledge_incident(
    *, actor: User | None, incident: Incident, text: str = "", now: dt.datetime | None = None
) -> IncidentEvent:
    """Say that somebody looks after it. Raises NotAllowed, Conflict."""

    def change(fresh: Incident, at: dt.datetime) -> str:
        fresh.acknowledged_at = at
        if fresh.assignee is None and actor is not None:
            fresh.assignee = actor
        return _words(text)

    return _step(actor, incident, Happening.ACKNOWLEDGED, change, now)


def assign_incident(*, actor: User | None, incident: Incident, assignee: User | None) -> IncidentEvent:
    """Give it to a person who may see the product, or to nobody. Raises NotAllowed, Invalid, Conflict."""

    def change(fresh: Incident, at: dt.datetime) -> str:
        if assignee is not None and not (assignee.is_active and can_view_product(assignee, fresh.product)):
            problem = Problem("assignee", "choice", "Choose somebody who may see the product.")
            raise Invalid(problem.message, kept="Nothing was changed.", problems=[problem])
        fresh.assignee = assignee
        return f"To {assignee}." if assignee else "To nobody."

    return _step(actor, incident, Happening.ASSIGNED, change)


def comment_on_incident(
    *, actor: User | None, incident: Incident, text: str, now: dt.datetime | None = None
) -> IncidentEvent:
    """Add to the timeline. Raises NotAllowed, Invalid."""
    words = _needed(text, "Write the comment.")
    return _step(actor, incident, Happening.COMMENTED, lambda fresh, at: words, now)


def rate_incident(*, actor: User | None, incident: Incident, severity: str, text: str = "") -> IncidentEvent:
    """Set the severity; the portal leaves it alone from then on. Raises NotAllowed, Invalid, Conflict."""
    chosen = _severity(severity)

    def change(fresh: Incident, at: dt.datetime) -> str:
        before = fresh.get_severity_display()
        fresh.is_rated = True
        _set_severity(fresh, chosen)
        return f"{before} before, {chosen} now. {_words(text)}".strip()

    return _step(actor, incident, Happening.RATED, change)


def resolve_incident(
    *, actor: User | None, incident: Incident, text: str = "", now: dt.datetime | None = None
) -> IncidentEvent:
    """Say that it is over. What the portal sees going on stays resolved all the same, until it ended and came back.

    Raises NotAllowed, Conflict.
    """

    def change(fresh: Incident, at: dt.datetime) -> str:
        fresh.resolved_at, fresh.is_resolved_by_portal = at, False
        if fresh.cause == Cause.REPORTED:
            fresh.cause_ended_at = at
        return _words(text)

    return _step(actor, incident, Happening.RESOLVED, change, now)


def reopen_incident(*, actor: User | None, incident: Incident, text: str = "") -> IncidentEvent:
    """Take back that it is over. Raises NotAllowed, Conflict (its cause ended; the same trouble has a newer one)."""

    def change(fresh: Incident, at: dt.datetime) -> str:
        if fresh.cause_ended_at is not None and fresh.cause != Cause.REPORTED:
            raise Conflict(
                "Its cause ended: the portal sees no trouble.",
                kept="Nothing was changed.",
                remedy="It opens again by itself when the trouble comes back; what else is wrong can be reported.",
            )
        if Incident.objects.filter(key=fresh.key, cause_ended_at=None).exclude(pk=fresh.pk).exists():
            raise Conflict("The same trouble has a newer incident.", kept="Nothing was changed.")
        fresh.cause_ended_at = fresh.resolved_at = fresh.acknowledged_at = None
        fresh.is_resolved_by_portal = False
        return _words(text)

    return _step(actor, incident, Happening.REOPENED, change)


def note_incident(
    *, actor: User | None, incident: Incident, text: str, now: dt.datetime | None = None
) -> IncidentEvent:
    """Write the post-incident note, or the next wording of it. Raises NotAllowed, Invalid, Conflict."""
    words = _needed(text, "Write what was learned.")

    def change(fresh: Incident, at: dt.datetime) -> str:
        fresh.note = words
        return words

    return _step(actor, incident, Happening.NOTED, change, now)


@transaction.atomic
def publish_status(*, actor: User | None, product: DataProduct, is_public: bool) -> None:
    """Let anybody read the product's status page, or no longer. Raises NotAllowed."""
    kernel.require(actor, "product.publish_status", product)
    if is_public:
        _, is_changed = PublicStatus.objects.get_or_create(product=product)
    else:
        is_changed = bool(PublicStatus.objects.filter(product=product).delete()[0])
    if is_changed:
        verb = "status.published" if is_public else "status.withdrawn"
        audit.record(actor=actor, verb=verb, obj=product, product_id=product.pk)


@transaction.atomic
def _step(
    actor: User | None,
    incident: Incident,
    happening: Happening,
    change: Change,
    now: dt.datetime | None = None,
) -> IncidentEvent:
    """One entry of the timeline: right, row lock, table, change, save, tell."""
    rows = Incident.objects.select_for_update(of=("self",)).select_related(
        "product__domain", "port", "assignee"
    )
    fresh = rows.get(pk=incident.pk)
    action = "incident.comment" if happening is Happening.COMMENTED else "incident.handle"
    kernel.require(actor, action, fresh)  # as it is now: an assignee may have lost it meanwhile
    fresh.status = status_after(fresh.status, happening).value
    at = now or timezone.now()
    text = change(fresh, at)
    bump_revision(fresh, None)
    fresh.save()
    return tell(fresh, happening, actor=actor, now=at, text=text)


def _set_severity(incident: Incident, severity: Severity) -> None:
    incident.severity, incident.severity_rank = severity.value, rank(severity)


def _severity(text: str) -> Severity:
    if text not in list(Severity):
        words = f"Choose one of {', '.join(Severity)}."
        raise Invalid(
            "There is no such severity.", remedy=words, problems=[Problem("severity", "choice", words)]
        )
    return Severity(text)


def _words(text: str) -> str:
    text = text.strip()
    if len(text) > LONGEST:
        words = f"Use at most {LONGEST:,} characters."
        raise Invalid("The text is too long.", remedy=words, problems=[Problem("text", "max_length", words)])
    return text


def _needed(text: str, complaint: str) -> str:
    words = _words(text)
    if not words:
        raise Invalid(
            complaint, kept="Nothing was changed.", problems=[Problem("text", "required", complaint)]
        )
    return words
