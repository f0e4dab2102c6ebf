"""One read row per port and product: every surface that shows trust says what that row says, as of now."""

import datetime as dt
import html
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog.products.models import OutputPort
from catalog.search.services import drain_marks
from catalog.trust.marks import Mark, TrustFacts, marks
from catalog.trust.models import PortTrust, ProductTrust
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
KEYS = ["contract", "slos", "quality", "freshness", "certification", "owner"]


def facts(**changes: Any) -> dict[str, Any]:
    """Half an hour away from any boundary, so that no second between two readings changes a word."""
    now = timezone.now()
    return {
        "quality": 72.0, "quality_at": now - HOUR, "fresh_at": now - 2.5 * HOUR, "freshness_promise": 9 * HOUR,
        "is_reachable": True, "measured_at": now - 1.5 * HOUR, "valid_until": now + 5 * HOUR, "has_owner": True,
        "slo_status": "warning", "slo_budget": 0.12, "slo_measured_at": now - HOUR, "slo_valid_until": now + HOUR,
        "contract_status": "kept", "certified_at": now - HOUR, "certified_until": now + 9.5 * 24 * HOUR, **changes,
    }  # fmt: skip


STATES: dict[str, dict[str, Any]] = {
    "everything measured": {},
    "nothing promised": {"slo_status": "", "contract_status": "", "certified_until": None, "freshness_promise": None},
    "broken everywhere": {"slo_status": "bad", "slo_budget": -1.0, "contract_status": "drifted", "quality": 12.0,
                          "is_reachable": False, "has_owner": False},
    "grown old": {"valid_until": timezone.now() - HOUR, "slo_valid_until": timezone.now() - HOUR,
                  "certified_until": timezone.now() - 1.5 * HOUR},
}  # fmt: skip


def told(found: tuple[Mark, ...]) -> list[tuple[str, str, str]]:
    return [(mark.key, mark.meaning, mark.value) for mark in found]


def of_api(found: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(mark["key"], mark["meaning"], mark["value"]) for mark in found]


@pytest.fixture
def port(cast: Cast, search_index: Any) -> OutputPort:
    return make.make_port(cast.play_events, "plays")


@pytest.mark.parametrize("state", list(STATES))
def test_every_surface_reads_the_same_row(cast: Cast, client: Client, port: OutputPort, state: str) -> None:
    given = facts(**STATES[state])
    ProductTrust.objects.update_or_create(product=cast.play_events, defaults=given)
    PortTrust.objects.update_or_create(port=port, defaults={**given, "quality": 88.0})
    drain_marks()
    of_product = marks(TrustFacts(**given), timezone.now())
    of_port = marks(TrustFacts(**{**given, "quality": 88.0}), timezone.now())
    assert [mark.key for mark in of_product] == KEYS
    client.force_login(cast.consumer)
    home = "/products/listening/play-events/"

    assert of_api(client.get(f"/api/v1{home}").json()["trust"]) == told(of_product)
    listed = client.get("/api/v1/products/?q=Play events").json()["results"]
    assert of_api(listed[0]["trust"]) == told(of_product)
    assert of_api(client.get(f"/api/v1{home}ports/plays/1.0.0/").json()["trust"]) == told(of_port)
    assert of_api(client.get(f"/api/v1{home}ports/").json()["results"][0]["trust"]) == told(of_port)
    hits = client.get("/api/v1/search/?q=play events").json()["results"]
    assert of_api(hits[0]["trust"]) == told(of_product)
    hits = client.get("/api/v1/search/?q=plays&kind=port").json()["results"]
    assert of_api(hits[0]["trust"]) == told(of_port)

    # on pages each mark explains itself in words beside its shape; lists name the owner in a column of its own
    pages = {home: of_product, "/products/": of_product[:-1], "/search/?q=play events": of_product,
             f"{home}ports/plays/1.0.0/": of_port, "/search/?q=plays&kind=port": of_port}  # fmt: skip
    for address, expected in pages.items():
        shown = html.unescape(client.get(address).content.decode())
        for mark in expected:
            assert mark.explanation in shown, (address, mark)
            assert mark.value in shown, (address, mark)
    lens = client.get("/map/?lens=quality").content.decode()
    assert f"is-{of_product[2].meaning}" in lens
