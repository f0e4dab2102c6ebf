"""Renewing and giving back, as the consumer does it on the pages."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog.access.models import Agreement
from catalog.access.services.agreeing import mark_provisioning
from catalog.access.services.deciding import decide_stage
from catalog.access.services.ending import expire_due
from catalog.access.services.rules import set_terms
from catalog.access.states import Event, Validity
from catalog.products.models import OutputPort
from tests.catalog.access.asking import agreed, stage_of
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def words_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


@pytest.fixture
def agreement(cast: Cast, port: OutputPort) -> Agreement:
    """Granted 70 of its 90 days ago."""
    set_terms(actor=cast.owner, port=port, modes=["plain", "summed"], longest_days=90)
    now = timezone.now() - 70 * DAY
    found = agreed(cast.consumer, port, cast.owner, now=now, mode="plain", purpose="Counting plays.")
    mark_provisioning(actor=cast.owner, agreement=found, event=Event.SUCCEED, now=now)
    return Agreement.objects.get(pk=found.pk)


def test_a_renewal_asks_for_the_reason_anew_and_leaves_the_grant(
    client: Client, cast: Cast, agreement: Agreement
) -> None:
    client.force_login(cast.consumer)
    page = words_of(client.get(agreement.get_absolute_url()))
    link = next(part for part in page.split('href="') if "kind=renew" in part).partition('"')[0]
    address = link.replace("&amp;", "&")
    shown = client.get(address).context["form"]
    assert shown.initial["mode"] == "plain", "what stands is taken over"
    assert "purpose" not in shown.initial, "why it was needed then is no reason now"
    asked = {
        "consumer": f"person:{cast.consumer.pk}",
        "kind": "renew",
        "mode": "plain",
        "purpose": "",
        "days": 80,
    }
    answer = client.post(address, asked)
    assert answer.status_code == 400
    assert "Say what the data is needed for." in words_of(answer)
    answer = client.post(address, {**asked, "purpose": "The yearly report."})
    assert answer.status_code == 302
    assert "The yearly report." in words_of(client.get(answer["Location"]))
    until, verified = agreement.ends_at, agreement.verified_at
    request = agreement.requests.get(kind="renew")
    assert agreement.requests.get(kind="new").purpose == "Counting plays."
    decide_stage(actor=cast.owner, stage=stage_of(request), is_approval=True)
    agreement.refresh_from_db()
    assert until is not None
    assert agreement.ends_at is not None
    assert agreement.ends_at - timezone.now() > 79 * DAY
    assert agreement.ends_at > until
    assert (agreement.provisioning, agreement.verified_at) == ("granted", verified), (
        "nobody loses it meanwhile"
    )


def test_only_what_one_speaks_for_is_taken_over_into_the_form(
    client: Client, cast: Cast, agreement: Agreement
) -> None:
    client.force_login(cast.owner)
    query = f"?kind=renew&consumer=person:{cast.owner.pk}"
    answer = client.get(f"{agreement.port.get_absolute_url()}access/request/{query}")
    assert "mode" not in answer.context["form"].initial


def test_giving_back_takes_effect_after_the_notice_of_the_port(
    client: Client, cast: Cast, agreement: Agreement
) -> None:
    set_terms(actor=cast.owner, port=agreement.port, release_notice_days=7)
    client.force_login(cast.consumer)
    address = agreement.get_absolute_url()
    assert "in 7 days, the notice the owners ask for" in words_of(client.get(address))
    now = timezone.now()
    too_soon = client.post(f"{address}release/", {"ends_on": now.date() + 3 * DAY})
    assert too_soon.status_code == 400
    assert "The last day can be" in words_of(too_soon)
    assert Agreement.objects.get().cut_short == ""
    answer = client.post(f"{address}release/", {"reason": "We are done."}, follow=True)
    assert f"ends on {now + 7 * DAY:%Y-%m-%d}" in words_of(answer)
    agreement.refresh_from_db()
    assert agreement.cut_short == "released"
    assert agreement.validity(now + 6 * DAY) == Validity.EXPIRING
    assert agreement.verdict(now + 6 * DAY).is_usable, "until then one can read"
    assert expire_due(now=now + 6 * DAY) == 0
    assert agreement.provisioning == "granted"
    later = now + 7 * DAY + dt.timedelta(minutes=1)
    assert expire_due(now=later) == 1
    agreement.refresh_from_db()
    assert (agreement.validity(later), agreement.provisioning) == (Validity.REVOKED, "removing")


def test_without_a_notice_it_ends_at_once(client: Client, cast: Cast, agreement: Agreement) -> None:
    client.force_login(cast.consumer)
    address = agreement.get_absolute_url()
    assert "the notice the owners ask for" not in words_of(client.get(address))
    assert client.post(f"{address}release/", {}).status_code == 302
    agreement.refresh_from_db()
    assert (agreement.is_over(timezone.now()), agreement.provisioning) == (True, "removing")
