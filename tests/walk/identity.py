"""Signing in through a provider, second factors, their administration; without a provider there is no such page."""

from typing import Any

from catalog.identity.models import GroupRule
from tests.walk import LOGIN, Example, Routes, each, nothing, page
from tests.walk.accounts import ADMINS_ACT, ADMINS_ONLY, consumer, visitor
from tests.walk.world import World

NOWHERE = page(404, anonymous=404)


def rule(world: World) -> dict[str, Any]:
    return {"pk": GroupRule.objects.get_or_create(group="data", role="governance")[0].pk}


MACHINES_ONLY = page(401, guest=401, admin=401, anonymous=401)


def number(world: World) -> dict[str, Any]:
    return {"pk": "1"}


def kind(world: World) -> dict[str, Any]:
    return {"name": "User"}


ROUTES: Routes = {
    **{
        f"scim:{name}": [Example(nothing, MACHINES_ONLY)]
        for name in ("users", "groups", "abilities", "resource_types", "schemas")
    },
    "scim:user": [Example(number, MACHINES_ONLY), Example(number, MACHINES_ONLY, method="DELETE")],
    "scim:group": [Example(number, MACHINES_ONLY), Example(number, MACHINES_ONLY, method="DELETE")],
    "scim:resource_type": [Example(kind, MACHINES_ONLY)],
    "scim:schema": [Example(kind, MACHINES_ONLY)],
    "identity:login": [Example(nothing, NOWHERE)],
    "identity:callback": [Example(nothing, NOWHERE, query="?state=a&code=b")],
    "identity:logout": [Example(nothing, NOWHERE)],
    "identity:challenge": [
        Example(
            nothing,
            each(**dict.fromkeys(("owner", "steward", "consumer", "guest", "admin", "anonymous"), LOGIN)),
        )
    ],
    "identity:second_factor": [Example(nothing, page(guest=200))],
    "identity:overview": [Example(nothing, ADMINS_ONLY)],
    "identity:delete_rule": [Example(rule, ADMINS_ACT, method="POST")],
    "identity:person": [Example(consumer, ADMINS_ONLY), Example(visitor, ADMINS_ONLY, conceals=True)],
    "identity:unlink": [Example(consumer, page(403, guest=403, admin=404), method="POST")],
    "identity:remove_factor": [Example(consumer, page(403, guest=403, admin=404), method="POST")],
}
