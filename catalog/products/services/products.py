"""Making, editing and deleting data products."""

from collections.abc import Iterable
from typing import Any, TypedDict, Unpack

from django.db import transaction

from catalog.accounts import kernel
from catalog.accounts.models import Role, Team, User
from catalog.audit.changes import Changes, difference, snapshot
from catalog.common.concurrency import bump_revision
from catalog.common.errors import Conflict, Invalid, Problem
from catalog.common.slugs import make_slug
from catalog.common.validation import clean
from catalog.domains.models import Domain
from catalog.products.addresses import is_address_taken
from catalog.products.models import DataProduct, Lifecycle
from catalog.products.permissions import OWNING_ROLES
from catalog.products.services.writing import announce_product, record_product, save_product
from catalog.vocabulary.models import Classification, Tag
from catalog.vocabulary.services import tags_named

#: What an edit may change; domain, address and lifecycle have services of their own.
FIELDS = (
    "name",
    "team",
    "purpose",
    "description",
    "usage",
    "limitations",
    "archetype",
    "visibility",
    "version",
    "tags",
    "classification",
    "region",
    "links",
    "support",
)
#: Who answers for it and who may know of it: decided by those who may publish, not by every editor.
GUARDED = frozenset({"team", "visibility"})


class ProductDetails(TypedDict, total=False):
    """What may be said of a product beside its name."""

    team: Team | None
    purpose: str
    description: str
    usage: str
    limitations: str
    archetype: str
    visibility: str
    version: str
    tags: Iterable[str | Tag]
    classification: Classification | None
    region: str
    links: list[dict[str, str]]
    support: list[dict[str, str]]


class ProductFields(ProductDetails, total=False):
    """What an edit may change."""

    name: str


@transaction.atomic
def create_product(
    *,
    actor: User | None,
    domain: Domain,
    name: str,
    slug: str = "",
    lifecycle: str = Lifecycle.DRAFT,
    is_demo: bool = False,
    origin: str = "",
    origin_key: str = "",
    **fields: Unpack[ProductDetails],
) -> DataProduct:
    """A new product, proposed or draft, of the domain's team unless another is named.

    Without `slug` the address is made of the name and is always free. Raises NotAllowed, or Invalid naming the fields.
    """
    kernel.require(actor, "product.create", domain, f"You may not add products to {domain}.")
    if lifecycle not in (Lifecycle.PROPOSED, Lifecycle.DRAFT):
        raise _invalid("lifecycle", "transition", "A product begins as proposed or draft.")
    if slug and is_address_taken(domain, slug):
        raise _invalid("slug", "taken", f"The address {domain.slug}/{slug} is taken.")
    fields.setdefault("team", domain.team)
    product = DataProduct(
        domain=domain,
        name=name,
        slug=slug or make_slug(name, fallback="product", is_taken=lambda s: is_address_taken(domain, s)),
        lifecycle=lifecycle,
        is_demo=is_demo,
        origin=origin,
        origin_key=origin_key,
    )
    tags = _assign(product, dict(fields))
    _require_team(actor, product)
    clean(product)
    save_product(product, actor, tags=tags)
    record_product(actor, "product.created", product, difference({}, _told(product)))
    announce_product(product)
    return product


@transaction.atomic
def edit_product(
    *,
    actor: User | None,
    product: DataProduct,
    expected_revision: int | None = None,
    reason: str = "",
    **fields: Unpack[ProductFields],
) -> DataProduct:
    """Change what is given and return the product as it is now.

    Raises NotAllowed, Invalid naming the fields, or Conflict when somebody saved since `expected_revision`.
    An edit that changes nothing leaves no trace.
    """
    fresh, changes = apply_fields(
        actor=actor, product=product, expected_revision=expected_revision, reason=reason, fields=fields
    )
    if changes:
        record_product(actor, "product.edited", fresh, changes, **({"reason": reason} if reason else {}))
    return fresh


def apply_fields(
    *,
    actor: User | None,
    product: DataProduct,
    expected_revision: int | None,
    reason: str,
    fields: ProductFields,
) -> tuple[DataProduct, Changes]:
    """An edit without its audit event: shared by single edits, restores and batches, inside their transaction."""
    kernel.require(actor, "product.edit", product)
    fresh = DataProduct.objects.select_related("domain", "team", "classification").get(pk=product.pk)
    before = snapshot(fresh, FIELDS)
    tags = _assign(fresh, dict(fields))
    changes = difference(before, {**_told(fresh), "tags": _names(tags, before["tags"])})
    if not changes and expected_revision in (None, fresh.revision):
        return fresh, {}
    if not GUARDED.isdisjoint(changes):
        kernel.require(
            actor, "product.publish", product, "Team and visibility are decided by the product's owners."
        )
    if "team" in changes:
        _require_team(actor, fresh)
    bump_revision(fresh, expected_revision)
    clean(fresh)
    save_product(fresh, actor, tags=tags if "tags" in changes else None, reason=reason)
    announce_product(fresh)
    return fresh, changes


@transaction.atomic
def delete_draft(*, actor: User | None, product: DataProduct) -> None:
    """Delete a product that never was published. What was published is retired instead (Conflict)."""
    kernel.require(actor, "product.edit", product)
    fresh = DataProduct.objects.select_related("domain").get(pk=product.pk)
    if fresh.published_at or fresh.is_published:
        raise Conflict(
            f"{fresh} was published: people may rely on its address.",
            kept="Nothing was deleted.",
            remedy="Deprecate it, then retire it.",
        )
    record_product(actor, "product.deleted", fresh, {}, key=fresh.key)
    announce_product(fresh)
    fresh._history_user = actor  # type: ignore[attr-defined]
    fresh.delete()


def _assign(product: DataProduct, fields: dict[str, Any]) -> list[Tag] | None:
    """Set plain fields; tags are returned instead, they are written when the row is saved. None: tags not given."""
    tags = fields.pop("tags", None)
    for name, value in fields.items():
        setattr(product, name, value)
    if tags is None:
        return None
    given = list(tags)
    named = tags_named(item for item in given if isinstance(item, str))
    return list({tag.pk: tag for tag in (*named, *(i for i in given if isinstance(i, Tag)))}.values())


def _told(product: DataProduct) -> dict[str, Any]:
    return snapshot(product, FIELDS)


def _names(tags: list[Tag] | None, otherwise: list[str]) -> list[str]:
    return otherwise if tags is None else sorted(str(tag) for tag in tags)


def _require_team(actor: User | None, product: DataProduct) -> None:
    """A product is given to the domain's team or to one where the giver has a say; never dumped on strangers."""
    if actor is None or product.team_id is None or product.team_id == product.domain.team_id:
        return
    if not kernel.standing(actor).has_role(product.team_id, *OWNING_ROLES, Role.DOMAIN_ADMIN):
        raise _invalid(
            "team", "foreign", "Choose the domain's team, or one in which you are an owner or steward."
        )


def _invalid(path: str, rule: str, message: str) -> Invalid:
    return Invalid(message, kept="Nothing was saved.", problems=[Problem(path, rule, message)])
