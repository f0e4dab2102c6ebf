"""Lineage shows what products show: there is no right of its own, and no way around theirs."""

from django.db.models import QuerySet

from catalog.accounts.models import User
from catalog.products.models import DataProduct


def visible_product_ids(user: User) -> "QuerySet[DataProduct, int]":
    """Primary keys of the products whose name may appear in a picture for `user`, as a subquery."""
    return DataProduct.objects.visible_to(user).order_by().values_list("pk", flat=True)
