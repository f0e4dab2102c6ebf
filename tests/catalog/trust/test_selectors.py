"""Before the first measurement only what the catalog knows is said: an owned product is not called unowned."""

import pytest
from django.utils import timezone

from catalog.trust.marks import marks
from catalog.trust.models import ProductTrust
from catalog.trust.selectors import trust_of
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def meaning_of_owner(product: object) -> str:
    found = marks(trust_of(product), timezone.now())  # type: ignore[arg-type]
    return next(mark.meaning for mark in found if mark.key == "owner")


def test_owned_product_without_measurement_is_owned(cast: Cast) -> None:
    product = make.make_product(domain=cast.listening)
    ProductTrust.objects.filter(product=product).delete()
    product = type(product).objects.get(pk=product.pk)
    assert meaning_of_owner(product) == "good"


def test_product_without_a_team_is_unowned(cast: Cast) -> None:
    assert meaning_of_owner(make.make_product(domain=cast.listening, team=None)) == "bad"


def test_port_says_nothing_was_measured(cast: Cast) -> None:
    port = make.make_port(cast.play_events)
    found = marks(trust_of(cast.play_events, port), timezone.now())
    assert [mark.meaning for mark in found[:3]] == ["unknown"] * 3
