"""Pages of the glossary: lists, a term, forms, links of products, proposals of contracts."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.contracts.models import DataContract, PortContract
from catalog.contracts.services import import_document
from catalog.glossary.linking import link_term
from catalog.glossary.models import GlossaryTerm, TermLink
from catalog.glossary.proposing import proposals_for
from catalog.glossary.services import create_term, edit_term
from catalog.products.models import OutputPort, Visibility
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
HOSTILE = '<script>alert("x")</script> 🎵 \'"&%'
PRODUCT = "/products/listening/play-events/"


@pytest.fixture
def admin(client: Client, cast: Cast) -> Client:
    client.force_login(cast.admin)
    return client


def body(client: Client, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status, url
    content = b"".join(answer) if getattr(answer, "streaming", False) else answer.content
    return content.decode()


def test_list_is_searched_by_every_name_letter_and_domain(
    admin: Client, cast: Cast, play: GlossaryTerm
) -> None:
    create_term(actor=cast.admin, name="Ärger", domain=cast.listening, state="approved")
    create_term(actor=cast.admin, name="30-day churn")
    found = {
        query: [name for name in ("Play<", "Ärger<", "30-day churn<") if name in body(admin, f"/glossary/?{query}")]
        for query in (
            "", "q=strEAM", "q=thirty", "q=listen+event", "letter=P", "letter=%23", "letter=%C3%84",
            "domain=listening", "domain=mesh", "domain=nowhere", "state=draft", "state=nonsense",
        )
    }  # fmt: skip
    everything = ["Play<", "Ärger<", "30-day churn<"]
    assert found == {
        "": everything, "q=strEAM": ["Play<"], "q=thirty": ["Play<"], "q=listen+event": ["Play<"],
        "letter=P": ["Play<"], "letter=%23": ["30-day churn<"], "letter=%C3%84": ["Ärger<"],
        "domain=listening": ["Ärger<"], "domain=mesh": ["Play<", "30-day churn<"], "domain=nowhere": [],
        "state=draft": ["30-day churn<"], "state=nonsense": everything,
    }  # fmt: skip
    assert 'Play,play,PL,"Stream, Listen event",,approved' in body(admin, "/glossary/?format=csv")


def test_hostile_words_stand_on_every_page_as_text(admin: Client, cast: Cast, plays: OutputPort) -> None:
    term = create_term(
        actor=cast.admin, name=HOSTILE, state="approved", synonyms=[f"also {HOSTILE}"], definition=HOSTILE
    )
    link_term(actor=cast.admin, term=term, product=cast.play_events)
    link_term(actor=cast.admin, term=term, product=cast.play_events, port=plays, path="play_id")
    url = term.get_absolute_url()
    for page in (
        "/glossary/", url, f"{url}edit/", f"{url}history/", f"{PRODUCT}terms/", PRODUCT, f"{PRODUCT}schema/",
    ):  # fmt: skip
        shown = body(admin, page)
        assert "<script>alert" not in shown, page
        assert "🎵" in shown, page
    assert '"=cmd' not in body(admin, "/glossary/?format=csv")


def test_reader_sees_the_uses_they_may_and_no_editing(client: Client, cast: Cast, play: GlossaryTerm) -> None:
    secret = make.make_product("Secret ledger", domain=cast.playback, visibility=Visibility.PRIVATE)
    for product in (cast.play_events, secret):
        link_term(actor=cast.admin, term=play, product=product)
    client.force_login(cast.consumer)
    page = body(client, "/glossary/play/")
    assert ("Play events" in page, "Secret" in page, "/edit/" in page) == (True, False, False)
    assert '<span class="count">1</span>' in page
    assert 'data-label="Products">1<' in body(client, "/glossary/")
    assert "secret" not in body(client, "/glossary/play/?format=csv")
    assert client.get("/api/v1/glossary/play/").json()["products"] == 1
    assert [row["product"] for row in client.get("/api/v1/glossary/play/links/").json()["results"]] == [
        "listening/play-events"
    ]


def test_form_makes_edits_and_keeps_what_the_slower_typed(
    admin: Client, cast: Cast, play: GlossaryTerm
) -> None:
    made = admin.post("/glossary/new/", {"name": "Skip", "synonyms": "Jump\r\n\r\nHop", "state": "draft"})
    assert made["Location"] == "/glossary/skip/"
    skip = GlossaryTerm.objects.get(slug="skip")
    assert (skip.synonyms, skip.domain) == (["Jump", "Hop"], None)
    form = {
        "name": "Skip",
        "state": "approved",
        "definition": "Left early.",
        "related": "stream",
        "revision": 1,
    }
    assert admin.post("/glossary/skip/edit/", {**form, "steward": "CONSUMER"}).status_code == 302
    skip.refresh_from_db()
    assert (skip.state, skip.steward, list(skip.related.all())) == ("approved", cast.consumer, [play])
    stale = admin.post("/glossary/skip/edit/", {**form, "definition": "My own words"})
    assert stale.status_code == 409
    assert b"My own words" in stale.content
    for wrong in ({"steward": "nobody"}, {"related": "no such"}, {"state": "draft"}, {"name": ""}):
        assert admin.post("/glossary/skip/edit/", {**form, "revision": 2, **wrong}).status_code == 400
    taken = admin.post("/glossary/new/", {"name": "skip", "state": "draft"})
    assert b"There is a term skip for the whole mesh already." in taken.content


def test_keeper_of_a_domain_makes_terms_there_only(client: Client, cast: Cast) -> None:
    client.force_login(cast.steward)
    assert "The whole mesh" not in body(client, "/glossary/new/")
    assert client.post("/glossary/new/", {"name": "Stall", "state": "draft"}).status_code == 400
    given = {"name": "Stall", "state": "approved", "domain": cast.playback.pk}
    assert client.post("/glossary/new/", given).status_code == 302
    assert client.post("/glossary/new/", {**given, "domain": cast.listening.pk}).status_code == 400


def test_history_tells_field_by_field_and_hides_how_it_was_drafted(
    client: Client, cast: Cast, play: GlossaryTerm
) -> None:
    draft = create_term(actor=cast.admin, name="Skip", definition="First thought")
    draft = edit_term(
        actor=cast.admin, term=draft, state="approved", definition="Left early", steward=cast.owner
    )
    edit_term(actor=cast.admin, term=draft, state="deprecated", successor=play)
    client.force_login(cast.consumer)
    seen = body(client, "/glossary/skip/history/")
    assert ("First thought" in seen, "Restore" in seen, ">Play<" in seen) == (False, False, True)
    client.force_login(cast.admin)
    kept = body(client, "/glossary/skip/history/")
    assert "First" in kept
    assert "Owner" in kept  # the person's name, not a number
    oldest = draft.history.earliest().history_id
    client.post("/glossary/skip/restore/", {"version": oldest, "revision": 3})
    assert GlossaryTerm.objects.get(slug="skip").definition == "First thought"


def test_owner_links_and_removes_on_the_products_page(
    client: Client, cast: Cast, play: GlossaryTerm, plays: OutputPort
) -> None:
    client.force_login(cast.owner)
    sent = {"term": "stream", "port": plays.pk, "column": "play_id"}
    assert client.post(f"{PRODUCT}terms/link/", sent)["Location"] == f"{PRODUCT}terms/"
    assert TermLink.objects.get().path == "play_id"
    assert "A track heard for thirty seconds." in body(client, f"{PRODUCT}schema/")
    assert 'href="/glossary/play/"' in body(client, PRODUCT)
    for wrong in ({"term": "nothing"}, {"column": "gone"}, {"port": ""}, {"port": make.make_port().pk}):
        answer = client.post(f"{PRODUCT}terms/link/", {**sent, **wrong})
        assert answer.status_code == 400, wrong
    client.force_login(cast.consumer)
    assert "Remove" not in body(client, f"{PRODUCT}terms/")
    client.force_login(cast.owner)
    client.post(f"{PRODUCT}terms/unlink/", {"link": TermLink.objects.get().pk})
    assert not TermLink.objects.exists()


def test_contract_proposes_what_is_exactly_a_term(
    client: Client, cast: Cast, play: GlossaryTerm, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://mesh.example"
    create_term(actor=cast.admin, name="Track title", state="approved")
    create_term(actor=cast.admin, name="Draft word")
    link = {"url": "https://mesh.example/glossary/play/", "type": "businessDefinition"}
    foreign = {"url": "https://other.example/glossary/track-title/", "type": "businessDefinition"}
    fields = [
        {"name": "p_id", "logicalType": "string", "authoritativeDefinitions": [link, foreign]},
        {"name": "track", "logicalType": "object",
         "properties": [{"name": "t", "businessName": "TRACK  title", "logicalType": "string"}]},
        {"name": "playing", "businessName": "Draft word", "logicalType": "string"},
        {"name": "stream", "logicalType": "string"},
    ]  # fmt: skip
    data = {"apiVersion": "v3.1.0", "kind": "DataContract", "id": "urn:plays", "version": "1.0.0", "status": "active",
            "schema": [{"name": "plays", "properties": fields}]}  # fmt: skip
    assert import_document(actor=None, raw=json.dumps(data).encode()).status == "imported"
    port = make.make_port(cast.play_events, "plays")
    version = DataContract.objects.get().versions.get()
    PortContract.objects.create(port=port, contract_key="urn:plays", version=version)
    found = [
        (item.term.slug, item.path, item.because) for item in proposals_for(cast.owner, cast.play_events)
    ]
    assert found == [
        ("play", "p_id", "play"),
        ("track-title", "track.t", "TRACK  title"),
        ("play", "stream", "stream"),
    ]
    client.force_login(cast.owner)
    assert "Named in its contracts" in body(client, f"{PRODUCT}terms/")
    port.asset = make.make_asset(make.make_connection(), "plays")
    make.make_schema(port.asset, {"stream": "string"})
    port.save()
    client.post(f"{PRODUCT}terms/link/", {"term": "play", "port": port.pk, "column": "stream"})
    assert len(proposals_for(cast.owner, cast.play_events)) == 2


def test_many_terms_ask_the_database_no_more_often(client: Client, cast: Cast, plays: OutputPort) -> None:
    client.force_login(cast.owner)
    pages = ("/glossary/", "/glossary/w0/", f"{PRODUCT}terms/", PRODUCT, f"{PRODUCT}schema/", "/api/v1/glossary/",
             "/api/v1/glossary/w0/links/", f"/api/v1{PRODUCT}terms/")  # fmt: skip
    counts = []
    for first, last in ((0, 5), (5, 50)):
        for number in range(first, last):
            term = create_term(
                actor=None, name=f"w{number}", state="approved", domain=cast.listening, steward=cast.owner,
                related=GlossaryTerm.objects.all()[:2],
            )  # fmt: skip
            path = ("play_id", "track", "track.title")[number % 3]
            link_term(actor=None, term=term, product=cast.play_events, port=plays, path=path)
            other = make.make_product(domain=make.make_domain())
            link_term(actor=None, term=GlossaryTerm.objects.get(slug="w0"), product=other)
        found = []
        for page in pages:
            client.get(page)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(page).status_code == 200
            found.append(len(queries))
        counts.append(found)
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 31
