"""Where agreements and stores differ, for the page and the API: late grants, what was left, who reads from outside."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from catalog.access.drift import OutsideReader, StoreLook
from catalog.access.models import Agreement
from catalog.access.seen import products_edited
from catalog.access.services.looking import LATE, late_grants
from catalog.access.states import Provisioning
from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.products.models import OutputPort

MOST = 1_000  # of each kind
LATE_GRANT, LEFT, OUTSIDE = "late", "left", "outside"
KINDS = {
    LATE_GRANT: "Approved, not granted",
    LEFT: "Ended, still in the store",
    OUTSIDE: "Granted outside the portal",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as agreed. `who` is the consumer, or a role of the store; `words` say what was seen."""

    kind: str
    port: OutputPort
    who: str
    since: dt.datetime
    words: str
    agreement: Agreement | None = None

    @property
    def title(self) -> str:
        return KINDS[self.kind]


def differences(user: User, now: dt.datetime, *, product: str = "", kind: str = "") -> list[Difference]:
    """Everything that differs on ports `user` answers for, and on agreements that are theirs; the longest first."""
    found: list[Difference] = []
    if kind in ("", LATE_GRANT):
        found += [_late(row) for row in _chosen(late_grants(now), user, product)]
    if kind in ("", LEFT):
        rows = Agreement.objects.filter(closed_at__lte=now - LATE, provisioning=Provisioning.REMOVING.value)
        found += [_left(row) for row in _chosen(rows, user, product)]
    if kind in ("", OUTSIDE):
        found += [_outside(row) for row in _readers(user, product)]
    return sorted(found, key=lambda item: (item.since, item.who))


def unseen(user: User) -> list[StoreLook]:
    """Stores of ports `user` answers for that could not be asked, and why."""
    rows = StoreLook.objects.exclude(note="").select_related("port__product__domain")
    if not kernel.standing(user).sees_everything:
        rows = rows.filter(products_edited(user, "port__product__"))
    return list(rows.order_by("tried_at")[:MOST])


def _chosen(rows: QuerySet[Agreement], user: User, product: str) -> QuerySet[Agreement]:
    joins = ("port__product__domain", "user", "team", "product")
    visible = Agreement.objects.visible_to(user).values("pk")
    chosen = rows.filter(_of_product(product), pk__in=visible)
    return chosen.select_related(*joins).order_by("pk")[:MOST]


def _readers(user: User, product: str) -> QuerySet[OutsideReader]:
    rows = OutsideReader.objects.visible_to(user).filter(_of_product(product))
    return rows.select_related("port__product__domain").order_by("found_at", "pk")[:MOST]


def _of_product(product: str) -> Q:
    if not product:
        return Q()
    domain, _, slug = product.partition("/")
    return Q(port__product__domain__slug=domain, port__product__slug=slug)


def _late(row: Agreement) -> Difference:
    since = row.lacking_since or row.provisioning_at or row.updated_at
    words = f"{row.get_provisioning_display()}. {row.provisioning_note}".strip()
    return Difference(LATE_GRANT, row.port, str(row.consumer), since, words, row)


def _left(row: Agreement) -> Difference:
    words = row.provisioning_note or "Nobody has seen yet that it is gone."
    return Difference(LEFT, row.port, str(row.consumer), row.closed_at or row.updated_at, words, row)


def _outside(row: OutsideReader) -> Difference:
    return Difference(OUTSIDE, row.port, row.name, row.found_at, row.words)
