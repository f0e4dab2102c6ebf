"""Classifications proposed along direct edges: to owners, once, and dismissed for good unless the reason changes."""

import re

import pytest
from django.test import Client

from catalog.common.errors import Conflict, NotAllowed
from catalog.products.models import OutputPort
from catalog.products.permissions import can_edit_product
from catalog.schemas.models import FieldAnnotation
from catalog.schemas.services import annotate_field
from catalog.vocabulary.models import Classification
from lineage.impact.permissions import editable_products
from lineage.impact.services import accept_proposal, dismiss_proposal, refresh_proposals
from lineage.models import ClassificationProposal
from tests import factories as make
from tests.conftest import Cast
from tests.lineage.impact.conftest import Mesh, hide

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]


@pytest.fixture
def personal() -> Classification:
    return Classification.objects.create(name="Personal", slug="personal", rank=3, is_personal=True)


@pytest.fixture
def ports(mesh: Mesh) -> list[OutputPort]:
    """Three products in a row, each with a schema that has the column `a`."""
    ports = mesh.chain(3)
    for port in ports:
        make.make_schema(port.asset, {"a": "string", "n": "integer"})
    mesh.feeds([((ports[0], "a"), (ports[1], "n"))], is_direct=False)
    return ports


def classify(port: OutputPort, classification: Classification | None, path: str = "a") -> None:
    annotate_field(actor=None, asset=port.asset, path=path, classification=classification)


def waiting() -> list[str]:
    rows = ClassificationProposal.objects.waiting().select_related("column__asset")
    return sorted(f"{row.column.asset.name}.{row.column.path}" for row in rows)


def test_the_word_follows_direct_edges_only(ports: list[OutputPort], personal: Classification) -> None:
    classify(ports[0], personal)
    assert refresh_proposals() == 2
    assert waiting() == ["step_1.a", "step_2.a"]
    assert refresh_proposals() == 0
    far = ClassificationProposal.objects.get(column__asset=ports[2].asset_id)
    assert (far.steps, far.because.asset_id) == (2, ports[0].asset_id)


def test_the_strictest_word_counts_and_what_has_it_is_left_alone(
    ports: list[OutputPort], personal: Classification
) -> None:
    internal = Classification.objects.create(name="Internal", slug="internal", rank=1)
    classify(ports[0], internal)
    classify(ports[1], personal)
    refresh_proposals()
    (only,) = ClassificationProposal.objects.all()
    assert (only.column.asset_id, only.classification) == (ports[2].asset_id, personal)


def test_accepting_classifies_the_field_and_asks_nobody_below_anew(
    cast: Cast, ports: list[OutputPort], personal: Classification
) -> None:
    classify(ports[0], personal)
    refresh_proposals()
    near = ClassificationProposal.objects.get(column__asset=ports[1].asset_id)
    far = ClassificationProposal.objects.get(column__asset=ports[2].asset_id)
    dismiss_proposal(actor=cast.owner, proposal=far, note="Only a count.")
    accept_proposal(actor=cast.owner, proposal=near)
    assert FieldAnnotation.objects.get(asset=ports[1].asset, path="a").classification == personal
    assert refresh_proposals() == 0
    assert waiting() == []
    with pytest.raises(Conflict):
        accept_proposal(actor=cast.owner, proposal=near)


def test_dismissed_comes_back_only_for_another_reason(
    cast: Cast, mesh: Mesh, ports: list[OutputPort], personal: Classification
) -> None:
    classify(ports[0], personal)
    refresh_proposals()
    row = ClassificationProposal.objects.get(column__asset=ports[1].asset_id)
    dismiss_proposal(actor=cast.owner, proposal=row, note="Hashed.")
    refresh_proposals()
    assert waiting() == ["step_2.a"]
    classify(ports[0], None)
    other = mesh.product("Other source")
    make.make_schema(other.asset, {"a": "string"})
    mesh.feeds([((other, "a"), (ports[1], "a"))])
    classify(other, personal)
    refresh_proposals()
    assert waiting() == ["step_1.a", "step_2.a"]
    row.refresh_from_db()
    assert (row.note, row.decided_by) == ("", None)


def test_what_no_longer_follows_lapses(ports: list[OutputPort], personal: Classification) -> None:
    classify(ports[0], personal)
    refresh_proposals()
    classify(ports[0], None)
    assert refresh_proposals() == 2
    assert {row.state for row in ClassificationProposal.objects.all()} == {"lapsed"}
    classify(ports[0], personal)
    refresh_proposals()
    assert len(waiting()) == 2


def test_only_those_who_may_edit_are_asked(
    cast: Cast, ports: list[OutputPort], personal: Classification
) -> None:
    classify(ports[0], personal)
    refresh_proposals()
    row = ClassificationProposal.objects.get(column__asset=ports[1].asset_id)
    for person in (cast.consumer, cast.guest, cast.steward):
        assert not ClassificationProposal.objects.visible_to(person).exists()
        with pytest.raises(NotAllowed):
            accept_proposal(actor=person, proposal=row)
    assert ClassificationProposal.objects.visible_to(cast.owner).count() == 2


def test_the_query_of_editors_says_what_the_predicate_says(cast: Cast, ports: list[OutputPort]) -> None:
    hide(ports[2].product)
    products = [port.product for port in ports] + [cast.play_events, cast.playback_quality]
    for product in products:
        product.refresh_from_db()
    for person in cast.everybody().values():
        told = set(editable_products(person).values_list("pk", flat=True))
        assert told == {product.pk for product in products if can_edit_product(person, product)}


def test_the_page_shows_them_and_takes_the_word(
    cast: Cast, ports: list[OutputPort], personal: Classification
) -> None:
    classify(ports[0], personal)
    hide(ports[0].product)
    refresh_proposals()
    client = Client()
    client.force_login(cast.owner)
    page = client.get("/lineage/proposals/").content.decode()
    assert "a column you may not see" in page
    assert "Step 0" not in page
    row = ClassificationProposal.objects.get(column__asset=ports[1].asset_id)
    client.post(f"/lineage/proposals/{row.pk}/", {"kind": "dismiss", "note": ""})
    row.refresh_from_db()
    assert row.state == "proposed"  # a dismissal needs a reason
    client.post(f"/lineage/proposals/{row.pk}/", {"kind": "accept"})
    row.refresh_from_db()
    assert (row.state, row.decided_by) == ("accepted", cast.owner)
    assert client.get("/lineage/proposals/?state=nonsense").status_code == 400


def test_home_and_inbox_count_what_waits_for_those_who_are_asked(
    cast: Cast, ports: list[OutputPort], personal: Classification
) -> None:
    classify(ports[0], personal)
    refresh_proposals()
    client = Client()
    client.force_login(cast.owner)
    assert "2 columns" in _link(client, "/")
    assert "2 proposed classifications" in _link(client, "/inbox/")
    row = ClassificationProposal.objects.get(column__asset=ports[1].asset_id)
    dismiss_proposal(actor=cast.owner, proposal=row, note="Hashed.")
    assert "1 column" in _link(client, "/")
    for person in (cast.consumer, cast.guest, cast.steward):
        client.force_login(person)
        for url in ("/", "/inbox/"):
            assert not _link(client, url), (person, url)


def _link(client: Client, url: str) -> str:
    """The words of the link to the proposals, empty where there is none."""
    found = re.search(r'href="/lineage/proposals/">(.*?)</a>', client.get(url).content.decode())
    return re.sub(r"<[^>]*>", "", found[1]) if found else ""
