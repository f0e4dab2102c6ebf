"""Who may draw, change and end edges by hand: whoever may edit the product that is made from something. And who says
whom to believe about a dataset."""

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.assets.models import Asset
from catalog.products.models import DataProduct
from catalog.products.permissions import can_edit_product


def can_draw_edge(user: User, product: DataProduct) -> bool:
    """Everybody who may edit the product that is fed; the port that feeds it they must be able to see."""
    return can_edit_product(user, product)


def can_edit_edge(user: User, product: DataProduct) -> bool:
    """As drawing: whoever may edit the product that is fed."""
    return can_edit_product(user, product)


def can_clean_edges(user: User, obj: object = None) -> bool:
    """Platform admins: it ends edges of the whole mesh."""
    return kernel.standing(user).is_platform_admin


def can_reject_sender(user: User, asset: Asset) -> bool:
    """Those who may edit a product that offers the dataset, and platform admins."""
    if kernel.standing(user).is_platform_admin:
        return True
    ports = asset.output_ports.select_related("product__domain").prefetch_related("product__stewardships")
    return any(can_edit_product(user, port.product) for port in ports)


kernel.register("lineage.reject_sender", can_reject_sender, on="asset")
kernel.register("lineage_edge.create", can_draw_edge, on="product")
kernel.register("lineage_edge.edit", can_edit_edge, on="product")
kernel.register("lineage_edge.clean", can_clean_edges, on="")
