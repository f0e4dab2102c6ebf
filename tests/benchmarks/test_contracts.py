"""A contract of 2,000 columns, edited and judged: one column is renamed, one taken away, every tenth widened.

Times are processor seconds of this process, the median of five; those of a database server come on top.
"""

import sys
import time
from collections.abc import Callable
from copy import deepcopy
from statistics import median
from typing import Any

import pytest
from django.test import Client

from catalog.contracts.checking import check_contract
from catalog.contracts.difference import difference
from catalog.contracts.editing import with_form
from catalog.contracts.emit import to_yaml
from catalog.contracts.models import PortContract
from catalog.contracts.services import import_document
from tests import factories as make
from tests.catalog.contracts.documents import contract
from tests.conftest import Cast

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db]
COLUMNS = 2_000
LIMIT = 1.0  # seconds of server time for the change and its comparison


def timed(what: str, call: Callable[[], Any]) -> tuple[Any, float]:
    """The answer, and the median of five runs after one to warm up."""
    answer, spent = call(), []
    for _ in range(5):
        began = time.process_time()
        answer = call()
        spent.append(time.process_time() - began)
    sys.stdout.write(f"\n{what}: {median(spent):.2f} s\n")
    return answer, median(spent)


def wide() -> dict[str, Any]:
    fields = [
        {"name": f"column_{n}", "logicalType": "string", "physicalType": "varchar(20)", "description": f"Column {n}"}
        for n in range(COLUMNS)
    ]  # fmt: skip
    return contract(schema=[{"name": "wide", "properties": fields}])


def edited() -> dict[str, Any]:
    data = deepcopy(wide()) | {"version": "2.0.0"}
    fields = data["schema"][0]["properties"]
    for field in fields[::10]:
        field["physicalType"] = "varchar(40)"
    fields[1]["name"] = "renamed"
    del fields[2]
    return data


@pytest.fixture
def known(cast: Cast) -> Cast:
    port = make.make_port(cast.play_events, "wide")
    PortContract.objects.create(port=port, contract_key=wide()["id"])
    assert import_document(actor=None, raw=to_yaml(wide()).encode()).status != "refused"
    make.make_input_port(cast.playback_quality, port)
    return cast


def test_contract_of_2000_columns_is_judged_within_a_second(known: Cast) -> None:
    raw = to_yaml(edited()).encode()
    check, spent = timed("judged against the version in force", lambda: check_contract(known.owner, raw))
    assert len(check.found.breaking) >= 2
    assert check.version_problem == ""
    assert spent < LIMIT


def test_2000_columns_are_edited_and_compared_within_a_second() -> None:
    before, typed = wide(), {"object": "0", "version": "2.0.0", "field-1-name": "renamed"}
    found, spent = timed("edited and compared", lambda: difference(before, with_form(before, typed)))
    assert found.is_breaking
    assert spent < LIMIT


def test_form_of_2000_columns_is_answered_within_a_second(known: Cast) -> None:
    """Around the comparison the page reads the text, writes it anew, and draws a sheet of fields."""
    client = Client()
    client.force_login(known.owner)
    typed = {"text": to_yaml(wide()), "is_form": "1", "object": "0", "version": "2.0.0", "field-1-name": "renamed",
             "check": "1"}  # fmt: skip
    page, spent = timed("form sent and answered", lambda: client.post("/contracts/check/", typed))
    assert "This breaks something" in page.content.decode()
    assert spent < LIMIT
