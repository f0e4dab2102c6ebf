"""The tab of a product's objectives, announced at start-up."""

from catalog.accounts.models import User
from catalog.products import tabs
from catalog.products.models import DataProduct
from catalog.slos.models import ServiceLevelObjective


def _count(product: DataProduct, _user: User) -> int | None:
    """How many are promised; nothing where there are none."""
    return ServiceLevelObjective.objects.active().filter(port__product=product).count() or None


tabs.register(tabs.Tab(key="slos", label="SLOs", order=40, url_name="slos:product", count=_count))
