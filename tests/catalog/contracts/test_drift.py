"""Observed against promised: each field's drift with its severity, on the page of the port."""

import pytest
from django.test import Client

from catalog.contracts.drift import drift
from catalog.schemas.conformance import compare
from catalog.schemas.shape import FieldShape
from tests import factories as make
from tests.conftest import Cast

CASES = [
    (FieldShape("a", "string"), None, "breaking"),
    (None, FieldShape("a", "string"), "harmless"),
    (FieldShape("a", "string"), FieldShape("a", "integer"), "breaking"),
    (FieldShape("a", "string", is_nullable=False), FieldShape("a", "string", is_nullable=True), "risky"),
    (FieldShape("a", "string", is_unique=True), FieldShape("a", "string", is_unique=False), "risky"),
    (FieldShape("a", "string", "varchar(9)"), FieldShape("a", "string", "varchar(20)"), "risky"),
    (FieldShape("a", "string", "varchar(20)"), FieldShape("a", "string", "varchar(9)"), ""),
    (FieldShape("a", "string", "text"), FieldShape("a", "string", "VARCHAR"), ""),
    (FieldShape("a", "string"), FieldShape("a", "string", is_nullable=True), ""),
]


@pytest.mark.parametrize(("promised", "seen", "severity"), CASES)
def test_drift_of_a_field(promised: FieldShape | None, seen: FieldShape | None, severity: str) -> None:
    rows = drift(compare([promised] if promised else [], [seen] if seen else []).comparisons)
    assert [str(row.severity) for row in rows] == ([severity] if severity else [])


@pytest.mark.django_db
def test_port_page_shows_both_sides(cast: Cast) -> None:
    asset = make.make_asset(name="plays")
    make.make_schema(asset, {"play_id": "string", "extra": "string"})
    declared = make.make_schema(None, {"play_id": "integer", "gone": "string"})
    port = make.make_port(
        cast.play_events, "plays", asset=asset, connection=asset.connection, declared_schema=declared
    )
    client = Client()
    client.force_login(cast.consumer)
    page = client.get(port.get_absolute_url()).content.decode()
    assert "Observed against promised" in page
    assert "gone is promised and not there." in page
    assert page.count(">Breaking<") + page.count("Breaking</span>") >= 1
