"""The kernel's two voices, tokens and SQL, say the same."""

import itertools

import pytest

from catalog.accounts import kernel
from catalog.accounts.models import Role, Team
from catalog.products.models import DataProduct, Lifecycle, Visibility
from catalog.products.permissions import can_view_product
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def test_tokens_and_sql_agree_for_every_person_and_product(cast: Cast) -> None:
    people = list(cast.everybody().values())
    for role in Role:
        person = make.make_user(f"has-{role}")
        make.make_membership(
            person, role, None if role in ("governance", "platform_admin") else cast.listening_team
        )
        people.append(person)
    for lifecycle, visibility, team in itertools.product(
        Lifecycle, Visibility, (None, cast.listening_team, cast.playback_team)
    ):
        make.make_product(domain=cast.listening, team=team, lifecycle=lifecycle, visibility=visibility)
    products = list(DataProduct.objects.select_related("domain").prefetch_related("stewardships"))
    for person in people:
        by_sql = set(DataProduct.objects.visible_to(person).values_list("pk", flat=True))
        by_tokens = {product.pk for product in products if can_view_product(person, product)}
        assert by_sql == by_tokens, person


def test_guest_without_rights_sees_nothing(cast: Cast) -> None:
    assert not DataProduct.objects.visible_to(cast.guest).exists()
    assert kernel.held_tokens(cast.guest) == {f"user:{cast.guest.pk}"}


def test_role_in_a_team_holds_in_teams_below(cast: Cast) -> None:
    person = make.make_user()
    make.make_membership(person, Role.DOMAIN_ADMIN, Team.objects.get(slug="daff"))
    draft = make.make_product(domain=cast.listening, team=None, lifecycle="draft")
    assert draft in DataProduct.objects.visible_to(person)
    assert draft not in DataProduct.objects.visible_to(cast.consumer)


def test_deactivated_person_holds_nothing(cast: Cast) -> None:
    cast.admin.is_active = False
    assert kernel.held_tokens(cast.admin) == frozenset()
    assert not DataProduct.objects.visible_to(cast.admin).exists()
