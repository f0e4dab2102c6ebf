"""Pasted queries: tables and columns by port, as far as the reader may see; recorded by those who may edit."""

import pytest
from django.test import Client

from catalog.assets.models import Asset
from catalog.products.models import OutputPort
from lineage.models import ColumnEdge, LineageEdge
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
PAGE = "/lineage/query/"
SQL = "select p.track as song from plays p join vault_table v on v.track = p.track"


@pytest.fixture
def ports(cast: Cast) -> tuple[OutputPort, OutputPort]:
    """Plays, which everybody of the mesh sees, and songs, which are to be made from them; a vault nobody sees."""
    store = make.make_connection("Store", kind="sqlite", team=cast.listening_team)
    plays = make.make_asset(store, "plays", namespace="sqlite:///shop")
    make.make_schema(plays, {"track": "string"})
    songs = make.make_asset(store, "songs", namespace="sqlite:///shop")
    vault = make.make_asset(
        make.make_connection("Vault", team=make.make_team("Vault")),
        "vault_table",
        namespace="sqlite:///vault",
    )
    make.make_schema(vault, {"track": "string", "hidden_column": "string"})
    return (
        make.make_port(cast.play_events, "plays", connection=store, asset=plays),
        make.make_port(cast.play_events, "songs", connection=store, asset=songs),
    )


def test_tables_are_resolved_to_ports_and_others_are_not_told(
    client: Client, cast: Cast, ports: tuple[OutputPort, OutputPort]
) -> None:
    client.force_login(cast.consumer)
    found = client.post(
        PAGE, {"sql": SQL.replace("p.track as song", "*"), "dialect": "", "port": ""}
    ).content.decode()
    assert "Play events: plays" in found
    assert "something you may not see" in found
    assert "hidden_column" not in found


def test_only_editors_of_the_product_record_it(
    client: Client, cast: Cast, ports: tuple[OutputPort, OutputPort]
) -> None:
    form = {"sql": SQL, "dialect": "", "port": "listening/play-events/songs", "record": "yes"}
    client.force_login(cast.consumer)
    assert client.post(PAGE, form).status_code == 403
    assert not LineageEdge.objects.filter(source="sql").exists()
    client.force_login(cast.owner)
    for _ in range(2):
        assert client.post(PAGE, form).status_code == 302
    edge = ColumnEdge.objects.get(source="sql", is_direct=True)
    assert (edge.upstream.path, edge.downstream.path) == ("track", "song")
    assert not LineageEdge.objects.filter(
        upstream_id=Asset.objects.get(name="vault_table").pk, source="sql"
    ).exists()


@pytest.mark.parametrize("sql", ["selec", "(" * 4_000, "\0", "select '\ud800'", "x" * 100_001])
def test_no_text_breaks_the_page(client: Client, cast: Cast, sql: str) -> None:
    client.force_login(cast.owner)
    sent = client.post(PAGE, {"sql": sql.encode("utf-8", "replace"), "dialect": "mysql", "port": ""})
    assert sent.status_code in (200, 400)
