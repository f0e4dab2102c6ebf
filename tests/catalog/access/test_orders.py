"""Granting by another system: it is told by signed orders over real HTTP, and reports back through the API."""

import datetime as dt
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog.access.models import Agreement, PortTerms
from catalog.access.orders import Action
from catalog.access.services.agreeing import revoke_agreement
from catalog.access.services.ending import expire_due
from catalog.access.services.rules import set_terms
from catalog.access.services.running import provision_due
from catalog.accounts.services import create_token
from catalog.common.crypto import decrypt
from catalog.common.errors import Invalid
from catalog.common.signing import is_genuine
from catalog.connections.services import count_secrets_by_key, rotate_secrets
from catalog.products.models import OutputPort
from tests.catalog.access.asking import agreed
from tests.conftest import Cast
from tests.local_servers import content, http_server

SECRET = "a-key-of-at-least-24-characters"
HOUR = dt.timedelta(hours=1)


class System:
    """What the owner of a store might run: it takes only orders that are genuine, and keeps them."""

    def __init__(self) -> None:
        self.orders: list[dict[str, Any]] = []
        self.refused = 0
        self.is_broken = False
        self.url = ""

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["content-length"]))
        names = ("webhook-id", "webhook-timestamp", "webhook-signature")
        message_id, timestamp, signature = (str(handler.headers[name]) for name in names)
        status = 202
        if not is_genuine(SECRET, message_id, timestamp, signature, body, now=timezone.now()):
            self.refused += 1
            status = 401
        elif self.is_broken:
            status = 503
        else:
            self.orders.append(json.loads(body))
        content(b"{}", status=status)(handler)

    @property
    def last(self) -> dict[str, Any]:
        data: dict[str, Any] = self.orders[-1]["data"]
        return data


@pytest.fixture
def system(settings: Any) -> Iterator[System]:
    found = System()
    with http_server({"/grants": found.take}) as address:
        found.url = f"{address}/grants"
        settings.ALLOWED_PRIVATE_HOSTS = ["127.0.0.1"]
        settings.ALLOWED_PORTS = [int(address.rsplit(":", 1)[1])]
        settings.PUBLIC_URL = "https://mesh.example.org"
        yield found


@pytest.fixture
def agreement(cast: Cast, port: OutputPort, system: System) -> Agreement:
    set_terms(actor=cast.owner, port=port, provisioner="http", hook_url=system.url, hook_secret=SECRET)
    return agreed(cast.consumer, port, cast.owner)


def report(cast: Cast, agreement: Agreement, order: str, event: str, note: str = "") -> int:
    """As the system does it: with a token that may write."""
    token = getattr(cast, "token", "")
    if not token:
        _, token = create_token(actor=cast.owner, person=cast.owner, name="system", scopes=["write"])
        cast.token = token  # type: ignore[attr-defined]
    answer = Client().post(
        f"/api/v1/access/agreements/{agreement.pk}/report/",
        {"order": order, "event": event, "note": note},
        content_type="application/json",
        headers={"authorization": f"Bearer {token}"},
    )
    return answer.status_code


def state(agreement: Agreement) -> tuple[str, str]:
    agreement.refresh_from_db()
    return agreement.provisioning, agreement.verdict(timezone.now()).meaning


def test_it_is_granted_when_the_system_says_so_and_not_before(
    cast: Cast, agreement: Agreement, system: System
) -> None:
    assert provision_due() == 1
    assert state(agreement) == ("in_progress", "warning")
    assert system.last["action"] == "grant"
    assert system.last["consumer"] == {"kind": "person", "id": cast.consumer.pk, "name": str(cast.consumer)}
    assert system.last["report_url"].startswith("https://mesh.example.org/api/v1/access/agreements/")
    assert system.orders[-1]["type"] == "meshportal.access.grant_ordered"
    order = system.last["order"]
    assert report(cast, agreement, order, "start") == 200
    assert report(cast, agreement, order, "succeed") == 200
    assert state(agreement) == ("granted", "good")
    assert provision_due() == 0


def test_a_report_that_is_sent_again_is_refused(cast: Cast, agreement: Agreement, system: System) -> None:
    provision_due()
    order = system.last["order"]
    assert report(cast, agreement, "made-up", "succeed") == 409
    assert report(cast, agreement, order, "removed") == 400  # nothing was to be removed
    assert state(agreement) == ("in_progress", "warning")
    assert report(cast, agreement, order, "succeed") == 200
    assert report(cast, agreement, order, "succeed") == 409
    revoke_agreement(actor=cast.owner, agreement=agreement, reason="Over.", at_once=True)
    assert report(cast, agreement, order, "succeed") == 409  # an old word cannot bring it back
    assert state(agreement) == ("removing", "bad")


def test_it_is_gone_when_the_system_says_so(cast: Cast, agreement: Agreement, system: System) -> None:
    provision_due()
    report(cast, agreement, system.last["order"], "succeed")
    later = timezone.now() + dt.timedelta(days=91)
    expire_due(now=later)
    assert provision_due(now=later) == 1
    assert system.last["action"] == "revoke"
    assert report(cast, agreement, system.last["order"], "fail", "The account is locked.") == 200
    assert state(agreement)[0] == "removing"
    assert agreement.provisioning_note == "The account is locked."
    provision_due(now=later + 2 * HOUR)
    assert report(cast, agreement, system.last["order"], "removed") == 200
    assert state(agreement)[0] == "removed"
    assert provision_due(now=later + 4 * HOUR) == 0


