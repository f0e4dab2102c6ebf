"""What real crawls of a real store measure for each kind of objective."""

from datetime import timedelta

import pytest

from catalog.products.models import OutputPort
from catalog.slos.measuring import measure_ports
from catalog.slos.models import Measurement, ServiceLevelObjective, SloState
from catalog.slos.services import create_slo, end_slo
from tests import factories as make
from tests.catalog.crawling.conftest import NOW, Store

pytestmark = pytest.mark.django_db
HOUR = 3600


def promised(kind: str, **fields: object) -> ServiceLevelObjective:
    return create_slo(actor=None, port=OutputPort.objects.get(), kind=kind, target=0.9, **fields)  # type: ignore[arg-type]


def measured(slo: ServiceLevelObjective) -> tuple[int, int, float | None] | None:
    found = Measurement.objects.filter(slo=slo, measured_at=NOW).first()
    return (found.good, found.bad, found.value) if found else None


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        ("availability", {}, (1, 0, None)),
        ("freshness", {"at_most": 3 * HOUR}, (1, 0, 2 * HOUR)),
        ("freshness", {"at_most": 1 * HOUR}, (0, 1, 2 * HOUR)),
        ("volume", {"at_least": 100, "at_most": 300}, (1, 0, 200)),
        ("volume", {"at_least": 201}, (0, 1, 200)),
        ("quality", {"at_least": 90}, (1, 0, 100)),
        ("completeness", {"at_least": 1, "element": "Seconds"}, (1, 0, 1)),
        ("completeness", {"at_least": 1, "element": "nowhere"}, None),
        ("completeness", {"at_least": 1}, None),  # nothing is required
        ("schema_stability", {}, None),  # nothing is declared
        ("custom", {}, None),
    ],
)
def test_each_kind_is_measured_by_a_crawl(
    store: Store, kind: str, fields: dict[str, object], expected: tuple[int, int, float | None] | None
) -> None:
    slo = promised(kind, **fields)
    store.crawl()
    assert measured(slo) == expected
    wanted = "unknown" if expected is None else "good" if expected[0] else "bad"
    if kind == "custom":
        assert SloState.objects.get(slo=slo).evaluated_at is None  # not the crawl's business
    else:
        assert SloState.objects.get(slo=slo).status == wanted


def test_latency_is_the_time_the_store_took(store: Store) -> None:
    slo = promised("latency", at_most=10**9)
    store.crawl()
    found = measured(slo)
    assert found is not None
    assert found[:2] == (1, 0)
    assert found[2] is not None


def test_declared_fields_that_break_are_bad_for_schema_stability(store: Store) -> None:
    declared = make.make_schema(None, {"id": "integer", "gone": "string"})
    OutputPort.objects.update(declared_schema=declared)
    slo = promised("schema_stability")
    store.crawl()
    assert measured(slo) == (0, 1, 1)


def test_what_cannot_be_reached_is_bad_for_availability_and_says_nothing_else(store: Store) -> None:
    availability, freshness = promised("availability"), promised("freshness", at_most=HOUR)
    store.path.write_bytes(b"this is no database, " * 400)
    store.crawl()
    assert measured(availability) == (0, 1, None)
    assert measured(freshness) is None


def test_withdrawn_promises_are_not_measured_and_a_second_crawl_adds_one_each(store: Store) -> None:
    kept, ended = promised("availability"), promised("availability")
    end_slo(actor=None, slo=ended)
    store.crawl()
    store.crawl(NOW + timedelta(hours=1))
    assert kept.measurements.count() == 2
    assert not ended.measurements.exists()
    assert SloState.objects.get(slo=kept).good == 2


def test_objectives_over_every_kind_cost_a_crawl_few_queries(
    store: Store, django_assert_max_num_queries
) -> None:  # type: ignore[no-untyped-def]
    store.crawl()
    ids = list(OutputPort.objects.values_list("pk", flat=True))
    with django_assert_max_num_queries(1):
        measure_ports(port_ids=ids, now=NOW)
    for count in (5, 50):
        for _ in range(count):
            promised("availability")
        with django_assert_max_num_queries(36):
            measure_ports(port_ids=ids, now=NOW)
