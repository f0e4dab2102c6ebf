"""The picture's levels, lenses, search and exports: domains, products, ports, columns, each also as a table."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.products.models import DataProduct, OutputPort
from catalog.vocabulary.models import Classification
from lineage.edges.observing import ColumnLink, observe_edges
from lineage.mermaid import escaped
from lineage.models import Source
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
PICTURE = "/lineage/?node=product:listening/play-events"


def text_of(client: Client, url: str) -> str:
    answer = client.get(url)
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    assert answer.status_code == 200, content[:400]
    return content.decode()


@pytest.fixture
def seen(cast: Cast, client: Client) -> Cast:
    """plays(id, kind) -> an unclaimed table -> quality(user, kept), seen by SQL; a column of a secret product, too."""
    client.force_login(cast.consumer)
    out = make.make_port(cast.play_events, "plays", asset=make.make_asset())
    into = make.make_port(cast.playback_quality, "quality", asset=make.make_asset())
    between = make.make_asset(name="zanzibar_staging").pk
    secret = make.make_product("Secret merger", domain=cast.playback, visibility="private")
    hidden = make.make_port(secret, "hidden", asset=make.make_asset())
    assert out.asset_id
    assert into.asset_id
    assert hidden.asset_id
    observe_edges(
        source=Source.SQL, job_id=None, assets=[], seen_at=timezone.now(),
        columns=[
            ColumnLink(out.asset_id, "id", between, "x"),
            ColumnLink(between, "x", into.asset_id, "user"),
            ColumnLink(out.asset_id, "kind", into.asset_id, "kept", is_direct=False),
            ColumnLink(out.asset_id, "id", hidden.asset_id, "zanzibar_column"),
        ],
    )  # fmt: skip
    return cast


def test_columns_are_joined_through_what_no_port_claims(client: Client, seen: Cast) -> None:
    page = text_of(client, f"{PICTURE}&level=column")
    assert len(re.findall(r'class="edge column"', page)) == 1
    assert len(re.findall(r'class="edge column indirect"', page)) == 1
    assert "id makes user" in page
    assert "kind decides over kept" in page
    assert "zanzibar" not in page
    rows = list(
        csv.reader(
            io.StringIO(text_of(client, f"/lineage/export.csv?{PICTURE[10:]}&level=column&table=columns"))
        )
    )
    assert [row[1:5:2] for row in rows[1:]] == [["id", "user"], ["kind", "kept"]]
    columns = client.get(f"/api/v1/lineage/graph/?{PICTURE[10:]}&level=column").json()["columns"]
    assert [(row["upstream_column"], row["kind"]) for row in columns] == [
        ("id", "direct"),
        ("kind", "indirect"),
    ]


def test_one_box_is_opened_in_place_and_closed_again(client: Client, seen: Cast) -> None:
    assert "plays 1.0.0" not in text_of(client, PICTURE).split('id="lineage-table-title"')[0]
    opened = text_of(client, f"{PICTURE}&expand=port:listening/play-events").split(
        'id="lineage-table-title"'
    )[0]
    assert "plays 1.0.0" in opened
    assert "quality 1.0.0" not in opened
    assert "expand=column:listening/play-events" in opened
    columns = text_of(
        client, f"{PICTURE}&expand=column:listening/play-events&expand=column:playback/playback-quality"
    )
    assert "id makes user" in columns


def test_domains_hold_their_products_until_opened(client: Client, seen: Cast) -> None:
    folded = text_of(client, f"{PICTURE}&level=domain")
    assert 'data-key="domain:playback"' in folded
    assert 'data-down="domain:playback"' in folded
    assert 'data-key="product:playback/playback-quality"' not in folded
    assert "1 product: Playback quality" in folded
    opened = text_of(client, f"{PICTURE}&level=domain&expand=product:playback")
    assert 'data-key="product:playback/playback-quality"' in opened


def test_a_lens_says_the_same_in_picture_table_and_json(client: Client, seen: Cast) -> None:
    secret = Classification.objects.create(name="Restricted", slug="restricted", rank=3)
    DataProduct.objects.filter(pk=seen.play_events.pk).update(classification=secret)
    page = text_of(client, f"{PICTURE}&lens=classification")
    assert "<title>Play events, Restricted, the focus</title>" in page
    assert "<td>Restricted</td>" in page
    nodes = client.get(f"/api/v1/lineage/graph/?{PICTURE[10:]}&lens=classification").json()["nodes"]
    assert {node["name"]: node["state"] for node in nodes}["Play events"] == "restricted"
    for lens in ("quality", "slo", "contract", "certification", "freshness", "owner", "lifecycle", "age"):
        text_of(client, f"{PICTURE}&lens={lens}")
    assert client.get(f"{PICTURE}&lens=nonsense").status_code == 400


def test_edges_that_fade_are_drawn_and_told_as_fading(client: Client, seen: Cast) -> None:
    old = datetime(2024, 1, 1, tzinfo=UTC)
    third = make.make_port(make.make_product("Third", domain=seen.listening), asset=make.make_asset())
    ports = {port.name: port.asset_id for port in OutputPort.objects.all()}
    pair = (third.asset_id, ports["plays"])
    observe_edges(source=Source.DBT, job_id=None, assets=[pair], seen_at=old)  # type: ignore[list-item]
    page = text_of(client, f"{PICTURE}&lens=age")
    assert "is-warning fading" in page
    assert "Third feeds Play events (not seen for long)" in page
    assert "<td>fading</td>" in page
    observe_edges(source=Source.DBT, job_id=None, assets=[pair], seen_at=timezone.now() - timedelta(days=1))  # type: ignore[list-item]
    assert "is-warning fading" not in text_of(client, f"{PICTURE}&lens=age")


def test_what_is_searched_for_is_marked_and_counted(client: Client, seen: Cast) -> None:
    page = text_of(client, f"{PICTURE}&level=column&find=USER")
    assert "marked in the picture" in page
    assert 'class="column hit"' in page
    assert "Nothing in the picture is called" in text_of(client, f"{PICTURE}&find=merger")
    assert "&lt;script&gt;" in text_of(client, f"{PICTURE}&find=<script>")


def test_mermaid_names_the_products_and_nothing_hidden(client: Client, seen: Cast) -> None:
    DataProduct.objects.filter(pk=seen.playback_quality.pk).update(name='A "quoted" <b>name</b>\n--> p1')
    text = text_of(client, f"/lineage/export.mmd?{PICTURE[10:]}")
    assert text.startswith("flowchart LR\n")
    assert '["A #quot;quoted#quot; #lt;b#gt;name#lt;/b#gt; --#gt; p1"]' in text
    assert "ecret" not in text
    assert '-->|"plays 1.0.0"|' in text
    assert escaped("a`|\\\x00") == "a#96;#124;#92; "


def test_the_address_holds_the_whole_view(client: Client, seen: Cast) -> None:
    view = (
        "&direction=downstream&level=column&lens=age&at=2026-02-01&find=x&expand=port:listening/play-events"
    )
    page = text_of(client, PICTURE + view)
    link = re.search(r'href="/lineage/export.json\?([^"]*)"', page)
    assert link
    assert set(link[1].replace("&amp;", "&").split("&")) == set((PICTURE[10:] + view).split("&"))


def test_columns_and_lenses_cost_the_same_for_five_products_and_for_fifty(client: Client, seen: Cast) -> None:
    plays = OutputPort.objects.get(name="plays")

    def add(number: int) -> None:
        for _ in range(number):
            port = make.make_port(make.make_product(domain=seen.playback), asset=make.make_asset())
            link = ColumnLink(plays.asset_id or 0, "id", port.asset_id or 0, "id")
            observe_edges(source=Source.DBT, job_id=None, assets=[], columns=[link], seen_at=timezone.now())

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            text_of(client, f"{PICTURE}&level=column&lens=slo&direction=downstream")
        return len(queries)

    add(5)
    few = cost()
    add(45)
    assert cost() <= few + 1  # the owners' pictures are read where there are any
