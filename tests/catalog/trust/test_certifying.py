"""Certifications: given by stewards with a reason and an end, replaced, withdrawn, ended by time alone."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog.audit.models import AuditEvent, ChangeMark
from catalog.common.errors import Conflict, Invalid, NotAllowed
from catalog.products.models import DataProduct, OutputPort
from catalog.search.documents import PRODUCT, DocKey
from catalog.search.loading import load_documents
from catalog.search.models import SearchState
from catalog.search.services import mark_aged_measurements
from catalog.trust.models import Certification, PortTrust, ProductTrust
from catalog.trust.selectors import marks_of
from catalog.trust.services import certify, refresh_ports, withdraw_certification
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def given(cast: Cast, **changes: Any) -> Certification:
    fields = {"product": cast.playback_quality, "reason": "Looked at it", "expires_at": NOW + 90 * DAY}
    return certify(**{"actor": cast.steward, "now": NOW, **fields, **changes})


def value_of(product: DataProduct, port: OutputPort | None = None) -> str:
    found = DataProduct.objects.select_related("trust").get(pk=product.pk)
    at = OutputPort.objects.select_related("trust", "product").get(pk=port.pk) if port else None
    return next(mark.value for mark in marks_of(found, at) if mark.key == "certification")


def test_product_and_the_ports_it_has_are_certified(cast: Cast) -> None:
    before = make.make_port(cast.playback_quality, "before")
    OutputPort.objects.filter(pk=before.pk).update(created_at=NOW - DAY)
    later = make.make_port(cast.playback_quality, "later")
    OutputPort.objects.filter(pk=later.pk).update(created_at=NOW + DAY)
    given(cast)
    refresh_ports(port_ids=[before.pk, later.pk], now=NOW + 2 * DAY)
    ends = dict(PortTrust.objects.values_list("port__name", "certified_until"))
    assert ends == {"before": NOW + 90 * DAY, "later": None}
    assert ProductTrust.objects.get(product=cast.playback_quality).certified_until == NOW + 90 * DAY
    event = AuditEvent.objects.get(verb="certification.given")
    assert (event.product_id, event.detail["reason"]) == (cast.playback_quality.pk, "Looked at it")


def test_one_port_is_certified_alone(cast: Cast) -> None:
    port, other = make.make_port(cast.playback_quality, "a"), make.make_port(cast.playback_quality, "b")
    given(cast, port=port)
    ends = dict(PortTrust.objects.values_list("port_id", "certified_until"))
    assert ends == {port.pk: NOW + 90 * DAY, other.pk: None}
    assert ProductTrust.objects.get(product=cast.playback_quality).certified_until is None


def test_it_ends_by_itself_without_a_write(cast: Cast) -> None:
    soon = timezone.now() + dt.timedelta(hours=1)
    certify(actor=cast.steward, product=cast.playback_quality, reason="Seen", expires_at=soon)
    assert value_of(cast.playback_quality) == "59 minutes left"
    ProductTrust.objects.update(certified_until=timezone.now())  # as if that hour had passed
    assert value_of(cast.playback_quality) == "no longer certified"


def test_new_one_replaces_the_one_in_force_and_both_are_kept(cast: Cast) -> None:
    first = given(cast)
    second = given(cast, reason="Looked again", expires_at=NOW + 200 * DAY, now=NOW + DAY)
    first.refresh_from_db()
    assert (first.withdrawn_at, first.replaced_by) == (NOW + DAY, second)
    assert [item.standing(NOW + DAY) for item in (first, second)] == ["replaced", "in_force"]


def test_one_that_has_run_out_ended_then_and_not_when_the_next_was_given(cast: Cast) -> None:
    first = given(cast)
    given(cast, expires_at=NOW + 200 * DAY, now=NOW + 100 * DAY)
    first.refresh_from_db()
    assert first.standing(NOW + 100 * DAY) == "expired"


def test_withdrawing_needs_a_reason_and_ends_it_now(cast: Cast) -> None:
    certification = given(cast)
    with pytest.raises(Invalid):
        withdraw_certification(actor=cast.steward, certification=certification, reason="  ", now=NOW)
    ended = withdraw_certification(
        actor=cast.steward, certification=certification, reason="Wrong", now=NOW + DAY
    )
    assert ended.standing(NOW + DAY) == "withdrawn"
    assert ProductTrust.objects.get(product=cast.playback_quality).certified_until is None
    with pytest.raises(Conflict):
        withdraw_certification(
            actor=cast.steward, certification=certification, reason="Again", now=NOW + 2 * DAY
        )
    assert AuditEvent.objects.filter(verb="certification.withdrawn").count() == 1


def test_only_stewards_and_governance_certify(cast: Cast) -> None:
    governor = make.make_user("governor")
    make.make_membership(governor, "governance", None)
    for person in (cast.owner, cast.consumer, cast.guest):
        with pytest.raises(NotAllowed):
            given(cast, actor=person)
    with pytest.raises(NotAllowed):
        given(cast, product=cast.play_events)  # the steward is another product's
    assert given(cast, actor=governor, product=cast.play_events).certified_by == governor
    assert given(cast, actor=cast.admin).certified_by == cast.admin


@pytest.mark.parametrize(
    "changes",
    [{"reason": "  "}, {"expires_at": NOW}, {"expires_at": NOW - DAY}, {"expires_at": NOW + 800 * DAY}],
)
def test_what_is_wrong_is_refused_and_nothing_kept(cast: Cast, changes: dict[str, Any]) -> None:
    given(cast)
    with pytest.raises(Invalid):
        given(cast, **changes)
    assert Certification.objects.get().withdrawn_at is None


def test_port_of_another_product_and_what_is_not_offered_are_refused(cast: Cast) -> None:
    with pytest.raises(Invalid):
        given(cast, port=make.make_port(cast.play_events))
    for lifecycle in ("draft", "retired"):
        product = make.make_product(domain=cast.playback_quality.domain, lifecycle=lifecycle)
        with pytest.raises(Conflict):
            given(cast, product=product, actor=cast.admin)


def test_list_says_what_ends_within_thirty_days(cast: Cast, client: Client) -> None:
    now = timezone.now()
    for name, days in (("Soon", 29), ("Late", 40)):
        product = make.make_product(name, domain=cast.playback_quality.domain)
        certify(actor=cast.admin, product=product, reason="Seen", expires_at=now + days * DAY)
    client.force_login(cast.consumer)
    body = client.get("/api/v1/trust/certifications/?ending_within=30").json()
    assert [item["product"].rpartition("/")[2] for item in body["results"]] == ["soon"]
    page = client.get("/trust/certifications/?ending_within=30").content.decode()
    assert "Soon" in page
    assert "Late" not in page
    assert client.get("/api/v1/trust/certifications/?ending_within=x").status_code == 400
    assert client.get("/api/v1/trust/certifications/?state=gone").status_code == 400
    states = {
        state: client.get(f"/api/v1/trust/certifications/?state={state}").json()["count"]
        for state in ("in_force", "expired", "withdrawn")
    }
    assert states == {"in_force": 2, "expired": 0, "withdrawn": 0}


def test_steward_certifies_and_withdraws_on_the_page(cast: Cast, client: Client) -> None:
    client.force_login(cast.steward)
    page = f"/products/{cast.playback_quality.key}/certification/"
    last = timezone.localdate() + 10 * DAY
    wrong = client.post(page, {"reason": "", "expires_at": last.isoformat()})
    assert wrong.status_code == 400
    past = client.post(page, {"reason": "Seen", "expires_at": "2020-01-01"})
    assert (past.status_code, "Choose an end in the future" in past.content.decode()) == (400, True)
    assert client.post(page, {"reason": "Seen", "expires_at": last.isoformat()}).status_code == 302
    made = Certification.objects.get()
    assert made.last_day == last
    assert "Withdraw it" in client.get(page).content.decode()
    gone = client.post(f"/trust/certifications/{made.pk}/withdraw/", {"reason": "Wrong"})
    assert gone.status_code == 302
    assert "Wrong" in client.get(page).content.decode()


def test_page_of_a_certified_product_says_until_when(cast: Cast, client: Client) -> None:
    given(cast, now=timezone.now(), expires_at=timezone.now() + 90 * DAY)
    client.force_login(cast.consumer)
    page = " ".join(client.get(cast.playback_quality.get_absolute_url()).content.decode().split())
    assert ">certified</a> until " in page


def test_products_are_narrowed_by_certification(cast: Cast, client: Client) -> None:
    certify(actor=cast.steward, product=cast.playback_quality, reason="Seen", expires_at=timezone.now() + DAY)
    client.force_login(cast.consumer)
    found = client.get("/api/v1/products/?certification=certified").json()["results"]
    assert [item["slug"] for item in found] == ["playback-quality"]
    others = client.get("/api/v1/products/?certification=none").json()["results"]
    assert "playback-quality" not in [item["slug"] for item in others]
    page = client.get("/products/?certification=certified")
    assert "Play events" not in page.content.decode().split("<tbody")[1]
    assert client.get("/products/?certification=maybe").status_code == 400


def test_search_facet_follows_the_end_without_a_change(cast: Cast) -> None:
    certify(actor=cast.steward, product=cast.playback_quality, reason="Seen", expires_at=timezone.now() + DAY)
    assert facet(cast) == "certified"
    SearchState.objects.update_or_create(pk=1, defaults={"aged_until": timezone.now() - DAY})
    ProductTrust.objects.update(certified_until=timezone.now() - dt.timedelta(hours=1))
    assert facet(cast) == "none"
    ChangeMark.objects.all().delete()
    mark_aged_measurements()
    assert list(ChangeMark.objects.values_list("kind", "object_id")) == [
        ("product", cast.playback_quality.pk)
    ]


def facet(cast: Cast) -> str:
    documents = {document.key: document for document in load_documents([cast.playback_quality.pk])}
    return documents[DocKey(PRODUCT, cast.playback_quality.pk)].facets["certification"][0].value
