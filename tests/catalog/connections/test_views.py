"""The pages of connections through the client: the way to a new one, roles, hostile input, query counts."""

import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from catalog.accounts.models import Role, User
from catalog.connections import checks, views
from catalog.connections.connectors import registry as registry_module
from catalog.connections.models import Connection, ConnectionCheck
from catalog.products.models import DataProduct
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper(cast: Cast) -> User:
    person = make.make_user("keeper")
    make.make_membership(person, Role.TECHNICAL_OWNER, cast.listening_team)
    return person


def signed_in(user: User | None) -> Client:
    client = Client()
    if user:
        client.force_login(user)
    return client


def filled(cast: Cast, path: Path | str, **changes: Any) -> dict[str, Any]:
    return {
        "name": "Plays",
        "team": cast.listening_team.pk,
        "environment": "production",
        "schedule": "1h",
        "description": "",
        "config_path": str(path),
        **changes,
    }


def test_owner_connects_a_store_by_form_test_and_save(
    cast: Cast, keeper: User, tmp_path: Path, settings: Any
) -> None:
    settings.FILE_ROOTS = [str(tmp_path)]
    with sqlite3.connect(tmp_path / "play.db") as database:
        database.execute("CREATE TABLE plays (id INTEGER)")
    client = signed_in(keeper)
    assert "SQLite file" in client.get("/connections/new/").content.decode()
    assert client.get("/connections/new/sqlite/").status_code == 200
    answer = client.post("/connections/new/sqlite/", filled(cast, tmp_path / "play.db"))
    check = ConnectionCheck.objects.get()
    assert answer.headers["Location"] == f"/connections/checks/{check.pk}/"
    assert not Connection.objects.exists()
    waiting = client.get(f"/connections/checks/{check.pk}/").content.decode()
    assert 'hx-trigger="every 1s"' in waiting
    assert "Save connection" not in waiting
    checks.run_check(check_id=check.pk)
    done = client.get(f"/connections/checks/{check.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert "hx-trigger" not in done
    assert "Save connection" in done
    saved = client.post(f"/connections/checks/{check.pk}/save/")
    assert saved.headers["Location"] == "/connections/plays/"
    page = client.get("/connections/plays/").content.decode()
    assert "Working" in page
    assert str(tmp_path / "play.db") in page


def test_wrong_settings_stand_beside_their_fields_and_what_was_typed_is_kept(
    cast: Cast, keeper: User
) -> None:
    client = signed_in(keeper)
    data = filled(cast, "", config_host="", config_port="99999", config_database="d", config_user="u")
    answer = client.post("/connections/new/postgresql/", {**data, "config_encryption": "prefer"})
    assert answer.status_code == 400
    text = answer.content.decode()
    assert 'href="#id_config_host"' in text
    assert 'href="#id_config_port"' in text
    assert 'value="Plays"' in text
    assert not ConnectionCheck.objects.exists()


def test_secret_is_in_no_page(cast: Cast, keeper: User) -> None:
    client = signed_in(keeper)
    data = filled(cast, "") | {
        "config_host": "127.0.0.1",
        "config_port": "1",
        "config_database": "d",
        "config_user": "u",
        "config_password": "open-sesame",
        "config_encryption": "prefer",
    }
    client.post("/connections/new/postgresql/", data)
    check = ConnectionCheck.objects.get()
    checks.run_check(check_id=check.pk)
    pages = [f"/connections/checks/{check.pk}/", f"/connections/new/postgresql/?check={check.pk}"]
    for page in pages:
        assert "open-sesame" not in client.get(page).content.decode()
    client.post(f"/connections/checks/{check.pk}/save/")
    for page in (
        "/connections/",
        "/connections/plays/",
        "/connections/plays/edit/",
        "/connections/?format=csv",
    ):
        answer = client.get(page)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert b"open-sesame" not in body
        assert b"gAAAA" not in body  # how a Fernet token begins
    api = client.get("/api/v1/connections/plays/")
    assert api.json()["has_secret"] is True
    assert "open-sesame" not in api.content.decode()
    assert "gAAAA" not in api.content.decode()


PAGES = {  # address -> who gets 200; the rest 403 (may see it) or 404 (may not)
    "/connections/": {"owner", "steward", "consumer", "guest", "admin", "keeper"},
    "/connections/new/": {"admin", "keeper"},
    "/connections/new/sqlite/": {"admin", "keeper"},
    "/connections/store/": {"owner", "admin", "keeper"},
    "/connections/store/edit/": {"admin", "keeper"},
    "/connections/store/delete/": {"admin", "keeper"},
    "/connections/store/assets/": {"owner", "admin", "keeper"},
}


@pytest.mark.parametrize("address", PAGES)
def test_every_role_at_every_page(cast: Cast, keeper: User, address: str) -> None:
    make.make_connection("Store", slug="store", team=cast.listening_team)
    for name, user in {**cast.everybody(), "keeper": keeper}.items():
        answer = signed_in(user).get(address)
        allowed = PAGES[address]
        if name in allowed:
            assert answer.status_code == 200, name
        else:
            hidden = "/store/" in address and name not in PAGES["/connections/store/"]
            assert answer.status_code == (404 if hidden else 403), name
        if name in ("steward", "consumer", "guest"):
            assert "/connections/store/" not in answer.content.decode().replace(address, "")
    assert signed_in(None).get(address).status_code == 302


@pytest.mark.parametrize("action", ["test", "pause", "resume", "delete"])
def test_only_keepers_act(cast: Cast, keeper: User, action: str) -> None:
    make.make_connection("Store", slug="store", team=cast.listening_team)
    address = f"/connections/store/{action}/"
    assert signed_in(cast.owner).post(address).status_code == 403
    assert signed_in(cast.consumer).post(address).status_code == 404
    assert signed_in(keeper).post(address).status_code == 302
    if action != "delete":
        assert signed_in(keeper).get(address).status_code == 405


def test_tests_of_others_do_not_exist(cast: Cast, keeper: User) -> None:
    made = make.make_connection("Store", slug="store", team=cast.listening_team)
    check = checks.request_check(actor=keeper, connection=made)
    for address in (f"/connections/checks/{check.pk}/", f"/api/v1/connections/checks/{check.pk}/"):
        assert signed_in(cast.admin).get(address).status_code == 404
        assert signed_in(keeper).get(address).status_code == 200
    assert signed_in(cast.admin).post(f"/connections/checks/{check.pk}/save/").status_code == 404


@pytest.mark.parametrize(
    "query", ["?sort=-nothing", "?page=x", "?page=999", "?q=%00", "?kind='--", "?check=x"]
)
def test_odd_parameters_are_no_server_errors(cast: Cast, keeper: User, query: str) -> None:
    make.make_connection("Store", slug="store", team=cast.listening_team)
    for address in ("/connections/", "/connections/store/assets/", "/connections/new/sqlite/"):
        assert signed_in(keeper).get(address + query).status_code < 500


def test_unknown_kind_is_not_found(keeper: User) -> None:
    assert signed_in(keeper).get("/connections/new/no-such/").status_code == 404


def test_kinds_that_need_an_extra_say_so_and_lead_nowhere(
    keeper: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_module, "find_spec", lambda name: None)
    without = registry_module.load([])
    monkeypatch.setattr(views, "registry", lambda: without)
    client = signed_in(keeper)
    page = client.get("/connections/new/").content.decode()
    assert "needs the extra kafka: <code>./mesh extras kafka</code>" in page
    assert "/connections/new/kafka/" not in page
    answer = client.get("/connections/new/kafka/")
    assert answer.status_code == 409
    assert "./mesh extras kafka" in answer.content.decode()


def test_lists_do_not_ask_more_for_more_rows(
    cast: Cast, keeper: User, django_assert_max_num_queries: Any
) -> None:
    from django.db import connection as database
    from django.test.utils import CaptureQueriesContext

    store = make.make_connection("Store 0", team=cast.listening_team)
    client = signed_in(keeper)
    counts: dict[str, list[int]] = {"/connections/": [], f"/connections/{store.slug}/assets/?state=all": []}
    for wanted in (5, 50):
        while Connection.objects.count() < wanted:
            make.make_connection(team=cast.listening_team)
        while store.assets.count() < wanted:
            made = make.make_asset(store)
            make.make_port(cast.play_events, asset=made)
        for address, seen in counts.items():
            with CaptureQueriesContext(
                database,
            ) as queries:
                assert client.get(address).status_code == 200
            seen.append(len(queries))
    for address, seen in counts.items():
        assert seen[0] == seen[1], address


def test_browse_tick_and_get_draft_ports(cast: Cast) -> None:
    store = make.make_connection("Store", slug="store", team=cast.listening_team, config={"path": "/x.db"})
    plays = make.make_asset(store, "plays <script>", comment="Every play.")
    client = signed_in(cast.owner)
    page = client.get("/connections/store/assets/").content.decode()
    assert "plays &lt;script&gt;" in page
    nothing = client.post("/connections/store/assets/", {"action": "claim", "name": "Plays"})
    assert nothing.status_code == 400
    assert "Tick at least one" in nothing.content.decode()
    kept = client.post(
        "/connections/store/assets/", {"action": "claim", "assets": [plays.pk], "name": "Plays"}
    )
    assert kept.status_code == 400
    assert re.search(rf'value="{plays.pk}"[^>]* checked', kept.content.decode())
    data = {"action": "claim", "assets": [plays.pk], "name": "Plays", "domain": cast.listening.pk}
    answer = client.post("/connections/store/assets/", data)
    assert answer.headers["Location"] == "/products/listening/plays/"
    assert DataProduct.objects.get(name="Plays").output_ports.get().asset == plays
    assert client.get(answer.headers["Location"]).status_code == 200
    stranger = client.post("/connections/store/assets/", {**data, "assets": ["0"]})
    assert stranger.status_code == 400


def test_name_of_a_hidden_product_that_claims_an_asset_is_not_told(cast: Cast) -> None:
    store = make.make_connection("Store", slug="store", team=cast.listening_team)
    hidden = make.make_product("Very secret plan", domain=cast.playback, lifecycle="draft")
    make.make_port(hidden, asset=make.make_asset(store, "plays"))
    page = signed_in(cast.owner).get("/connections/store/assets/?state=all").content.decode()
    assert "Very secret plan" not in page
    assert "claimed" in page


def test_ignoring_from_the_page(cast: Cast) -> None:
    store = make.make_connection("Store", slug="store", team=cast.listening_team)
    made = make.make_asset(store, "tmp")
    signed_in(cast.owner).post("/connections/store/assets/", {"action": "ignore", "assets": [made.pk]})
    made.refresh_from_db()
    assert made.is_ignored
