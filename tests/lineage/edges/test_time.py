"""Time: what was there on a day, what came and went, what fades, what a clean-up ends."""

import csv
import io
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.audit.models import AuditEvent
from catalog.common.errors import Conflict, NotAllowed
from catalog.products.models import OutputPort
from lineage.edges.ageing import age_of
from lineage.edges.cleaning import Selection, clean_edges, preview_cleaning
from lineage.edges.observing import ColumnLink, observe_edges
from lineage.models import ColumnEdge, DerivationStop, LineageEdge, Source
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
NODE = "node=product:listening/play-events"


def day(month: int, number: int = 1) -> datetime:
    return datetime(2026, month, number, 12, tzinfo=UTC)


def put(port: OutputPort, product: Any, first: datetime, until: datetime | None = None) -> LineageEdge:
    return LineageEdge.objects.create(
        source="input_port", upstream_kind="port", upstream_id=port.pk, downstream_kind="product",
        downstream_id=product.pk, first_seen=first, last_seen=until or first, valid_to=until,
    )  # fmt: skip


@pytest.fixture
def past(cast: Cast) -> Cast:
    """Play events fed Playback quality from February to April, and feeds Later since May; a secret came in March."""
    plays = make.make_port(cast.play_events, "plays")
    put(plays, cast.playback_quality, day(2), day(4))
    put(plays, make.make_product("Later", domain=cast.playback), day(5))
    put(plays, make.make_product("Secret", domain=cast.playback, visibility="private"), day(3))
    return cast


def drawn(client: Client, query: str) -> set[str]:
    answer = client.get(f"/api/v1/lineage/graph/?{NODE}{query}")
    assert answer.status_code == 200, answer.content
    return {node["name"] for node in answer.json()["nodes"]}


def test_the_neighbourhood_is_that_of_the_day(client: Client, past: Cast) -> None:
    client.force_login(past.consumer)
    assert drawn(client, "") == {"Play events", "Later"}
    assert drawn(client, "&at=2026-01-31") == {"Play events"}
    assert drawn(client, "&at=2026-02-01") == {"Play events", "Playback quality"}
    assert drawn(client, "&at=2026-04-01") == {"Play events"}  # it ended at noon; a day is shown as it ended
    assert drawn(client, "&at=2026-05-01") == {"Play events", "Later"}


def test_page_and_exports_hold_the_day(client: Client, past: Cast) -> None:
    client.force_login(past.consumer)
    page = client.get(f"/lineage/?{NODE}&at=2026-03-15").content.decode()
    assert "Playback quality" in page
    assert "Later" not in page
    assert "Secret" not in page
    assert "1 you may not see" in page
    assert "at=2026-03-15" in page[page.index("export.csv") :]
    for ending in ("svg", "csv", "json"):
        answer = client.get(f"/lineage/export.{ending}?{NODE}&at=2026-03-15")
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
        assert b"Playback quality" in content
        assert b"Later" not in content


@pytest.mark.parametrize(
    "at", ["2026-13-01", "yesterday", "9999-12-31", "0001-01-01", "20260301", "2026-W01-1"]
)
def test_what_is_no_day_is_refused(client: Client, past: Cast, at: str) -> None:
    client.force_login(past.consumer)
    assert client.get(f"/lineage/?{NODE}&at={at}").status_code == 400
    assert client.get(f"/lineage/changes/?from={at}").status_code == 400


def test_what_came_and_went_between_two_days(client: Client, past: Cast) -> None:
    client.force_login(past.consumer)
    answer = client.get("/api/v1/lineage/changes/?from=2026-02-15&to=2026-05-15").json()
    said = [(row["change"], row["downstream"]) for row in answer["changes"]]
    assert said == [("came", "product:playback/later"), ("went", "product:playback/playback-quality")]
    assert (answer["came"], answer["went"], answer["hidden"]) == (1, 1, 1)
    around = client.get(f"/lineage/changes.json?{NODE}&from=2026-02-15&to=2026-05-15").json()
    assert around["changes"] == answer["changes"]
    turned = client.get("/lineage/changes/?from=2026-05-15&to=2026-02-15")
    assert turned.status_code == 400
    page = client.get("/lineage/changes/?from=2026-02-15&to=2026-05-15").content.decode()
    assert "Secret" not in page
    assert "more change" in page
    rows = b"".join(client.get("/lineage/changes.csv?from=2026-02-15&to=2026-05-15").streaming_content)  # type: ignore[attr-defined]
    assert len(list(csv.reader(io.StringIO(rows.decode())))) == 3


def test_an_edge_said_by_two_sources_goes_when_the_last_ends(client: Client, past: Cast) -> None:
    edge = LineageEdge.objects.exclude(valid_to=None).get()
    edge.pk, edge.source, edge.valid_to = None, "dbt", None
    edge.save()
    client.force_login(past.consumer)
    answer = client.get("/api/v1/lineage/changes/?from=2026-02-15&to=2026-05-15").json()
    assert (answer["came"], answer["went"]) == (1, 0)


