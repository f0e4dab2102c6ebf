"""Who decides about proposals: those who may edit the product, said as a query."""

from typing import Any

from django.db.models import Q, QuerySet

from catalog.accounts import kernel
from catalog.accounts.models import Role, User
from catalog.products.models import DataProduct
from catalog.products.permissions import OWNING_ROLES


def editable_products(user: User) -> "QuerySet[DataProduct, Any]":
    """Primary keys of the products `user` may edit; says the same as `can_edit_product` (a test compares them)."""
    who = kernel.standing(user)
    rows = DataProduct.objects.order_by()
    if who.is_platform_admin:
        return rows.values("pk")
    if who.user_id is None:
        return rows.none().values("pk")
    teams = frozenset[int]().union(*(who.teams_by_role.get(role, frozenset()) for role in OWNING_ROLES))
    admins = who.teams_by_role.get(Role.DOMAIN_ADMIN, frozenset())
    own = Q(team__in=teams) | Q(domain__team__in=admins) | Q(stewardships__user=user)
    return rows.filter(pk__in=rows.filter(own).values("pk")).values("pk")
