"""Notifications: one's own, and only of what one may see now."""

from typing import Any

from django.utils import timezone

from catalog.accounts.models import User
from catalog.notifications import unsubscribing
from catalog.notifications.models import Kind, Notice, Notification, Subscription
from catalog.products.models import DataProduct
from tests.walk import Example, Routes, api, each, hidden, hidden_api, nothing, page
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


def change(world: World) -> dict[str, Any]:
    of_play_events(world)
    return {"pk": Notice.objects.get(key=f"walk:{world.cast.play_events.pk}").pk}


def hidden_change(world: World) -> dict[str, Any]:
    of_ledger(world)
    return {"pk": Notice.objects.get(key=f"walk:{world.ledger.pk}").pk}


NOBODY = each(owner=404, steward=404, consumer=404, guest=404, admin=404, anonymous=302)


def way_out(world: World) -> dict[str, Any]:
    return {"token": unsubscribing.path(world.cast.owner, ["slo"]).split("/")[-2]}


def forged(world: World) -> dict[str, Any]:
    return {"token": "forged:token"}


def watched(world: World) -> dict[str, Any]:
    """The owner's subscription of Play events."""
    row, _ = Subscription.objects.get_or_create(
        user=world.cast.owner, target="product", product=world.cast.play_events
    )
    return {"pk": row.pk}


def watched_once(world: World) -> dict[str, Any]:
    """The owner watches the ledger since it was public."""
    row, _ = Subscription.objects.get_or_create(user=world.cast.owner, target="product", product=world.ledger)
    return {"pk": row.pk}


def list_with_watched(world: World) -> dict[str, Any]:
    watched_once(world)
    watched(world)
    return {}


def play_events(world: World) -> dict[str, Any]:
    return {"target": "product", "key": "listening/play-events"}


def ledger(world: World) -> dict[str, Any]:
    return {"target": "product", "key": world.ledger.key}


def play_events_api(world: World) -> dict[str, Any]:
    return {"product": "listening/play-events"}


def ledger_api(world: World) -> dict[str, Any]:
    return {"product": world.ledger.key}


def search_api(world: World) -> dict[str, Any]:
    return {"query": "q=ledger"}


ANYBODY = each(owner=200, steward=200, consumer=200, guest=200, admin=200, anonymous=200)
LOST = each(owner=404, steward=404, consumer=404, guest=404, admin=404, anonymous=404)

ROUTES: Routes = {
    "notifications:told": [
        Example(nothing, page(guest=200)),
        Example(nothing, page(guest=200), query="?format=csv"),
        Example(nothing, page(400, guest=400), query="?from=never"),
    ],
    "notifications:told_one": [
        Example(change, page(404, owner=200, admin=200)),
        Example(hidden_change, hidden(), conceals=True),
    ],
    "api:notifications_told": [Example(nothing, api(guest=200))],
    "api:notifications_told_one": [
        Example(change, api(404, owner=200, guest=404, admin=200)),
        Example(hidden_change, hidden_api(), conceals=True),
    ],
    "notifications:list": [
        Example(list_with_ledger, page(guest=200)),
        Example(list_with_ledger, page(guest=200), query="?is_read=false&kind=lifecycle"),
    ],
    "notifications:open": [
        Example(of_play_events, {**NOBODY, "owner": 302}),
        Example(of_ledger, NOBODY, conceals=True),
    ],
    "notifications:read": [Example(nothing, page(302, guest=302), method="POST", body=chosen)],
    "notifications:preferences": [Example(list_with_watched, page(guest=200))],
    "notifications:watch": [
        Example(nothing, page(302), method="POST", body=play_events),
        Example(nothing, page(404, admin=302), method="POST", body=ledger, conceals=True),
    ],
    "notifications:unwatch": [
        Example(watched, {**NOBODY, "owner": 302}, method="POST"),
        Example(watched_once, {**NOBODY, "owner": 302}, method="POST"),
    ],
    "notifications:unsubscribe": [
        Example(way_out, ANYBODY),
        Example(way_out, ANYBODY, method="POST"),
        Example(forged, LOST, method="POST"),
    ],
    "api:notifications": [Example(list_with_ledger, api(guest=200))],
    "api:subscriptions": [
        Example(list_with_watched, api(guest=200)),
        Example(nothing, api(201, guest=404), method="POST", body=play_events_api),
        Example(nothing, api(404, admin=201), method="POST", body=ledger_api, conceals=True),
        Example(nothing, api(201, guest=201), method="POST", body=search_api),
    ],
    "api:subscription": [
        Example(watched, {**NOBODY, "owner": 200, "anonymous": 401}),
        Example(watched_once, {**NOBODY, "anonymous": 401}, conceals=True),
        Example(watched, {**NOBODY, "owner": 204, "anonymous": 401}, method="DELETE"),
    ],
    "api:notifications_read": [
        Example(nothing, api(guest=200), method="POST", body=everything),
        Example(nothing, api(400, guest=400), method="POST"),
    ],
}
