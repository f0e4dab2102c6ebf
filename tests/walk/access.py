"""Access: agreements and requests are known to both sides, to those who decide and to governance; nobody else."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from catalog.access.models import AccessRequest, Agreement, ApprovalRule, RequestStage
from catalog.vocabulary.models import Purpose
from tests.walk import Example, Routes, api, hidden, hidden_api, nothing, page
from tests.walk.products import ledger, ledger_port, play_events, plays
from tests.walk.world import MARK, SLUG_MARK, World


def _agreement(world: World, port: Any, person: Any) -> Agreement:
    now = timezone.now()
    fields = {"asked_at": now, "starts_at": now, "provisioning": "waiting"}
    return Agreement.objects.get_or_create(port=port, user=person, defaults=fields)[0]


def _request(agreement: Agreement, decision: str) -> AccessRequest:
    """The request of that decision, with one stage that its product's owners may decide."""
    found = agreement.requests.filter(decision=decision).first()
    if found is None:
        found = AccessRequest.objects.create(
            agreement=agreement, requested_by=agreement.user, purpose=f"For {agreement}", days=9, decision=decision,
            submitted_at=timezone.now() if decision != "draft" else None, step=1,
        )  # fmt: skip
        RequestStage.objects.create(request=found, step=1, name="Owners")
    return found


def theirs(world: World) -> dict[str, Any]:
    """The consumer's agreement on Play events, which the owner answers for."""
    return {"pk": _agreement(world, world.plays, world.cast.consumer).pk}


def secret(world: World) -> dict[str, Any]:
    return {"pk": _agreement(world, world.ledger_port, world.visitor).pk}


def waiting(world: World) -> dict[str, Any]:
    return {"pk": _request(_agreement(world, world.plays, world.cast.consumer), "submitted").pk}


def secret_request(world: World) -> dict[str, Any]:
    return {"pk": _request(_agreement(world, world.ledger_port, world.visitor), "submitted").pk}


def draft(world: World) -> dict[str, Any]:
    return {"pk": _request(_agreement(world, world.plays, world.cast.consumer), "draft").pk}


def rule(world: World) -> dict[str, Any]:
    return {
        "pk": ApprovalRule.objects.get_or_create(name="Listening decides", domain=world.cast.listening)[0].pk
    }


def secret_rule(world: World) -> dict[str, Any]:
    return {"pk": ApprovalRule.objects.get_or_create(name=f"{MARK} rule", port=world.ledger_port)[0].pk}


def purpose(world: World) -> dict[str, Any]:
    return {"slug": Purpose.objects.get_or_create(name="Reporting", slug="reporting")[0].slug}


def asking(world: World) -> dict[str, Any]:
    key = f"listening/play-events/plays/{world.plays.version}"
    return {"port": key, "purpose": "Counting.", "days": 9, "is_draft": True}


def stage(world: World) -> dict[str, Any]:
    pk = waiting(world)["pk"]
    return {"stage": RequestStage.objects.get(request=pk).pk, "outcome": "approve"}


BOTH_SIDES = page(404, owner=200, consumer=200, guest=404, admin=200)
SECRET = hidden()
API_BOTH_SIDES = api(404, owner=200, consumer=200, guest=404, admin=200)


def posted(expect: dict[str, int], keywords: Any = theirs, body: Any = nothing) -> Example:
    return Example(keywords, expect, method="POST", body=body)


def concealed(expect: dict[str, int], keywords: Any = secret, body: Any = nothing) -> Example:
    return Example(keywords, expect, method="POST", body=body, conceals=True)


def plays_key(world: World) -> dict[str, Any]:
    return {"port": f"listening/play-events/plays/{world.plays.version}"}


def ledger_key(world: World) -> dict[str, Any]:
    port = world.ledger_port
    return {"port": f"{port.product.key}/{port.name}/{port.version}"}


def why(world: World) -> dict[str, Any]:
    return {"reason": "It is closed."}


def asking_for_two(world: World) -> dict[str, Any]:
    return {"purpose": "Counting.", "days": 9, "ports": [plays_key(world)]}


def granted(world: World) -> dict[str, Any]:
    return {"event": "succeed"}


def role(world: World) -> dict[str, Any]:
    return {"principal": "reader"}


