"""Addresses of products with any name lead back to them, through pages, redirects and the API."""

from urllib.parse import unquote

import pytest
from django.test import Client
from django.urls import resolve, reverse
from hypothesis import given
from hypothesis import strategies as st

from catalog.accounts.models import Role
from catalog.common.slugs import make_slug
from catalog.products import services
from tests import factories as make
from tests.conftest import Cast

NAMES = [
    "../../etc/passwd",
    "a/b?c=d#e&f",
    '100 % "sure"',
    "'; DROP TABLE--",
    "Ünïcödé ß",
    "再生イベント",
    "أحداث",
    "🎧",
    "..",
]


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_pair_of_names_makes_an_address_that_resolves_to_it(domain: str, name: str) -> None:
    slugs = [make_slug(text, fallback="x", is_taken=lambda _: False) for text in (domain, name)]
    url = reverse("products:detail", args=slugs)
    assert url.isascii()
    match = resolve(unquote(url))
    assert match.view_name == "products:detail"
    assert match.kwargs == {"domain": slugs[0], "slug": slugs[1]}


@pytest.mark.django_db
@pytest.mark.parametrize("name", NAMES)
def test_pages_and_api_of_any_name_answer_at_their_address(cast: Cast, name: str) -> None:
    client = Client()
    client.force_login(cast.owner)
    product = services.create_product(actor=cast.owner, domain=cast.listening, name=name)
    assert client.get(product.get_absolute_url()).status_code == 200
    assert client.get(reverse("products:edit", args=product.key.split("/"))).status_code == 200
    answer = client.get(reverse("api:product-detail", args=product.key.split("/")))
    assert answer.json()["name"] == name
    moved = services.rename_product(actor=cast.owner, product=product, slug="elsewhere")
    found = client.get(product.get_absolute_url())
    assert (found.status_code, found["Location"]) == (301, moved.get_absolute_url())


@pytest.mark.django_db
def test_an_owner_without_a_domain_is_told_what_to_do(cast: Cast) -> None:
    lonely = make.make_user("lonely")
    make.make_membership(lonely, Role.BUSINESS_OWNER, make.make_team("Lonely"))
    client = Client()
    client.force_login(lonely)
    assert "Ask an administrator to make one for your team." in client.get("/products/new/").content.decode()
