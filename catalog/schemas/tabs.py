"""The schema tab of a product, announced at start-up, and who may see values."""

from catalog.accounts import kernel
from catalog.accounts.kernel import standing
from catalog.accounts.models import User
from catalog.products import tabs
from catalog.products.models import DataProduct, OutputPort
from catalog.products.permissions import can_edit_product, can_view_product


def can_view_values(user: User, product: DataProduct) -> bool:
    """Members of the mesh who may see the product, and its own people."""
    if not can_view_product(user, product):
        return False
    who = standing(user)
    return who.is_member or any(item.user_id == user.pk for item in product.stewardships.all())


def can_view_definition(user: User, port: OutputPort) -> bool:
    """The SQL of a view may hold values: whoever edits the product or runs the store, if they may see its values."""
    if not can_view_values(user, port.product):
        return False
    runs_the_store = port.connection is not None and kernel.can(user, "connection.view", port.connection)
    return runs_the_store or can_edit_product(user, port.product)


kernel.register("port.view_definition", can_view_definition)
kernel.register("product.view_values", can_view_values)
tabs.register(tabs.Tab(key="schema", label="Schema", order=20, url_name="schemas:fields"))
