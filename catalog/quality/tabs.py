"""The tab of a product's checks, announced at start-up."""

from catalog.accounts.models import User
from catalog.products import tabs
from catalog.products.models import DataProduct
from catalog.quality.models import QualityCheck


def _count(product: DataProduct, _user: User) -> int | None:
    """How many are asked; nothing where there are none."""
    return QualityCheck.objects.active().filter(port__product=product).count() or None


tabs.register(tabs.Tab(key="quality", label="Quality", order=38, url_name="quality:product", count=_count))
