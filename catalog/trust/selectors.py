"""The trust row of a product or port, as marks are judged from it."""

from catalog.products.models import DataProduct, OutputPort
from catalog.trust.marks import TrustFacts, TrustRow


def trust_of(product: DataProduct, port: OutputPort | None = None) -> TrustRow:
    """What is kept of the port, or of the product; before the first measurement what the catalog alone knows.

    Lists load it with `select_related("trust")`. Who owns it is known without any measurement: an owned product that
    was never crawled is not called unowned.
    """
    row: TrustRow | None = getattr(product if port is None else port, "trust", None)
    return row or TrustFacts(has_owner=product.team_id is not None)
