"""Request ids, time zones, the caller's address, expected errors as pages, and the headers of every answer."""

import logging
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from django.utils import timezone

from catalog.accounts.models import User
from catalog.common.errors import Conflict, Invalid, NotAllowed, NotFound, Problem
from meshportal import logs
from meshportal.proxies import client_address
from tests.conftest import Cast

pytestmark = pytest.mark.django_db

ERRORS: dict[str, Exception] = {
    "conflict": Conflict("Ada changed it.", "Your text is kept.", "Compare."),
    "invalid": Invalid("It is wrong.", problems=[Problem("name", "required", "Say a name <b>.")]),
    "forbidden": NotAllowed("You may not."),
    "absent": NotFound("Nothing here."),
    "broken": RuntimeError("secret-of-the-insides"),
}


def fail(request: HttpRequest, kind: str) -> HttpResponse:
    raise ERRORS[kind]


def zone(request: HttpRequest) -> HttpResponse:
    return HttpResponse(timezone.get_current_timezone_name())


urlpatterns = [path("fail/<str:kind>/", fail), path("api/fail/<str:kind>/", fail), path("zone/", zone)]
handler500 = "meshportal.errors.server_error"


@pytest.fixture
def probes(client: Client, cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A client of three bare views; pages are rendered by the plain template, which reverses no address."""
    settings.ROOT_URLCONF = __name__
    monkeypatch.setattr("meshportal.errors.select_template", _plain)
    client.raise_request_exception = False
    client.force_login(cast.consumer)
    return client


def _plain(names: list[str]) -> Any:
    class Plain:
        def render(self, context: dict[str, Any], request: HttpRequest) -> str:
            problem = context["problem"]
            return f"{problem.title}|{problem.detail}|{problem.kept}|{problem.remedy}"

    return Plain()


@pytest.mark.parametrize(
    ("kind", "status"),
    [("conflict", 409), ("invalid", 400), ("forbidden", 403), ("absent", 404), ("broken", 500)],
)
def test_expected_errors_have_their_status_on_pages_and_below_api(
    probes: Client, kind: str, status: int
) -> None:
    assert probes.get(f"/fail/{kind}/").status_code == status
    answer = probes.get(f"/api/fail/{kind}/")
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"


def test_page_of_an_error_says_what_happened_what_was_kept_what_to_do(probes: Client) -> None:
    text = probes.get("/fail/conflict/").content.decode()
    assert text == "Conflict|Ada changed it.|Your text is kept.|Compare."


def test_unexpected_error_shows_nothing_of_the_insides(probes: Client) -> None:
    for url in ("/fail/broken/", "/api/fail/broken/"):
        assert b"secret-of-the-insides" not in probes.get(url).content


def test_times_are_shown_in_the_persons_zone(probes: Client, cast: Cast) -> None:
    User.objects.filter(pk=cast.consumer.pk).update(time_zone="Asia/Kathmandu")
    assert probes.get("/zone/").content == b"Asia/Kathmandu"
    User.objects.filter(pk=cast.consumer.pk).update(time_zone="../../etc/passwd")
    assert probes.get("/zone/").content == b"UTC"


def test_answer_carries_the_callers_plain_id_or_a_new_one(client: Client) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": "abc-12345"})["X-Request-ID"] == "abc-12345"
    for forged in ("short", "a b c d e f g h", "x" * 65, 'id"><script>'):
        made = client.get("/healthz", headers={"X-Request-ID": forged})["X-Request-ID"]
        assert made != forged
        assert len(made) == 32


def test_log_line_stays_one_line() -> None:
    record = logging.LogRecord("catalog", logging.INFO, __file__, 1, "a\nINFO forged %s", ("b\r\n",), None)
    assert logs.LineFormatter("%(message)s").format(record) == "a\\nINFO forged b\\r\\n"


@pytest.mark.parametrize(
    ("proxies", "header", "address"),
    [
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (2, "1.1.1.1, 198.51.100.1, 203.0.113.9", "198.51.100.1"),
        (2, "203.0.113.9", "192.0.2.1"),
        (1, "", "192.0.2.1"),
    ],
)
def test_forwarded_address_is_believed_from_trusted_proxies_only(
    settings: Any, proxies: int, header: str, address: str
) -> None:
    settings.PROXY_COUNT = proxies
    request = RequestFactory().get("/", headers={"X-Forwarded-For": header}, REMOTE_ADDR="192.0.2.1")
    assert client_address(request) == address


def test_every_answer_carries_the_strict_headers(client: Client) -> None:
    answer = client.get("/account/login/")
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
