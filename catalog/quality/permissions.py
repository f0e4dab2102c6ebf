"""Who may see, make and measure checks: whoever may see or edit the product of the port."""

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.products.models import DataProduct
from catalog.products.permissions import can_edit_product, can_view_product
from catalog.quality.models import QualityCheck


def can_view_check(user: User, check: QualityCheck) -> bool:
    """Everybody who may see the product."""
    return can_view_product(user, check.port.product)


def can_create_check(user: User, product: DataProduct) -> bool:
    """Everybody who may edit the product."""
    return can_edit_product(user, product)


def can_edit_check(user: User, check: QualityCheck) -> bool:
    """Everybody who may edit the product."""
    return can_edit_product(user, check.port.product)


def can_measure_checks(user: User, product: DataProduct) -> bool:
    """Everybody who may edit the product: results of other tools count like those of crawls."""
    return can_edit_product(user, product)


kernel.register("check.view", can_view_check)
kernel.register("check.create", can_create_check, on="product")
kernel.register("check.edit", can_edit_check)
kernel.register("check.measure", can_measure_checks, on="product")
