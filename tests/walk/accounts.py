"""Signing in, one's own account, people, teams."""

from typing import Any

from catalog.accounts.models import Team, User
from catalog.accounts.services import create_service_account, create_token
from tests.walk import Example, Routes, api, each, hidden, nothing, page
from tests.walk.world import World

MINE = page(guest=200)
ADMINS_ONLY = page(403, guest=403, admin=200)
ADMINS_ACT = page(403, guest=403, admin=302)
API_ADMINS_ONLY = api(403, guest=403, admin=200)


def consumer(world: World) -> dict[str, Any]:
    return {"username": "consumer"}


def visitor(world: World) -> dict[str, Any]:
    return {"username": world.visitor.username}


def listening_team(world: World) -> dict[str, Any]:
    return {"slug": "listening-team"}


def machine(world: World) -> dict[str, Any]:
    team = Team.objects.get(**listening_team(world))
    made = User.objects.filter(username="machine").first() or create_service_account(
        actor=None, team=team, username="machine"
    )
    return {"slug": team.slug, "username": made.username}


def machine_token(world: World) -> dict[str, Any]:
    named = machine(world)
    person = User.objects.get(username=named["username"])
    return {**named, "pk": create_token(actor=None, person=person, name="walk")[0].pk}


def token(world: World) -> dict[str, Any]:
    return {"pk": world.token.pk}


def their_token(world: World) -> dict[str, Any]:
    return {"username": world.token.user.username, "pk": world.token.pk}


def membership(world: World) -> dict[str, Any]:
    return {"pk": world.membership.pk}


ROUTES: Routes = {
    "accounts:login": [
        Example(nothing, each(owner=302, steward=302, consumer=302, guest=302, admin=302, anonymous=200))
    ],
    "accounts:demo_login": [
        Example(nothing, page(404, anonymous=404), method="POST", body=lambda world: {"username": "admin"})
    ],
    "accounts:logout": [Example(nothing, page(302, guest=302), method="POST")],
    "accounts:link": [
        Example(lambda world: {"secret": "no-such-link"}, page(404, anonymous=404)),
    ],
    "accounts:account": [Example(nothing, MINE)],
    "accounts:password": [Example(nothing, MINE)],
    "accounts:sessions": [Example(nothing, MINE)],
    "accounts:tokens": [Example(nothing, MINE)],
    "accounts:revoke_token": [
        Example(token, page(404, owner=302), method="POST"),
    ],
    "accounts:revoke_their_token": [Example(their_token, ADMINS_ACT, method="POST")],
    "accounts:revoke_role": [
        Example(membership, page(403, guest=404, admin=302), method="POST"),
    ],
    "accounts:people": [Example(nothing, ADMINS_ONLY), Example(nothing, ADMINS_ONLY, query="?format=csv")],
    "accounts:invite": [Example(nothing, ADMINS_ONLY)],
    "accounts:person": [Example(consumer, page()), Example(visitor, hidden(), conceals=True)],
    "accounts:edit_person": [Example(consumer, ADMINS_ONLY), Example(visitor, ADMINS_ONLY, conceals=True)],
    "accounts:make_link": [
        Example(consumer, ADMINS_ONLY, method="POST"),
        Example(visitor, ADMINS_ONLY, method="POST", conceals=True),
    ],
    "accounts:grant_role": [
        Example(
            consumer,
            ADMINS_ACT,
            method="POST",
            body=lambda world: {"role": "viewer", "team": "playback-team"},
        )
    ],
    "accounts:deactivate": [Example(consumer, ADMINS_ONLY), Example(consumer, ADMINS_ACT, method="POST")],
    "accounts:reactivate": [Example(consumer, ADMINS_ACT, method="POST")],
    "accounts:handover": [Example(consumer, ADMINS_ONLY)],
    "accounts:teams": [Example(nothing, page(guest=200))],
    "accounts:team_new": [Example(nothing, page(403, guest=403, admin=200))],
    "accounts:team": [Example(listening_team, page())],
    "accounts:team_people": [
        Example(listening_team, page()),
        Example(listening_team, page(), query="?format=csv"),
    ],
    "accounts:team_edit": [Example(listening_team, page(403, guest=404, admin=200))],
    "accounts:team_move": [
        Example(
            listening_team, page(403, guest=404, admin=302), method="POST", body=lambda world: {"parent": ""}
        )
    ],
    "accounts:add_member": [
        Example(
            listening_team,
            page(403, guest=404, admin=302),
            method="POST",
            body=lambda world: {"person": "consumer", "role": "viewer"},
        )
    ],
    "accounts:service_accounts": [Example(listening_team, page(403, guest=404, admin=200))],
    "accounts:service_account": [Example(machine, page(403, guest=404, admin=200))],
    "accounts:revoke_service_token": [
        Example(machine_token, page(403, guest=404, admin=302), method="POST"),
    ],
    "accounts:end_service_account": [Example(machine, page(403, guest=404, admin=302), method="POST")],
    "api:me": [Example(nothing, api(guest=200))],
    "api:my_tokens": [Example(nothing, api(guest=200))],
    "api:my_token": [
        Example(token, api(404, owner=204), method="DELETE"),
    ],
    "api:teams": [Example(nothing, api(guest=200))],
    "api:team": [Example(listening_team, api())],
    "api:team_roles": [Example(listening_team, api())],
    "api:people": [Example(nothing, API_ADMINS_ONLY)],
    "api:person": [
        Example(consumer, API_ADMINS_ONLY),
        Example(visitor, API_ADMINS_ONLY, conceals=True),
    ],
    "api:person_roles": [Example(consumer, API_ADMINS_ONLY)],
    "api:person_role": [
        Example(
            lambda world: {"username": "owner", **membership(world)},
            api(403, guest=403, admin=204),
            method="DELETE",
        )
    ],
    "api:person_state": [
        Example(
            lambda world: {"username": "consumer", "action": "deactivate"},
            API_ADMINS_ONLY,
            method="POST",
        )
    ],
}
