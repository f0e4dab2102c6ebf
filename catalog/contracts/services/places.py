"""Where a described product belongs: its domain, its team, its address."""

from django.db.models import Q

from catalog.accounts import kernel
from catalog.accounts.models import Team
from catalog.accounts.services.teams import create_team
from catalog.common.errors import Invalid, Problem
from catalog.common.slugs import make_slug
from catalog.contracts import odps
from catalog.contracts.results import Session
from catalog.domains.models import Domain
from catalog.domains.services import create_domain
from catalog.products import services as products
from catalog.products.addresses import is_address_taken
from catalog.products.models import DataProduct


def domain_for(session: Session, product: odps.Product) -> Domain:
    """The domain the document names, made where missing and allowed. Raises Invalid when there is none."""
    named = product.domain or session.options.default_domain
    domain = find_domain(named)
    if domain is not None:
        return domain
    may_create = session.actor is None or kernel.can(session.actor, "domain.create", None)
    if not session.options.create_missing or not may_create:
        message = f"There is no domain named {named!r} here. Ask an administrator to make it."
        raise Invalid(
            "The domain is unknown.",
            "Nothing was changed.",
            "",
            [Problem("domain", "unknown-domain", message)],
        )
    team = team_for(session, product) or _new_team(session, f"{_title(named)} team")
    return create_domain(actor=session.actor, name=_title(named)[:120], team=team)


def find_domain(named: str) -> Domain | None:
    """A domain by its slug, its name, or the slug its name would make."""
    slug = make_slug(named, fallback="domain", is_taken=lambda _: False)
    found: Domain | None = Domain.objects.filter(Q(slug=named) | Q(slug=slug) | Q(name__iexact=named)).first()
    return found


def team_for(session: Session, product: odps.Product) -> Team | None:
    """The team the document names, made where missing and allowed; None when it names none."""
    name = product.team.name[:120]
    if not name:
        return None
    slug = make_slug(name, fallback="team", is_taken=lambda _: False)
    team: Team | None = Team.objects.filter(Q(slug=slug) | Q(name__iexact=name)).first()
    if team is not None:
        return team
    may_create = session.actor is None or kernel.can(session.actor, "team.create", None)
    if not session.options.create_missing or not may_create:
        session.note(
            "$.team.name", "unknown-team", f"There is no team named {name} here; the domain's team answers."
        )
        return None
    return _new_team(session, name, product.team.description)


def _new_team(session: Session, name: str, description: str = "") -> Team:
    return create_team(actor=session.actor, name=name, description=description)


def slug_for(domain: Domain, product: odps.Product) -> str:
    """The address part: made of the name, free in the domain."""
    return make_slug(product.name, fallback="product", is_taken=lambda slug: is_address_taken(domain, slug))


def follow_domain(
    session: Session, product: DataProduct, wanted: odps.Product, before: odps.Product | None
) -> DataProduct:
    """Move the product when the document moved it and no person did; the old address redirects."""
    if before is None or wanted.domain == before.domain:
        return product
    was = find_domain(before.domain or session.options.default_domain)
    if was is None or was.pk != product.domain_id:
        session.note(
            "$.domain", "edited-by-hand", "The product was moved here; it stays where it is.", "warning"
        )
        return product
    return products.move_product(actor=session.actor, product=product, domain=domain_for(session, wanted))


def _title(name: str) -> str:
    """`playback-quality` -> `Playback quality`; names with capitals or blanks stay as they are."""
    words = name.replace("-", " ").replace("_", " ").strip() if name == name.lower() else name
    return words[:1].upper() + words[1:]
