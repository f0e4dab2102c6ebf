"""What people say of fields: descriptions, classifications, and whether values may be kept."""

from collections.abc import Iterable
from typing import Any, TypedDict, Unpack

from django.db import IntegrityError, transaction

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.assets import services as assets
from catalog.assets.models import Asset
from catalog.audit import services as audit
from catalog.audit.models import ChangeMark
from catalog.common.concurrency import bump_revision
from catalog.common.errors import NotAllowed, NotFound, StaleRevision
from catalog.schemas.models import Field, FieldAnnotation, FieldProfile
from catalog.schemas.selectors import is_at_or_below, newest_observed_ids
from catalog.vocabulary.models import Classification

PERSONAL = "It is classified as personal."
NOT_RELEASED = "Its values are no longer released."
_SLICE = 500


class Said(TypedDict, total=False):
    """What may be said of a field; what is not given stays."""

    description: str
    classification: Classification | None
    is_released: bool


@transaction.atomic
def annotate_field(
    *,
    actor: User | None,
    asset: Asset,
    path: str,
    expected_revision: int | None = None,
    **said: Unpack[Said],
) -> FieldAnnotation:
    """Describe a field, classify it, or allow or forbid that its values are kept.

    Classifying as personal, and taking a release back, deletes the values kept so far at once. Whoever may edit a
    product that offers the asset may describe and classify; to release values one must be allowed to edit all of
    them, because all show the same profile. Raises NotAllowed, NotFound (no such field), Invalid or StaleRevision.
    """
    ports = list(
        asset.output_ports.select_related("product__domain").prefetch_related("product__stewardships")
    )
    _check_rights(actor, [port.product for port in ports], releases=bool(said.get("is_released")))
    annotation = _locked(asset, path, expected_revision)
    before = _spoken(annotation)
    for name, value in said.items():
        setattr(annotation, name, value)
    if annotation.classification is not None and annotation.classification.is_personal:
        annotation.is_released = False
    after = _spoken(annotation)
    changes = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    annotation.full_clean(exclude=["asset"])
    annotation.save()
    _forget(annotation, before)
    for product in {port.product_id: port.product for port in ports}.values():
        audit.record(
            actor=actor, verb="field.annotated", obj=annotation, product_id=product.pk, changes=changes
        )
    audit.mark_changed(ChangeMark.Kind.PORT, [port.pk for port in ports])
    audit.mark_changed(ChangeMark.Kind.PRODUCT, sorted({port.product_id for port in ports}))
    return annotation


def _check_rights(actor: User | None, products: list[Any], *, releases: bool) -> None:
    if actor is None:
        return
    allowed = [kernel.can(actor, "product.edit", product) for product in products]
    if not any(allowed):
        raise NotAllowed(
            "You may not describe the fields of this product.",
            kept="Nothing was changed.",
            remedy="Ask the people in charge of it.",
        )
    if releases and not all(allowed):
        raise NotAllowed(
            "Another product offers the same data, and its owners must release the values too.",
            kept="Nothing was changed.",
            remedy="Ask the owners of the other product.",
        )


def _locked(asset: Asset, path: str, expected_revision: int | None) -> FieldAnnotation:
    """The annotation at its next revision; a new one where nobody said anything yet."""
    found = FieldAnnotation.objects.select_related("classification").filter(asset=asset, path=path).first()
    if found is not None:
        bump_revision(found, expected_revision)
        return found
    schema_id = newest_observed_ids([asset.pk]).get(asset.pk)
    if schema_id is None or not Field.objects.filter(schema=schema_id, path=path).exists():
        raise NotFound(
            "There is no such field.", remedy="The schema may have changed; see its present fields."
        )
    try:
        with transaction.atomic():
            return FieldAnnotation.objects.create(asset=asset, path=path, revision=1)
    except IntegrityError as error:
        raise StaleRevision(
            "Somebody else described this field at the same moment.",
            kept="Nothing of theirs was overwritten.",
            remedy="Look at what they wrote, then save again.",
        ) from error


def _spoken(annotation: FieldAnnotation) -> dict[str, Any]:
    return {
        "description": annotation.description,
        "classification": str(annotation.classification) if annotation.classification else "",
        "is_released": annotation.is_released,
    }


def _forget(annotation: FieldAnnotation, before: dict[str, Any]) -> None:
    is_personal = annotation.classification is not None and annotation.classification.is_personal
    if not is_personal and (annotation.is_released or not before["is_released"]):
        return
    profiles = FieldProfile.objects.filter(asset=annotation.asset, path__startswith=annotation.path)
    paths = [
        path for path in profiles.values_list("path", flat=True) if is_at_or_below(path, annotation.path)
    ]
    forget_values(
        asset_id=annotation.asset_id,
        paths=paths if is_personal else [annotation.path],
        because=PERSONAL if is_personal else NOT_RELEASED,
    )


def forget_values(*, asset_id: int, paths: Iterable[str], because: str) -> None:
    """Empty the values of profiles; their counts stay. The next crawl keeps what is then allowed."""
    listed = list(paths)
    assets.forget_digests(ids=[asset_id])
    for start in range(0, len(listed), _SLICE):
        FieldProfile.objects.filter(asset=asset_id, path__in=listed[start : start + _SLICE]).update(
            minimum="", maximum="", mean=None, histogram=[], top_values=[], withheld_because=because
        )
