"""Last use of what is granted."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog.access.services.running import provision_due
from catalog.access.services.using import report_use
from catalog.accounts.services import create_token
from catalog.common.errors import Conflict, Invalid, NotAllowed
from catalog.products.models import OutputPort
from tests import postgres_server
from tests.catalog.access.asking import agreed, ask
from tests.catalog.access.granting_stores import Postgres, granted, offered
from tests.conftest import Cast

HOUR = dt.timedelta(hours=1)


def test_the_newest_use_counts_in_whatever_order_it_is_told(cast: Cast, port: OutputPort) -> None:
    now = timezone.now()
    agreement = agreed(cast.consumer, port, cast.owner)
    revision = agreement.revision
    for hours in (3, 5, 4):
        report_use(actor=cast.owner, agreement=agreement, used_at=now + hours * HOUR, now=now + 9 * HOUR)
    agreement.refresh_from_db()
    assert agreement.last_used_at == now + 5 * HOUR
    assert agreement.revision == revision


def test_what_cannot_have_been_is_refused(cast: Cast, port: OutputPort) -> None:
    now = timezone.now()
    agreement = agreed(cast.consumer, port, cast.owner)
    with pytest.raises(Invalid):
        report_use(actor=cast.owner, agreement=agreement, used_at=now + HOUR)
    with pytest.raises(Invalid):
        report_use(actor=cast.owner, agreement=agreement, used_at=now - HOUR)
    with pytest.raises(NotAllowed):
        report_use(actor=cast.consumer, agreement=agreement, used_at=timezone.now())
    waiting = ask(cast.steward, port).agreement
    with pytest.raises(Conflict):
        report_use(actor=cast.owner, agreement=waiting, used_at=timezone.now())


def test_it_stands_beside_the_grant_on_every_list(cast: Cast, port: OutputPort, client: Client) -> None:
    agreement = agreed(cast.consumer, port, cast.owner)
    client.force_login(cast.consumer)
    assert "not known" in client.get("/access/").content.decode()
    report_use(actor=cast.owner, agreement=agreement, used_at=timezone.now())
    assert "not known" not in client.get("/access/").content.decode()
    assert "as reported to the portal" in client.get(agreement.get_absolute_url()).content.decode()
    data = client.get(f"/api/v1/access/agreements/{agreement.pk}/").json()
    assert data["last_used_source"] == "reported"


@pytest.mark.postgres
def test_a_server_that_counts_statements_tells_of_use(
    cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
    if folder is None:
        pytest.skip("no PostgreSQL of the system: the one of the wheel has no pg_stat_statements")
    monkeypatch.setattr(postgres_server, "binaries", lambda: folder)
    options = (*postgres_server.SETTINGS, "shared_preload_libraries=pg_stat_statements")
    monkeypatch.setattr(postgres_server, "SETTINGS", options)
    with postgres_server.running() as server:
        store = Postgres(server)
        store.run("CREATE EXTENSION pg_stat_statements")
        settings.ALLOWED_PRIVATE_HOSTS = ["127.0.0.1"]
        settings.ALLOWED_PORTS = [server.port]
        agreement = granted(cast, offered(cast, store), store.reader)
        agreement.refresh_from_db()
        assert (agreement.uses_seen, agreement.last_used_at) == (0, None)
        now = timezone.now() + 2 * HOUR
        provision_due(now=now)
        agreement.refresh_from_db()
        assert agreement.last_used_at is None  # looked at, and not used
        assert store.reads(f"* FROM {store.table}")
        later = now + 2 * HOUR
        provision_due(now=later)
        agreement.refresh_from_db()
        assert (agreement.last_used_at, agreement.last_used_source) == (later, "pg_stat_statements")
        provision_due(now=later + 2 * HOUR)
        agreement.refresh_from_db()
        assert agreement.last_used_at == later


def test_a_token_for_reports_reports_and_does_nothing_else(
    cast: Cast, port: OutputPort, client: Client
) -> None:
    agreement = agreed(cast.consumer, port, cast.owner)
    _, secret = create_token(actor=cast.owner, person=cast.owner, name="job", scopes=["access:report"])
    _, reading = create_token(actor=cast.owner, person=cast.owner, name="look", scopes=["read"])
    base = f"/api/v1/access/agreements/{agreement.pk}"
    used = {"used_at": timezone.now().isoformat()}

    def post(path: str, body: dict[str, str], token: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return client.post(f"{base}{path}", body, "application/json", headers=headers).status_code

    assert post("/use/", used, secret) == 200
    assert post("/use/", used, reading) == 403
    assert post("/report/", {"order": "x", "event": "succeed"}, secret) == 409
    assert post("/provisioning/", {"event": "succeed"}, secret) == 403
    assert post("/revoke/", {"reason": "x"}, secret) == 403
    for path in (f"{base}/", "/api/v1/products/", "/api/v1/access/agreements/", "/api/v1/events/"):
        assert client.get(path, headers={"Authorization": f"Bearer {secret}"}).status_code == 403
