"""The schema tab: who sees it, what is shown to whom, wide schemas, editing."""

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from catalog.assets.models import Asset
from catalog.products.models import OutputPort
from catalog.schemas.models import FieldAnnotation, FieldProfile
from catalog.schemas.recording import NewSchema, write_versions
from catalog.schemas.shape import FieldShape
from catalog.vocabulary.models import Classification
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
ADDRESS = "/products/listening/play-events/schema/"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def asset(cast: Cast) -> Asset:
    return make.make_asset(make.make_connection(team=cast.listening_team), "plays")


@pytest.fixture
def port(cast: Cast, asset: Asset) -> OutputPort:
    fields = [
        FieldShape("id", "integer", "BIGINT", False, 1, True),
        FieldShape("user.age", "integer"),
        FieldShape("seconds", "integer", comment="Length <b>played</b>"),
    ]
    write_versions(schemas=[NewSchema(asset.pk, fields)], now=NOW)
    FieldProfile.objects.create(
        asset=asset,
        path="seconds",
        profiled_at=NOW,
        row_count=100,
        null_share=0.25,
        maximum="3141592",
        histogram=[[1, 3141592, 100]],
        top_values=[["7", 12]],
    )
    return make.make_port(cast.play_events, "plays", asset=asset)


def page(client: Client, person: Any, query: str = "") -> Any:
    client.force_login(person)
    return client.get(ADDRESS + query)


@pytest.mark.parametrize(
    ("name", "status"),
    [("owner", 200), ("steward", 200), ("consumer", 200), ("guest", 404), ("admin", 200)],
)
def test_who_sees_the_tab(client: Client, cast: Cast, port: OutputPort, name: str, status: int) -> None:
    assert page(client, cast.everybody()[name]).status_code == status


def test_anonymous_is_sent_to_the_login(client: Client, cast: Cast) -> None:
    assert client.get(ADDRESS).status_code == 302


def test_fields_stand_in_their_order_and_are_escaped(client: Client, cast: Cast, port: OutputPort) -> None:
    text = page(client, cast.consumer).content.decode()
    assert text.index(">id<") < text.index(">user.age<") < text.index(">seconds<")
    assert "Length &lt;b&gt;played&lt;/b&gt;" in text
    assert "25 %" in text


def test_private_product_is_not_there(client: Client, cast: Cast, port: OutputPort) -> None:
    cast.play_events.visibility = "private"
    cast.play_events.save()
    assert page(client, cast.consumer).status_code == 404
    assert page(client, cast.owner).status_code == 200


def test_values_are_for_members_and_the_products_own_people(
    client: Client, cast: Cast, port: OutputPort
) -> None:
    outsider = make.make_user("outsider")
    make.make_stewardship(cast.play_events, outsider)
    for person in (cast.consumer, outsider):
        assert b"3141592" in page(client, person, "?column=seconds").content
    assert b"3141592" not in page(client, cast.consumer, "?column=id").content


def test_column_has_an_address_and_a_wrong_one_says_so(client: Client, cast: Cast, port: OutputPort) -> None:
    assert b"data-selected" in page(client, cast.consumer, "?column=user.age").content
    wrong = page(client, cast.consumer, "?column=%3Cscript%3E&port=nowhere/9&page=x&sort=%3F&show=?")
    assert wrong.status_code == 200
    assert b"No such field" in wrong.content
    assert b"<script>" not in wrong.content
    assert b"&lt;script&gt;" in wrong.content


def test_wide_schema_is_paged_on_the_server(
    client: Client, cast: Cast, asset: Asset, django_assert_max_num_queries: Any
) -> None:
    make.make_port(cast.play_events, "wide", asset=asset)
    names = [f"{chr(97 + n % 26)}_column_{n:04}" for n in range(2_000)]
    write_versions(schemas=[NewSchema(asset.pk, [FieldShape(name, "string") for name in names])], now=NOW)
    first = page(client, cast.consumer)
    assert first.content.count(b"data-row ") == 100
    assert b"c_column_0002" in first.content
    assert b'title="77 fields">A</a>' in first.content
    last = page(client, cast.consumer, "?column=x_column_1999")
    assert b"data-selected" in last.content
    with django_assert_max_num_queries(31):
        assert page(client, cast.consumer, "?q=column_1999&sort=name").content.count(b"data-row ") == 1


