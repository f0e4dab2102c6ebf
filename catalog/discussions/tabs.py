"""The tab of a product's questions, announced at start-up."""

from catalog.accounts.models import User
from catalog.discussions.selectors import open_count
from catalog.products import tabs
from catalog.products.models import DataProduct


def _count(product: DataProduct, _user: User) -> int | None:
    """How many are open; nothing where there are none."""
    return open_count(product) or None


tabs.register(
    tabs.Tab(key="questions", label="Questions", order=70, url_name="discussions:product", count=_count)
)
