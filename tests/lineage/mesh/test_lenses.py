"""Lenses: what the database judges is what the marks of the trust strip say."""

from datetime import timedelta
from itertools import product as every

import pytest
from django.utils import timezone

from catalog.products.models import DataProduct
from catalog.trust.marks import marks
from catalog.trust.models import ProductTrust
from lineage.mesh.lenses import lens_named
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def test_quality_and_freshness_agree_with_the_trust_strip() -> None:
    now = timezone.now()
    domain = make.make_domain()
    hours = timedelta(hours=1)
    rows = []
    for number, (quality, fresh, promise, reached, measured, valid) in enumerate(
        every(
            (None, 59.4, 59.5, 84.5, 84.6),
            (None, -50 * hours, -3 * hours, -1 * hours),
            (None, 2 * hours, 30 * hours),
            (None, True, False),
            (None, -2 * hours),
            (None, -1 * hours, 5 * hours),
        )
    ):
        if measured is None and (fresh or reached is not None):
            continue  # nobody measured, so nothing is known
        named = {"name": f"P {number}", "slug": f"p-{number}", "lifecycle": "active"}
        rows.append(
            ProductTrust(
                product=DataProduct(domain=domain, **named),
                quality=quality,
                quality_at=now,
                fresh_at=fresh and now + fresh,
                freshness_promise=promise,
                is_reachable=reached,
                measured_at=measured and now + measured,
                valid_until=valid and now + valid,
                has_owner=True,
            )
        )
    DataProduct.objects.bulk_create([row.product for row in rows])
    ProductTrust.objects.bulk_create(rows)
    for key in ("quality", "freshness"):
        seen = set()
        for product in lens_named(key).through(DataProduct.objects.select_related("trust")):
            mark = next(mark for mark in marks(product.trust, now) if mark.key == key)
            assert product.state == mark.meaning, (key, product.trust.__dict__)
            seen.add(mark.meaning)
        assert seen == {"good", "warning", "bad", "unknown"}


def test_what_was_never_measured_is_unknown(cast: Cast) -> None:
    for key in ("quality", "freshness"):
        assert {product.state for product in lens_named(key).through(DataProduct.objects.all())} == {
            "unknown"
        }


def test_owner_lens_tells_teams_apart_by_letters_and_hue() -> None:
    teams = [
        make.make_team(name) for name in ("Playlists team", "Playback team", "Payments", "Artist relations")
    ]
    for team in teams:
        make.make_product(domain=make.make_domain(), team=team)
    make.make_product(team=None)
    lens = lens_named("owner")
    letters = [lens.states[team.slug].letters for team in teams]
    assert letters[0] == "Pl"
    assert letters[3] == "AR"
    assert len(set(letters)) == 4
    assert len({lens.states[team.slug].tone for team in teams}) == 4
    states = {product.team_id: product.state for product in lens.through(DataProduct.objects.all())}
    assert states[None] == "unowned"
    assert states[teams[0].pk] == teams[0].slug


def test_lifecycle_lens_has_a_shape_for_each_step() -> None:
    lens = lens_named("lifecycle")
    assert len({state.shape for state in lens.states.values()}) == len(lens.states) == 5


def test_contract_slo_and_certification_agree_with_the_trust_strip() -> None:
    now = timezone.now()
    hour = timedelta(hours=1)
    domain = make.make_domain()
    rows = []
    for number, (contract, slo, valid, until) in enumerate(
        every(
            ("", "kept", "drifted", "unknown"),
            ("", "good", "warning", "bad"),
            (None, -hour, hour),
            (None, -hour, hour),
        )
    ):
        product = DataProduct(domain=domain, name=f"P {number}", slug=f"p-{number}", lifecycle="active")
        moment = valid and now + valid
        rows.append(
            ProductTrust(
                product=product, contract_status=contract, measured_at=valid and now - 2 * hour, valid_until=moment,
                slo_status=slo, slo_measured_at=valid and now - 2 * hour, slo_valid_until=moment,
                certified_at=until and now - 2 * hour, certified_until=until and now + until, has_owner=True,
            )
        )  # fmt: skip
    DataProduct.objects.bulk_create([row.product for row in rows])
    ProductTrust.objects.bulk_create(rows)
    for key, mark_key in (("contract", "contract"), ("slo", "slos"), ("certification", "certification")):
        seen = set()
        for product in lens_named(key).through(DataProduct.objects.select_related("trust")):
            mark = next(mark for mark in marks(product.trust, now) if mark.key == mark_key)
            assert product.state == mark.meaning, (key, product.trust.__dict__)
            seen.add(product.state)
        assert seen == set(lens_named(key).states)
