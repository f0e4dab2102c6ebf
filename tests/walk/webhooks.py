"""Webhooks: one's own and one's team's; what others have is not there."""

from typing import Any

from django.utils import timezone

from catalog.accounts.models import User
from catalog.common.crypto import encrypt
from catalog.notifications.webhooks.models import Webhook, WebhookDelivery
from tests.walk import Example, Routes, api, each, nothing, page
from tests.walk.world import MARK, World


def _webhook(creator: User, name: str, **more: Any) -> Webhook:
    made, _ = Webhook.objects.get_or_create(
        name=name, created_by=creator,
        defaults={"url": "https://203.0.113.5/in", "secret": encrypt({"secret": "whsec_AAAA"}), **more},
    )  # fmt: skip
    now = timezone.now()
    WebhookDelivery.objects.get_or_create(
        webhook=made, position=0, key=-1, defaults={"due_at": now, "created_at": now}
    )
    return made


def of_owner(world: World) -> dict[str, Any]:
    """The owner's, together with the Listening team."""
    return {"pk": _webhook(world.cast.owner, "Tickets", team=world.cast.listening_team).pk}


def of_visitor(world: World) -> dict[str, Any]:
    """Somebody else's own: nobody of the cast may know of it."""
    return {"pk": _webhook(world.visitor, f"{MARK} webhook").pk}


def both(world: World) -> dict[str, Any]:
    of_owner(world)
    of_visitor(world)
    return {}


def filled(world: World) -> dict[str, Any]:
    return {"name": "Tickets", "url": "https://example.org/in"}


def about_ledger(world: World) -> dict[str, Any]:
    return {**filled(world), "product": world.ledger.key}


def since(world: World) -> dict[str, Any]:
    return {"since": "2026-01-01T00:00"}


def since_api(world: World) -> dict[str, Any]:
    return {"since": "2026-01-01T00:00:00Z"}


def off(world: World) -> dict[str, Any]:
    return {"wanted": "off"}


def off_api(world: World) -> dict[str, Any]:
    return {"is_active": False}


NONE = each(owner=404, steward=404, consumer=404, guest=404, admin=404, anonymous=302)
NONE_API = {**NONE, "anonymous": 401}
SEEN = {**NONE, "owner": 200, "admin": 200}
MINE = {**NONE, "owner": 302, "admin": 403}
MINE_API = {**NONE_API, "owner": 202, "admin": 403}
EDITED = {**NONE, "owner": 200, "admin": 403}
STOPS = {**NONE, "owner": 302, "admin": 302}

ROUTES: Routes = {
    "notifications:webhooks": [
        Example(both, page(guest=200)),
        Example(nothing, page(200, guest=403), method="POST", body=filled),
    ],
    "notifications:webhook": [Example(of_owner, SEEN), Example(of_visitor, NONE, conceals=True)],
    "notifications:webhook_edit": [
        Example(of_owner, EDITED),
        Example(of_visitor, NONE, conceals=True),
    ],
    "notifications:webhook_secret": [
        Example(of_owner, {**SEEN, "admin": 403}, method="POST"),
        Example(of_visitor, NONE, method="POST", conceals=True),
    ],
    "notifications:webhook_test": [
        Example(of_owner, MINE, method="POST"),
        Example(of_visitor, NONE, method="POST"),
    ],
    "notifications:webhook_replay": [
        Example(of_owner, MINE, method="POST", body=since),
        Example(of_owner, {**MINE, "owner": 400, "admin": 400}, method="POST"),
        Example(of_visitor, NONE, method="POST", body=since),
    ],
    "notifications:webhook_switch": [
        Example(of_owner, STOPS, method="POST", body=off),
        Example(of_visitor, NONE, method="POST", body=off),
    ],
    "notifications:webhook_delete": [
        Example(of_owner, STOPS, method="POST"),
        Example(of_visitor, NONE, method="POST"),
    ],
    "api:webhooks": [
        Example(both, api(guest=200)),
        Example(nothing, api(201, guest=403), method="POST", body=filled),
        Example(nothing, api(400, guest=403, admin=201), method="POST", body=about_ledger),
    ],
    "api:webhook": [
        Example(of_owner, {**SEEN, "anonymous": 401}),
        Example(of_visitor, NONE_API, conceals=True),
        Example(of_owner, {**SEEN, "anonymous": 401}, method="PATCH", body=off_api),
        Example(of_owner, {**NONE_API, "owner": 204, "admin": 204}, method="DELETE"),
    ],
    "api:webhook-secret": [
        Example(of_owner, {**MINE_API, "owner": 200}, method="POST"),
        Example(of_visitor, NONE_API, method="POST"),
    ],
    "api:webhook-test": [
        Example(of_owner, MINE_API, method="POST"),
        Example(of_visitor, NONE_API, method="POST"),
    ],
    "api:webhook-replay": [
        Example(of_owner, MINE_API, method="POST", body=since_api),
        Example(of_visitor, NONE_API, method="POST", body=since_api),
    ],
    "api:webhook-deliveries": [
        Example(of_owner, {**SEEN, "anonymous": 401}),
        Example(of_visitor, NONE_API, conceals=True),
    ],
}
