"""Reading the feed: what one person may see of it now, from a cursor on."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Min, Q, QuerySet

from catalog.access.models import Agreement
from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.audit import numbering
from catalog.audit.models import Numbering, OutboxEvent
from catalog.products.models import DataProduct

LOOKED_AT = 5_000  # positions of one answer: whoever sees little does not make the portal read everything


@dataclass(frozen=True, slots=True)
class Page:
    """Events in order; `cursor` is where the next question goes on, also when nothing of it was to be seen."""

    events: list[OutboxEvent]
    cursor: int
    has_more: bool


def visible_to(user: User) -> QuerySet[OutboxEvent]:
    """Events `user` may read now: of agreements they may see; without one, of products they may see."""
    who = kernel.standing(user)
    if who.user_id is None:
        return OutboxEvent.objects.none()
    if who.sees_everything:
        return OutboxEvent.objects.all()
    agreements = Agreement.objects.visible_to(user).values("pk")
    products = DataProduct.objects.visible_to(user).values("pk")
    return OutboxEvent.objects.filter(
        Q(agreement_id__in=agreements) | Q(agreement_id=None, product_id__in=products)
    )


def page_of(
    user: User,
    *,
    after: int,
    limit: int,
    types: Collection[str] = (),
    product_id: int | None = None,
) -> Page:
    """The events after a cursor, at most `limit` of at most LOOKED_AT positions."""
    head = numbering.reached(Numbering.Name.OUTBOX)
    begin = max(after, _oldest() - 1)
    end = min(head, begin + LOOKED_AT)
    if begin >= end:
        return Page([], max(after, 0) if after <= head else head, False)
    rows = visible_to(user).filter(position__gt=begin, position__lte=end)
    if types:
        rows = rows.filter(type__in=types)
    if product_id is not None:
        rows = rows.filter(product_id=product_id)
    found = list(rows.order_by("position")[: limit + 1])
    if len(found) > limit:
        found = found[:limit]
        return Page(found, found[-1].position or end, True)
    return Page(found, end, end < head)


def _oldest() -> int:
    """The oldest position that is kept: a cursor from before goes on there."""
    return OutboxEvent.objects.aggregate(oldest=Min("position"))["oldest"] or 1
