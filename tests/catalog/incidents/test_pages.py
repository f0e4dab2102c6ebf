"""Pages and API of incidents: what they show, to whom, and that lists cost the same for 5 and 50."""

import csv
import io
import re

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from catalog.incidents.models import Incident
from catalog.incidents.services import Report, report_incident, resolve_incident
from catalog.products.models import OutputPort, Visibility
from tests import factories as make
from tests.catalog.incidents.conftest import See
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
DOWNSTREAM = "/products/playback/playback-quality/"


def read(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return b"".join(answer).decode()  # type: ignore[arg-type]


def queries(client: Client, url: str) -> int:
    cache.clear()
    with CaptureQueriesContext(
        connection,
    ) as found:
        assert client.get(url).status_code == 200
    return len(found)


def test_the_list_shows_what_goes_on_and_the_past_when_asked(client: Client, cast: Cast, see: See) -> None:
    incident = see()
    client.force_login(cast.consumer)
    assert "plays cannot be reached" in read(client, "/incidents/")
    resolve_incident(actor=cast.owner, incident=incident)
    assert "plays cannot be reached" not in read(client, "/incidents/")
    assert "plays cannot be reached" in read(client, "/incidents/?status=resolved")
    assert "plays cannot be reached" in read(
        client, "/products/listening/play-events/incidents/?status=resolved"
    )
    rows = list(csv.DictReader(io.StringIO(read(client, "/incidents/?status=resolved&format=csv"))))
    assert [(row["product"], row["port"], row["status"]) for row in rows] == [
        ("listening/play-events", "plays", "resolved")
    ]


@pytest.mark.parametrize(
    ("query", "is_there"),
    [
        ("severity=medium", True),
        ("severity=critical", False),
        ("cause=unreachable&q=plays", True),
        ("q=nothing", False),
        ("domain=listening", True),
        ("domain=playback", False),
        ("product=listening/play-events", True),
        ("mine=true", True),
        ("mine=false", False),
        ("sort=-severity", True),
    ],
)
def test_filters_say_the_same_on_the_page_and_in_the_api(
    client: Client, cast: Cast, see: See, query: str, is_there: bool
) -> None:
    see()
    client.force_login(cast.owner)
    assert ("plays cannot be reached" in read(client, f"/incidents/?{query}")) is is_there
    assert client.get(f"/api/v1/incidents/?{query}").json()["count"] == int(is_there)


@pytest.mark.parametrize("query", ["severity=terrible", "sort=colour", "cause=x", "domain=nowhere"])
def test_filters_that_mean_nothing_are_refused(client: Client, cast: Cast, query: str) -> None:
    client.force_login(cast.owner)
    assert client.get(f"/incidents/?{query}").status_code == 400
    assert client.get(f"/api/v1/incidents/?{query}").status_code == 400


@pytest.mark.parametrize("url", ["/incidents/", "/incidents/?format=csv", "/api/v1/incidents/"])
def test_lists_cost_the_same_for_5_and_50(client: Client, cast: Cast, see: See, url: str) -> None:
    client.force_login(cast.owner)
    found = []
    for many in (5, 50):
        for number in range(many):
            see(port=make.make_port(cast.play_events, f"port-{many}-{number}"))
        found.append(queries(client, url))
    assert found[0] == found[1]


def test_a_person_works_through_an_incident_by_its_forms(client: Client, cast: Cast, see: See) -> None:
    incident = see()
    url = incident.get_absolute_url()
    client.force_login(cast.owner)
    text = read(client, url)
    assert "Acknowledge" in text
    assert "Playback quality" in text
    for sent in (
        {"kind": "acknowledged"},
        {"kind": "commented", "text": "The disk is full."},
        {"kind": "assigned", "assignee": "owner"},
        {"kind": "rated", "severity": "high"},
        {"kind": "resolved", "text": "Space was made."},
        {"kind": "noted", "text": "An alarm watches the disk."},
    ):
        assert client.post(f"{url}events/", sent).status_code == 302
    text = read(client, url)
    assert "An alarm watches the disk." in text
    assert "Space was made." in text
    assert "Open again" in text


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"kind": "commented"}, 400),
        ({"kind": "opened"}, 400),
        ({}, 400),
        ({"kind": "reopened"}, 409),
        ({"kind": "rated", "severity": "x"}, 400),
        ({"kind": "assigned", "assignee": "nobody-here"}, 400),
        ({"kind": "commented", "text": "x" * 6_000}, 400),
    ],
)
def test_what_cannot_be_done_says_why_and_keeps_what_was_typed(
    client: Client, cast: Cast, see: See, sent: dict[str, str], status: int
) -> None:
    incident = see()
    client.force_login(cast.owner)
    answer = client.post(
        f"{incident.get_absolute_url()}events/", {"text": "Typed.", **sent} if status == 409 else sent
    )
    assert answer.status_code == status
    assert "That did not work" in answer.content.decode()
    if status == 409:
        assert "Typed." in answer.content.decode()
    assert incident.events.count() == 1
    over_api = client.post(f"/api/v1/incidents/{incident.pk}/events/", sent, content_type="application/json")
    assert over_api.status_code == status


