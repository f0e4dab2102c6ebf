"""Reads of trust: the row of a product or port as marks are judged from it, and certifications for lists."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from catalog.accounts.models import User
from catalog.common.errors import NotFound
from catalog.products.models import DataProduct, OutputPort
from catalog.trust.marks import Mark, TrustFacts, TrustRow, marks
from catalog.trust.models import Certification


def trust_of(product: DataProduct, port: OutputPort | None = None) -> TrustRow:
    """What is kept of the port, or of the product; before the first measurement what the catalog alone knows.

    Lists load it with `select_related("trust")`. Who owns it is known without any measurement: an owned product that
    was never crawled is not called unowned.
    """
    row: TrustRow | None = getattr(product if port is None else port, "trust", None)
    return row or TrustFacts(has_owner=product.team_id is not None)


def marks_of(product: DataProduct, port: OutputPort | None = None, proof: str = "") -> tuple[Mark, ...]:
    """The six marks of a product or port as of now; `proof` is the address of its page."""
    return marks(trust_of(product, port), timezone.now(), proof)


def certifications_for(user: User) -> QuerySet[Certification]:
    """Those of products `user` may see, with what a list shows."""
    rows: QuerySet[Certification] = Certification.objects.visible_to(user)
    return rows.select_related("product__domain", "product__team", "port", "certified_by", "withdrawn_by")


def certification_or_404(user: User, pk: int, **within: Any) -> Certification:
    """One certification with what deciding about it needs; raises NotFound."""
    found = certifications_for(user).prefetch_related("product__stewardships").filter(pk=pk, **within).first()
    if found is None:
        raise NotFound("There is no such certification, or you may not see it.")
    return found
