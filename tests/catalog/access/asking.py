"""Asking and deciding in one line, for tests that begin where somebody has access."""

import datetime as dt
from typing import Any

from catalog.access.models import AccessRequest, Agreement, RequestStage
from catalog.access.services.deciding import decide_stage
from catalog.access.services.requests import draft_request, submit_request
from catalog.access.terms import contract_of
from catalog.accounts.models import User
from catalog.products.models import OutputPort


def ask(
    actor: User, port: OutputPort, consumer: Any = None, *, now: dt.datetime | None = None, **wishes: Any
) -> AccessRequest:
    """A submitted request for 90 days, unless said otherwise."""
    kind = wishes.pop("kind", "new")
    if kind in ("new", "renew") and not {"days", "ends_on"} & wishes.keys():
        wishes["days"] = 90
    wishes.setdefault("purpose", "Counting plays.")
    drafted = draft_request(actor=actor, port=port, consumer=consumer or actor, kind=kind, **wishes)
    contract = contract_of(port)
    digest = contract.digest if contract else ""
    return submit_request(actor=actor, request=drafted, accepted_digest=digest, now=now)


def stage_of(request: AccessRequest, name: str = "") -> RequestStage:
    """The open stage, or the one of that name."""
    found = request.stages.filter(name=name) if name else request.stages.filter(closed_at=None)
    return found.order_by("step", "pk")[0]


def agreed(actor: User, port: OutputPort, decider: User, consumer: Any = None, **wishes: Any) -> Agreement:
    """An agreement that was asked for and approved."""
    now = wishes.get("now")
    request = ask(actor, port, consumer, **wishes)
    decide_stage(actor=decider, stage=stage_of(request), is_approval=True, now=now)
    return Agreement.objects.get(pk=request.agreement_id)