def test_an_order_that_was_not_taken_is_shown_and_sent_again_under_its_id(
    cast: Cast, agreement: Agreement, system: System
) -> None:
    system.is_broken = True
    provision_due()
    assert state(agreement) == ("failed", "bad")
    assert "not taken" in agreement.provisioning_note
    order = agreement.order
    system.is_broken = False
    assert provision_due() == 0  # not at once
    assert provision_due(now=timezone.now() + HOUR) == 1
    assert system.last["order"] == order
    assert state(agreement) == ("in_progress", "warning")
    assert report(cast, agreement, order, "succeed") == 200


def test_a_silent_system_is_asked_again_every_hour(agreement: Agreement, system: System) -> None:
    now = timezone.now()
    provision_due(now=now)
    assert provision_due(now=now + HOUR / 2) == 0
    assert provision_due(now=now + HOUR) == 1
    assert len({order["id"] for order in system.orders}) == 1
    assert len(system.orders) == 2


def test_a_change_makes_the_order_before_it_void(
    cast: Cast, port: OutputPort, agreement: Agreement, system: System
) -> None:
    set_terms(actor=cast.owner, port=port, modes=["masked"])
    provision_due()
    old = system.last["order"]
    report(cast, agreement, old, "start")
    agreed(cast.consumer, port, cast.owner, kind="change", mode="masked")
    assert report(cast, agreement, old, "succeed") == 409
    provision_due()
    assert system.last["mode"] == "masked"
    assert system.last["order"] != old
    assert report(cast, agreement, system.last["order"], "succeed") == 200


def test_what_was_granted_is_looked_at_every_day(cast: Cast, agreement: Agreement, system: System) -> None:
    provision_due()
    report(cast, agreement, system.last["order"], "succeed")
    provision_due(now=timezone.now() + dt.timedelta(days=1, hours=1))
    assert system.last["action"] == Action.VERIFY
    assert state(agreement) == ("granted", "good")
    assert report(cast, agreement, system.last["order"], "fail", "Somebody took it away.") == 200
    assert state(agreement) == ("failed", "bad")
    assert agreement.provisioning_note.startswith("It was granted and is no longer so: Somebody")


def test_the_report_needs_a_token_that_may_write_of_one_who_answers_for_it(
    cast: Cast, agreement: Agreement, system: System
) -> None:
    provision_due()
    for person, scopes, status in (
        (cast.owner, ["read"], 403),
        (cast.consumer, ["write"], 403),
        (cast.steward, ["write"], 404),
    ):
        _, token = create_token(actor=person, person=person, name="x", scopes=scopes)
        cast.token = token  # type: ignore[attr-defined]
        assert report(cast, agreement, system.last["order"], "succeed") == status
    assert state(agreement)[0] == "in_progress"


def test_a_worker_killed_after_sending_leaves_an_order_that_can_be_reported_on(
    cast: Cast, agreement: Agreement, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """The process ends here."""

    from catalog.access.orders import HttpProvisioner

    real = HttpProvisioner.send

    def send_and_die(self: HttpProvisioner, order: Any) -> None:
        real(self, order)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(HttpProvisioner, "send", send_and_die)
        with pytest.raises(Killed):
            provision_due()
    assert state(agreement) == ("in_progress", "warning")
    assert report(cast, agreement, system.last["order"], "succeed") == 200


def test_the_key_is_kept_encrypted_and_never_signs_for_another_address(
    cast: Cast, port: OutputPort, agreement: Agreement, client: Client
) -> None:
    held = PortTerms.objects.get(port=port)
    assert SECRET not in held.secret
    assert decrypt(held.secret) == {"secret": SECRET}
    client.force_login(cast.owner)
    page = client.get(f"/products/listening/play-events/ports/plays/{port.version}/access/terms/")
    assert SECRET not in page.content.decode()
    assert sum(count_secrets_by_key()) == 1
    assert rotate_secrets(actor=None) == 1
    with pytest.raises(Invalid):
        set_terms(actor=cast.owner, port=port, hook_url="https://elsewhere.example.org/")
    with pytest.raises(Invalid):
        set_terms(actor=cast.owner, port=port, hook_secret="short")
    with pytest.raises(Invalid):
        set_terms(actor=cast.owner, port=port, hook_url="ftp://elsewhere.example.org/", hook_secret=SECRET)


def test_a_message_that_was_changed_or_is_old_is_not_genuine() -> None:
    from catalog.common.signing import signature

    now = timezone.now()
    stamp = str(int(now.timestamp()))
    given = f"v1,{signature(SECRET.encode(), 'a', stamp, b'body')}"
    assert is_genuine(SECRET, "a", stamp, f"v1,other {given}", b"body", now=now)
    assert not is_genuine(SECRET, "a", stamp, given, b"bodY", now=now)
    assert not is_genuine(SECRET, "b", stamp, given, b"body", now=now)
    assert not is_genuine(SECRET + "x", "a", stamp, given, b"body", now=now)
    assert not is_genuine(SECRET, "a", stamp, given, b"body", now=now + HOUR)
    assert not is_genuine(SECRET, "a", "soon", given, b"body", now=now)
