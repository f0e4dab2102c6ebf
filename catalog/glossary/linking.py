"""Linking terms to products, their ports and columns."""

from django.db import transaction

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.audit import services as audit
from catalog.common.errors import Conflict, Invalid, NotFound, Problem
from catalog.domains.models import Domain
from catalog.glossary.models import GlossaryTerm, TermLink
from catalog.products.models import DataProduct, OutputPort
from catalog.schemas.models import Field
from catalog.schemas.selectors import newest_observed_ids

MOST_LINKS = 2_000  # of one product


@transaction.atomic
def link_term(
    *,
    actor: User | None,
    term: GlossaryTerm,
    product: DataProduct,
    port: OutputPort | None = None,
    path: str = "",
) -> TermLink:
    """Say that `term` means what the product, its `port`, or the port's column `path` holds.

    What is linked already is answered as it is. Raises NotAllowed, NotFound (a draft one may not read), Conflict
    (a draft, a deprecated term, too many), or Invalid (no such port or column of the product).
    """
    kernel.require(actor, "term.link", product, "Terms are linked by those who edit the product.")
    if actor is not None and not kernel.can(actor, "term.view", term):
        raise NotFound("There is no such term, or you may not read it.")
    if port is not None and port.product_id != product.pk:
        raise _refusal("port", "The product has no such port.")
    if path and (port is None or not _has_column(port, path)):
        raise _refusal("column", "The port has no such column.")
    known = TermLink.objects.filter(term=term, product=product, port=port, path=path).first()
    if known is not None:
        return known
    _require_usable(term)
    if TermLink.objects.filter(product=product).count() >= MOST_LINKS:
        raise Conflict(
            f"A product has at most {MOST_LINKS} links to terms.", "Nothing was linked.", "Remove some first."
        )
    link = TermLink.objects.create(term=term, product=product, port=port, path=path)
    detail = {"on": link.place, "product": product.name}
    audit.record(actor=actor, verb="term.linked", obj=term, product_id=product.pk, detail=detail)
    return link


@transaction.atomic
def unlink_term(*, actor: User | None, link: TermLink) -> None:
    """Take a link away. Raises NotAllowed."""
    kernel.require(actor, "term.link", link.product, "Terms are linked by those who edit the product.")
    detail = {"on": link.place, "product": link.product.name}
    audit.record(actor=actor, verb="term.unlinked", obj=link.term, product_id=link.product_id, detail=detail)
    link.delete()


def find_term(user: User, name: str, domain: Domain) -> GlossaryTerm:
    """The term `user` means by a name, a synonym or an address, written at a product of `domain`.

    Of several of one name the domain's own counts, then that of the nearest domain above, then the mesh's; an address
    counts where they are as near, and where no name is like it. Raises Invalid where there is none, or still several.
    """
    visible = GlossaryTerm.objects.visible_to(user).select_related("domain")
    found = [term for term in visible.named([name])[:50] if nearness(term, domain) >= 0]
    best = max((nearness(term, domain) for term in found), default=0)
    nearest = [term for term in found if nearness(term, domain) == best]
    if len(nearest) == 1:
        return nearest[0]
    meant = visible.filter(pk__in=[term.pk for term in nearest]) if nearest else visible
    if (term := meant.filter(slug=name.strip()).first()) is not None:
        return term
    said = ", ".join(term.slug for term in nearest[:5])
    raise _refusal("term", f"Several terms are called so: {said}. Write one of these." if said else NO_TERM)


NO_TERM = "No term you may use is called exactly so. Look it up in the glossary."


def nearness(term: GlossaryTerm, domain: Domain) -> int:
    """How near a term is: the length of its domain's path where that holds `domain`, 0 for the mesh, else -1."""
    if term.domain is None:
        return 0
    return len(term.domain.path) if domain.path.startswith(term.domain.path) else -1


def _require_usable(term: GlossaryTerm) -> None:
    if term.state == GlossaryTerm.State.APPROVED:
        return
    if term.state == GlossaryTerm.State.DRAFT:
        raise Conflict(f"{term} is a draft.", "Nothing was linked.", "Approve it first.")
    instead = f"Use {term.successor}." if term.successor else "Use another term."
    raise Conflict(f"{term} is deprecated.", "Nothing was linked.", instead)


def _has_column(port: OutputPort, path: str) -> bool:
    observed = newest_observed_ids([port.asset_id] if port.asset_id else [])
    schemas = [*observed.values(), *([port.declared_schema_id] if port.declared_schema_id else [])]
    return Field.objects.filter(schema__in=schemas, path=path).exists()


def _refusal(path: str, message: str) -> Invalid:
    return Invalid(message, kept="Nothing was linked.", problems=[Problem(path, "choice", message)])
