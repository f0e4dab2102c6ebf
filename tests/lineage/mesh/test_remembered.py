"""The map is remembered by scope, and an input declared a moment ago is on it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client
from pytest_django import Settings

from catalog.products import services
from tests import factories as make
from tests import valkey
from tests.conftest import Cast

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cache(settings: Settings) -> Iterator[Any]:
    with valkey.running() as address:
        settings.CACHES = {"default": {"BACKEND": "meshportal.cache.PortalCache", "LOCATION": address}}
        yield caches["default"]


def test_a_new_dependency_and_a_private_product_are_told_to_those_who_may_see_them(
    cache: Any, cast: Cast
) -> None:
    port = make.make_port(cast.play_events, "plays")
    owner, consumer = Client(), Client()
    owner.force_login(cast.owner)
    consumer.force_login(cast.consumer)
    tile = "/map/tile/?domain=listening&level=product&lens=domain"

    def dependencies(client: Client) -> int:
        return int(client.get("/map/").context["ground"].dependencies)

    assert dependencies(consumer) == dependencies(owner) == 0
    services.add_input_port(
        actor=cast.steward, product=cast.playback_quality, name="plays", upstream_port=port
    )
    assert dependencies(consumer) == dependencies(owner) == 1
    assert "Whistle" not in owner.get(tile).content.decode()
    services.create_product(
        actor=cast.owner, domain=cast.listening, name="Whistle blowers", visibility="private"
    )
    assert "Whistle" in owner.get(tile).content.decode()
    assert "Whistle" not in consumer.get(tile).content.decode()
    assert "Play events" in consumer.get(tile).content.decode()
