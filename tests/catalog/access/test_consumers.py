"""Agreements as an answer to who reads from a port."""

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags

from catalog.access.models import Agreement
from catalog.access.services.agreeing import revoke_agreement
from catalog.common.errors import Conflict
from catalog.contracts.models import PortContract
from catalog.contracts.services import import_document
from catalog.contracts.services.publishing import acknowledge_change, propose_change, publish_change
from catalog.incidents.models import IncidentReach
from catalog.incidents.services import Report, report_incident
from catalog.products import reach
from catalog.products.models import OutputPort
from tests import factories as make
from tests.catalog.access.asking import agreed, ask
from tests.catalog.contracts.documents import as_yaml, contract
from tests.conftest import Cast


def test_a_change_reaches_those_with_an_agreement(cast: Cast, port: OutputPort) -> None:
    team = make.make_team("Analysts")
    make.make_membership(cast.consumer, "viewer", team)
    ask(cast.consumer, port)  # asked, not agreed
    assert not reach.consumers_of(port).others
    agreed(cast.consumer, make.make_port(cast.play_events, "other"), cast.owner)
    agreed(cast.consumer, port, cast.owner, team)
    agreed(cast.steward, port, cast.owner, cast.playback_quality)
    answer = reach.consumers_of(port)
    assert answer.others == ("the team Analysts",)
    assert [(item.product, item.via) for item in answer.products] == [
        (cast.playback_quality, ("access agreements",))
    ]
    assert "access agreements" in answer.providers


def test_what_has_ended_reads_no_longer_and_what_is_scheduled_will(cast: Cast, port: OutputPort) -> None:
    soon = timezone.now().date() + dt.timedelta(days=3)
    agreement = agreed(cast.steward, port, cast.owner, cast.playback_quality, starts_on=soon)
    assert len(reach.downstream_of(port).products) == 1
    revoke_agreement(actor=cast.owner, agreement=agreement, reason="Over.", at_once=True)
    assert not reach.downstream_of(port).products
    assert Agreement.objects.count() == 1


def test_an_agreement_as_the_only_link_counts_everywhere(
    cast: Cast, port: OutputPort, client: Client
) -> None:
    """No input port, nothing seen: the agreement alone holds a breaking change back, raises what an incident is
    worth, and is counted on the product's page."""
    PortContract.objects.create(port=port, contract_key="urn:example:sessions-contract")
    assert import_document(actor=None, raw=as_yaml(contract())).status == "imported"
    client.force_login(cast.owner)
    assert "Nobody is known to use it." in client.get(cast.play_events.get_absolute_url()).content.decode()
    alone = report_incident(actor=cast.owner, product=cast.play_events, report=Report("Late", "", port=port))
    assert (alone.severity, alone.consumers) == ("low", 0)

    agreed(cast.steward, port, cast.owner, cast.playback_quality)
    page = client.get(cast.play_events.get_absolute_url()).content.decode()
    link = page.partition('<a href="#consumers">')[2].partition("</a>")[0]
    assert strip_tags(link).split() == ["1", "product"]
    assert "Nobody is known to use it." not in page
    hit = report_incident(actor=cast.owner, product=cast.play_events, report=Report("Gone", "", port=port))
    assert (hit.severity, hit.consumers) == ("medium", 1)
    reached = IncidentReach.objects.filter(incident=hit).values_list("product__name", "steps")
    assert sorted(reached) == [("Play events", 0), ("Playback quality", 1)]

    schema = contract()["schema"]
    schema[0]["properties"].pop(1)
    proposal = propose_change(actor=cast.owner, raw=as_yaml(contract(version="2.0.0", schema=schema)))
    with pytest.raises(Conflict, match="1 consumer has not acknowledged"):
        publish_change(actor=cast.owner, proposal=proposal)
    acknowledge_change(actor=cast.steward, proposal=proposal, product=cast.playback_quality)
    assert publish_change(actor=cast.owner, proposal=proposal).version == "2.0.0"


def test_people_and_teams_with_an_agreement_are_passed_over_only_with_a_reason(
    cast: Cast, port: OutputPort, client: Client
) -> None:
    PortContract.objects.create(port=port, contract_key="urn:example:sessions-contract")
    assert import_document(actor=None, raw=as_yaml(contract())).status == "imported"
    agreed(cast.consumer, port, cast.owner)
    schema = contract()["schema"]
    schema[0]["properties"].pop(1)
    raw = as_yaml(contract(version="2.0.0", schema=schema))
    result = import_document(actor=cast.owner, raw=raw)
    assert (result.status, result.problems[-1].rule) == ("refused", "conflict")
    proposal = propose_change(actor=cast.owner, raw=raw)
    with pytest.raises(Conflict, match="1 person or team reads from it by agreement") as refused:
        publish_change(actor=cast.owner, proposal=proposal)
    told = f"{cast.consumer} reads from it and cannot acknowledge it."
    assert [problem.message for problem in refused.value.problems] == [told]
    address, words = f"/contracts/proposals/{proposal.pk}/", "without a product that could acknowledge it"
    for person, is_told in ((cast.owner, True), (cast.consumer, False)):
        client.force_login(person)
        page = client.get(address)
        assert (page.status_code, words in page.content.decode()) == (200, is_told)
    client.force_login(cast.owner)
    assert client.post(address, {"publish": "1"}).status_code == 409
    assert client.post(address, {"publish": "1", "override_reason": "They were told."}).status_code == 302
    proposal.refresh_from_db()
    assert (proposal.standing, proposal.override_reason) == ("published", "They were told.")
    assert PortContract.objects.get(port=port).version.version == "1.0.0"
