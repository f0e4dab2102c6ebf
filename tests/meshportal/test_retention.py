"""Old rows go in batches, what must stay stays, and a dry run only counts."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from catalog.assets.models import AssetReading
from catalog.audit.models import AuditEvent, ChangeMark
from catalog.notifications.models import Notice, Notification
from catalog.products.models import DataProduct
from catalog.schemas.models import FieldProfile
from meshportal import retention
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def old_rows() -> None:
    asset = make.make_asset(vanished_at=NOW - timedelta(days=100))
    present = make.make_asset()
    for days in (800, 750, 740):
        AssetReading.objects.create(asset=asset, read_at=NOW - timedelta(days=days), is_reachable=True)
    for holder in (asset, present):
        FieldProfile.objects.create(
            asset=holder, path="x", profiled_at=NOW - timedelta(days=900), row_count=1
        )
    ChangeMark.objects.all().delete()
    ChangeMark.objects.bulk_create(ChangeMark(kind="product", object_id=number) for number in range(1_203))
    ChangeMark.objects.update(created_at=NOW - timedelta(days=20))
    ChangeMark.objects.create(kind="product", object_id=1)


def test_what_is_due_goes_and_the_last_of_each_stays(old_rows: None) -> None:
    due = retention.count_due(NOW)
    assert (due["Readings"], due["Profiles"], due["Change marks"]) == (2, 1, 1_203)
    gone = retention.apply(NOW)
    assert gone == due
    assert AssetReading.objects.get().read_at == NOW - timedelta(days=740)
    assert ChangeMark.objects.count() == 1
    assert retention.apply(NOW) == dict.fromkeys(due, 0)


def test_dry_run_deletes_nothing(old_rows: None) -> None:
    out = StringIO()
    call_command("apply_retention", "--dry-run", stdout=out)
    assert "Change marks: 1203 would go (kept 14 days)" in out.getvalue()
    assert "Audit trail: 0 would go (kept for ever)" in out.getvalue()
    assert ChangeMark.objects.count() == 1_204


def test_one_go_is_bounded_and_the_next_goes_on(old_rows: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "MOST_BATCHES", 2)
    assert retention.apply(NOW)["Change marks"] == 2 * retention.BATCH
    assert retention.apply(NOW)["Change marks"] == 203


def test_history_and_audit_go_only_when_somebody_says_so(cast: Cast, settings: Any) -> None:
    product = cast.play_events
    for text in ("one", "two"):
        product.purpose = text
        product.save()
    later = NOW + timedelta(days=4_000)
    made = AuditEvent.objects.create(
        actor_name="portal", verb="a.b", object_kind="a", object_id=1, object_name="A"
    )
    retention.apply(later)
    assert product.history.count() >= 3
    assert AuditEvent.objects.filter(pk=made.pk).exists()
    settings.RETAIN_HISTORY_DAYS = settings.RETAIN_AUDIT_DAYS = 30
    gone = retention.apply(later)
    assert gone["History of data products"] >= 2
    assert product.history.get().purpose == "two"
    assert [event.verb for event in AuditEvent.objects.all()] == ["audit.pruned"], "and the trail says so"
    assert DataProduct.objects.filter(pk=product.pk).exists()


def test_operations_page_says_how_long_rows_are_kept_and_what_went(
    client: Client, cast: Cast, old_rows: None
) -> None:
    client.force_login(cast.admin)
    cache.clear()
    assert "No cleaning is remembered" in client.get("/operations/").content.decode()
    retention.apply()
    text = client.get("/operations/").content.decode()
    assert "Audit trail" in text
    assert "1,203" in text or "1203" in text


def test_old_notifications_go_and_then_what_nobody_lists_any_more(cast: Cast, settings: Any) -> None:
    def tell(key: str, days: int, *, is_told: bool) -> Notice:
        at = NOW - timedelta(days=days)
        notice = Notice.objects.create(key=key, kind="slo", audience="owners", link="/", created_at=at)
        if is_told:
            Notification.objects.create(notice=notice, recipient=cast.owner, reason="owner", created_at=at)
        return notice

    tell("old", 200, is_told=True)
    tell("told to nobody", 200, is_told=False)
    new = tell("new", 100, is_told=True)
    assert retention.count_due(NOW)["Notifications"] == 1
    gone = retention.apply(NOW)
    assert (gone["Notifications"], gone["Notices"]) == (1, 2)
    assert list(Notice.objects.all()) == [new]
    settings.RETAIN_NOTICES_DAYS = 0
    assert retention.apply(NOW + timedelta(days=900))["Notifications"] == 0
