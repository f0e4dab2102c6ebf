"""Two web hosts and two workers with data folders of their own, on one PostgreSQL and one Valkey, as processes."""

import sqlite3
import time
from collections.abc import Iterator

import pytest

from tests import hosts
from tests.hosts import Host, Visitor, form_of

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.postgres]

RUNS = 12
SETTINGS = "/products/listening/play-events/settings/"
SEED = """
from catalog.crawling import services
from tests import factories as make
from tests.conftest import make_cast
make_cast()
for number in range(RUNS):
    path = f"{STORES}/{number}.sqlite"
    connection = make.make_connection(f"Store {number}", kind="sqlite", schedule="manual", config={"path": path})
    asset = make.make_asset(connection, "plays", namespace=f"sqlite://{path}", address={"table": "plays"})
    make.make_port(make.make_product(f"Plays {number}"), "plays", connection=connection, asset=asset)
    services.request_crawl(actor=None, connection=connection)
"""


@pytest.fixture(scope="module")
def pair() -> Iterator[list[Host]]:
    with hosts.short_folder() as folder, hosts.new_server() as server:
        server.run("CREATE DATABASE portal")
        with hosts.sharing(folder, server.url("portal")) as made:
            yield made


@pytest.fixture(scope="module")
def addresses(pair: list[Host]) -> list[str]:
    """Both hosts at work: on each a web server and a worker with its clock."""
    for number in range(RUNS):
        database = sqlite3.connect(pair[0].stores / f"{number}.sqlite")
        database.executescript(
            "CREATE TABLE plays (id INTEGER PRIMARY KEY); INSERT INTO plays VALUES (1), (2)"
        )
        database.close()
    pair[0].run(SEED.replace("RUNS", str(RUNS)).replace("{STORES}", str(pair[0].stores)))
    for host in pair:
        host.worker()
    return [host.web() for host in pair]


def test_a_session_of_one_host_and_its_forms_are_valid_on_the_other(addresses: list[str]) -> None:
    one, other = addresses
    owner = Visitor()
    owner.sign_in(one, "owner")
    page = owner.ask("GET", f"{other}{SETTINGS}")
    assert page.status_code == 200
    form = form_of(page.text, "revision")
    wanted = "Flamingos heard"
    saved = owner.ask(
        "POST",
        f"{one}{SETTINGS}",
        data=form | {"name": wanted},
    )
    assert saved.status_code == 302, saved.text
    refused = owner.ask("POST", f"{one}{SETTINGS}", data=form | {"csrfmiddlewaretoken": ""})
    assert refused.status_code == 403
    for address in addresses:
        wait_until(lambda address=address: wanted in found(owner, address, "flamingos"))  # type: ignore[misc]


def found(visitor: Visitor, address: str, words: str) -> list[str]:
    """Titles of the products a search finds, by the REST API of one host."""
    answer = visitor.ask("GET", f"{address}/api/v1/search/", params={"q": words})
    assert answer.status_code == 200, answer.text
    return [row["title"] for row in answer.json()["results"]]


def wait_until(holds: object, seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.2)


def test_signing_out_on_one_host_is_known_on_the_other(addresses: list[str]) -> None:
    visitor = Visitor()
    visitor.sign_in(addresses[0], "consumer")
    page = visitor.ask("GET", f"{addresses[1]}/account/")
    assert page.status_code == 200
    left = dict(visitor.cookies)
    token = form_of(page.text, "csrfmiddlewaretoken")["csrfmiddlewaretoken"]
    out = visitor.ask("POST", f"{addresses[1]}/account/logout/", data={"csrfmiddlewaretoken": token})
    assert out.status_code == 302
    visitor.cookies = left
    assert visitor.ask("GET", f"{addresses[0]}/account/").status_code == 302


def test_crawls_are_claimed_once_though_two_workers_and_two_clocks_ring(
    pair: list[Host], addresses: list[str]
) -> None:
    pair[0].wait("SELECT status, count(*) FROM catalog_crawlrun GROUP BY 1", [("succeeded", RUNS)], 90)
    pair[0].run("from catalog.crawling.tasks import dispatch; [dispatch.delay() for _ in range(4)]")
    time.sleep(2)
    assert pair[0].rows("SELECT count(*), max(attempt) FROM catalog_crawlrun") == [(RUNS, 1)]
    assert pair[0].rows("SELECT count(*) FROM catalog_assetreading") == [(RUNS,)]
    events = "SELECT count(*) FROM catalog_auditevent WHERE verb = 'connection.crawled'"
    assert pair[0].rows(events) == [(RUNS,)]


def test_the_index_says_what_the_database_says(pair: list[Host], addresses: list[str]) -> None:
    pair[1].wait("SELECT count(*) FROM catalog_changemark", [(0,)], 40)
    drift = "from catalog.search import services; print(json.dumps(services.repair_drift().total))"
    assert pair[1].run(drift) == 0


def test_a_second_host_with_the_embedded_index_is_refused_at_its_start(pair: list[Host]) -> None:
    one, other = pair
    python = str(one.python)
    for host in pair:
        host.env["MESHPORTAL_SEARCH_BACKEND"] = "whoosh"
    try:
        one.manage("prepare")
        starts = (
            [python, "manage.py", "prepare"],
            [
                str(one.python.parent / "celery"),
                "--quiet",
                "-A",
                "meshportal.celery",
                "worker",
                "--pool",
                "solo",
            ],
            [python, "-c", "import meshportal.wsgi"],
        )
        for command in starts:
            told = other.refused(command)
            assert "set MESHPORTAL_SEARCH_BACKEND=postgres on each of them" in told, told
            assert "Traceback" not in told
        other.manage("claim_search_index")
        other.manage("prepare")
        assert "claim_search_index" in one.refused([python, "manage.py", "prepare"])
    finally:
        for host in pair:
            host.env["MESHPORTAL_SEARCH_BACKEND"] = "postgres"
