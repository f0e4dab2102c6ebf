"""Pages of checks: lists within budgets, the form and its preview, one check with its results."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog.assets.models import AssetReading
from catalog.products.models import OutputPort
from catalog.quality.models import QualityCheck
from catalog.quality.services import create_check
from catalog.quality.storing import NewResult, store_results
from catalog.schemas.models import FieldProfile
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
ROWS = {"operator": "at_least", "values": [10]}


@pytest.fixture
def port(cast: Cast) -> OutputPort:
    return make.make_port(cast.play_events, "plays", asset=make.make_asset(None, "plays"))


def asked(port: OutputPort, **fields: Any) -> QualityCheck:
    return create_check(actor=None, port=port, **{"kind": "not_null", "element": "track"} | fields)  # type: ignore[arg-type]


def answered(check: QualityCheck, *outcomes: str, **more: Any) -> None:
    now = timezone.now()
    store_results(
        NewResult(check_id=check.pk, measured_at=now - place * HOUR, outcome=outcome, source="crawl", **more)
        for place, outcome in enumerate(reversed(outcomes))
    )


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_list_shows_what_failed_and_can_be_narrowed(client: Client, cast: Cast, port: OutputPort) -> None:
    answered(asked(port, name="Tracks are named"), "passed", "failed", failed_rows=12, total_rows=4_000)
    answered(
        asked(port, name="Rows are there", kind="row_count", element="", parameters={"bound": ROWS}), "passed"
    )
    asked(port, name="Said only", kind="text", element="")
    client.force_login(cast.consumer)
    text = page(client, "/quality/")
    assert "12 of 4,000" in text
    assert "1 of the last 2 results failed" in text
    assert "track is filled." in text
    for query, there, gone in (
        ("status=failed", "Tracks are named", "Rows are there"),
        ("status=unknown", "Said only", "Tracks are named"),
        ("kind=row_count", "Rows are there", "Said only"),
        ("q=rows", "Rows are there", "Said only"),
    ):
        text = page(client, f"/quality/?{query}")
        assert there in text
        assert gone not in text
    lines = page_of_csv(client)
    assert lines[0].startswith("id,product,port")
    assert len(lines) == 4


def page_of_csv(client: Client) -> list[str]:
    response = client.get("/quality/?format=csv")
    return b"".join(response.streaming_content).decode().strip().splitlines()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "address", ["/quality/", "/products/listening/play-events/quality/", "/api/v1/quality/checks/"]
)
def test_lists_ask_as_much_for_fifty_as_for_five(
    client: Client, cast: Cast, port: OutputPort, address: str, django_assert_max_num_queries: Any
) -> None:
    client.force_login(cast.consumer)
    used = 40
    for count in (5, 45):
        for number in range(count):
            answered(asked(port, name=f"Check {number}"), "passed", "failed")
        client.get(address)  # what is remembered between requests is
        with django_assert_max_num_queries(used) as counted:
            assert client.get(address).status_code == 200
        used = len(counted)


def test_one_check_tells_its_results_in_picture_and_table(
    client: Client, cast: Cast, port: OutputPort
) -> None:
    check = asked(port, description="Tracks without a name cannot be played.")
    answered(
        check, "failed", "passed", "failed", failed_rows=3, total_rows=10, message="3 of 10 rows are empty."
    )
    client.force_login(cast.consumer)
    text = page(client, check.get_absolute_url())
    assert "2 of the last 3 results failed; values from 3 to 3, last 3" in text
    assert text.count('<rect class="bar is-bad"') == 2
    assert text.count("3 of 10 rows are empty.") == 4
    assert "Edit this check" not in text
    client.force_login(cast.owner)
    assert "Edit this check" in page(client, check.get_absolute_url())


def given(port: OutputPort, **fields: Any) -> dict[str, Any]:
    return {"port": port.pk, "kind": "not_null", "element": "track", "severity": "error"} | fields


@pytest.mark.parametrize(
    ("fields", "parameters"),
    [
        ({}, {}),
        ({"missing_values": "N/A\n-\n"}, {"missing_values": ["N/A", "-"]}),
        ({"kind": "accepted_values", "values": "a\n1\n2.5"}, {"values": ["a", 1, 2.5]}),
        ({"kind": "range", "at_least": "0", "at_most": "9.5"}, {"at_least": 0, "at_most": 9.5}),
        ({"kind": "range", "at_least": "2026-01-01"}, {"at_least": "2026-01-01"}),
        ({"kind": "pattern", "pattern": "^x "}, {"pattern": "^x "}),
        ({"kind": "unique", "element": "", "fields_together": "a, b"}, {"fields": ["a", "b"]}),
        (
            {
                "kind": "row_count",
                "element": "",
                "operator": "between",
                "first": "1",
                "second": "9",
                "unit": "rows",
            },
            {"bound": {"operator": "between", "values": [1, 9]}},
        ),
        ({"kind": "row_count_change", "element": "", "at_least": "-20"}, {"at_least": -20}),
        ({"kind": "freshness", "element": "", "max_age_hours": "26"}, {"max_age_seconds": 93_600}),
        (
            {"kind": "referential", "table": "artists", "table_field": "id"},
            {"table": "artists", "field": "id"},
        ),
        (
            {"kind": "custom_sql", "query": "SELECT 1", "operator": "equal", "first": "1"},
            {"query": "SELECT 1", "bound": {"operator": "equal", "values": [1]}},
        ),
        (
            {"operator": "at_most", "first": "5", "unit": "percent"},
            {"bound": {"operator": "at_most", "values": [5], "unit": "percent"}},
        ),
    ],
)
def test_form_makes_every_kind_and_shows_it_again(
    client: Client, cast: Cast, port: OutputPort, fields: dict[str, Any], parameters: dict[str, Any]
) -> None:
    client.force_login(cast.owner)
    response = client.post("/products/listening/play-events/quality/new/", given(port, **fields))
    check = QualityCheck.objects.get()
    assert (response.status_code, check.parameters) == (302, parameters)
    edited = client.get(f"/quality/{check.pk}/edit/")
    form = edited.context["form"]
    again = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    response = client.post(f"/quality/{check.pk}/edit/", {**again, "severity": "warning"})
    assert response.status_code == 302, response.context["form"].errors
    check.refresh_from_db()
    assert (check.parameters, check.severity) == (parameters, "warning")


def test_wrong_form_is_told_beside_the_field_and_saves_nothing(
    client: Client, cast: Cast, port: OutputPort
) -> None:
    client.force_login(cast.owner)
    address = "/products/listening/play-events/quality/new/"
    for fields, field in (
        ({"kind": "row_count", "element": ""}, "operator"),
        ({"element": ""}, "element"),
        ({"kind": "range", "at_least": "9", "at_most": "1"}, "at_most"),
        ({"kind": "custom_sql", "operator": "equal", "first": "1"}, "query"),
        ({"every_hours": "9000"}, "every_hours"),
    ):
        response = client.post(address, given(port, **fields))
        assert response.status_code == 400
        assert field in response.context["form"].errors
    assert not QualityCheck.objects.exists()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"kind": "row_count", "element": "", "operator": "at_least", "first": "500"},
            "would not have passed",
        ),
        ({"kind": "row_count", "element": "", "operator": "at_least", "first": "50"}, "would have passed"),
        ({"kind": "row_count_change", "element": "", "at_least": "-20"}, "would not have passed"),
        ({"kind": "freshness", "element": "", "max_age_hours": "3"}, "would have passed"),
        ({}, "4 of 100 rows are empty"),
        ({"kind": "unique"}, "6 of 100 rows are doubled"),
        ({"kind": "pattern", "pattern": "x"}, "cannot be told"),
        ({"element": "nowhere"}, "cannot be told"),
    ],
)
def test_preview_holds_the_check_against_the_last_crawl_and_saves_nothing(
    client: Client, cast: Cast, port: OutputPort, fields: dict[str, Any], words: str
) -> None:
    now = timezone.now()
    for hours, rows in ((24, 200), (1, 100)):
        AssetReading.objects.create(
            asset=port.asset,
            read_at=now - hours * HOUR,
            is_reachable=True,
            row_count=rows,
            fresh_at=now - 2 * HOUR,
        )
    FieldProfile.objects.create(
        asset=port.asset, path="track", profiled_at=now, row_count=100, null_share=0.04, distinct_estimate=90
    )
    client.force_login(cast.owner)
    sent = given(port, preview="1", **fields)
    response = client.post("/products/listening/play-events/quality/new/", sent)
    assert response.status_code == 200
    assert words in response.content.decode()
    assert not QualityCheck.objects.exists()


def test_ended_check_is_asked_again_and_deleted(client: Client, cast: Cast, port: OutputPort) -> None:
    check = asked(port)
    client.force_login(cast.owner)
    client.post(f"/quality/{check.pk}/end/")
    assert "Nothing is checked yet" in page(client, "/products/listening/play-events/quality/")
    assert "track is filled" in page(client, "/products/listening/play-events/quality/?ended=true")
    client.post(f"/quality/{check.pk}/resume/")
    assert QualityCheck.objects.active().exists()
    assert "deleted for good" in page(client, f"/quality/{check.pk}/delete/")
    client.post(f"/quality/{check.pk}/delete/")
    assert not QualityCheck.objects.exists()


def test_check_of_a_contract_is_not_edited_here(client: Client, cast: Cast, port: OutputPort) -> None:
    check = asked(
        port, origin={"source": "contract", "source_key": "k", "contract_path": "$.schema[0].quality[0]"}
    )
    client.force_login(cast.owner)
    assert "The contract says it" in page(client, check.get_absolute_url())
    for action in ("edit", "end", "delete"):
        assert client.post(f"/quality/{check.pk}/{action}/").status_code == 409
    assert QualityCheck.objects.active().exists()


def test_port_page_lists_its_checks_with_the_failing_first(
    client: Client, cast: Cast, port: OutputPort
) -> None:
    answered(asked(port, name="A good one"), "passed")
    answered(asked(port, name="Z failing one"), "failed", failed_rows=2, total_rows=3)
    client.force_login(cast.consumer)
    text = page(client, port.get_absolute_url())
    assert text.index("Z failing one") < text.index("A good one")
    assert "2 of 3" in text


def test_api_refuses_what_means_nothing(client: Client, cast: Cast, port: OutputPort) -> None:
    client.force_login(cast.owner)
    name = f"listening/play-events/plays/{port.version}"
    for body in (
        {"port": name, "kind": "not_null"},
        {"port": name, "kind": "range", "element": "a", "parameters": {"at_least": [1]}},
        {"port": name, "kind": "custom_sql", "parameters": {"query": 5, "bound": ROWS}},
        {"port": name, "kind": "unique", "element": "a", "parameters": {"fields": [{}]}},
        {"port": name, "kind": "text", "parameters": {"a": "b\x00c"}},
        {"port": name, "kind": "text", "surprise": 1},
    ):
        response = client.post("/api/v1/quality/checks/", body, content_type="application/json")
        assert response.status_code == 400, body
    assert not QualityCheck.objects.exists()
    check = asked(port)
    for result in (
        {"outcome": "passed"},
        {"outcome": "fine", "tool": "x", "measured_at": "2026-01-01T00:00:00Z"},
        [],
    ):
        response = client.post(
            f"/api/v1/quality/checks/{check.pk}/results/", result, content_type="application/json"
        )
        assert response.status_code == 400
    assert not check.results.exists()


def test_form_and_page_say_when_a_check_is_due_next(client: Client, cast: Cast, port: OutputPort) -> None:
    client.force_login(cast.owner)
    address = f"/products/{cast.play_events.domain.slug}/{cast.play_events.slug}/quality/new/"
    given = {"port": port.pk, "kind": "not_null", "element": "track", "severity": "error", "unit": "rows"}
    wrong = client.post(address, {**given, "schedule": "at eight"})
    assert wrong.status_code == 400
    assert "A line of cron has five parts" in wrong.content.decode()
    both = client.post(address, {**given, "schedule": "@daily", "every_hours": 2})
    assert "not both" in both.content.decode()
    shown = client.post(address, {**given, "schedule": "0 20 * * *", "preview": "1"}).content.decode()
    assert "With this schedule: by the first crawl after" in shown
    client.post(address, {**given, "schedule": "0 20 * * *"})
    check = QualityCheck.objects.get()
    text = page(client, check.get_absolute_url())
    assert "0 20 * * *" in text
    assert "by the first crawl after" in text
    QualityCheck.objects.update(created_at=timezone.now() - timedelta(days=2))
    assert "by the next crawl" in page(client, check.get_absolute_url())
    shown = client.get(f"/api/v1/quality/checks/{check.pk}/").json()
    assert (shown["schedule"], shown["next_due_at"][11:16]) == ("0 20 * * *", "20:00")
