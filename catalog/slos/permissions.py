"""Who may see, promise and measure objectives: whoever may see or edit the product of the port."""

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.products.models import DataProduct
from catalog.products.permissions import can_edit_product, can_view_product
from catalog.slos.models import ServiceLevelObjective


def can_view_slo(user: User, slo: ServiceLevelObjective) -> bool:
    """Everybody who may see the product."""
    return can_view_product(user, slo.port.product)


def can_create_slo(user: User, product: DataProduct) -> bool:
    """Everybody who may edit the product."""
    return can_edit_product(user, product)


def can_edit_slo(user: User, slo: ServiceLevelObjective) -> bool:
    """Everybody who may edit the product."""
    return can_edit_product(user, slo.port.product)


def can_measure_slo(user: User, slo: ServiceLevelObjective) -> bool:
    """Everybody who may edit the product; only custom objectives take measurements from outside."""
    return can_edit_product(user, slo.port.product)


kernel.register("slo.view", can_view_slo)
kernel.register("slo.create", can_create_slo, on="product")
kernel.register("slo.edit", can_edit_slo)
kernel.register("slo.measure", can_measure_slo)
