"""The pages of domains: tree, one domain, old addresses, and what strangers get."""

import csv
import io

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.common.models import OldAddress
from tests import factories as make
from tests.conftest import Cast


def test_member_sees_the_tree_with_counts(client: Client, cast: Cast) -> None:
    make.make_domain("Charts", cast.listening, team=cast.listening_team)
    client.force_login(cast.consumer)
    html = client.get("/domains/").content.decode()
    assert "Listening" in html
    assert 'href="/domains/charts/"' in html


def test_guest_sees_no_domain_and_is_told_why(client: Client, cast: Cast) -> None:
    client.force_login(cast.guest)
    html = client.get("/domains/").content.decode()
    assert "Listening" not in html
    assert "No domains that you may see" in html
    assert client.get("/domains/listening/").status_code == 404


def test_domain_lists_visible_products_here_and_below(client: Client, cast: Cast) -> None:
    charts = make.make_domain("Charts", cast.listening, team=cast.listening_team)
    make.make_product("Daily charts", domain=charts)
    make.make_product("Hidden charts", domain=charts, visibility="private")
    client.force_login(cast.consumer)
    html = client.get("/domains/listening/").content.decode()
    assert "Play events" in html
    assert "Daily charts" in html
    assert "Hidden charts" not in html
    assert "Playback quality" not in html


def test_old_address_leads_to_the_domain_of_today(client: Client, cast: Cast) -> None:
    OldAddress.objects.create(kind="domain", address="hearing", target_id=cast.listening.pk)
    client.force_login(cast.consumer)
    response = client.get("/domains/hearing/")
    assert (response.status_code, response["Location"]) == (301, "/domains/listening/")
    client.force_login(cast.guest)
    assert client.get("/domains/hearing/").status_code == 404


def test_description_is_rendered_safely(client: Client, cast: Cast) -> None:
    cast.listening.description = "**Ears** <img src=x onerror=alert(1)>"
    cast.listening.save()
    client.force_login(cast.consumer)
    html = client.get("/domains/listening/").content.decode()
    assert "<strong>Ears</strong>" in html
    assert "<img src=x" not in html


def test_queries_do_not_grow_with_products_or_domains(client: Client, cast: Cast) -> None:
    client.force_login(cast.consumer)
    counts: dict[str, list[int]] = {"/domains/": [], "/domains/listening/": []}
    for size in (5, 45):
        for number in range(size):
            below = make.make_domain(f"Below {size} {number}", cast.listening, team=cast.listening_team)
            make.make_product(domain=below)
        for url, found in counts.items():
            with CaptureQueriesContext(connection) as queries:
                assert client.get(url).status_code == 200
            found.append(len(queries))
    for url, (few, many) in counts.items():
        assert few == many <= 16, (url, few, many)


def test_tree_as_a_file_names_what_is_above_and_counts_what_one_may_see(client: Client, cast: Cast) -> None:
    make.make_domain("Charts", cast.listening, team=cast.listening_team)
    make.make_product("Hidden", domain=cast.listening, visibility="private")
    client.force_login(cast.consumer)
    text = client.get("/domains/?format=csv").getvalue().decode()  # type: ignore[attr-defined]
    lines = {line["key"]: line for line in csv.DictReader(io.StringIO(text))}
    assert lines["charts"]["below"] == "Listening"
    assert lines["listening"]["products"] == "1"
    client.force_login(cast.guest)
    assert len(client.get("/domains/?format=csv").getvalue().splitlines()) == 1  # type: ignore[attr-defined]