def used(world: World) -> dict[str, Any]:
    return {"used_at": (timezone.now() + timedelta(minutes=1)).isoformat()}


def reported(world: World) -> dict[str, Any]:
    """An order that is not open."""
    return {"order": "x", "event": "succeed"}


def said(world: World) -> dict[str, Any]:
    return {"text": "When do you need it?"}


def denied(world: World) -> dict[str, Any]:
    return {"is_approval": False, "note": "Too broad."}


ROUTES: Routes = {
    "access:product": [Example(play_events, page()), Example(ledger, hidden(), conceals=True)],
    "access:ask": [Example(plays, page()), Example(ledger_port, hidden(), conceals=True)],
    "access:terms": [
        Example(plays, page(403, owner=200, guest=404, admin=200)),
        Example(ledger_port, hidden(), conceals=True),
    ],
    "access:basket": [
        Example(nothing, page(guest=200)),
        Example(nothing, page(guest=200), method="POST"),
    ],
    "access:basket_put": [
        posted(page(302), nothing, plays_key),
        concealed(hidden(admin=302), nothing, ledger_key),
    ],
    "access:basket_take": [
        posted(page(302), nothing, plays_key),
        concealed(hidden(admin=302), nothing, ledger_key),
    ],
    "access:mine": [
        Example(nothing, page(guest=200)),
        Example(nothing, page(guest=200), query="?ended=true"),
        Example(nothing, page(guest=200), query="?format=csv"),
    ],
    "access:agreement": [Example(theirs, BOTH_SIDES), Example(secret, SECRET, conceals=True)],
    "access:revoke": [
        posted(page(404, owner=302, consumer=403, admin=302), body=why),
        concealed(hidden(admin=302), body=why),
    ],
    "access:release": [
        posted(page(404, owner=403, consumer=302, admin=403), body=why),
        concealed(hidden(admin=403), body=why),
    ],
    "access:mark": [
        posted(page(404, owner=302, consumer=403, admin=302), body=granted),
        concealed(hidden(admin=302), body=granted),
    ],
    "access:now": [  # granted by hand: there is nothing the portal could do
        posted(page(404, owner=409, consumer=403, admin=409)),
        concealed(hidden(admin=409)),
    ],
    "access:principal": [
        posted(page(404, owner=302, consumer=403, admin=302), body=role),
        concealed(hidden(admin=302), body=role),
    ],
    "access:request": [Example(waiting, BOTH_SIDES), Example(secret_request, SECRET, conceals=True)],
    "access:draft": [
        Example(draft, page(404, consumer=200, admin=404)),
        Example(secret_request, hidden(admin=302), conceals=True),
    ],
    "access:withdraw": [
        posted(page(404, owner=403, consumer=302, admin=403), waiting),
        concealed(hidden(admin=403), secret_request),
    ],
    "access:comment": [
        posted(page(404, owner=302, consumer=302, admin=302), waiting, said),
        concealed(hidden(admin=302), secret_request, said),
    ],
    "access:rules": [Example(nothing, page(guest=200))],
    "access:rule_new": [Example(nothing, page(403, owner=200, guest=403, admin=200))],
    "access:rule": [Example(rule, page(guest=404)), Example(secret_rule, hidden(), conceals=True)],
    "access:rule_delete": [
        posted(page(403, guest=404, admin=302), rule),
        concealed(hidden(admin=302), secret_rule),
    ],
    "access:inbox": [Example(nothing, page(guest=200))],
    "access:decide": [posted(page(302, guest=302), nothing, stage), posted(page(400, guest=400), nothing)],
    "access:away": [Example(nothing, page(guest=200))],
    "vocabulary:purposes": [
        Example(nothing, page(guest=200)),
        Example(nothing, page(guest=200), query="?format=csv"),
    ],
    "vocabulary:purpose_new": [Example(nothing, page(403, guest=403, admin=200))],
    "vocabulary:purpose": [Example(purpose, page(403, guest=404, admin=200))],
    "api:purpose-list": [
        Example(nothing, api(guest=200)),
        Example(
            nothing, api(403, guest=403, admin=201), method="POST", body=lambda world: {"name": "Billing"}
        ),
    ],
    "api:purpose-detail": [
        Example(purpose, api()),
        Example(
            purpose,
            api(403, guest=404, admin=200),
            method="PATCH",
            body=lambda world: {"is_offered": False},
        ),
    ],
    "api:agreement-list": [
        Example(nothing, api(guest=200)),
        Example(nothing, api(guest=200), query="?holds=in_force&mine=true"),
    ],
    "api:agreement-detail": [
        Example(theirs, API_BOTH_SIDES),
        Example(secret, hidden_api(), conceals=True),
    ],
    "api:agreement-revoke": [
        posted(api(404, owner=200, consumer=403, admin=200), body=why),
        concealed(hidden_api(admin=200), body=why),
    ],
    "api:agreement-release": [
        posted(api(404, owner=403, consumer=200, admin=403), body=why),
        concealed(hidden_api(admin=403), body=why),
    ],
    "api:agreement-provisioning": [
        posted(api(404, owner=200, consumer=403, admin=200), body=granted),
        concealed(hidden_api(admin=200), body=granted),
    ],
    "api:agreement-now": [
        posted(api(404, owner=409, consumer=403, admin=409)),
        concealed(hidden_api(admin=409)),
    ],
    "api:agreement-report": [
        posted(api(404, owner=409, consumer=403, admin=409), body=reported),
        concealed(hidden_api(admin=409), body=reported),
    ],
    "api:agreement-use": [
        posted(api(404, owner=200, consumer=403, admin=200), body=used),
        concealed(hidden_api(admin=200), body=used),
    ],
    "api:agreement-principal": [
        posted(api(404, owner=200, consumer=403, admin=200), body=role),
        concealed(hidden_api(admin=200), body=role),
    ],
    "api:access-request-list": [
        Example(nothing, api(guest=200)),
        Example(nothing, api(guest=200), query="?to_decide=true"),
        Example(nothing, api(201, guest=400), method="POST", body=asking),
    ],
    "api:access-request-detail": [
        Example(waiting, API_BOTH_SIDES),
        Example(secret_request, hidden_api(), conceals=True),
    ],
    "api:access-request-withdraw": [
        posted(api(404, owner=403, consumer=200, admin=403), waiting),
        concealed(hidden_api(admin=403), secret_request),
    ],
    "api:access-request-decisions": [
        posted(api(404, owner=200, consumer=403, admin=403), waiting, denied),
        concealed(hidden_api(admin=403), secret_request, denied),
    ],
    "api:access-request-comments": [
        Example(waiting, API_BOTH_SIDES),
        posted(api(404, owner=201, consumer=201, admin=201), waiting, said),
        concealed(hidden_api(admin=201), secret_request, said),
    ],
    "access:held": [
        Example(nothing, page(guest=200)),
        Example(nothing, page(guest=200), query="?format=csv"),
        Example(nothing, page(400, guest=400), query="?on=never"),
    ],
    "api:access-audit": [
        Example(nothing, api(guest=200)),
        Example(nothing, api(guest=200), query="?on=2026-03-31&consumer=a"),
        Example(nothing, api(400, guest=400), query="?on=never"),
    ],
    "access:drift": [
        Example(nothing, page(guest=200)),
        Example(nothing, page(guest=200), query="?format=csv&kind=outside"),
        Example(nothing, page(400, guest=400), query="?kind=never"),
    ],
    "api:access-drift": [
        Example(nothing, api(guest=200)),
        Example(nothing, api(guest=200), query="?kind=late&product=listening/play-events"),
        Example(nothing, api(400, guest=400), query="?kind=never"),
    ],
    "api:access-basket": [
        Example(nothing, api(guest=200)),
        posted(api(201, guest=400), nothing, plays_key),
        concealed(api(400, guest=400, admin=201), nothing, ledger_key),
    ],
    "api:access-basket-requests": [
        posted(api(200, guest=400), nothing, asking_for_two),
        posted(api(400, guest=400), nothing),
    ],
    "api:access-rule-list": [Example(nothing, api(guest=200))],
    "api:access-prospect": [
        Example(nothing, api(guest=400), query="?port=listening/play-events/plays/1.0.0"),
        Example(
            nothing,
            api(400, guest=400, admin=400),
            query=f"?port=vault/{SLUG_MARK}-ledger/x/1.0.0",
            conceals=True,
        ),
        Example(nothing, api(400, guest=400, admin=400)),
    ],
}
