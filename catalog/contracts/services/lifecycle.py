"""The status of a descriptor and the lifecycle of its product.

A mesh that is described somewhere else is already alive: a product may arrive active without the owners the portal
asks of those who publish here. What is missing is said, not refused; steps backwards are refused as everywhere.
"""

import datetime as dt

from catalog.accounts import kernel
from catalog.audit import services as audit
from catalog.common.concurrency import bump_revision
from catalog.contracts import odps
from catalog.contracts.models import ProductDescriptor
from catalog.contracts.results import Session
from catalog.products import services as products
from catalog.products.lifecycle import TRANSITIONS, missing_for
from catalog.products.models import PUBLISHED, DataProduct, Lifecycle
from catalog.products.services.writing import (
    announce_lifecycle,
    announce_product,
    save_with_author,
)


def follow_status(
    session: Session, product: DataProduct, wanted: odps.Product, before: odps.Product | None
) -> None:
    """Take the product to the lifecycle step the document states, unless a person took it elsewhere."""
    step = wanted.lifecycle
    product.refresh_from_db()
    if step is None:
        session.note(
            "$.status", "unknown-status", f"The status {wanted.status!r} is not known here; it was not used."
        )
        return
    if step == product.lifecycle or (before is not None and before.lifecycle == step):
        return
    if product.is_published and step not in PUBLISHED:
        message = f"The product is {product.lifecycle} here and cannot become {step} again."
        session.note("$.status", "status-backwards", message, "warning")
        return
    by_publishers = step in PUBLISHED
    action = "product.publish" if by_publishers else "product.edit"
    if session.actor is not None and not kernel.can(session.actor, action, product):
        session.note(
            "$.status", "status", f"It stays {product.lifecycle}: its owners decide to make it {step}."
        )
        return
    _take(session, product, step, wanted)


def _take(session: Session, product: DataProduct, step: str, wanted: odps.Product) -> None:
    standing = products.standing_of(product)
    if step == Lifecycle.ACTIVE:
        for missing in missing_for(standing, step) if step in TRANSITIONS[product.lifecycle] else ():
            session.note("$.status", "incomplete", f"{missing.message} It is active without.")
    was = str(product.lifecycle)
    product.lifecycle = step
    if step in PUBLISHED:
        product.published_at = product.published_at or session.now
    if step in (Lifecycle.DEPRECATED, Lifecycle.RETIRED):
        product.sunset_at = _sunset(wanted) or product.sunset_at
        product.successor = _successor(session, wanted) or product.successor
        product.lifecycle_note = wanted.custom_text("deprecationReason") or product.lifecycle_note
    bump_revision(product, None)
    product.full_clean()
    save_with_author(product, session.actor, f"Imported from {session.path}"[:100])
    audit.record(
        actor=session.actor, verb=f"product.{_PARTICIPLES[step]}", obj=product, product_id=product.pk,
        changes={"lifecycle": [was, step]}, detail={"document": session.path},
    )  # fmt: skip
    announce_product(product)
    announce_lifecycle(product, was)


_PARTICIPLES = {
    "proposed": "proposed", "draft": "drafted", "active": "published", "deprecated": "deprecated", "retired": "retired",
}  # fmt: skip


def _sunset(wanted: odps.Product) -> dt.date | None:
    return wanted.custom_date("sunset")


def _successor(session: Session, wanted: odps.Product) -> DataProduct | None:
    """The product named by `successor`: a descriptor's id, or `domain/slug` here; none that the actor may not see."""
    named = wanted.custom_text("successor")
    if not named:
        return None
    known = DataProduct.objects.all()
    seen = known if session.actor is None else known.visible_to(session.actor)
    descriptor = ProductDescriptor.objects.filter(key=named, product__in=seen).first()
    if descriptor:
        return descriptor.product
    domain, _, slug = named.rpartition("/")
    return seen.filter(slug=slug, domain__slug=domain).first()
