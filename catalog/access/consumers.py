"""Agreements as an answer to who reads from a port, registered with the reach of products at start-up."""

from collections.abc import Collection, Iterable

from django.utils import timezone

from catalog.access.models import Agreement
from catalog.products import reach

BY_AGREEMENT = "access agreements"


def uses(port_ids: Collection[int]) -> Iterable[reach.Use]:
    """The consumers of agreements that stand, scheduled ones too; what was only asked for, or has ended, counts not."""
    rows = Agreement.objects.standing(timezone.now()).filter(port__in=port_ids)
    for item in rows.select_related("user", "team").order_by("pk"):
        if item.product_id is not None:
            yield reach.Use(item.port_id, BY_AGREEMENT, item.product_id)
        else:
            words = f"the team {item.team}" if item.team_id else str(item.user)
            yield reach.Use(item.port_id, BY_AGREEMENT, words=words)


reach.register(BY_AGREEMENT, uses)