def test_queries_do_not_grow_with_the_fields(
    client: Client, cast: Cast, django_assert_max_num_queries: Any
) -> None:
    counts = []
    for size in (5, 50):
        asset = make.make_asset()
        product = make.make_product(f"Size {size}", domain=cast.listening)
        make.make_port(product, "p", asset=asset)
        names = [f"f{n}" for n in range(size)]
        write_versions(schemas=[NewSchema(asset.pk, [FieldShape(name) for name in names])], now=NOW)
        client.force_login(cast.consumer)
        with django_assert_max_num_queries(40) as captured:
            assert client.get(f"/products/listening/size-{size}/schema/").status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_product_without_ports_and_port_without_schema_say_what_is_missing(
    client: Client, cast: Cast
) -> None:
    assert b"No output ports yet" in page(client, cast.consumer).content
    make.make_port(cast.play_events, "empty")
    assert b"belongs to no connection" in page(client, cast.consumer).content


def test_declared_and_observed_stand_side_by_side(client: Client, cast: Cast, port: OutputPort) -> None:
    port.declared_schema = make.make_schema(None, {"id": "string", "country": "string"})
    port.save()
    text = page(client, cast.consumer, "?show=broken").content.decode()
    assert "id is integer; string is promised." in text
    assert "missing" in text
    assert "not in the contract" in text


def post(client: Client, person: Any, **data: Any) -> Any:
    client.force_login(person)
    filled = {
        "port": "plays/1.0.0",
        "column": "seconds",
        "revision": 0,
        "description": "Length in seconds",
    } | data
    return client.post(f"{ADDRESS}field/", filled)


@pytest.mark.parametrize(
    ("name", "status"),
    [("owner", 302), ("steward", 403), ("consumer", 403), ("guest", 404), ("admin", 302)],
)
def test_who_may_describe(client: Client, cast: Cast, port: OutputPort, name: str, status: int) -> None:
    assert post(client, cast.everybody()[name]).status_code == status
    assert FieldAnnotation.objects.exists() == (status == 302)


def test_form_is_offered_to_those_who_may_edit_only(client: Client, cast: Cast, port: OutputPort) -> None:
    assert b"Describe this field" in page(client, cast.owner, "?column=seconds").content
    assert b"Describe this field" not in page(client, cast.consumer, "?column=seconds").content


def test_conflict_keeps_what_was_typed(client: Client, cast: Cast, port: OutputPort) -> None:
    post(client, cast.admin, description="First")
    answer = post(client, cast.owner, description="My own words", revision=0)
    assert answer.status_code == 409
    assert b"My own words" in answer.content
    assert FieldAnnotation.objects.get().description == "First"


def test_personal_classification_through_the_page_empties_the_values(
    client: Client, cast: Cast, port: OutputPort
) -> None:
    personal = Classification.objects.create(name="Personal", slug="personal", is_personal=True)
    post(client, cast.owner, classification=personal.pk)
    assert FieldProfile.objects.get().maximum == ""
    text = page(client, cast.owner, "?column=seconds").content
    assert b"It is classified as personal." in text
    assert b"3141592" not in text


@pytest.mark.parametrize(
    "data",
    [{"revision": "x"}, {"description": "d" * 4_001}, {"classification": 999}, {"column": "seconds\x00"}],
)
def test_bad_input_is_refused_and_nothing_is_written(
    client: Client, cast: Cast, port: OutputPort, data: dict[str, Any]
) -> None:
    assert post(client, cast.owner, **data).status_code in (400, 404)
    assert not FieldAnnotation.objects.exists()


def test_history_shows_changes_with_their_meaning(client: Client, cast: Cast, port: OutputPort) -> None:
    asset = port.asset
    assert asset is not None
    version = asset.schema_versions.get()
    write_versions(
        schemas=[NewSchema(asset.pk, [FieldShape("id", "string")], previous_id=version.pk, number=1)], now=NOW
    )
    client.force_login(cast.consumer)
    text = client.get(f"{ADDRESS}history/").content.decode()
    assert "seconds was removed." in text
    assert "breaking" in text
    assert "The first observed state." in text


def test_declared_fields_are_not_called_missing_before_the_first_crawl(client: Client, cast: Cast) -> None:
    declared = make.make_schema(None, {"id": "integer", "day": "date"})
    make.make_port(cast.play_events, "plays", declared_schema=declared)
    text = page(client, cast.owner).content.decode()
    assert "Not read yet" in text
    assert "missing" not in text
    assert b"Describe this field" not in page(client, cast.owner, "?column=day").content


def test_fields_as_a_file_are_the_filtered_ones_with_the_figures_of_their_profiles(
    client: Client, cast: Cast, port: OutputPort
) -> None:
    answer = page(client, cast.consumer, "?format=csv&q=played")
    assert answer["Content-Type"].startswith("text/csv")
    lines = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))
    assert [(line["path"], line["type"], line["null_share"]) for line in lines] == [
        ("seconds", "integer", "0.25")
    ]
    assert "3141592" not in answer.getvalue().decode(), "values are for those who may see them"
    assert page(client, cast.guest, "?format=csv").status_code == 404
