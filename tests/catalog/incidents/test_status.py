"""Status pages: what is well only when measured, and what strangers may read."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from catalog.assets.models import AssetReading
from catalog.connections.models import Schedule
from catalog.incidents import status
from catalog.incidents.models import Incident, PublicStatus
from catalog.incidents.services import Report, report_incident
from catalog.products.models import DataProduct, OutputPort, Visibility
from catalog.slos.services import create_slo
from catalog.trust.services import refresh_ports
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
PAGE = "/incidents/status/listening/play-events/"


@pytest.fixture
def read_port(cast: Cast) -> OutputPort:
    """Read well today and yesterday."""
    store = make.make_connection("Store", schedule=Schedule.DAILY)
    asset = make.make_asset(store, "plays")
    port = make.make_port(cast.play_events, "plays", connection=store, asset=asset)
    now = timezone.now()
    for days in (0, 1):
        AssetReading.objects.create(asset=asset, read_at=now - timedelta(days=days), is_reachable=True)
    refresh_ports(port_ids=[port.pk], now=now)
    return port


def standing(product: DataProduct) -> status.ProductStatus:
    fresh = status.with_what_is_shown(DataProduct.objects.filter(pk=product.pk)).get()
    return status.status_of(fresh, None, timezone.now())


def test_nothing_is_well_that_was_not_measured(cast: Cast) -> None:
    found = standing(cast.play_events)
    assert found.standing.meaning == "unknown"
    assert {day.meaning for day in found.days} == {"unknown"}
    assert len(found.days) == status.STRIP_DAYS


def test_a_measured_day_without_incidents_is_good_and_the_others_are_unknown(
    cast: Cast, read_port: OutputPort
) -> None:
    found = standing(cast.play_events)
    assert found.standing.meaning == "good"
    assert [day.meaning for day in found.days[-3:]] == ["unknown", "good", "good"]


@pytest.mark.parametrize(("severity", "meaning"), [("critical", "bad"), ("high", "bad"), ("low", "warning")])
def test_incidents_speak_first_and_colour_each_day_they_were_open(
    cast: Cast, read_port: OutputPort, severity: str, meaning: str
) -> None:
    made = report_incident(actor=None, product=cast.play_events, report=Report("Late", severity=severity))
    Incident.objects.filter(pk=made.pk).update(opened_at=timezone.now() - timedelta(days=2))
    found = standing(cast.play_events)
    assert found.standing.meaning == meaning
    assert [day.meaning for day in found.days[-4:]] == ["unknown", meaning, meaning, meaning]
    ended = timezone.now() - timedelta(days=1)
    Incident.objects.filter(pk=made.pk).update(status="resolved", resolved_at=ended)
    found = standing(cast.play_events)
    assert found.standing.meaning == "good"
    assert [day.meaning for day in found.days[-3:]] == [meaning, meaning, "good"]
    assert [incident.pk for incident in found.past] == [made.pk]


def test_an_old_measurement_says_nothing_of_now(cast: Cast, read_port: OutputPort) -> None:
    cast.play_events.trust.valid_until = timezone.now() - timedelta(hours=1)  # type: ignore[attr-defined]
    cast.play_events.trust.save()  # type: ignore[attr-defined]
    assert standing(cast.play_events).standing.meaning == "unknown"


@pytest.fixture
def told(cast: Cast, read_port: OutputPort) -> None:
    """An incident and an objective in words people wrote, and a consumer."""
    make.make_input_port(make.make_product("Zanzibar reader", domain=cast.playback), read_port)
    report = Report("Zanzibar says it is late", "Ask Zanzibar.", port=read_port)
    report_incident(actor=cast.consumer, product=cast.play_events, report=report)
    create_slo(actor=cast.owner, port=read_port, name="Zanzibar promise", kind="availability", target=0.9)


@pytest.mark.parametrize("platform", [True, False])
@pytest.mark.parametrize("product", [True, False])
@pytest.mark.parametrize("visibility", list(Visibility))
def test_strangers_read_it_only_where_everybody_allows_it(
    client: Client, cast: Cast, settings: Settings, told: None, platform: bool, product: bool, visibility: str
) -> None:
    settings.PUBLIC_STATUS = platform
    DataProduct.objects.filter(pk=cast.play_events.pk).update(visibility=visibility)
    if product:
        PublicStatus.objects.create(product=cast.play_events)
    is_open = platform and product and visibility == Visibility.MESH
    for url in (PAGE, "/incidents/status/listening/"):
        answer = client.get(url)
        assert answer.status_code == (200 if is_open else 302), url
        text = answer.content.decode()
        assert not any(word in text.lower() for word in ("zanzibar", "consumer", "owner", "listening team"))
    nothing = client.get("/incidents/status/nowhere/nothing/")
    assert nothing.status_code == 302  # a stranger cannot tell what there is


def test_strangers_see_causes_times_and_severities(
    client: Client, cast: Cast, settings: Settings, told: None
) -> None:
    settings.PUBLIC_STATUS = True
    PublicStatus.objects.create(product=cast.play_events)
    text = client.get(PAGE).content.decode()
    assert "Reported by a person" in text
    assert "Medium" in text
    assert "Availability" in text
    assert "Report an incident" not in text
    client.force_login(cast.consumer)
    assert "Zanzibar says it is late" in client.get(PAGE).content.decode()


def test_a_public_page_opens_no_door_to_those_who_are_not_members(
    client: Client, cast: Cast, settings: Settings, told: None
) -> None:
    settings.PUBLIC_STATUS = True
    client.force_login(cast.guest)
    assert client.get(PAGE).status_code == 404
    PublicStatus.objects.create(product=cast.play_events)
    text = client.get(PAGE).content.decode()
    assert "zanzibar" not in text.lower()
    assert client.get("/products/listening/play-events/").status_code == 404


def test_publishers_switch_it_on_the_page_itself(client: Client, cast: Cast) -> None:
    client.force_login(cast.owner)
    assert "Let anybody read it" in client.get(PAGE).content.decode()
    client.post(f"{PAGE}public/", {"is_public": "true"})
    assert PublicStatus.objects.filter(product=cast.play_events).exists()
    assert "but the platform" in client.get(PAGE).content.decode()
    client.post(f"{PAGE}public/", {"is_public": "false"})
    assert not PublicStatus.objects.exists()


def test_the_page_of_a_domain_costs_the_same_for_5_and_50(client: Client, cast: Cast) -> None:
    client.force_login(cast.consumer)
    found = []
    for many in (5, 50):
        for number in range(many):
            product = make.make_product(f"Product {many} {number}", domain=cast.listening)
            report_incident(actor=None, product=product, report=Report("Late"))
        cache.clear()
        with CaptureQueriesContext(connection) as asked:
            assert client.get("/incidents/status/listening/").status_code == 200
        found.append(len(asked))
    assert found[0] == found[1]
