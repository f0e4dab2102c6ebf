"""Steps in the life of a product, and its moves to other addresses."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.audit.changes import Changes, difference, snapshot
from catalog.common.concurrency import bump_revision
from catalog.common.errors import Invalid, Problem
from catalog.common.models import OldAddress
from catalog.common.validation import clean, invalid
from catalog.domains.models import Domain
from catalog.domains.services import keep_old_address
from catalog.products import lifecycle
from catalog.products.addresses import is_address_taken
from catalog.products.models import DataProduct, Lifecycle, Stewardship
from catalog.products.services.writing import (
    announce_lifecycle,
    announce_product,
    record_product,
    save_with_author,
)

STEP_FIELDS = ("lifecycle", "successor", "sunset_at", "lifecycle_note")


def standing_of(
    product: DataProduct,
    *,
    successor: DataProduct | None = None,
    sunset_at: dt.date | None = None,
    reason: str = "",
) -> lifecycle.Standing:
    """What the lifecycle table looks at, read from the database."""
    roles = set(product.stewardships.filter(user__is_active=True).values_list("role", flat=True))
    return lifecycle.Standing(
        lifecycle=product.lifecycle,
        has_team=product.team_id is not None,
        has_business_owner=Stewardship.Role.BUSINESS_OWNER in roles,
        has_technical_owner=Stewardship.Role.TECHNICAL_OWNER in roles,
        has_purpose=bool(product.purpose.strip()),
        output_ports=product.output_ports.count(),
        today=timezone.localdate(),
        has_successor=successor is not None,
        reason=reason,
        sunset_on=sunset_at,
    )


@transaction.atomic
def change_lifecycle(
    *,
    actor: User | None,
    product: DataProduct,
    step: str,
    successor: DataProduct | None = None,
    sunset_at: dt.date | None = None,
    reason: str = "",
    expected_revision: int | None = None,
) -> DataProduct:
    """Take the next step of the lifecycle table, for example `active` (publish).

    Raises NotAllowed, Invalid with everything that is missing, or Conflict when the product changed meanwhile.
    """
    by_publishers = step in lifecycle.DECIDED_BY_PUBLISHERS
    kernel.require(
        actor, "product.publish" if by_publishers else "product.edit", product, "Its owners decide this step."
    )
    fresh = DataProduct.objects.select_related("domain", "team").get(pk=product.pk)
    kept_sunset = sunset_at or (fresh.sunset_at if step == Lifecycle.RETIRED else None)
    missing = lifecycle.missing_for(
        standing_of(fresh, successor=successor, sunset_at=kept_sunset, reason=reason), step
    )
    missing += _successor_problems(actor, fresh, successor)
    if missing:
        raise invalid(missing)
    before = snapshot(fresh, STEP_FIELDS)
    bump_revision(fresh, expected_revision)
    _take(fresh, step, successor, sunset_at, reason.strip())
    clean(fresh)
    save_with_author(fresh, actor, lifecycle.VERBS[before["lifecycle"], step])
    record_product(
        actor, f"product.{_PARTICIPLES[step]}", fresh, difference(before, snapshot(fresh, STEP_FIELDS))
    )
    announce_product(fresh)
    announce_lifecycle(fresh, before["lifecycle"])
    return fresh


_PARTICIPLES: dict[str, str] = {
    Lifecycle.PROPOSED: "proposed",
    Lifecycle.DRAFT: "drafted",
    Lifecycle.ACTIVE: "published",
    Lifecycle.DEPRECATED: "deprecated",
    Lifecycle.RETIRED: "retired",
}


def _take(
    product: DataProduct, step: str, successor: DataProduct | None, sunset_at: dt.date | None, reason: str
) -> None:
    product.lifecycle = step
    if step == Lifecycle.ACTIVE:
        product.published_at = product.published_at or timezone.now()
        product.successor, product.sunset_at, product.lifecycle_note = None, None, ""
    elif step == Lifecycle.DEPRECATED:
        product.successor, product.sunset_at, product.lifecycle_note = successor, sunset_at, reason
    elif step == Lifecycle.RETIRED:
        product.successor = successor or product.successor
        product.lifecycle_note = reason or product.lifecycle_note


def _successor_problems(
    actor: User | None, product: DataProduct, successor: DataProduct | None
) -> list[Problem]:
    if successor is None:
        return []
    if successor.pk == product.pk:
        return [Problem("successor", "self", "A product cannot succeed itself.")]
    if not successor.is_published or successor.lifecycle == Lifecycle.RETIRED:
        return [Problem("successor", "unpublished", "Choose a successor that is published and not retired.")]
    if actor is not None and not kernel.can(actor, "product.view", successor):
        return [Problem("successor", "unknown", "There is no such product.")]
    return []


@transaction.atomic
def rename_product(
    *,
    actor: User | None,
    product: DataProduct,
    name: str | None = None,
    slug: str | None = None,
    expected_revision: int | None = None,
) -> DataProduct:
    """Give the product another name, another address in its domain, or both; the old address redirects.

    Raises NotAllowed, Invalid (address taken, not a slug) or Conflict.
    """
    kernel.require(actor, "product.edit", product)
    fresh, changes = readdress(actor, product, product.domain, name, slug, expected_revision)
    if changes:
        record_product(actor, "product.renamed", fresh, changes, key=fresh.key)
    return fresh


@transaction.atomic
def move_product(
    *, actor: User | None, product: DataProduct, domain: Domain, expected_revision: int | None = None
) -> DataProduct:
    """Move the product to another domain; the old address redirects. Its team stays until it is changed.

    Needs the right to publish it and to add products over there. Raises NotAllowed, Invalid or Conflict.
    """
    fresh, changes = relocate(actor, product, domain, expected_revision)
    if changes:
        record_product(actor, "product.moved", fresh, changes, key=fresh.key)
    return fresh


def relocate(
    actor: User | None, product: DataProduct, domain: Domain, expected_revision: int | None
) -> tuple[DataProduct, Changes]:
    """A move without its audit event, for single moves and batches, inside their transaction."""
    kernel.require(actor, "product.publish", product, "Its owners decide where it belongs.")
    kernel.require(actor, "product.create", domain, f"You may not add products to {domain}.")
    return readdress(actor, product, domain, None, None, expected_revision)


def readdress(
    actor: User | None,
    product: DataProduct,
    domain: Domain,
    name: str | None,
    slug: str | None,
    expected_revision: int | None,
) -> tuple[DataProduct, Changes]:
    fresh = DataProduct.objects.select_related("domain", "team").get(pk=product.pk)
    before, key_before = snapshot(fresh, ("name", "slug", "domain")), fresh.key
    fresh.domain, fresh.name, fresh.slug = domain, name or fresh.name, slug or fresh.slug
    changes = difference(before, snapshot(fresh, ("name", "slug", "domain")))
    if not changes:
        return fresh, changes
    if fresh.key != key_before and is_address_taken(domain, fresh.slug, but_for=fresh.pk):
        problem = Problem("slug", "taken", f"The address {fresh.key} is taken.")
        raise Invalid(problem.message, kept="The product stays where it is.", problems=[problem])
    bump_revision(fresh, expected_revision)
    clean(fresh)
    if fresh.key != key_before:
        keep_old_address(OldAddress.Kind.PRODUCT, key_before, fresh.key, fresh.pk)
    save_with_author(fresh, actor, "Moved" if "domain" in changes else "Renamed")
    announce_product(fresh)
    return fresh, changes


@transaction.atomic
def change_address(
    *,
    actor: User | None,
    product: DataProduct,
    domain: Domain,
    slug: str,
    expected_revision: int | None = None,
) -> DataProduct:
    """A move and a new address in one step, all or nothing; the old address redirects. Raises as the two do."""
    if domain.pk == product.domain_id:
        return rename_product(actor=actor, product=product, slug=slug, expected_revision=expected_revision)
    kernel.require(actor, "product.publish", product, "Its owners decide where it belongs.")
    kernel.require(actor, "product.create", domain, f"You may not add products to {domain}.")
    fresh, changes = readdress(actor, product, domain, None, slug, expected_revision)
    record_product(actor, "product.moved", fresh, changes, key=fresh.key)
    return fresh
