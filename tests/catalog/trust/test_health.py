"""The health of domains says in SQL what the marks say in Python."""

import datetime as dt
import itertools

import pytest
from django.utils import timezone

from catalog.products.models import DataProduct
from catalog.trust.health import FRESH_UNTIL, domain_branches, health_by_domain, state_of_products
from catalog.trust.marks import TrustFacts, marks, worst_meaning
from catalog.trust.models import ProductTrust
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def test_sql_agrees_with_the_marks_for_every_combination(cast: Cast) -> None:
    now = timezone.now()
    combinations = itertools.product(
        (None, 59.4, 59.5, 84.5, 84.6, 100.0),
        (None, True, False),
        (None, now - HOUR, now - 10 * HOUR),
        (None, HOUR / 2, 3 * HOUR, 30 * HOUR),
        (None, now - HOUR, now + HOUR),
        (True, False),
        (("", None), ("unknown", None), ("good", now + HOUR), ("warning", now + HOUR), ("bad", now + HOUR),
         ("bad", now - HOUR), ("good", now - HOUR)),
        ("", "kept", "drifted", "unknown"),
    )  # fmt: skip
    for quality, reachable, fresh, promise, valid, owned, (slo, until), contract in list(combinations)[
        ::37
    ]:  # coprime to every factor
        ProductTrust.objects.create(
            product=make.make_product(domain=cast.listening),
            quality=quality,
            quality_at=now,
            is_reachable=reachable,
            fresh_at=fresh,
            freshness_promise=promise,
            measured_at=now - 2 * HOUR if valid else None,
            valid_until=valid,
            has_owner=owned,
            slo_status=slo,
            contract_status=contract,
            slo_measured_at=until and now - 2 * HOUR,
            slo_valid_until=until,
        )
    rows = DataProduct.objects.select_related("trust").annotate(fresh_until=FRESH_UNTIL)
    for product in rows.annotate(state=state_of_products()):
        facts = getattr(product, "trust", None) or TrustFacts(has_owner=product.team_id is not None)
        expected = worst_meaning(marks(facts, now))
        assert product.state == expected, {f: getattr(facts, f) for f in TrustFacts.__slots__}


def test_counts_are_those_the_reader_may_see(cast: Cast) -> None:
    make.make_product("Hidden", domain=cast.listening, visibility="private")
    make.make_product("Gone", domain=cast.listening, lifecycle="retired")
    assert sum(health_by_domain(cast.consumer)[cast.listening.pk].values()) == 1
    assert sum(health_by_domain(cast.admin)[cast.listening.pk].values()) == 2
    assert health_by_domain(cast.guest) == {}


def test_branches_add_up_what_is_below(cast: Cast) -> None:
    charts = make.make_domain("Charts", cast.listening, team=cast.listening_team)
    make.make_product("Daily charts", domain=charts)
    top = {branch.domain.slug: branch for branch in domain_branches(cast.consumer)}
    assert top["listening"].products == 2
    assert sum(top["listening"].health.values()) == 2
    assert [branch.domain for branch in domain_branches(cast.consumer, within=cast.listening)] == [charts]
