"""The tab of a product's incidents, announced at start-up."""

from catalog.accounts.models import User
from catalog.incidents.selectors import rows_of
from catalog.products import tabs
from catalog.products.models import DataProduct


def _count(product: DataProduct, _user: User) -> int | None:
    """How many are not resolved; nothing where there are none."""
    return sum(not row.steps for row in rows_of(product)) or None


tabs.register(
    tabs.Tab(key="incidents", label="Incidents", order=45, url_name="incidents:product", count=_count)
)
