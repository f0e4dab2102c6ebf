"""What a score is made of, read from the database in a fixed number of queries."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from catalog.assets.models import Asset, AssetReading
from catalog.products.models import OutputPort
from catalog.quality.facts import PortFacts, read_facts
from catalog.quality.models import QualityScore
from catalog.quality.score import FORMULA
from catalog.quality.scoring import score_ports
from catalog.quality.services import create_check
from catalog.schemas.models import Field, FieldAnnotation, FieldProfile
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def asset() -> Asset:
    return make.make_asset(None, "plays")


def read(port: OutputPort, now: datetime = NOW) -> PortFacts:
    (facts,) = read_facts([port.pk], now)
    return facts


def profile(asset: Asset, path: str, **figures: Any) -> None:
    FieldProfile.objects.create(asset=asset, path=path, profiled_at=NOW, **({"row_count": 100} | figures))


def test_port_nothing_is_known_of_measures_nothing(cast: Cast) -> None:
    measured = read(make.make_port(cast.play_events)).measured
    assert (measured.read_at, measured.broken, measured.tried, measured.key) == (None, None, 0, None)


def test_readings_of_seven_days_count_and_later_ones_do_not(cast: Cast, asset: Asset) -> None:
    port = make.make_port(cast.play_events, asset=asset)
    for days, reachable in ((-8, False), (-6, True), (-1, False), (1, True)):
        AssetReading.objects.create(
            asset=asset, read_at=NOW + days * DAY, is_reachable=reachable, fresh_at=NOW + (days - 1) * DAY
        )
    measured = read(port).measured
    assert (measured.reached, measured.tried) == (1, 2)
    assert (measured.read_at, measured.fresh_at) == (NOW - 6 * DAY, NOW - 7 * DAY)


def test_required_fields_and_key_come_from_the_contract(cast: Cast, asset: Asset) -> None:
    make.make_schema(asset, {"ID": "integer", "name": "string", "extra": "string"})
    declared = make.make_schema(None, {"id": "integer", "name": "string", "gone": "string"})
    Field.objects.filter(schema=declared, path="id").update(key_position=1)
    Field.objects.filter(schema=declared).update(is_nullable=False)
    profile(asset, "ID", null_share=0.1, distinct_estimate=45, is_sample=True)
    profile(asset, "name", null_share=0.5)
    AssetReading.objects.create(asset=asset, read_at=NOW, is_reachable=True, row_count=1_000)
    measured = read(make.make_port(cast.play_events, asset=asset, declared_schema=declared)).measured
    assert (measured.declared, measured.broken) == (3, 1)
    assert {(item.path, item.null_share) for item in measured.required} == {("ID", 0.1), ("name", 0.5)}
    key = measured.key
    assert key is not None
    assert (key.path, key.is_enforced, key.distinct, key.filled, key.is_estimate) == (
        "ID",
        False,
        45,
        900,
        True,
    )


@pytest.mark.parametrize(
    ("enforced", "promised", "is_enforced"),
    [
        (["a"], [], True),
        (["a"], ["a"], True),
        (["a"], ["a", "b"], True),
        (["a", "b"], ["a"], False),
        ([], ["a", "b"], False),
    ],
)
def test_stores_own_key_enforces_what_contains_it(
    cast: Cast, asset: Asset, enforced: list[str], promised: list[str], is_enforced: bool
) -> None:
    """Unique by `a` means unique by `a, b`; the other way round says nothing."""
    observed = make.make_schema(asset, {"a": "string", "b": "string"})
    declared = make.make_schema(None, {"a": "string", "b": "string"})
    for schema, paths in ((observed, enforced), (declared, promised)):
        for place, path in enumerate(paths, start=1):
            Field.objects.filter(schema=schema, path=path).update(key_position=place)
    key = read(make.make_port(cast.play_events, asset=asset, declared_schema=declared)).measured.key
    assert key is not None
    assert key.is_enforced == is_enforced


def test_described_fields_are_those_of_the_source_and_of_people(cast: Cast, asset: Asset) -> None:
    schema = make.make_schema(asset, {"a": "string", "b": "string", "c": "string"})
    Field.objects.filter(schema=schema, path="a").update(comment="From the store")
    FieldAnnotation.objects.create(asset=asset, path="b", description="From people")
    FieldAnnotation.objects.create(asset=asset, path="gone", description="Of a field that left")
    documented = read(make.make_port(cast.play_events, asset=asset)).documented
    assert (documented.described, documented.fields, documented.has_owner) == (2, 3, True)


def test_queries_do_not_grow_with_the_ports(cast: Cast, django_assert_num_queries: Any) -> None:
    def ports(count: int) -> list[int]:
        found = []
        for _ in range(count):
            asset = make.make_asset()
            make.make_schema(asset, {"a": "string"}).fields.update(key_position=1)
            profile(asset, "a")
            port = make.make_port(cast.play_events, asset=asset)
            create_check(actor=None, port=port, kind="not_null", element="a")
            found.append(port.pk)
        return found

    few, many = ports(5), ports(50)
    with django_assert_num_queries(8):
        read_facts(few, NOW)
    with django_assert_num_queries(8):
        read_facts(many, NOW)
    Field.objects.update(key_position=None)
    with django_assert_num_queries(7):  # no key, nothing required: no figures are judged
        read_facts(many, NOW)


def test_scoring_twice_at_one_moment_leaves_one_score(cast: Cast, asset: Asset) -> None:
    port = make.make_port(cast.play_events, asset=asset)
    score_ports(port_ids=[port.pk, port.pk], now=NOW)
    score_ports(port_ids=[port.pk], now=NOW)
    score = QualityScore.objects.get()
    assert (score.value, score.formula, len(score.dimensions)) == (None, FORMULA, 5)
