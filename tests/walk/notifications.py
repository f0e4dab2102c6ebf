"""Notifications: one's own, and only of what one may see now."""

from typing import Any

from django.utils import timezone

from catalog.accounts.models import User
from catalog.notifications import unsubscribing
from catalog.notifications.models import Kind, Notice, Notification
from catalog.products.models import DataProduct
from tests.walk import Example, Routes, api, each, nothing, page
from tests.walk.world import MARK, World


def _told(person: User, product: DataProduct, title: str) -> dict[str, Any]:
    """The number of the person's notification about the product, made when it is first asked for."""
    notice, _ = Notice.objects.get_or_create(
        key=f"walk:{product.pk}",
        defaults={
            "kind": Kind.LIFECYCLE,
            "audience": Notice.Audience.EVERYBODY,
            "title": title,
            "link": product.get_absolute_url(),
            "product": product,
            "created_at": timezone.now(),
            "fanned_out_at": timezone.now(),
        },
    )
    row, _ = Notification.objects.get_or_create(
        notice=notice,
        recipient=person,
        defaults={"reason": Notification.Reason.OWNER, "created_at": notice.created_at},
    )
    return {"pk": row.pk}


def of_play_events(world: World) -> dict[str, Any]:
    return _told(world.cast.owner, world.cast.play_events, "Play events is deprecated")


def of_ledger(world: World) -> dict[str, Any]:
    """The owner was told of it when it was public."""
    return _told(world.cast.owner, world.ledger, f"{MARK} ledger is deprecated")


def list_with_ledger(world: World) -> dict[str, Any]:
    of_ledger(world)
    return {}


def everything(world: World) -> dict[str, Any]:
    return {"all": True}


def chosen(world: World) -> dict[str, Any]:
    return {"id": [of_ledger(world)["pk"]]}


NOBODY = each(owner=404, steward=404, consumer=404, guest=404, admin=404, anonymous=302)


def way_out(world: World) -> dict[str, Any]:
    return {"token": unsubscribing.path(world.cast.owner, ["slo"]).split("/")[-2]}


def forged(world: World) -> dict[str, Any]:
    return {"token": "forged:token"}


ANYBODY = each(owner=200, steward=200, consumer=200, guest=200, admin=200, anonymous=200)
LOST = each(owner=404, steward=404, consumer=404, guest=404, admin=404, anonymous=404)

ROUTES: Routes = {
    "notifications:list": [
        Example(list_with_ledger, page(guest=200)),
        Example(list_with_ledger, page(guest=200), query="?is_read=false&kind=lifecycle"),
    ],
    "notifications:open": [
        Example(of_play_events, {**NOBODY, "owner": 302}),
        Example(of_ledger, NOBODY, conceals=True),
    ],
    "notifications:read": [Example(nothing, page(302, guest=302), method="POST", body=chosen)],
    "notifications:preferences": [Example(nothing, page(guest=200))],
    "notifications:unsubscribe": [
        Example(way_out, ANYBODY),
        Example(way_out, ANYBODY, method="POST"),
        Example(forged, LOST, method="POST"),
    ],
    "api:notifications": [Example(list_with_ledger, api(guest=200))],
    "api:notifications_read": [
        Example(nothing, api(guest=200), method="POST", body=everything),
        Example(nothing, api(400, guest=400), method="POST"),
    ],
}
