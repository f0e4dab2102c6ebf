"""What people do with notifications: read them, say how they want them, watch things."""

from collections.abc import Collection, Mapping

from django.db import transaction
from django.http import QueryDict
from django.utils import timezone

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.common.errors import Conflict, Invalid, NotFound, Problem
from catalog.domains.models import Domain
from catalog.glossary.models import GlossaryTerm
from catalog.notifications import searches
from catalog.notifications.defaults import DEFAULTS
from catalog.notifications.models import Channel, Kind, Notification, Preference, Subscription
from catalog.products.models import DataProduct

Mail = Notification.Mail
Target = Subscription.Target
MOST_WATCHED, MOST_SEARCHES = 1_000, 50  # of one person; a search is asked again all day


@transaction.atomic
def mark_read(*, actor: User, ids: Collection[int] | None = None) -> int:
    """Mark one's own notifications read (all of them without `ids`); returns how many were unread.

    An e-mail that waits for its turn is not sent any more: its reader knows. Ids of others' are not found.
    """
    mine = Notification.objects.filter(recipient=actor).unread()
    chosen = mine if ids is None else mine.filter(pk__in=ids)
    chosen.filter(mail=Mail.DUE).update(mail=Mail.NONE, mail_due_at=None)
    return chosen.update(read_at=timezone.now())


@transaction.atomic
def mark_unread(*, actor: User, ids: Collection[int]) -> int:
    """Mark one's own notifications unread again; returns how many were read. No e-mail follows."""
    mine = Notification.objects.filter(recipient=actor, pk__in=ids).exclude(read_at=None)
    return mine.update(read_at=None)


@transaction.atomic
def choose_channels(*, actor: User, channels: Mapping[str, str]) -> None:
    """Say how one wants to hear of each kind; kinds that are not named stay. Raises Invalid.

    E-mail that waits for its turn is not sent when its kind is not wanted by e-mail any more.
    """
    problems = [
        Problem(kind, "choice", f"There is no kind {kind[:40]!r}.")
        for kind in channels
        if kind not in Kind.values
    ]
    problems += [
        Problem(kind, "choice", f"Choose one of {', '.join(Channel.values)}.")
        for kind, channel in channels.items()
        if channel not in Channel.values
    ]
    if problems:
        raise Invalid(problems[0].message, kept="Nothing was changed.", problems=problems)
    quiet = [kind for kind, channel in channels.items() if channel in (Channel.PORTAL, Channel.OFF)]
    waiting = Notification.objects.filter(recipient=actor, mail=Mail.DUE, notice__kind__in=quiet)
    waiting.update(mail=Mail.NONE, mail_due_at=None)
    for kind, channel in channels.items():
        if channel == DEFAULTS[kind]:
            Preference.objects.filter(user=actor, kind=kind).delete()
        else:
            Preference.objects.update_or_create(user=actor, kind=kind, defaults={"channel": channel})


def watch_product(*, actor: User, product: DataProduct) -> Subscription:
    """Be told what happens to a product. Watching it twice changes nothing. Raises NotFound, Conflict (too much)."""
    if not kernel.can(actor, "product.view", product):
        raise NotFound("There is no such product, or you may not see it.")
    return _watch(actor, Target.PRODUCT, product=product)


def watch_domain(*, actor: User, domain: Domain) -> Subscription:
    """Be told what happens to the products of a domain and of those below it. Raises as `watch_product`."""
    if not kernel.can(actor, "domain.view", domain):
        raise NotFound("There is no such domain, or you may not see it.")
    return _watch(actor, Target.DOMAIN, domain=domain)


def watch_term(*, actor: User, term: GlossaryTerm) -> Subscription:
    """Be told when a term means something else, is deprecated, or is linked to another product one sees.

    Raises as `watch_product`.
    """
    if not kernel.can(actor, "term.view", term):
        raise NotFound("There is no such term, or you may not read it.")
    return _watch(actor, Target.TERM, term=term)


def watch_search(*, actor: User, query: str) -> Subscription:
    """Be told when a search (the parameters of its address) finds something new; from now on, nothing of the past.

    Raises Invalid for a search of nothing, Conflict for too many.
    """
    return _watch(actor, Target.SEARCH, query=searches.canonical(QueryDict(query)))


@transaction.atomic
def _watch(actor: User, target: str, **what: DataProduct | Domain | GlossaryTerm | str) -> Subscription:
    mine = Subscription.objects.filter(user=actor)
    found = mine.filter(target=target, **what).first()
    if found is not None:
        return found
    is_search = target == Target.SEARCH
    most = MOST_SEARCHES if is_search else MOST_WATCHED
    if mine.filter(target=target).count() >= most:
        raise Conflict(
            f"You watch {most} of these already.",
            kept="Nothing was changed.",
            remedy="Stop watching one first.",
        )
    due = timezone.now() if is_search else None
    made, _ = Subscription.objects.get_or_create(user=actor, target=target, **what, defaults={"due_at": due})
    return made


@transaction.atomic
def unwatch(*, actor: User, subscription_id: int) -> None:
    """Stop watching. Raises NotFound for what is not one's own."""
    gone, _ = Subscription.objects.filter(user=actor, pk=subscription_id).delete()
    if not gone:
        raise NotFound("You watch nothing of this number.")
