"""/metrics: true figures for those who run the portal, nothing for others, no name of anything private."""

import re
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from catalog.accounts.services import create_token
from catalog.common.errors import Invalid
from catalog.crawling.models import CrawlRun
from catalog.notifications.models import Notice, Notification
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def figures(client: Client, **extra: Any) -> dict[tuple[str, ...], float]:
    answer = client.get("/metrics", **extra)
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"].startswith("text/plain")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def test_requests_and_states_are_counted(client: Client, cast: Cast) -> None:
    store = make.make_connection("Secret lake", failures_in_row=2)
    due = timezone.now() - timedelta(minutes=10)
    CrawlRun.objects.create(connection=store, trigger="manual", queued_at=due, due_at=due)
    client.force_login(cast.admin)
    before = figures(client)
    client.get("/products/listening/play-events/")
    client.get("/products/listening/no-such-thing/")
    after = figures(client)

    def grown(*key: str) -> float:
        return after[key] - before.get(key, 0)

    route = "/products/<str:domain>/<str:slug>/"
    assert grown("meshportal_request_seconds_count", "GET", route, "200") == 1
    assert grown("meshportal_request_seconds_count", "GET", route, "404") == 1
    buckets = [
        value
        for key, value in after.items()
        if key[0].endswith("_bucket") and {route, "200", "+Inf"} < set(key)
    ]
    assert len(buckets) == 1
    assert buckets[0] >= 1
    promise = [key for key in after if key[0] == "meshportal_slo_requests_total"]
    assert sum(grown(*key) for key in promise) == 3  # the two pages and the first look at the figures
    assert after["meshportal_crawl_runs", "queued"] == 1
    assert after["meshportal_crawl_oldest_due_seconds",] >= 600
    assert after["meshportal_sources_failing",] == 1
    assert after["meshportal_ready", "worker"] == 0
    assert after["meshportal_ready", "database"] == 1
    assert after["meshportal_slo_target_ratio",] == 0.995


def test_no_private_name_stands_in_it(client: Client, cast: Cast) -> None:
    make.make_connection("Secret lake")
    client.force_login(cast.admin)
    for address in ("/products/listening/play-events/", "/people/consumer/", "/secret-lake-elsewhere/"):
        client.get(address)
    text = client.get("/metrics").content.decode()
    assert not re.search("lake|play-events|consumer|listening|admin", text, re.IGNORECASE)


def test_never_anonymous_and_not_for_others(client: Client, cast: Cast) -> None:
    answer = client.get("/metrics")
    assert answer.status_code == 401
    assert "Bearer" in answer["WWW-Authenticate"]
    for person in (cast.owner, cast.steward, cast.consumer, cast.guest):
        client.force_login(person)
        assert client.get("/metrics").status_code == 403


def test_token_needs_the_scope_and_opens_nothing_else(client: Client, cast: Cast) -> None:
    with pytest.raises(Invalid):
        create_token(actor=cast.owner, person=cast.owner, name="Prometheus", scopes=["metrics"])
    _, secret = create_token(actor=cast.admin, person=cast.admin, name="Prometheus", scopes=["metrics"])
    assert figures(client, headers={"Authorization": f"Bearer {secret}"})
    assert client.get("/api/v1/products/", headers={"Authorization": f"Bearer {secret}"}).status_code == 403
    cast.admin.memberships.all().delete()
    assert client.get("/metrics", headers={"Authorization": f"Bearer {secret}"}).status_code == 403
    _, reading = create_token(actor=cast.owner, person=cast.owner, name="Reader", scopes=["read"])
    assert client.get("/metrics", headers={"Authorization": f"Bearer {reading}"}).status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer mesh_wrong"}).status_code == 401


def test_network_may_be_allowed(client: Client, settings: Any, db: None) -> None:
    settings.METRICS_NETWORKS = [ip_network("10.1.0.0/16")]
    assert figures(client, REMOTE_ADDR="10.1.2.3")
    assert client.get("/metrics", REMOTE_ADDR="10.2.0.1").status_code == 401
    forged = client.get("/metrics", REMOTE_ADDR="10.2.0.1", headers={"X-Forwarded-For": "10.1.2.3"})
    assert forged.status_code == 401


def test_mail_that_waits_or_failed_is_counted(client: Client, cast: Cast) -> None:
    client.force_login(cast.admin)
    at = timezone.now() - timedelta(minutes=10)
    notice = Notice.objects.create(key="one", kind="slo", audience="owners", link="/", created_at=at)
    for person, mail in ((cast.owner, "due"), (cast.steward, "failed"), (cast.consumer, "sent")):
        Notification.objects.create(
            notice=notice, recipient=person, reason="owner", created_at=at, mail=mail, mail_due_at=at
        )
    text = client.get("/metrics").content.decode()
    assert "meshportal_notices_waiting 1.0" in text
    assert 'meshportal_mail{state="due"} 1.0' in text
    assert 'meshportal_mail{state="failed"} 1.0' in text
    assert 'state="sent"' not in text
    age = float(text.split("\nmeshportal_mail_oldest_due_seconds ")[1].split()[0])
    assert age >= 600
