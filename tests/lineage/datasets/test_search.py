"""What nobody claims is in no search: neither by its name nor by its columns, until it is a port of a product."""

import json

import pytest
from django.test import Client

from catalog.assets.models import Asset
from catalog.products.claim import NewProduct, claim_assets
from catalog.search.backends.base import SearchBackend
from catalog.search.services import drain_marks
from tests.conftest import Cast
from tests.lineage.openlineage.events import dataset_event, send

pytestmark = pytest.mark.django_db
SCHEMA = {"schema": {"fields": [{"name": "wombat_weight", "type": "bigint"}]}}


def found(client: Client, words: str) -> str:
    drain_marks()
    pages = [
        client.get(path, {"q": words}).content.decode()
        for path in ("/search/", "/search/suggest/", "/products/")
    ]
    pages.append(json.dumps(client.get("/api/v1/search/", {"q": words}).json()))
    return "\n".join(pages).replace(words, "", 4)  # each says what was asked for


def test_an_unclaimed_dataset_is_found_by_nobody_until_it_is_claimed(
    client: Client, cast: Cast, search_index: SearchBackend
) -> None:
    send(None, dataset_event("wombats", SCHEMA))
    asset = Asset.objects.get(name="shop.public.wombats")
    for person in (cast.consumer, cast.owner, cast.admin):
        client.force_login(person)
        for words in ("wombats", "wombat_weight"):
            assert "shop.public.wombats" not in found(client, words), (person, words)
            assert "column <a" not in found(client, words)
    product = NewProduct(cast.listening, "Of marsupials")
    claim_assets(actor=cast.owner, connection=None, assets=[asset], product=product)
    client.force_login(cast.owner)
    assert "Of marsupials" in found(client, "wombat_weight")
    client.force_login(cast.consumer)
    assert "Of marsupials" not in found(client, "wombat_weight")  # a draft
