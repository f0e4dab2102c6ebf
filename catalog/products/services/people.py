"""Naming the people in charge of a product."""

from collections.abc import Iterable, Mapping

from django.db import transaction

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.audit.changes import difference
from catalog.common.concurrency import bump_revision
from catalog.common.errors import Conflict, Invalid, Problem
from catalog.products.models import DataProduct, Lifecycle, Stewardship
from catalog.products.services.writing import announce_product, record_product

KEPT_WHILE_ACTIVE = (Stewardship.Role.BUSINESS_OWNER, Stewardship.Role.TECHNICAL_OWNER)


@transaction.atomic
def set_stewards(
    *,
    actor: User | None,
    product: DataProduct,
    role: str,
    users: Iterable[User],
    expected_revision: int | None = None,
) -> DataProduct:
    """Make exactly `users` the holders of `role` (a Stewardship.Role value) on the product.

    Only those who may publish decide it: otherwise a steward could make themselves owner. Raises NotAllowed, Invalid
    for a role that is none or a deactivated person, Conflict when an active product would lose its last owner.
    """
    kernel.require(
        actor, "product.publish", product, "The people in charge are named by the product's owners."
    )
    wanted = {user.pk: user for user in users}
    _check(role, wanted.values())
    present = {item.user_id: item for item in product.stewardships.filter(role=role).select_related("user")}
    changes = difference(
        {role: _names(item.user for item in present.values())}, {role: _names(wanted.values())}
    )
    if not changes:
        return product
    if not wanted and role in KEPT_WHILE_ACTIVE and product.lifecycle == Lifecycle.ACTIVE:
        label = Stewardship.Role(role).label.lower()
        raise Conflict(
            f"An active product keeps a {label}.",
            kept="Nothing was changed.",
            remedy="Name somebody else in the place.",
        )
    fresh = DataProduct.objects.select_related("domain", "team").get(pk=product.pk)
    bump_revision(fresh, expected_revision)
    removed = sorted(pk for pk in present if pk not in wanted)
    Stewardship.objects.filter(pk__in=[present[pk].pk for pk in removed]).delete()
    Stewardship.objects.bulk_create(
        Stewardship(product=fresh, user=user, role=role) for pk, user in wanted.items() if pk not in present
    )
    record_product(actor, "product.people_named", fresh, changes, removed=removed)
    announce_product(fresh)
    return fresh


def _check(role: str, users: Iterable[User]) -> None:
    problems = []
    if role not in Stewardship.Role.values:
        problems.append(Problem("role", "unknown", f"{role} is no role on a product."))
    problems += [
        Problem(role, "inactive", f"{user} is deactivated and cannot answer for a product.")
        for user in users
        if not user.is_active
    ]
    if problems:
        raise Invalid(problems[0].message, kept="Nothing was changed.", problems=problems)


def _names(users: Iterable[User]) -> list[str]:
    return sorted(str(user) for user in users)


@transaction.atomic
def set_people(
    *,
    actor: User | None,
    product: DataProduct,
    people: Mapping[str, Iterable[User]],
    expected_revision: int | None = None,
) -> DataProduct:
    """`set_stewards` for several roles at once (role -> its holders), all or none. Raises as it does."""
    for role, users in people.items():
        changed = set_stewards(
            actor=actor, product=product, role=role, users=users, expected_revision=expected_revision
        )
        if changed.revision != product.revision:
            expected_revision = None  # the first change compared; the others belong to the same transaction
        product = changed
    return product
