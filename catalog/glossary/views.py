"""Reading pages of the glossary: the list, a term, its history, and the terms of a product."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.accounts.models import User
from catalog.common.csv import csv_response
from catalog.common.lists import page_of, sorted_by
from catalog.domains.models import Domain
from catalog.glossary import selectors
from catalog.glossary.forms import LinkForm
from catalog.glossary.models import GlossaryTerm, kept_teams
from catalog.glossary.proposing import proposals_for
from catalog.products.addresses import with_product
from catalog.products.history import versions
from catalog.products.models import DataProduct

CSV_COLUMNS = (
    "term",
    "slug",
    "abbreviation",
    "synonyms",
    "domain",
    "state",
    "owner",
    "products",
    "definition",
)
USE_COLUMNS = ("product", "port", "column")
SORTS = {"name": "folded_name", "products": "product_count", "changed": "updated_at"}
THE_MESH = "mesh"  # the value of ?domain= for terms of no domain
USES_A_PAGE, VERSIONS_A_PAGE = 50, 20
UNSEEN_TERM = "(a term you may not read)"


@require_safe
def term_list(request: HttpRequest) -> HttpResponseBase:
    """`/glossary/`: terms by letter, domain and words, sorted, paged, as CSV."""
    user = caller(request)
    rows = sorted_by(request, selectors.terms_with_counts(user), SORTS, "name")
    query, domain = request.GET.get("q", "").strip()[:200], request.GET.get("domain", "")[:200]
    state = request.GET.get("state", "")
    rows = _narrowed(rows, user, domain, state)
    if query:
        rows = selectors.matching(rows, query)
    letters = selectors.letters_of(rows)
    letter = request.GET.get("letter", "")[:4]
    if letter:
        rows = selectors.beginning_with(rows, letter)
    if request.GET.get("format") == "csv":
        return csv_response("glossary.csv", CSV_COLUMNS, _lines(rows))
    context = {
        "page": page_of(request, rows.select_related("domain", "team", "steward")),
        "query": query,
        "letters": letters,
        "letter": letter,
        "domain": domain,
        "domains": Domain.objects.visible_to(user)
        .filter(terms__isnull=False)
        .distinct()
        .order_by("name")[:200],
        "state": state,
        "states": GlossaryTerm.State.choices,
        "may_create": may_create_somewhere(user),
        "is_filtered": bool(query or letter or domain or state),
    }
    return render(request, "catalog/glossary/list.html", context)


def _narrowed(rows: QuerySet[GlossaryTerm], user: User, domain: str, state: str) -> QuerySet[GlossaryTerm]:
    """By domain (with those below it) and state; what means nothing narrows nothing."""
    if domain == THE_MESH:
        rows = rows.filter(domain=None)
    elif domain:
        chosen = Domain.objects.visible_to(user).filter(slug=domain).first()
        rows = rows.filter(domain__path__startswith=chosen.path) if chosen else rows.none()
    return rows.filter(state=state) if state in GlossaryTerm.State.values else rows


def _lines(rows: QuerySet[GlossaryTerm]) -> Iterator[list[Any]]:
    for term in rows.select_related("domain", "team").iterator(chunk_size=500):
        domain, team = term.domain, term.team
        yield [term.name, term.slug, term.abbreviation, term.synonyms, domain.slug if domain else "", term.state,
               team.name if team else "", getattr(term, "product_count", 0), term.definition]  # fmt: skip


@require_safe
def term(request: HttpRequest, slug: str) -> HttpResponseBase:
    """One term: what it means, its other names, where it is used; `?format=csv` its uses as a file."""
    user, found = caller(request), find_term(request, slug)
    links = selectors.links_of(user, found)
    if request.GET.get("format") == "csv":
        lines = ([link.product.key, link.port, link.path] for link in links.iterator(chunk_size=500))
        return csv_response(f"{found.slug}-uses.csv", USE_COLUMNS, lines)
    page = page_of(request, links, USES_A_PAGE)
    successor = found.successor if found.successor_id else None
    if successor is not None and not kernel.can(user, "term.view", successor):
        successor = None
    context = {
        "term": found,
        "page": page,
        "uses": [selectors.Use(link) for link in page],
        "related": GlossaryTerm.objects.visible_to(user).filter(related=found)[:100],
        "successor": successor,
        "may_edit": kernel.can(user, "term.edit", found),
    }
    return render(request, "catalog/glossary/term.html", context)


@require_safe
def history(request: HttpRequest, slug: str) -> HttpResponse:
    """Every version of a term, field by field, newest first."""
    user, found = caller(request), find_term(request, slug)
    rows = found.history.select_related("history_user").order_by("-history_id")
    if not kernel.can(user, "term.edit", found):
        rows = rows.exclude(state=GlossaryTerm.State.DRAFT)  # how it was drafted is its keepers'
    page = page_of(request, rows, VERSIONS_A_PAGE)
    context = {
        "term": found,
        "page": page,
        "versions": versions(page, rows, user, unseen={GlossaryTerm: UNSEEN_TERM}),
        "may_edit": kernel.can(user, "term.edit", found),
    }
    return render(request, "catalog/glossary/history.html", context)


@require_safe
@with_product
def of_product(request: HttpRequest, product: DataProduct) -> HttpResponse:
    """The terms of a product, its ports and columns; for its editors what its contracts propose."""
    return product_page(request, product)


def product_page(
    request: HttpRequest, product: DataProduct, form: Any = None, status: int = 200
) -> HttpResponse:
    """The page with `form` as it was filled in; None gives an empty one to those who may link."""
    user = caller(request)
    may_link = kernel.can(user, "term.link", product)
    if may_link and form is None:
        name, _, version = request.GET.get("port", "").partition("/")
        port = product.output_ports.filter(name=name, version=version).first()
        form = LinkForm(
            product=product, initial={"port": port, "column": request.GET.get("column", "")[:500]}
        )
    page = page_of(request, selectors.links_at(user, product))
    for link in page:
        link.product = product  # loaded already, with its domain
    context = {
        "product": product,
        "tab": "overview",
        "page": page,
        "uses": [selectors.Use(link) for link in page],
        "may_link": may_link,
        "form": form,
        "proposals": proposals_for(user, product) if may_link else [],
    }
    return render(request, "catalog/glossary/product.html", context, status=status)


def find_term(request: HttpRequest, slug: str) -> GlossaryTerm:
    """The term at this address, for those who may read it; 404 otherwise."""
    visible = GlossaryTerm.objects.visible_to(caller(request))
    found = visible.select_related("domain", "team", "steward", "successor__domain").filter(slug=slug).first()
    if found is None:
        raise Http404("There is no such term, or you may not read it.")
    return found


def may_create_somewhere(user: User) -> bool:
    """Whether `user` keeps the terms of any domain, or of the mesh."""
    if kernel.can(user, "term.create", None):
        return True
    teams = kept_teams(user)
    return bool(teams) and Domain.objects.filter(team__in=teams).exists()
