"""Edges drawn by hand: who may, what is refused, and that machines and people never overwrite each other."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from catalog.audit.models import AuditEvent
from catalog.common.errors import Conflict, Invalid, NotAllowed, NotFound
from catalog.products.models import OutputPort
from lineage.edges.by_hand import draw_edge, edit_edge, end_edge
from lineage.edges.observing import observe_edges
from lineage.models import LineageEdge, Source
from lineage.selectors import edges_in_force
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def plays(cast: Cast) -> OutputPort:
    return make.make_port(cast.play_events, "plays", asset=make.make_asset())


def test_an_edge_drawn_by_hand_is_in_the_picture_and_in_the_audit_trail(
    cast: Cast, plays: OutputPort
) -> None:
    edge = draw_edge(actor=cast.steward, port=plays, product=cast.playback_quality, note="A mail of March")
    assert [row.pk for row in edges_in_force()] == [edge.pk]
    event = AuditEvent.objects.get(verb="lineage_edge.drawn")
    assert (event.product_id, event.actor) == (cast.playback_quality.pk, cast.steward)


def test_who_may_not_edit_the_product_may_not_draw_change_or_end(cast: Cast, plays: OutputPort) -> None:
    with pytest.raises(NotAllowed):
        draw_edge(actor=cast.owner, port=plays, product=cast.playback_quality)
    edge = draw_edge(actor=cast.steward, port=plays, product=cast.playback_quality)
    with pytest.raises(NotAllowed):
        edit_edge(actor=cast.owner, edge=edge, note="mine")
    with pytest.raises(NotAllowed):
        end_edge(actor=cast.consumer, edge=edge)


def test_a_port_that_the_actor_may_not_see_is_not_found(cast: Cast) -> None:
    secret = make.make_port(make.make_product(visibility="private"))
    with pytest.raises(NotFound):
        draw_edge(actor=cast.steward, port=secret, product=cast.playback_quality)


def test_what_cannot_be_drawn_is_refused(cast: Cast, plays: OutputPort) -> None:
    own = make.make_port(cast.playback_quality)
    with pytest.raises(Invalid, match="its own port"):
        draw_edge(actor=cast.steward, port=own, product=cast.playback_quality)
    yesterday = timezone.now() - timedelta(days=1)
    with pytest.raises(Invalid, match="future"):
        draw_edge(actor=cast.steward, port=plays, product=cast.playback_quality, valid_to=yesterday)
    draw_edge(
        actor=cast.steward, port=plays, product=cast.playback_quality,
        valid_to=timezone.now() + timedelta(days=3),
    )  # fmt: skip
    with pytest.raises(Conflict):
        draw_edge(actor=cast.steward, port=plays, product=cast.playback_quality)


def test_an_end_to_come_ends_it_when_it_comes(cast: Cast, plays: OutputPort) -> None:
    edge = draw_edge(actor=cast.steward, port=plays, product=cast.playback_quality)
    edge = edit_edge(
        actor=cast.steward, edge=edge, note="until then", valid_to=timezone.now() + timedelta(days=1)
    )
    assert edges_in_force().exists()
    assert not edges_in_force(timezone.now() + timedelta(days=2)).exists()
    end_edge(actor=cast.steward, edge=edge)
    assert not edges_in_force().exists()
    assert end_edge(actor=cast.steward, edge=edge).valid_to == edge.valid_to
    with pytest.raises(Conflict):
        edit_edge(actor=cast.steward, edge=edge, note="again")
    assert list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True)) == [
        "lineage_edge.drawn", "lineage_edge.edited", "lineage_edge.ended",
    ]  # fmt: skip


def test_machines_and_people_say_the_same_edge_beside_each_other(cast: Cast, plays: OutputPort) -> None:
    into = make.make_port(cast.playback_quality, asset=make.make_asset())
    drawn = draw_edge(actor=cast.steward, port=plays, product=cast.playback_quality, note="kept")
    make.make_input_port(cast.playback_quality, plays)
    assert plays.asset_id is not None
    assert into.asset_id is not None
    seen = datetime(2026, 3, 1, tzinfo=UTC)
    observe_edges(source=Source.SQL, job_id=None, assets=[(plays.asset_id, into.asset_id)], seen_at=seen)
    observe_edges(
        source=Source.SQL, job_id=None, assets=[], seen_at=seen + timedelta(days=1), is_complete=True
    )
    end_edge(actor=cast.steward, edge=drawn)
    left = LineageEdge.objects.in_force().values_list("source", flat=True)
    assert list(left) == ["input_port"]
    with pytest.raises(Conflict):
        end_edge(actor=cast.steward, edge=LineageEdge.objects.get(source="input_port"))


def test_the_page_draws_changes_and_ends(client: Client, cast: Cast, plays: OutputPort) -> None:
    client.force_login(cast.steward)
    url = "/products/playback/playback-quality/lineage/new/"
    assert client.get(url).status_code == 200
    for wrong in ("nonsense", "listening/play-events/none/1.0.0", "x" * 600):
        assert client.post(url, {"port": wrong}).status_code == 400
    sent = {"port": "listening/play-events/plays/1.0.0", "note": "<b>seen</b>"}
    assert client.post(url, sent).status_code == 302
    again = client.post(url, sent)
    assert again.status_code == 400
    assert "drawn already" in again.content.decode()
    edge = LineageEdge.objects.get(source="by_hand")
    page = client.get(f"/lineage/edges/{edge.pk}/").content.decode()
    assert "&lt;b&gt;seen" in page
    assert client.post(f"/lineage/edges/{edge.pk}/", {"last_day": "2001-01-01"}).status_code == 400
    assert client.post(f"/lineage/edges/{edge.pk}/", {"note": "better"}).status_code == 302
    assert client.post(f"/lineage/edges/{edge.pk}/end/").status_code == 302
    assert client.post(f"/lineage/edges/{edge.pk}/", {"note": "late"}).status_code == 409


def test_the_api_draws_lists_changes_and_ends(client: Client, cast: Cast, plays: OutputPort) -> None:
    client.force_login(cast.steward)
    body = {
        "upstream": "port:listening/play-events/plays/1.0.0",
        "downstream": "product:playback/playback-quality",
        "note": "by the API",
    }

    def send(method: str, url: str, data: object) -> tuple[int, dict[str, object]]:
        answer = getattr(client, method)(url, data, content_type="application/json")
        return answer.status_code, answer.json() if answer.content else {}

    code, made = send("post", "/api/v1/lineage/edges/", body)
    assert code == 201, made
    assert made["author"] == "steward"
    assert send("post", "/api/v1/lineage/edges/", body)[0] == 409
    assert send("post", "/api/v1/lineage/edges/", {**body, "upstream": body["downstream"]})[0] == 400
    url = f"/api/v1/lineage/edges/{made['id']}/"
    assert send("patch", url, {"note": "better"})[1]["note"] == "better"
    listed = client.get("/api/v1/lineage/edges/?source=by_hand&product=listening/play-events").json()
    assert [edge["id"] for edge in listed["results"]] == [made["id"]]
    assert client.get("/api/v1/lineage/edges/?nonsense=1").status_code == 400
    assert client.delete(url).status_code == 204
    assert client.get("/api/v1/lineage/edges/").json()["results"] == []
