"""What is said of keeping the values of assets that ports offer."""

from collections.abc import Iterable

from catalog.products.models import OutputPort
from catalog.schemas.models import Field
from catalog.schemas.selectors import Discretion, discretion_of


def discretion(asset_ids: Iterable[int]) -> dict[int, Discretion]:
    """What people, contracts and products' classifications say of keeping values of these assets."""
    ids = list(asset_ids)
    ports = OutputPort.objects.filter(asset__in=ids)
    declared = (
        Field.objects.filter(schema__declared_by__in=ports)
        .exclude(classification="")
        .values_list("schema__declared_by__asset_id", "path", "classification")
    )
    closed = ports.filter(product__classification__is_personal=True).values_list("asset_id", flat=True)
    return discretion_of(ids, declared=declared, closed=closed)
