"""Index marks for products whose domain or words changed: their documents carry these names."""

from typing import Any

from django.db.models import QuerySet
from django.dispatch import receiver

from catalog.audit.models import ChangeMark
from catalog.audit.services import mark_changed
from catalog.domains.models import Domain
from catalog.domains.signals import domain_changed
from catalog.products.models import DataProduct, OutputPort
from catalog.vocabulary.models import Classification, Tag
from catalog.vocabulary.signals import classification_changed, tag_changed


@receiver(domain_changed, dispatch_uid="catalog.products.domain_changed")
def mark_products_of_domain(domain: Domain, **_: Any) -> None:
    _mark(DataProduct.objects.in_domain(domain))


@receiver(tag_changed, dispatch_uid="catalog.products.tag_changed")
def mark_products_of_tag(tag: Tag, **_: Any) -> None:
    _mark(DataProduct.objects.filter(tags=tag))


@receiver(classification_changed, dispatch_uid="catalog.products.classification_changed")
def mark_products_of_classification(classification: Classification, **_: Any) -> None:
    _mark(DataProduct.objects.filter(classification=classification))


def _mark(products: QuerySet[DataProduct]) -> None:
    ids = list(products.values_list("pk", flat=True))
    mark_changed(ChangeMark.Kind.PRODUCT, ids)
    ports = OutputPort.objects.filter(product__in=products).values_list("pk", flat=True)
    mark_changed(ChangeMark.Kind.PORT, ports)
