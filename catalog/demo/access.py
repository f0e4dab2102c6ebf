"""Access in the demo: purposes, a rule for data about people, one agreement that is granted, one request that waits for
its owner, one that was denied. Through the services people use."""

import datetime as dt
from typing import Any

from catalog.access.models import AccessRequest, ApprovalRule, RequestStage
from catalog.access.services.agreeing import mark_provisioning
from catalog.access.services.deciding import decide_stage
from catalog.access.services.requests import draft_request, submit_request
from catalog.access.services.rules import StageSpec, create_rule
from catalog.access.states import Event
from catalog.access.terms import contract_of, modes_of, terms_of
from catalog.accounts.models import User
from catalog.demo.state import State
from catalog.demo.structure import company
from catalog.products.models import OutputPort
from catalog.vocabulary.models import Classification, Purpose
from catalog.vocabulary.services import create_purpose

DAY = dt.timedelta(days=1)


def make_access(kept: State, now: dt.datetime) -> None:
    """Once: what people did with it afterwards stays as it is."""
    data = company()["access"]
    for item in data["purposes"]:
        if not Purpose.objects.filter(name=item["name"]).exists():
            kept.note("purposes", create_purpose(actor=None, **item).slug)
    _rule(kept, data["rule"])
    for item in data["requests"]:
        _request(item, now)


def _rule(kept: State, item: dict[str, Any]) -> None:
    place = Classification.objects.get(name=item["classification"])
    if not ApprovalRule.objects.filter(classification=place).exists():
        stage = StageSpec(1, item["stage"], "governance")
        kept.note("rules", create_rule(actor=None, name=item["name"], place=place, stages=[stage]).name)


def _request(item: dict[str, Any], now: dt.datetime) -> None:
    domain, slug, name = item["port"].split("/")
    ports = OutputPort.objects.filter(product__domain__slug=domain, product__slug=slug, name=name)
    port = ports.select_related("product__domain__team", "product__team", "product__classification").first()
    person = User.objects.filter(username=item["person"]).first()
    if port is None or person is None:
        return
    if AccessRequest.objects.filter(agreement__port=port, requested_by=person).exists():
        return
    contract = contract_of(port)
    modes = modes_of(terms_of(port), contract)
    asked_at = now - item["days_ago"] * DAY
    drafted = draft_request(
        actor=person,
        port=port,
        consumer=person,
        purpose=item["purpose"],
        purposes=list(Purpose.objects.filter(name__in=item.get("purposes", []))),
        mode=modes[0].name if modes else "",
        days=item["days"],
    )
    request = submit_request(
        actor=person, request=drafted, accepted_digest=contract.digest if contract else "", now=asked_at
    )
    if "decided_by" in item:
        _decide(request, item, asked_at + DAY)


def _decide(request: AccessRequest, item: dict[str, Any], at: dt.datetime) -> None:
    decider = User.objects.get(username=item["decided_by"])
    stage = RequestStage.objects.filter(request=request, closed_at=None).earliest("step", "pk")
    is_approval = "denied" not in item
    decide_stage(actor=decider, stage=stage, is_approval=is_approval, note=item.get("denied", ""), now=at)
    if is_approval:
        mark_provisioning(
            actor=decider,
            agreement=request.agreement,
            event=Event.SUCCEED,
            note=item["granted"],
            now=at + DAY,
        )
