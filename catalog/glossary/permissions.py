"""Who may read, keep and use the terms of the glossary."""

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.domains.models import Domain
from catalog.glossary.models import KEEPERS, GlossaryTerm
from catalog.products.models import DataProduct
from catalog.products.permissions import can_edit_product


def can_view_term(user: User, term: GlossaryTerm) -> bool:
    """What is agreed: every member of the mesh; a draft: those who may edit it."""
    return (term.is_published and kernel.standing(user).is_member) or can_edit_term(user, term)


def can_create_term(user: User, domain: Domain | None) -> bool:
    """In a domain: its admins and the stewards of its team; for the whole mesh: governance and platform admins."""
    who = kernel.standing(user)
    return who.sees_everything or (domain is not None and who.has_role(domain.team_id, *KEEPERS))


def can_edit_term(user: User, term: GlossaryTerm) -> bool:
    """As making it, and the steward named on it while they belong to the mesh."""
    is_steward = term.steward_id == user.pk and kernel.standing(user).is_member
    return is_steward or can_create_term(user, term.domain)


def can_link_terms(user: User, product: DataProduct) -> bool:
    """Everybody who may edit the product."""
    return can_edit_product(user, product)


kernel.register("term.view", can_view_term)
kernel.register("term.create", can_create_term, on="domain")
kernel.register("term.edit", can_edit_term)
kernel.register("term.link", can_link_terms, on="product")