def test_reporting_by_the_form_starts_at_the_port_and_shows_what_is_known(
    client: Client, cast: Cast, plays: OutputPort, see: See
) -> None:
    see()
    client.force_login(cast.consumer)
    url = "/products/listening/play-events/incidents/new/"
    text = read(client, f"{url}?port=plays/1.0.0")
    assert "Is it one of these?" in text
    assert f'<option value="{plays.pk}" selected>' in text
    sent = {"title": "Numbers are too low", "port": plays.pk, "summary": "=1+1", "severity": "high"}
    answer = client.post(url, sent)
    made = Incident.objects.get(cause="reported")
    assert answer["Location"] == made.get_absolute_url()
    assert (made.port, made.severity, made.is_rated) == (plays, "high", True)
    assert client.post(url, sent).status_code == 409
    assert client.post(url, {}).status_code == 400


def test_the_api_reports_and_shows_the_timeline(client: Client, cast: Cast, plays: OutputPort) -> None:
    client.force_login(cast.consumer)
    sent = {"port": "listening/play-events/plays/1.0.0", "title": "Late", "severity": "low"}
    made = client.post("/api/v1/incidents/", sent, content_type="application/json")
    assert made.status_code == 201
    assert made.json()["port"] == sent["port"]
    again = client.post("/api/v1/incidents/", sent, content_type="application/json")
    assert again.status_code == 409
    both = {**sent, "product": "listening/play-events", "title": "Other"}
    assert client.post("/api/v1/incidents/", both, content_type="application/json").status_code == 400
    found = client.get(f"/api/v1/incidents/{made.json()['id']}/").json()
    assert [event["kind"] for event in found["events"]] == ["opened"]


def test_a_product_downstream_says_which_way_the_trouble_comes(
    client: Client, cast: Cast, plays: OutputPort, see: See
) -> None:
    below = make.make_port(cast.playback_quality, "quality")
    last = make.make_product("Weekly report", domain=cast.playback)
    make.make_input_port(last, below)
    incident = see()
    client.force_login(cast.consumer)
    text = read(client, "/products/playback/weekly-report/")
    assert "An upstream is in trouble" in text
    banner = text[text.index("An upstream is in trouble") :][:1_500]
    assert incident.get_absolute_url() in banner
    assert banner.index("Play events") < banner.index("Playback quality") < banner.index("this product")
    assert "In trouble" in read(client, "/products/listening/play-events/")
    resolve_incident(actor=cast.owner, incident=incident)
    assert "An upstream is in trouble" not in read(client, "/products/playback/weekly-report/")


def test_what_the_reader_may_not_see_is_not_named(client: Client, cast: Cast) -> None:
    vault = make.make_domain("Vault", team=make.make_team("Vault team"))
    source = make.make_product("Zanzibar source", domain=vault, visibility=Visibility.PRIVATE)
    between = make.make_product("Zanzibar step", domain=vault, visibility=Visibility.PRIVATE)
    make.make_input_port(between, make.make_port(source, "zanzibar"))
    make.make_input_port(cast.playback_quality, make.make_port(between, "zanzibar"))
    report_incident(actor=None, product=source, report=Report("Zanzibar is late", "Zanzibar."))
    client.force_login(cast.steward)
    text = read(client, DOWNSTREAM)
    assert text.count("something you may not see") == 2
    assert "zanzibar" not in text.lower()
    client.force_login(cast.admin)
    assert "Zanzibar is late" in read(client, DOWNSTREAM)


def test_consumers_the_reader_may_not_see_are_counted_and_not_named(
    client: Client, cast: Cast, plays: OutputPort, see: See
) -> None:
    hidden = make.make_product("Zanzibar reader", visibility=Visibility.PRIVATE)
    make.make_input_port(hidden, plays)
    incident = see()
    assert incident.consumers == 2
    client.force_login(cast.consumer)
    text = read(client, incident.get_absolute_url())
    assert "zanzibar" not in text.lower()
    assert "1 product you may not see" in strip_tags(text)


@pytest.mark.parametrize("url", [DOWNSTREAM, f"{DOWNSTREAM}incidents/"])
def test_trouble_above_costs_one_query_more_however_much_there_is(
    client: Client, cast: Cast, see: See, url: str
) -> None:
    client.force_login(cast.steward)
    queries(client, url)
    well = queries(client, url)
    found = []
    for many in (1, 20):
        for number in range(many):
            port = make.make_port(cast.play_events, f"port-{many}-{number}")
            make.make_input_port(cast.playback_quality, port, name=f"from {many} {number}")
            see(port=port)
        found.append(queries(client, url))
    assert found[0] == found[1] <= well + 2


def test_the_port_page_lists_what_goes_on(client: Client, cast: Cast, plays: OutputPort, see: See) -> None:
    client.force_login(cast.consumer)
    assert "None is open." in read(client, plays.get_absolute_url())
    see()
    assert "plays cannot be reached" in read(client, plays.get_absolute_url())


def test_the_tab_counts_what_is_open(client: Client, cast: Cast, see: See) -> None:
    def tab() -> str:
        text = read(client, "/products/listening/play-events/")
        found = re.search(
            r'<a[^>]*href="/products/listening/play-events/incidents/"[^>]*>(.*?)</a>', text, re.DOTALL
        )
        assert found
        return strip_tags(found[1]).strip()

    client.force_login(cast.consumer)
    assert tab() == "Incidents"
    see()
    assert re.fullmatch(r"Incidents\s*1", tab())
