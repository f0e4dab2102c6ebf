"""Pages of objectives: what they show, the preview that saves nothing, lists that cost the same for 5 and 50."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from catalog.assets.models import AssetReading
from catalog.slos.evaluating import evaluate_slos
from catalog.slos.models import ServiceLevelObjective
from catalog.slos.services import create_slo
from catalog.slos.storing import NewMeasurement, store_measurements
from tests import factories as make
from tests.conftest import Cast

NEW = "/products/listening/play-events/slos/new/"


def measured(slo: ServiceLevelObjective, bad: set[int], days: int = 28) -> None:
    now = timezone.now()
    store_measurements(
        [
            NewMeasurement(slo.pk, str(day), now - timedelta(days=day), int(day not in bad), int(day in bad))
            for day in range(days)
        ],
        now=now,
    )
    evaluate_slos([slo.pk], now=now)


@pytest.fixture
def slo(cast: Cast) -> ServiceLevelObjective:
    port = make.make_port(cast.play_events, "plays")
    found = create_slo(actor=cast.owner, port=port, name="Delivered", kind="custom", target=0.9)
    measured(found, {3, 9})
    return found


def test_the_page_says_how_it_stands_and_why(client: Client, cast: Cast, slo: ServiceLevelObjective) -> None:
    client.force_login(cast.owner)
    text = client.get(slo.get_absolute_url()).content.decode()
    assert "92.9 %" in text  # attained
    assert "29 %" in text  # of the budget: 2 of 2.8
    assert "36 %" in text  # what one of the hours cost
    assert "budget left over 28 days" in text
    assert "promised the objective Delivered" in text
    client.force_login(cast.consumer)
    assert "Edit this objective" not in client.get(slo.get_absolute_url()).content.decode()


def test_the_preview_judges_the_past_and_saves_nothing(client: Client, cast: Cast) -> None:
    asset = make.make_asset(None, "plays")
    port = make.make_port(cast.play_events, "plays", asset=asset)
    for days in range(20):
        AssetReading.objects.create(
            asset=asset,
            read_at=timezone.now() - timedelta(days=days),
            is_reachable=days != 5,
            fresh_at=timezone.now() - timedelta(days=days, hours=30 if days in (7, 8) else 2),
        )
    client.force_login(cast.owner)
    form = {
        "port": port.pk, "kind": "freshness", "target": 95, "at_most": 6, "window": "rolling", "window_days": 28,
        "time_zone": "UTC", "criticality": "high",
    }  # fmt: skip
    answer = client.post(NEW, {**form, "preview": "1"})
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "would have missed it" in text
    assert "89.5 %" in text  # 17 of the 19 that were reached
    assert not ServiceLevelObjective.objects.exists()
    assert "would have kept it" in client.post(NEW, {**form, "at_most": 48, "preview": "1"}).content.decode()
    assert client.post(NEW, form).status_code == 302
    saved = ServiceLevelObjective.objects.get()
    assert (saved.target, saved.at_most, saved.criticality) == (0.95, 6 * 3600, "high")


def test_the_preview_speaks_of_28_days_whatever_the_window(
    client: Client, cast: Cast, slo: ServiceLevelObjective
) -> None:
    """Half of the time was bad, but not the last week."""
    asset = make.make_asset(None, "old")
    port = make.make_port(cast.play_events, "old", asset=asset)
    for days in range(1, 28):
        AssetReading.objects.create(
            asset=asset, read_at=timezone.now() - timedelta(days=days), is_reachable=days < 14
        )
    client.force_login(cast.owner)
    form = {
        "port": port.pk, "kind": "availability", "target": 90, "window": "rolling", "window_days": 7,
        "time_zone": "UTC", "criticality": "high", "preview": "1",
    }  # fmt: skip
    text = client.post(NEW, form).content.decode()
    assert "The last 28 days would have missed it" in text
    assert ">14</data> of" in text
    assert ">27</data> measurements were bad: 48 % were good" in text
    assert "Over the last 7 days, by which it is judged, 100 %" in text
    text = client.post(NEW, {**form, "kind": "schema_stability"}).content.decode()
    assert "Of this kind the portal keeps nothing" in text
    page = client.get(f"/slos/{slo.pk}/edit/")  # one that is there already: by what it measured itself
    kept = {name: value for name, value in page.context["form"].initial.items() if value is not None}
    answer = client.post(f"/slos/{slo.pk}/edit/", {**kept, "port": slo.port_id, "target": 60, "preview": "1"})
    assert answer.status_code == 200, answer.context["form"].errors
    assert "The last 28 days would have kept it" in answer.content.decode()
    slo.refresh_from_db()
    assert slo.target != 0.6


def test_a_change_is_kept_once_and_the_slower_editor_loses_nothing(
    client: Client, cast: Cast, slo: ServiceLevelObjective
) -> None:
    client.force_login(cast.owner)
    address = f"/slos/{slo.pk}/edit/"
    page = client.get(address)
    form = {name: value for name, value in page.context["form"].initial.items() if value is not None}
    form["port"] = slo.port_id
    assert client.post(address, {**form, "target": 80}).status_code == 302
    slow = client.post(address, {**form, "target": 70, "description": "typed by hand"})
    assert slow.status_code == 409
    assert "typed by hand" in slow.content.decode()
    slo.refresh_from_db()
    assert slo.target == 0.8
    assert client.post(address, {**form, "revision": 2, "target": 20}).status_code == 400


def test_withdrawing_keeps_and_deleting_forgets(
    client: Client, cast: Cast, slo: ServiceLevelObjective
) -> None:
    client.force_login(cast.owner)
    assert client.post(f"/slos/{slo.pk}/end/").status_code == 302
    tab = "/products/listening/play-events/slos/"
    client.get(tab)  # shows the message once
    assert "Delivered" not in client.get(tab).content.decode()
    assert "Delivered" in client.get(f"{tab}?ended=true").content.decode()
    assert client.get(f"/slos/{slo.pk}/delete/").context["measurement_count"] == 28
    assert client.post(f"/slos/{slo.pk}/delete/").status_code == 302
    assert not ServiceLevelObjective.objects.exists()


@pytest.mark.parametrize("address", ["/slos/", "/products/listening/play-events/slos/", "/api/v1/slos/"])
def test_lists_cost_the_same_for_5_and_50(
    client: Client, cast: Cast, slo: ServiceLevelObjective, address: str, django_assert_max_num_queries
) -> None:  # type: ignore[no-untyped-def]
    client.force_login(cast.owner)
    for count in (5, 45):
        for _ in range(count):
            measured(create_slo(actor=None, port=slo.port, kind="custom", target=0.9), {1}, days=3)
        with django_assert_max_num_queries(34):
            assert client.get(address).status_code == 200
