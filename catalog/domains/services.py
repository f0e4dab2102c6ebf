"""All writes to domains."""

from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.db.models import ProtectedError

from catalog.accounts import kernel
from catalog.accounts.models import Team, User
from catalog.audit import services as audit
from catalog.audit.changes import difference, snapshot
from catalog.common.concurrency import bump_revision
from catalog.common.errors import Conflict, Invalid, Problem
from catalog.common.models import OldAddress
from catalog.common.slugs import make_slug
from catalog.common.validation import clean
from catalog.domains.models import HUES, Domain
from catalog.domains.signals import domain_changed

RESERVED_SLUGS = frozenset({"new"})  # addresses below /domains/ that mean something else
FIELDS = ("name", "slug", "kind", "description", "team", "hue")


class DomainDetails(TypedDict, total=False):
    """What may be said of a domain beside its name and team."""

    slug: str
    kind: str
    description: str
    hue: int


class DomainFields(DomainDetails, total=False):
    """What an edit may change."""

    name: str
    team: Team


@transaction.atomic
def create_domain(
    *,
    actor: User | None,
    name: str,
    team: Team,
    parent: Domain | None = None,
    **fields: Unpack[DomainDetails],
) -> Domain:
    """A new domain below `parent` or at the top; without a slug it gets one made of its name, without a hue a free one.

    Raises NotAllowed, or Invalid naming the fields.
    """
    kernel.require(actor, "domain.create", parent, "Domains are made by the admins of the domain above.")
    fields.setdefault("hue", Domain.objects.count() % HUES)
    slug = fields.get("slug") or make_slug(name, fallback="domain", is_taken=is_address_taken)
    fields["slug"] = slug
    domain = Domain(name=name, team=team, **fields)
    _check(domain)
    if parent is None:
        Domain.objects.add_root(instance=domain)
    else:
        Domain.objects.add_child(Domain.objects.get(pk=parent.pk), instance=domain)
    audit.record(
        actor=actor, verb="domain.created", obj=domain, changes=difference({}, snapshot(domain, FIELDS))
    )
    domain_changed.send(sender=Domain, domain=domain)
    return domain


@transaction.atomic
def edit_domain(
    *,
    actor: User | None,
    domain: Domain,
    expected_revision: int | None = None,
    **fields: Unpack[DomainFields],
) -> Domain:
    """Change what is given. A new slug keeps the old address by redirect, for the products in it too.

    Raises NotAllowed, Invalid, or Conflict when somebody else saved first.
    """
    kernel.require(actor, "domain.edit", domain)
    fresh: Domain = Domain.objects.select_related("team").get(pk=domain.pk)
    before = snapshot(fresh, FIELDS)
    for name, value in fields.items():
        setattr(fresh, name, value)
    changes = difference(before, snapshot(fresh, FIELDS))
    if "team" in fields and "team" in changes:
        _require_handover(actor, fresh)
    bump_revision(fresh, expected_revision)
    if not changes:
        return fresh
    _check(fresh)
    if "slug" in changes:
        keep_old_address(OldAddress.Kind.DOMAIN, before["slug"], fresh.slug, fresh.pk)
    fresh.save()
    audit.record(actor=actor, verb="domain.edited", obj=fresh, changes=changes)
    domain_changed.send(sender=Domain, domain=fresh)
    return fresh


@transaction.atomic
def move_domain(*, actor: User | None, domain: Domain, parent: Domain | None) -> Domain:
    """Hang `domain` with everything below it under `parent`, or at the top. Addresses stay: slugs are unique anyway.

    Raises NotAllowed (both ends are needed), or Invalid when `parent` lies inside `domain`.
    """
    kernel.require(actor, "domain.edit", domain)
    kernel.require(actor, "domain.create", parent, "You may not add domains there.")
    fresh: Domain = Domain.objects.get(pk=domain.pk)
    before = Domain.objects.get_parent(fresh)
    if before == parent:
        return fresh
    if parent is None:
        Domain.objects.move(fresh, Domain.objects.get_last_root_node(), "last-sibling")
    else:
        target = Domain.objects.get(pk=parent.pk)
        if target.path.startswith(fresh.path):
            problem = Problem("parent", "cycle", "A domain cannot lie inside itself.")
            raise Invalid(problem.message, kept="Nothing was moved.", problems=[problem])
        Domain.objects.move(fresh, target, "last-child")
    fresh = Domain.objects.get(pk=domain.pk)
    names = [str(before) if before else None, str(parent) if parent else None]
    audit.record(actor=actor, verb="domain.moved", obj=fresh, changes={"parent": names})
    domain_changed.send(sender=Domain, domain=fresh)
    return fresh


@transaction.atomic
def delete_domain(*, actor: User | None, domain: Domain) -> None:
    """Remove an empty domain. Raises Conflict while products or domains are in it."""
    kernel.require(actor, "domain.edit", domain)
    fresh = Domain.objects.get(pk=domain.pk)
    if fresh.numchild:
        raise Conflict(
            f"{fresh} has domains below it.", kept="Nothing was deleted.", remedy="Move them first."
        )
    audit.record(actor=actor, verb="domain.deleted", obj=fresh)
    try:
        fresh.delete()
    except ProtectedError as error:
        raise Conflict(
            f"{fresh} holds data products or terms.", kept="Nothing was deleted.", remedy="Move them first."
        ) from error
    OldAddress.objects.filter(kind=OldAddress.Kind.DOMAIN, target_id=domain.pk).delete()


def is_address_taken(slug: str, *, but_for: int | None = None) -> bool:
    """Whether a domain lives at `slug`, or lived there and is still redirected from it."""
    return (
        slug in RESERVED_SLUGS
        or Domain.objects.filter(slug=slug).exclude(pk=but_for or 0).exists()
        or OldAddress.objects.filter(kind=OldAddress.Kind.DOMAIN, address=slug)
        .exclude(target_id=but_for or 0)
        .exists()
    )


def keep_old_address(kind: OldAddress.Kind, before: str, after: str, target_id: int) -> None:
    """Redirect from `before`; whoever moves back to an address of its own frees it."""
    OldAddress.objects.filter(kind=kind, address=after, target_id=target_id).delete()
    OldAddress.objects.get_or_create(kind=kind, address=before, defaults={"target_id": target_id})


def _check(domain: Domain) -> None:
    if is_address_taken(domain.slug, but_for=domain.pk):
        problem = Problem("slug", "taken", f"The address /domains/{domain.slug}/ is taken.")
        raise Invalid(problem.message, kept="Nothing was saved.", problems=[problem])
    clean(domain, exclude=["path", "depth", "numchild"])


def _require_handover(actor: User | None, domain: Domain) -> None:
    """Whoever hands a domain to another team must keep a hand on it: otherwise they lock themselves out, or grab."""
    kernel.require(actor, "domain.edit", domain, "You may hand a domain only to a team you administer too.")


@transaction.atomic
def change_domain(
    *, actor: User | None, domain: Domain, expected_revision: int | None = None, **changes: Any
) -> Domain:
    """`edit_domain` and, where `parent` is among `changes`, `move_domain`: all or nothing. Raises as they do."""
    moves, parent = "parent" in changes, changes.pop("parent", None)
    fresh = edit_domain(actor=actor, domain=domain, expected_revision=expected_revision, **changes)
    return move_domain(actor=actor, domain=fresh, parent=parent) if moves else fresh
