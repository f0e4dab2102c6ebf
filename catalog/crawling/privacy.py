"""Forgetting values that may no longer be kept, at once and not only at the next crawl."""

from collections.abc import Iterable

from django.db.models import Q

from catalog.assets.models import Asset
from catalog.products.value_discretion import discretion
from catalog.quality import storing as checks
from catalog.schemas.models import FieldProfile
from catalog.schemas.services import forget_values
from catalog.vocabulary.models import Classification


def enforce(*, asset_ids: Iterable[int]) -> None:
    """Empty the values of every profile, and the samples of checks, where they are forbidden now.

    Forbidden by people, by contracts or by the classifications of products.
    """
    said = discretion(asset_ids)
    for asset_id, words in said.items():
        if not (words.withheld or words.is_closed):
            continue
        paths = FieldProfile.objects.filter(asset=asset_id).values_list("path", flat=True)
        forbidden: dict[str, list[str]] = {}
        for path in paths:
            if because := words.objection(path, was_released=False):
                forbidden.setdefault(because, []).append(path)
        for because, listed in forbidden.items():
            forget_values(asset_id=asset_id, paths=listed, because=because)
        elements = checks.sampled_elements(asset_id)
        folded = words.folded()
        forget = [item for item in elements if folded.objection(item.casefold(), was_released=False)]
        checks.forget_samples(asset_id=asset_id, elements=forget)


def assets_classified(classification: Classification) -> list[int]:
    """Assets with a field of the classification, and those of products that carry it."""
    condition = Q(annotations__classification=classification) | Q(
        output_ports__product__classification=classification
    )
    return list(Asset.objects.filter(condition).distinct().values_list("pk", flat=True))
