"""The portal behind a real proxy that ends TLS: links, cookies, addresses, and logs without a secret."""

import http.client
import json
import re
import ssl
import sys
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.certificates import make_certificate
from tests.reverse_proxy import reverse_proxy
from tests.running_portal import Portal, started_portal

HOST = "mesh.example.org"
PUBLIC = f"https://{HOST}"
PASSWORD = "correct-horse-battery"
SOWN = f"""
from catalog.accounts.models import Role
from catalog.accounts.services import create_token
from tests import factories as make
admin = make.make_user("admin", password={PASSWORD!r})
make.make_membership(admin, Role.PLATFORM_ADMIN)
make.make_user("ada", password={PASSWORD!r})
print(json.dumps(create_token(actor=admin, person=admin, name="t", scopes=["write"])[1]))
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux answers on all of 127.0.0.0/8"),
]


class Browser:
    """Cookies, a source address, and the proxy's certificate; `port` of the portal itself goes past the proxy."""

    def __init__(self, port: int, source: str, pem: Path | None) -> None:
        self.port, self.source, self.pem = port, source, pem
        self.cookies: dict[str, str] = {}
        self.said: SimpleCookie = SimpleCookie()

    def ask(self, method: str, path: str, form: dict[str, str] | None = None, **headers: str) -> Any:
        sent = {
            "Host": HOST if self.pem else "localhost",
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }
        sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        body = None
        if form is not None:
            body = urlencode({**form, "csrfmiddlewaretoken": self.cookies.get("csrftoken", "")})
            sent |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": PUBLIC}
        if self.pem:
            context = ssl.create_default_context(cafile=str(self.pem))
            link: http.client.HTTPConnection = http.client.HTTPSConnection(
                "127.0.0.1", self.port, context=context, source_address=(self.source, 0), timeout=60
            )
        else:
            link = http.client.HTTPConnection(
                "127.0.0.1", self.port, source_address=(self.source, 0), timeout=60
            )
        try:
            link.request(method, path, body, sent)
            answer = link.getresponse()
            answer.text = answer.read().decode()  # type: ignore[attr-defined]
        finally:
            link.close()
        self.said = SimpleCookie()
        for line in answer.headers.get_all("Set-Cookie") or []:
            self.said.load(line)
        self.cookies |= {name: morsel.value for name, morsel in self.said.items()}
        return answer

    def sign_in(self, name: str, password: str, **headers: str) -> Any:
        self.ask("GET", "/account/login/")
        return self.ask("POST", "/account/login/", {"username": name, "password": password}, **headers)


@pytest.fixture(scope="module")
def portal() -> Iterator[Portal]:
    with started_portal() as running:
        running.env |= {
            "MESHPORTAL_PUBLIC_URL": PUBLIC,
            "MESHPORTAL_TRUSTED_PROXIES": "127.0.0.1",
            "MESHPORTAL_LOG_FORMAT": "json",
            "MESHPORTAL_LOG_REQUESTS": "true",
            "MESHPORTAL_LOGIN_ATTEMPTS": "3",
        }
        yield running


def test_portal_behind_a_proxy(portal: Portal, tmp_path: Path) -> None:
    pem = make_certificate(tmp_path / "proxy.pem", HOST)
    log = portal.folder / "web.log"
    portal.manage("prepare")
    token = portal.run(SOWN)
    port = start_web(portal, log)
    with reverse_proxy(port, pem) as front:
        admin = Browser(front, "127.0.0.2", pem)
        secrets = check_cookies_and_links(admin, token)
        check_lockout(front, pem)
        plain = Browser(port, "127.0.0.9", None).ask(
            "GET", "/account/login/", X_Forwarded_For="203.0.113.9", X_Forwarded_Proto="https"
        )
        assert plain.getheader("Strict-Transport-Security") is None, "a stranger's header is not believed"
        named = admin.ask("GET", "/teams/", X_Request_ID="asked-for-1")
        assert named.getheader("X-Request-ID") == "asked-for-1"
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    clients = {line["client"] for line in lines if line["logger"] == "meshportal.requests"}
    assert {"127.0.0.2", "127.0.0.9"} <= clients
    assert "203.0.113.9" not in clients
    assert [line["message"].split()[1] for line in lines if line["request_id"] == "asked-for-1"] == [
        "/teams/"
    ]
    assert len({line["request_id"] for line in lines}) > 5
    assert all(
        line["request_id"] for line in lines if line["logger"].startswith(("django.", "meshportal.requests"))
    )
    text = log.read_text()
    for secret in [token, *secrets]:
        assert secret not in text


def start_web(portal: Portal, log: Path) -> int:
    """The web server with its log in a file; its port."""
    begin = portal.start

    def kept(command: list[str]) -> Any:
        return begin(["sh", "-c", 'log=$1; shift; exec "$@" 2>>"$log"', "sh", str(log), *command])

    portal.start = kept  # type: ignore[method-assign]
    portal.worker()
    address = portal.web()
    return int(address.rpartition(":")[2])


def check_cookies_and_links(admin: Browser, token: str) -> list[str]:
    """Sign in, invite somebody, use the link; returns what must not stand in a log."""
    page = admin.ask("GET", "/account/login/")
    assert page.getheader("Strict-Transport-Security") == "max-age=2592000"
    assert admin.said["csrftoken"]["secure"]
    answer = admin.sign_in("admin", PASSWORD)
    assert answer.status == 302, answer.text
    assert admin.said["sessionid"]["secure"]
    assert admin.said["sessionid"]["httponly"]
    made = admin.ask("POST", "/people/invite/", {"username": "grace", "time_zone": "UTC"})
    found = re.search(rf"{PUBLIC}/account/link/([\w-]+)/", made.text)
    assert found, made.text
    assert Browser(admin.port, "127.0.0.3", admin.pem).ask("GET", f"/account/link/{found[1]}/").status == 200
    listed = admin.ask("GET", "/api/v1/people/?page_size=1", Authorization=f"Bearer {token}")
    assert listed.status == 200
    assert json.loads(listed.text)["next"].startswith(f"{PUBLIC}/api/v1/people/")
    refused = admin.ask("GET", "/api/v1/people/", Authorization=f"Bearer {token}x")
    assert refused.status == 401
    return [found[1], PASSWORD, admin.cookies["sessionid"], admin.cookies["csrftoken"]]


def check_lockout(front: int, pem: Path) -> None:
    """Wrong passwords count for the client's own address, whatever it says of itself."""
    attacker = Browser(front, "127.0.0.4", pem)
    states = [
        attacker.sign_in("ada", f"wrong-{number}", X_Forwarded_For=f"203.0.113.{number}").status
        for number in range(4)
    ]
    assert 429 in states
    assert Browser(front, "127.0.0.5", pem).sign_in("ada", PASSWORD).status == 302
