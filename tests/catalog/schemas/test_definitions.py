"""The SQL behind a view: who sees it on the page and in the API, and that search knows nothing of it."""

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from catalog.accounts import kernel
from catalog.assets import services as assets
from catalog.products.models import OutputPort
from catalog.search import services
from catalog.search.backends.base import SearchBackend
from catalog.search.query import parse
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
PAGE = "/products/listening/play-events/schema/"
API = "/api/v1/products/listening/play-events/ports/loyal/1.0.0/definition/"
SQL = "SELECT * FROM plays WHERE listener <> 'eve@example.org'"


@pytest.fixture
def port(cast: Cast) -> OutputPort:
    """A view whose SQL changed once, in a store of the Playback team."""
    store = make.make_connection("Store", team=cast.playback_team)
    asset = make.make_asset(store, "loyal", kind="view")
    make.make_schema(asset, {"track": "string"})
    for number, sql in enumerate(("SELECT * FROM plays", SQL)):
        new = assets.NewDefinition(asset_id=asset.pk, sql=sql, number=number)
        assets.write_definitions(definitions=[new], now=asset.first_seen_at)
    return make.make_port(cast.play_events, "loyal", connection=store, asset=asset)


def answers(person: Any) -> tuple[bool, bool, int]:
    """Whether the SQL stands on the page, whether its change stands in the history, and the status of the API."""
    client, api = Client(), APIClient()
    client.force_login(person)
    api.force_authenticate(person)
    fields, history = client.get(PAGE), client.get(f"{PAGE}history/")
    return (
        b"eve@example.org" in fields.content,
        b"example" in history.content and b"WHERE" in history.content,
        api.get(API).status_code,
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("owner", (True, True, 200)),  # edits the product
        ("steward", (True, True, 200)),  # of the team that runs the store
        ("admin", (True, True, 200)),
        ("consumer", (False, False, 403)),
        ("guest", (False, False, 404)),
    ],
)
def test_sql_is_shown_to_those_who_edit_the_product_or_run_the_store(
    cast: Cast, port: OutputPort, name: str, expected: tuple[bool, bool, int]
) -> None:
    assert answers(cast.everybody()[name]) == expected


def test_whoever_runs_the_store_does_not_see_it_through_a_product_hidden_from_them(
    cast: Cast, port: OutputPort
) -> None:
    cast.play_events.visibility = "private"
    cast.play_events.save()
    assert answers(cast.steward) == (False, False, 404)


def test_answer_holds_the_newest_wording(cast: Cast, port: OutputPort) -> None:
    api = APIClient()
    api.force_authenticate(cast.owner)
    body = api.get(API).json()
    assert (body["number"], body["sql"]) == (2, SQL)


def test_table_has_no_sql_whatever_was_seen_before(cast: Cast, port: OutputPort) -> None:
    """A view that became a table keeps its wordings, and does not pass them off as its own."""
    assert port.asset is not None
    port.asset.kind = "table"
    port.asset.save()
    assert answers(cast.owner) == (False, False, 404)


def test_search_knows_nothing_of_the_sql(cast: Cast, port: OutputPort, search_index: SearchBackend) -> None:
    services.rebuild_index()

    def found(text: str, kind: str) -> int:
        return len(search_index.search(parse(text, kind=kind), kernel.held_tokens(cast.admin)).hits)

    assert found("loyal", "port") == 1
    assert found("track", "port") == 1  # its field
    for kind in ("port", "product"):
        assert found("listener", kind) == found("example.org", kind) == 0
