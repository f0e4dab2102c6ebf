"""The schema over REST: fields with both sides, pages, who sees values, bad input."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from catalog.products.models import OutputPort
from catalog.schemas.models import FieldAnnotation, FieldProfile
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/products/listening/play-events/schema/"


@pytest.fixture
def port(cast: Cast) -> OutputPort:
    asset = make.make_asset(None, "plays")
    make.make_schema(asset, {f"field_{n:03}": "integer" for n in range(120)})
    declared = make.make_schema(None, {"field_000": "string", "gone": "string"})
    FieldProfile.objects.create(
        asset=asset,
        path="field_001",
        profiled_at=asset.first_seen_at,
        row_count=9,
        null_share=0.5,
        maximum="31415",
    )
    FieldAnnotation.objects.create(asset=asset, path="field_001", description="The first", revision=3)
    return make.make_port(cast.play_events, "plays", asset=asset, declared_schema=declared)


def get(person: Any, query: str = "") -> Any:
    api = APIClient()
    api.force_authenticate(person)
    return api.get(f"{ADDRESS}?{query}")


def test_fields_come_with_both_sides_words_and_figures(cast: Cast, port: OutputPort) -> None:
    body = get(cast.consumer, "page_size=3").json()
    assert (body["count"], body["port"], body["version"], body["conformance"]) == (121, "plays/1.0.0", 1, 0)
    first, missing, second = body["results"]
    assert (first["path"], first["verdict"]) == ("field_000", "broken")
    assert first["observed"]["logical_type"] == "integer"
    assert first["declared"]["logical_type"] == "string"
    assert (missing["path"], missing["observed"]) == ("gone", None)
    assert (second["description"], second["revision"]) == ("The first", 3)
    assert second["profile"]["null_share"] == 0.5
    assert second["profile"]["maximum"] == "31415"


def test_pages_filters_and_order(cast: Cast, port: OutputPort) -> None:
    assert len(get(cast.consumer, "page=2&page_size=100").json()["results"]) == 21
    found = get(cast.consumer, "q=field_11&sort=name").json()
    assert [item["path"] for item in found["results"]] == [f"field_11{n}" for n in range(10)]
    assert get(cast.consumer, "show=broken").json()["count"] == 121  # what nobody promised differs too


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("port=plays/1.0.0", 200),
        ("port=nowhere/1.0.0", 404),
        ("show=everything", 400),
        ("sort=-name", 400),
        ("colour=red", 400),
        ("page=99", 404),
        ("page=x", 400),
    ],
)
def test_parameters_are_understood_or_refused(cast: Cast, port: OutputPort, query: str, status: int) -> None:
    assert get(cast.consumer, query).status_code == status


def test_product_without_ports_has_an_empty_schema(cast: Cast) -> None:
    body = get(cast.consumer).json()
    assert (body["count"], body["port"], body["results"]) == (0, None, [])


def test_strangers_learn_nothing(cast: Cast, port: OutputPort) -> None:
    assert get(cast.guest).status_code == 404
    assert APIClient().get(ADDRESS).status_code == 401