def test_changes_cost_the_same_for_five_and_for_fifty(client: Client, cast: Cast) -> None:
    client.force_login(cast.consumer)
    plays = make.make_port(cast.play_events, "plays")

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/lineage/changes/?from=2026-01-01").status_code == 200
            assert client.get("/lineage/edges/").status_code == 200
        return len(queries)

    for _ in range(5):
        put(plays, make.make_product(domain=cast.playback), day(3))
    few = cost()
    for _ in range(45):
        put(plays, make.make_product(domain=cast.playback), day(3))
    assert cost() == few


def test_pages_of_changes_hold_each_once(client: Client, cast: Cast) -> None:
    client.force_login(cast.consumer)
    plays = make.make_port(cast.play_events, "plays")
    for place in range(70):
        put(
            plays,
            make.make_product(f"P{place:03}", domain=cast.playback),
            day(3),
            None if place % 2 else day(4),
        )
    went = client.get("/lineage/changes/?from=2026-03-15&to=2026-04-15").context["lines"]
    assert {line.what for line in went} == {"went"}
    assert len(went) == 35
    query = "/lineage/changes/?from=2026-01-15&to=2026-03-15"
    names = [line.product.name for n in (1, 2) for line in client.get(f"{query}&page={n}").context["lines"]]
    assert len(names) == len(set(names)) == 70


def test_only_what_machines_saw_fades(settings: Any) -> None:
    settings.EDGE_FADING_DAYS = 30
    now = timezone.now()
    old = now - timedelta(days=31)
    assert age_of("dbt", old, now).is_fading
    assert not age_of("dbt", now - timedelta(days=29), now).is_fading
    assert not age_of("by_hand", old, now).is_fading
    assert age_of("input_port", old, now).words == "4 weeks ago"


@pytest.fixture
def stale(cast: Cast) -> tuple[OutputPort, OutputPort]:
    """What SQL saw a hundred days ago, and dbt yesterday, between the same two ports."""
    out = make.make_port(cast.play_events, asset=make.make_asset())
    into = make.make_port(cast.playback_quality, asset=make.make_asset())
    assert out.asset_id is not None
    assert into.asset_id is not None
    link = ColumnLink(out.asset_id, "a", into.asset_id, "b")
    for source, days in ((Source.SQL, 100), (Source.DBT, 1)):
        seen = timezone.now() - timedelta(days=days)
        observe_edges(source=source, job_id=None, assets=[], columns=[link], seen_at=seen)
    return out, into


def test_a_preview_says_exactly_what_ends_and_changes_nothing(cast: Cast, stale: object) -> None:
    selection = Selection(older_than=30)
    shown = preview_cleaning(actor=cast.admin, selection=selection)
    assert (shown.edges, shown.columns, shown.derived) == (1, 1, 1)
    assert LineageEdge.objects.in_force().count() == 4
    done = clean_edges(actor=cast.admin, selection=selection, expected=shown.total)
    assert done.total == shown.total
    assert set(LineageEdge.objects.in_force().values_list("source", flat=True)) == {"dbt"}
    assert ColumnEdge.objects.in_force().count() == 1
    assert LineageEdge.objects.count() == 4
    event = AuditEvent.objects.get(verb="lineage_edge.cleaned")
    assert event.detail == {
        "selection": "any source, not seen for 30 days", "edges": 1, "columns": 1, "derived": 1
    }  # fmt: skip


def test_ending_something_else_than_was_shown_is_a_conflict(cast: Cast, stale: object) -> None:
    with pytest.raises(Conflict):
        clean_edges(actor=cast.admin, selection=Selection(source="sql"), expected=7)
    with pytest.raises(NotAllowed):
        preview_cleaning(actor=cast.owner, selection=Selection(source="sql"))
    assert LineageEdge.objects.in_force().count() == 4


def test_the_page_shows_first_and_ends_then(client: Client, cast: Cast, stale: object) -> None:
    client.force_login(cast.admin)
    url = "/lineage/edges/clean/"
    assert client.post(url, {"preview": "1"}).status_code == 400  # nothing was chosen
    page = client.post(url, {"preview": "1", "source": "sql"}).content.decode()
    assert 'name="expected" value="3"' in page
    assert client.post(url, {"end": "1", "source": "sql", "expected": "2"}).status_code == 409
    assert client.post(url, {"end": "1", "source": "sql", "expected": "3"}).status_code == 302
    assert LineageEdge.objects.in_force().count() == 2


def test_the_page_tells_where_derivation_stopped(client: Client, cast: Cast) -> None:
    DerivationStop.objects.create(asset=make.make_asset(name="huge_lake"), stopped_at=timezone.now())
    client.force_login(cast.admin)
    assert "huge_lake" in client.get("/lineage/edges/clean/").content.decode()


def test_the_command_counts_first_and_ends_then(stale: object) -> None:
    out = StringIO()
    call_command("clean_edges", "--source", "sql", "--dry-run", stdout=out)
    assert LineageEdge.objects.in_force().count() == 4
    call_command("clean_edges", "--source", "sql", stdout=out)
    assert out.getvalue().splitlines() == [
        "1 edges, 1 of columns and 1 derived ones would end.",
        "1 edges, 1 of columns and 1 derived ones ended.",
    ]
    with pytest.raises(CommandError):
        call_command("clean_edges")
