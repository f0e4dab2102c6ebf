"""Watched searches: written one way, asked again by the clock with the rights of who watches, new matches told.

A match is new when the search did not find its product before. What is found by a corrected spelling is no match:
somebody who waits for a name that nobody bears yet must not be told of those that look like it.
"""

import datetime as dt
import logging
from dataclasses import replace
from urllib.parse import urlencode

from django.db import transaction
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from catalog.accounts import kernel
from catalog.common.errors import Invalid, Problem
from catalog.notifications.models import Kind, Notice, Subscription
from catalog.notifications.telling import Draft, tell
from catalog.products.models import DataProduct
from catalog.search.backends import get_backend
from catalog.search.documents import FACETS, PRODUCT, IndexUnavailable
from catalog.search.page import FACET_LABELS
from catalog.search.parameters import read_kindly
from catalog.search.query import SearchQuery

logger = logging.getLogger(__name__)
EVERY = dt.timedelta(minutes=30)
AT_ONCE = 200  # searches of one run of the task
LOOKED_AT = 500  # rows of one look, the newest changes first
MOST_SEEN = 5_000  # products remembered of one search
MOST_TOLD = 20  # new matches told one by one; of more only their number is told
LONGEST = 2_000  # characters of a kept search


def canonical(parameters: QueryDict) -> str:
    """A search as it is kept: the same words, kind and filters are the same text. Raises Invalid for an empty one."""
    query = read_kindly(parameters)
    pairs = [("q", query.text)] if query.text else []
    pairs += [(name, value) for name in FACETS for value in sorted(query.filters.get(name, ()))]
    if not pairs:
        problem = Problem("query", "required", "Search for something, or choose a filter, first.")
        raise Invalid(problem.message, kept="Nothing is watched.", problems=[problem])
    pairs += [("kind", query.kind)] if query.kind != PRODUCT else []
    text = urlencode(pairs)
    if len(text) > LONGEST:
        problem = Problem("query", "too_long", "This search is too long to be watched.")
        raise Invalid(problem.message, kept="Nothing is watched.", problems=[problem])
    return text


def words_of(text: str) -> str:
    """A kept search as people read it: `play · Domain listening`."""
    query = read_kindly(QueryDict(text))
    parts = [f"“{query.text}”"] if query.text else []
    parts += [
        f"{FACET_LABELS[name]} {value}" for name in FACETS for value in sorted(query.filters.get(name, ()))
    ]
    return " · ".join([*parts, *([f"{query.kind}s"] if query.kind != PRODUCT else [])])


def check_due(*, now: dt.datetime | None = None) -> int:
    """Ask the watched searches that are due again; returns how many. An index that is away is asked the next time."""
    now = now or timezone.now()
    due = Subscription.objects.filter(
        target=Subscription.Target.SEARCH, due_at__lte=now, user__is_active=True
    )
    checked = 0
    for pk, was_due in list(due.order_by("due_at", "pk").values_list("pk", "due_at")[:AT_ONCE]):
        mine = Subscription.objects.filter(pk=pk, due_at=was_due).update(due_at=now + EVERY)
        if mine:
            try:
                check(pk, now=now)
            except IndexUnavailable as error:
                logger.warning("Watched search %s waits: %s", pk, error)
            checked += 1
    return checked


@transaction.atomic
def check(subscription_id: int, *, now: dt.datetime) -> None:
    """Ask one search and tell of what it did not find before; the first time only what there is is remembered."""
    found = (
        Subscription.objects.select_related("user").select_for_update(of=("self",)).filter(pk=subscription_id)
    )
    subscription = found.first()
    if subscription is None:
        return  # no longer watched
    is_first = subscription.seen is None
    ids = _found(subscription, MOST_SEEN if is_first else LOOKED_AT)
    seen: list[int] = subscription.seen or []
    fresh = [pk for pk in ids if pk not in set(seen)]
    if fresh and not is_first:
        tell(_drafts(subscription, fresh, now), now=now)
    if fresh or is_first:
        subscription.seen = [*fresh, *seen][:MOST_SEEN]
        subscription.save(update_fields=["seen", "updated_at"])


def _found(subscription: Subscription, most: int) -> list[int]:
    """Ids of the products the search finds for who watches it, the newest changes first."""
    held = kernel.held_tokens(subscription.user)
    query: SearchQuery = read_kindly(QueryDict(subscription.query))
    found: dict[int, None] = {}
    for page in range(1, most // LOOKED_AT + 1):
        asked = replace(query, sort="updated", page=page, page_size=LOOKED_AT)
        answer = get_backend().search(asked, held)
        if answer.corrections:
            return []
        found |= dict.fromkeys(hit.product_id for hit in answer.hits)
        if page * LOOKED_AT >= answer.count:
            break
    # The database has the last word on what the person may see: the index may be a moment behind.
    visible = DataProduct.objects.visible_to(subscription.user).filter(pk__in=list(found))
    seeing = set(visible.order_by().values_list("pk", flat=True))
    return [pk for pk in found if pk in seeing]


def _drafts(subscription: Subscription, fresh: list[int], now: dt.datetime) -> list[Draft]:
    found = DataProduct.objects.filter(pk__in=fresh).select_related("domain")
    products = list(found.order_by("name", "pk"))
    words, recipient = words_of(subscription.query), subscription.user_id
    drafts = [
        Draft(
            f"search:{subscription.pk}:{product.pk}",
            Kind.SEARCH,
            f"{product.name} is a new match",
            f"The search {words} that you watch did not find it before.",
            product.get_absolute_url(),
            Notice.Audience.RECIPIENT,
            {"product": product.pk, "recipient": recipient},
        )
        for product in products[:MOST_TOLD]
    ]
    if more := len(products) - MOST_TOLD:
        drafts += [_more(subscription, more, words, now)] if more > 0 else []
    return drafts


def _more(subscription: Subscription, count: int, words: str, now: dt.datetime) -> Draft:
    return Draft(
        f"search:{subscription.pk}:more:{now:%Y%m%dT%H%M%S}",
        Kind.SEARCH,
        f"{count} more new match{'es' if count != 1 else ''} of a search",
        f"The search {words} that you watch found many at once.",
        f"{reverse('search:results')}?{subscription.query}&sort=updated",
        Notice.Audience.RECIPIENT,
        {"recipient": subscription.user_id},
    )
