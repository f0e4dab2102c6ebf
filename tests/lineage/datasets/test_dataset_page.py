"""The page of a dataset, and what of it stands on the page of the port that offers it."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.assets.models import Asset
from catalog.products.models import OutputPort
from lineage.openlineage.facts import Facts, Owner, TagTold, facts_of, written
from tests import factories as make
from tests.conftest import Cast
from tests.lineage.openlineage.events import STORE, dataset, dataset_event, run_event, send

FACETS: dict[str, Any] = {
    "ownership": {"owners": [{"name": "team:sound", "type": "MAINTAINER"}, {"name": "user:kim"}]},
    "tags": {"tags": [{"key": "tier", "value": "gold"}, {"key": "pii", "value": "true", "field": "email"}]},
    "catalog": {
        "framework": "iceberg",
        "type": "hive",
        "name": "lakehouse",
        "metadataUri": "hive://meta:9083",
    },
    "dataSource": {"name": "warehouse", "uri": "postgres://reader:s3cret@db.example:5432/shop"},
    "documentation": {"description": "One row for each play."},
    "strange": {"who": "knows"},
}


def test_facets_in_words() -> None:
    facts = facts_of(FACETS)
    assert facts.owners == (Owner("team:sound", "MAINTAINER"), Owner("user:kim", ""))
    assert facts.tags == (TagTold("tier", "gold", ""), TagTold("pii", "true", "email"))
    assert [tag.words for tag in facts.tags] == ["tier: gold", "pii"]
    assert dict(facts.catalog)["Catalog"] == "lakehouse"
    assert facts.source[0] == "warehouse"
    assert "db.example" in facts.source[1]
    assert "s3cret" not in facts.source[1]
    assert facts.others == ("strange",)


@pytest.mark.parametrize(
    "odd", [None, 7, "x", [], {}, {"owners": 3, "tags": "x"}, {"owners": [None, {"name": 4}]}]
)
def test_facets_of_any_form_say_nothing_and_break_nothing(odd: Any) -> None:
    facts = facts_of(dict.fromkeys(("ownership", "tags", "catalog", "dataSource", "documentation"), odd))
    assert facts == Facts()
    assert written({"outputStatistics": odd}) == {}


def test_facets_that_were_taken_away_are_not_shown() -> None:
    assert facts_of({"ownership": FACETS["ownership"] | {"_deleted": True}}) == Facts()


def test_how_much_was_written() -> None:
    told = {"rowCount": 12, "size": 0, "fileCount": True, "other": 3}
    assert written({"outputStatistics": told}) == {"rows": 12, "bytes": 0}


@pytest.fixture
def offered(cast: Cast) -> OutputPort:
    """A dataset of Play events that events told of: one job writes it, one reads it into something hidden."""
    statistics = {"outputStatistics": {"rowCount": 120_000, "size": 7_340_032}}
    send(
        None,
        dataset_event("plays", FACETS),
        run_event("COMPLETE", job="load", outputs=[dataset("plays", outputFacets=statistics)]),
        run_event(
            "COMPLETE",
            job="merger_report",
            run="run-2",
            inputs=[dataset("plays")],
            outputs=[dataset("merger")],
        ),
    )
    asset = Asset.objects.get(namespace=STORE, name="shop.public.plays")
    secret = make.make_product("Secret merger", visibility="private")
    make.make_port(secret, asset=Asset.objects.get(name="shop.public.merger"))
    return make.make_port(cast.play_events, "plays", asset=asset)


def page(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def address(port: OutputPort) -> str:
    return f"/lineage/datasets/{port.asset_id}/"


@pytest.mark.django_db
def test_the_page_says_what_events_told_and_names_nothing_hidden(
    client: Client, cast: Cast, offered: OutputPort
) -> None:
    client.force_login(cast.consumer)
    text = page(client, address(offered))
    for words in ("team:sound", "MAINTAINER", "tier: gold", "lakehouse", "hive://meta:9083", "warehouse",
                  "One row for each play.", "load", "1 other facet", "Play events: plays"):  # fmt: skip
        assert words in re.sub(r"<[^>]*>", "", text), words
    assert "120,000" in text  # the exact figure, beside the short one
    for words in ("merger", "s3cret", "strange"):
        assert words not in text, words
    assert "that you may not see" in text
    client.force_login(cast.admin)
    text = page(client, address(offered))
    assert "merger_report" in text
    assert "strange" in text


@pytest.mark.django_db
def test_the_port_shows_what_events_told_of_its_data(client: Client, cast: Cast, offered: OutputPort) -> None:
    client.force_login(cast.consumer)
    text = page(client, offered.get_absolute_url())
    for words in ("What events say", "team:sound", "tier: gold", "lakehouse", address(offered)):
        assert words in text, words
    bare = make.make_port(cast.play_events, "bare", asset=make.make_asset())
    text = page(client, bare.get_absolute_url())
    assert "What events say" not in text
    assert address(bare) in text


@pytest.mark.django_db
def test_who_may_not_know_of_a_dataset_does_not_find_its_page(
    client: Client, cast: Cast, offered: OutputPort
) -> None:
    hidden = Asset.objects.get(name="shop.public.merger")
    send(None, dataset_event("orphan"))
    orphan = Asset.objects.get(name="shop.public.orphan")
    for person, statuses in (
        (cast.consumer, (404, 404)), (cast.guest, (404, 404)), (cast.owner, (404, 200)), (cast.admin, (200, 200)),
    ):  # fmt: skip
        client.force_login(person)
        found = tuple(client.get(f"/lineage/datasets/{asset.pk}/").status_code for asset in (hidden, orphan))
        assert found == statuses, person
    assert "Nobody claims it" in page(client, f"/lineage/datasets/{orphan.pk}/")


@pytest.mark.django_db
def test_many_jobs_take_no_more_queries_than_few(client: Client, cast: Cast, offered: OutputPort) -> None:
    client.force_login(cast.consumer)
    counts = []
    for start, stop in ((0, 5), (5, 50)):
        for number in range(start, stop):
            send(None, run_event(job=f"job{number}", run=f"r{number}", outputs=[dataset("plays")]))
        with CaptureQueriesContext(connection) as queries:
            page(client, address(offered))
        counts.append(len(queries))
    assert counts[0] == counts[1]
