"""Writes to webhooks: made, edited, switched, given another secret, tested, replayed, deleted."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone

from catalog.accounts import kernel
from catalog.accounts.models import Team, User
from catalog.audit import numbering
from catalog.audit import services as audit
from catalog.audit.changes import difference, snapshot
from catalog.audit.models import Numbering
from catalog.common.allow_list import HostRefused, HostUnknown
from catalog.common.crypto import encrypt
from catalog.common.errors import Conflict, Problem
from catalog.common.validation import clean, invalid
from catalog.connections.context import allow_list
from catalog.domains.models import Domain
from catalog.events.types import TYPES
from catalog.notifications.webhooks import queueing, signals, signing
from catalog.notifications.webhooks.models import Webhook, WebhookDelivery
from catalog.products.models import DataProduct

MOST = 20  # webhooks of one person
OVERLAP = dt.timedelta(hours=24)  # messages are signed with the old and the new secret
MOST_REPLAYED = 10_000
EDITED = ("name", "types", "team", "product", "domain")
State = WebhookDelivery.State


@transaction.atomic
def create_webhook(
    *,
    actor: User,
    name: str,
    url: str,
    types: Collection[str] = (),
    team: Team | None = None,
    product: DataProduct | None = None,
    domain: Domain | None = None,
) -> tuple[Webhook, str]:
    """A webhook that gets what happens from now on, and its secret, which is shown this once.

    Raises NotAllowed, Conflict for too many, Invalid naming the fields.
    """
    kernel.require(actor, "webhook.create", None, "Only members of the mesh can have events sent.")
    if Webhook.objects.filter(created_by=actor).count() >= MOST:
        raise Conflict(f"You have {MOST} webhooks already.", remedy="Delete one first.")
    problems = [*_problems_of_address(url), *_problems_of_choice(actor, types, team, product, domain)]
    if problems:
        raise invalid(problems)
    secret = signing.new_secret()
    made = Webhook(
        name=name.strip(), url=url.strip(), created_by=actor, team=team, types=sorted(set(types)),
        product=product, domain=domain, secret=encrypt({"secret": secret}),
        cursor=numbering.reached(Numbering.Name.OUTBOX),
    )  # fmt: skip
    clean(made)
    made.save()
    _record(actor, "created", made, url=_shown(made.url), types=made.types)
    return made, secret


@transaction.atomic
def edit_webhook(
    *,
    actor: User,
    webhook: Webhook,
    name: str,
    url: str,
    types: Collection[str] = (),
    team: Team | None = None,
    product: DataProduct | None = None,
    domain: Domain | None = None,
) -> Webhook:
    """Change where what is sent. What waits goes to the new address; what it asks for from now on is what comes after
    this. The secret stays. Raises NotAllowed, Invalid naming the fields."""
    kernel.require(actor, "webhook.edit", webhook, "Only its creator changes it.")
    problems = [*_problems_of_address(url), *_problems_of_choice(actor, types, team, product, domain)]
    if problems:
        raise invalid(problems)
    fresh = Webhook.objects.select_for_update(of=("self",)).get(pk=webhook.pk)
    before = _state(fresh)
    if fresh.url != url.strip():
        fresh.failing_since = None  # of the address before
    fresh.name, fresh.url, fresh.types = name.strip(), url.strip(), sorted(set(types))
    fresh.team, fresh.product, fresh.domain = team, product, domain
    clean(fresh)
    fresh.save()
    changes = difference(before, _state(fresh))
    if changes:
        audit.record(actor=actor, verb="webhook.edited", obj=fresh, changes=changes)
        _ring()
    return fresh


def _state(webhook: Webhook) -> dict[str, object]:
    return snapshot(webhook, EDITED) | {"url": _shown(webhook.url)}


def _problems_of_address(url: str) -> list[Problem]:
    try:
        found = urlsplit(url.strip())
        host, port = found.hostname or "", found.port
    except ValueError:
        host, port, found = "", None, urlsplit("")
    if found.scheme not in ("http", "https") or not host:
        return [Problem("url", "url", "Give an address that begins with https:// (or http://).")]
    if found.username is not None or found.password is not None:
        return [Problem("url", "userinfo", "User and password do not belong in an address.")]
    try:
        replace(allow_list(), resolver=_unasked).check(host, port or {"http": 80, "https": 443}[found.scheme])
    except HostUnknown:
        pass  # a name: it is looked up, and judged, whenever something is sent
    except HostRefused as error:
        return [Problem("url", "not_allowed", str(error))]
    return []


def _unasked(host: str, port: int) -> Sequence[str]:
    raise HostUnknown(host)


def _problems_of_choice(
    actor: User,
    types: Collection[str],
    team: Team | None,
    product: DataProduct | None,
    domain: Domain | None,
) -> list[Problem]:
    problems = [
        Problem("types", "choice", f"There are no events {name[:60]!r}.")
        for name in types
        if name not in TYPES
    ]
    if team is not None and team.pk not in kernel.standing(actor).team_ids:
        problems.append(Problem("team", "choice", "Choose a team you belong to."))
    if product is not None and not kernel.can(actor, "product.view", product):
        problems.append(Problem("product", "choice", "There is no such product, or you may not see it."))
    if domain is not None and not kernel.can(actor, "domain.view", domain):
        problems.append(Problem("domain", "choice", "There is no such domain, or you may not see it."))
    if product is not None and domain is not None:
        problems.append(Problem("domain", "both", "Choose a product or a domain, not both."))
    return problems


@transaction.atomic
def rotate_secret(*, actor: User, webhook: Webhook, now: dt.datetime | None = None) -> str:
    """Another secret, shown this once; for a day messages carry signatures of both. Raises NotAllowed."""
    kernel.require(actor, "webhook.edit", webhook, "Only its creator gives it another secret.")
    now = now or timezone.now()
    fresh = Webhook.objects.select_for_update(of=("self",)).get(pk=webhook.pk)
    secret = signing.new_secret()
    fresh.previous_secret, fresh.previous_until = fresh.secret, now + OVERLAP
    fresh.secret = encrypt({"secret": secret})
    fresh.save(update_fields=["secret", "previous_secret", "previous_until", "updated_at"])
    _record(actor, "secret_rotated", fresh)
    return secret


@transaction.atomic
def switch(*, actor: User, webhook: Webhook, is_active: bool) -> None:
    """Switch it on (what waits is sent) or off (what happens meanwhile is sent when it is on again). NotAllowed."""
    action = "webhook.edit" if is_active else "webhook.stop"
    kernel.require(actor, action, webhook, "Only its creator switches it on.")
    rows = Webhook.objects.filter(pk=webhook.pk, is_active=not is_active)
    changed = rows.update(
        is_active=is_active, switched_off_reason="" if is_active else f"By {actor}."[:300],
        failing_since=None, updated_at=timezone.now(),
    )  # fmt: skip
    if changed:
        _record(actor, "switched_on" if is_active else "switched_off", webhook)
        _ring()


@transaction.atomic
def delete_webhook(*, actor: User, webhook: Webhook) -> None:
    """Delete it with its log. Raises NotAllowed."""
    kernel.require(actor, "webhook.stop", webhook, "You may not delete this webhook.")
    _record(actor, "deleted", webhook, url=_shown(webhook.url))
    webhook.delete()


@transaction.atomic
def send_test(*, actor: User, webhook: Webhook) -> WebhookDelivery:
    """Send a message that says it is a test, once, whatever waits. Raises NotAllowed, Conflict while it is off."""
    kernel.require(actor, "webhook.edit", webhook, "Only its creator tests it.")
    if not webhook.is_active:
        raise Conflict("The webhook is switched off.", remedy="Switch it on first.")
    now = timezone.now()
    made = WebhookDelivery.objects.create(
        webhook=webhook, position=0, key=WebhookDelivery.TEST, due_at=now, created_at=now
    )
    _ring()
    return made


@transaction.atomic
def replay(*, actor: User, webhook: Webhook, delivery_ids: Sequence[int]) -> int:
    """Send deliveries again, delivered or given up, each under its old `webhook-id`; returns how many. NotAllowed."""
    kernel.require(actor, "webhook.edit", webhook, "Only its creator replays.")
    rows = WebhookDelivery.objects.filter(webhook=webhook, pk__in=delivery_ids, event__isnull=False)
    return _again(
        actor, webhook, rows.exclude(state__in=(State.WAITING, State.SENDING)).values_list("pk", flat=True)
    )


@transaction.atomic
def replay_since(*, actor: User, webhook: Webhook, since: dt.datetime) -> int:
    """Send everything it asks for that happened since then, also what was of before it was made; how many.

    Raises NotAllowed, Conflict where that would be more than MOST_REPLAYED.
    """
    kernel.require(actor, "webhook.edit", webhook, "Only its creator replays.")
    fresh = Webhook.objects.select_related("created_by", "domain").get(pk=webhook.pk)
    events = queueing.wanted(fresh).filter(at__gte=since, position__lte=fresh.cursor)
    listed = list(events.order_by("position")[: MOST_REPLAYED + 1])
    if len(listed) > MOST_REPLAYED:
        raise Conflict(
            f"These are more than {MOST_REPLAYED:,} events.", "Nothing is sent again.",
            "Choose a later moment, or read them from the feed.",
        )  # fmt: skip
    queueing.leave(webhook, listed, timezone.now())
    rows = WebhookDelivery.objects.filter(webhook=webhook, event__in=[event.pk for event in listed])
    return _again(actor, webhook, rows.exclude(state=State.SENDING).values_list("pk", flat=True))


def _again(actor: User, webhook: Webhook, ids: Collection[int]) -> int:
    listed, now = list(ids), timezone.now()
    for start in range(0, len(listed), 500):
        rows = WebhookDelivery.objects.filter(pk__in=listed[start : start + 500])
        rows.update(state=State.WAITING, attempts=0, due_at=now, done_at=None)
    if listed:
        _record(actor, "replayed", webhook, deliveries=len(listed))
        _ring()
    return len(listed)


def _ring() -> None:
    transaction.on_commit(lambda: signals.deliveries_due.send_robust(sender=WebhookDelivery), robust=True)


def _shown(url: str) -> str:
    """The address without its query, which often holds a key."""
    found = urlsplit(url)
    return f"{found.scheme}://{found.netloc}{found.path}"


def _record(actor: User, verb: str, webhook: Webhook, **detail: object) -> None:
    audit.record(actor=actor, verb=f"webhook.{verb}", obj=webhook, detail=detail)
