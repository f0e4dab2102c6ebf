"""What a proxy says is believed from a trusted one only; links lead to the public address."""

from ipaddress import ip_network
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from meshportal.proxies import SCHEME, ForwardedMiddleware

SAID = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "mesh.example.org",
}


def passed(peer: str, headers: dict[str, str], path: str = "/") -> HttpRequest:
    """The request as the portal sees it behind the middleware."""
    request = RequestFactory().get(path, headers=headers, REMOTE_ADDR=peer, HTTP_HOST="testserver")
    ForwardedMiddleware(lambda seen: HttpResponse())(request)
    return request


@pytest.fixture
def network(settings: Any) -> Any:
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8"), ip_network("::1/128")]
    return settings


@pytest.mark.parametrize(
    ("peer", "chain", "address"),
    [
        ("10.0.0.2", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.2", "1.1.1.1, 203.0.113.9, 10.9.9.9", "203.0.113.9"),
        ("10.0.0.2", "10.1.1.1, 10.2.2.2", "10.1.1.1"),
        ("10.0.0.2", "", "10.0.0.2"),
        ("10.0.0.2", "no address", "no address"),
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),
        ("::1", "2001:db8::1", "2001:db8::1"),
        ("", "203.0.113.9", ""),
    ],
)
def test_client_is_the_last_that_is_no_proxy_of_ours(
    network: Any, peer: str, chain: str, address: str
) -> None:
    assert passed(peer, {"X-Forwarded-For": chain}).META["REMOTE_ADDR"] == address


def test_scheme_and_host_count_from_a_trusted_proxy_only(network: Any) -> None:
    network.ALLOWED_HOSTS = ["testserver", "mesh.example.org"]
    believed = passed("10.0.0.2", SAID)
    assert believed.is_secure()
    assert believed.get_host() == "mesh.example.org"
    stranger = passed("192.0.2.1", SAID)
    assert not stranger.is_secure()
    assert stranger.get_host() == "testserver"
    assert stranger.META["REMOTE_ADDR"] == "192.0.2.1"


def test_nobody_is_believed_without_a_setting() -> None:
    request = passed("127.0.0.1", SAID)
    assert not request.is_secure()
    assert request.META["REMOTE_ADDR"] == "127.0.0.1"
    assert SCHEME not in request.META


@pytest.mark.parametrize(
    ("location", "link"),
    [
        ("/people/?a=http://b", "https://mesh.example.org/people/?a=http://b"),
        (None, "https://mesh.example.org/search/?q=a"),
        ("next", "https://mesh.example.org/search/next"),
        ("https://elsewhere.example/x", "https://elsewhere.example/x"),
        ("//elsewhere.example/x", "//elsewhere.example/x"),
    ],
)
def test_links_lead_to_the_public_address(settings: Any, location: str | None, link: str) -> None:
    settings.PUBLIC_URL = "https://mesh.example.org"
    assert passed("127.0.0.1", {}, "/search/?q=a").build_absolute_uri(location) == link
