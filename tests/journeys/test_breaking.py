"""An owner publishes a breaking change and is stopped; once consumers acknowledge, both versions stand side by side."""

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from catalog.audit.models import AuditEvent
from catalog.contracts.models import ChangeProposal, ContractVersion, PortContract
from catalog.products.models import OutputPort
from tests.journeys.conftest import PageFor
from tests.journeys.hands import HANDS, Hand
from tests.journeys.mesh import CONTRACT, Mesh
from tests.journeys.watched import Watched


def propose(visit: Watched, hand: Hand, version: str) -> None:
    """In forms: a field is taken away, which the version in force does not allow to be a small step."""
    page = visit.page
    visit.open("/products/listening/play-events/contract/")
    hand.follow(page.get_by_role("link", name="Propose a change"))
    hand.follow(page.get_by_role("button", name="Edit in forms"))
    hand.write(page.get_by_label("Version", exact=True), "1.2.0")
    hand.write(page.locator("[name=field-1-name]"), "")
    answer = page.locator("#answer")
    expect(answer).to_contain_text("sessions.user_id was removed.")  # while one writes
    hand.follow(page.get_by_role("button", name="Check", exact=True))
    expect(answer).to_contain_text("This breaks something")
    expect(answer).to_contain_text("sessions.user_id was removed.")
    expect(answer).to_contain_text("The version is too small a step")
    expect(page.get_by_role("button", name="Propose", exact=True)).to_have_count(0)
    visit.assert_axe_clean()
    hand.follow(page.get_by_role("button", name=f"Make it {version}"))
    expect(answer).to_contain_text("Daily charts")  # whom it reaches
    expect(answer).to_contain_text("beside plays 2.0.0")  # the way there
    expect(answer).to_contain_text("Sunset of plays 2.0.0")
    visit.assert_axe_clean()
    hand.follow(page.get_by_role("button", name="Propose", exact=True))
    expect(page.get_by_text(f"Version {version} was proposed.")).to_be_visible()


@pytest.mark.parametrize("way", HANDS)
def test_owner_publishes_a_breaking_change_and_is_stopped(page_for: PageFor, mesh: Mesh, way: str) -> None:
    ChangeProposal.objects.all().delete()
    visit = page_for(mesh.cast.owner)
    page, hand = visit.page, HANDS[way](visit.page)
    propose(visit, hand, "2.0.0")

    publish = page.get_by_role("button", name="Publish 2.0.0")
    hand.follow(publish)
    stopped = page.get_by_role("alert")
    expect(stopped).to_contain_text("not acknowledged this breaking change")
    assert ContractVersion.objects.filter(contract__key=CONTRACT).count() == 2  # nothing was published
    assert not OutputPort.objects.filter(name="plays", contract_in_force__version__version="2.0.0").exists()
    visit.assert_axe_clean()

    early = timezone.localdate() + dt.timedelta(days=1)
    page.get_by_label("Sunset of the old port versions").fill(early.isoformat())
    hand.write(page.get_by_label("Reason for publishing"), "")
    hand.follow(publish)
    expect(page.get_by_role("alert")).to_be_visible()

    page.get_by_label("Sunset of the old port versions").fill("")
    hand.write(page.get_by_label("Reason for publishing"), "The law asks for it within a month.")
    hand.follow(publish)
    expect(page.get_by_text("Version 2.0.0 was published.")).to_be_visible()
    expect(page.get_by_text("Published without every acknowledgement")).to_be_visible()
    visit.assert_axe_clean()
    event = AuditEvent.objects.get(verb="contract.published")
    assert event.detail["override_reason"] == "The law asks for it within a month."
    old = OutputPort.objects.get(pk=mesh.plays.pk)
    beside = PortContract.objects.get(version__version="2.0.0").port
    assert (beside.name, beside.product_id) == (old.name, old.product_id)
    assert old.sunset_at is not None
    assert PortContract.objects.get(port=old).version.version == "1.1.0"
    expect(page.get_by_text("The ports under 1.1.0 end on")).to_be_visible()
    visit.forgive(409)
    visit.assert_quiet()


def test_once_every_consumer_acknowledged_it_is_published_without_a_reason(
    page_for: PageFor, mesh: Mesh
) -> None:
    address = f"/contracts/proposals/{mesh.proposal.pk}/"
    consumer = page_for(mesh.cast.admin)
    consumer.open(address)
    buttons = consumer.page.get_by_role("button", name="Acknowledge for")
    for left in range(buttons.count() - 1, -1, -1):
        buttons.first.click()
        expect(buttons).to_have_count(left)
    consumer.assert_axe_clean()
    consumer.assert_quiet()
    owner = page_for(mesh.cast.owner)
    owner.open(address)
    with owner.page.expect_navigation():
        owner.page.get_by_role("button", name="Publish 2.0.0").click()
    expect(owner.page.get_by_text("Version 2.0.0 was published.")).to_be_visible()
    assert AuditEvent.objects.get(verb="contract.published").detail["override_reason"] == ""
    owner.assert_quiet()


def test_yaml_is_judged_while_it_is_typed(page_for: PageFor, mesh: Mesh) -> None:
    visit = page_for(mesh.cast.owner)
    page = visit.page
    visit.open("/products/listening/play-events/contract/")
    page.get_by_role("link", name="Propose a change").click()
    text = page.locator("#id_text")
    answer = page.locator("#answer")
    whole = text.input_value()
    text.fill(whole.replace("kind: DataContract", "kind: Wrong"))
    expect(answer).to_contain_text("$.kind")
    text.fill(whole.replace("name: user_id", "name: listener_id"))
    expect(answer).to_contain_text("This breaks something")
