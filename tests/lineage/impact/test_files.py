"""An answer of impact taken away whole: every row of it, whatever fits a page, in CSV, JSON and through the API."""

import csv
import io
import json

import pytest
from django.test import Client

from lineage.impact.tables import COLUMNS
from tests import factories as make
from tests.conftest import Cast
from tests.lineage.impact.conftest import Mesh, hide

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
READERS = 60  # more than a page


@pytest.fixture
def address(cast: Cast, mesh: Mesh) -> str:
    """A hub with many readers, one of which may not be seen and feeds another that may."""
    hub, hidden = mesh.product("Hub"), mesh.product("Secret hub")
    for number in range(READERS):
        make.make_input_port(make.make_product(f"Reader {number}", domain=cast.listening), hub)
    mesh.reads(hidden, hub)
    mesh.reads(mesh.product("=Behind"), hidden)
    hide(hidden.product)
    return f"node=product:{hub.product.key}"


def test_files_and_pages_hold_the_same_rows_and_none_is_left_out(
    client: Client, cast: Cast, address: str
) -> None:
    client.force_login(cast.consumer)
    answer = client.get(f"/lineage/impact/?{address}&format=csv")
    text = answer.getvalue().decode()  # type: ignore[attr-defined]
    lines = list(csv.DictReader(io.StringIO(text)))
    assert tuple(lines[0]) == COLUMNS
    whole = json.loads(client.get(f"/lineage/impact/?{address}&format=json").getvalue())  # type: ignore[attr-defined]
    assert (whole["count"], whole["hidden"]) == (READERS + 1, 1)
    paged, page = [], 1
    while True:
        part = client.get(f"/api/v1/lineage/impact/?{address}&page={page}&page_size=25").json()
        assert part["count"] == READERS + 1
        paged += part["results"]
        page += 1
        if not part["next"]:
            break
    nodes = [row["node"] for row in whole["rows"]]
    assert [line["node"] for line in lines] == [row["node"] for row in paged] == nodes
    assert len(set(nodes)) == READERS + 1
    assert "ecret" not in text + json.dumps(whole) + json.dumps(paged)


def test_names_in_the_file_are_no_formulas(client: Client, cast: Cast, address: str) -> None:
    client.force_login(cast.consumer)
    text = client.get(f"/lineage/impact/?{address}&format=csv").getvalue().decode()  # type: ignore[attr-defined]
    (line,) = (line for line in csv.DictReader(io.StringIO(text)) if "Behind" in line["product"])
    assert line["product"] == "'=Behind"
    assert line["path"] == "Hub → something you may not see → =Behind"
