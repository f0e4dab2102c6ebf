"""Pages that make, change, restore and delete terms, and link them to products."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.common.documents import MAX_BYTES
from catalog.common.errors import PortalError, StaleRevision
from catalog.common.validation import show_on_form
from catalog.domains.models import Domain
from catalog.glossary import importing, linking, services
from catalog.glossary.forms import GlossaryFileForm, LinkForm, TermForm
from catalog.glossary.models import TermLink
from catalog.glossary.views import find_term, may_create_somewhere, product_page
from catalog.products.addresses import with_product
from catalog.products.models import DataProduct

FORM = ["GET", "HEAD", "POST"]
KEPT_BY_OTHERS = "Terms are kept by the stewards and admins of domains, and by governance."


@require_http_methods(FORM)
def new_term(request: HttpRequest) -> HttpResponse:
    """`/glossary/new/`, with `?name=` and `?domain=` filled in beforehand."""
    user = caller(request)
    if not may_create_somewhere(user):
        kernel.require(user, "term.create", None, KEPT_BY_OTHERS)
    domain = Domain.objects.visible_to(user).filter(slug=request.GET.get("domain", "")).first()
    initial = {"name": request.GET.get("name", "")[:120], "domain": domain}
    form = TermForm(request.POST if request.method == "POST" else None, user=user, initial=initial)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            data = {name: value for name, value in form.cleaned_data.items() if name != "revision"}
            try:
                made = services.create_term(actor=user, **data)
            except PortalError as error:
                show_on_form(form, error)
            else:
                messages.success(request, f"The term {made} is in the glossary.")
                return redirect(made)
    context = {"form": form, "title": "New term", "cancel_url": reverse("glossary:list")}
    return render(request, "catalog/glossary/form.html", context, status=status)


@require_http_methods(FORM)
def edit_term(request: HttpRequest, slug: str) -> HttpResponse:
    """Edit, approve or deprecate a term; of two editors the second keeps what they typed."""
    user, term = caller(request), find_term(request, slug)
    kernel.require(user, "term.edit", term, KEPT_BY_OTHERS)
    form = TermForm(request.POST if request.method == "POST" else None, user=user, term=term)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            data = dict(form.cleaned_data)
            revision = data.pop("revision")
            try:
                saved = services.edit_term(actor=user, term=term, expected_revision=revision, **data)
            except PortalError as error:
                show_on_form(form, error)
                if isinstance(error, StaleRevision):
                    status = 409
                    term = find_term(request, slug)
                    form.data = {**request.POST.dict(), "revision": str(term.revision)}  # I have seen theirs
            else:
                messages.success(request, f"The term {saved} is saved.")
                return redirect(saved)
    context = {"form": form, "title": f"Edit {term}", "term": term, "cancel_url": term.get_absolute_url()}
    return render(request, "catalog/glossary/form.html", context, status=status)


@require_POST
def delete_term(request: HttpRequest, slug: str) -> HttpResponse:
    """Remove a draft."""
    term = find_term(request, slug)
    services.delete_term(actor=caller(request), term=term)
    messages.success(request, f"The draft {term} is deleted.")
    return redirect("glossary:list")


@require_POST
def restore_term(request: HttpRequest, slug: str) -> HttpResponse:
    """Bring the words of an older version back as a new change."""
    term = find_term(request, slug)
    services.restore_term(
        actor=caller(request),
        term=term,
        history_id=_number(request, "version") or 0,
        expected_revision=_number(request, "revision"),
    )
    messages.success(request, "The older words are back, as a new version. Nothing of the history was lost.")
    return redirect("glossary:history", slug=term.slug)


@require_POST
@with_product
def link(request: HttpRequest, product: DataProduct) -> HttpResponse:
    """Link a term to the product, a port or a column; what was typed wrongly stays in the form."""
    user = caller(request)
    kernel.require(user, "term.link", product, "Terms are linked by those who edit the product.")
    form = LinkForm(request.POST, product=product)
    if not form.is_valid():
        return product_page(request, product, form, 400)
    given = form.cleaned_data
    try:
        term = (
            find_term(request, given["slug"])
            if given["slug"]
            else linking.find_term(user, given["term"], product.domain)
        )
        made = linking.link_term(
            actor=user, term=term, product=product, port=given["port"], path=given["column"]
        )
    except PortalError as error:
        show_on_form(form, error)
        return product_page(request, product, form, 400)
    messages.success(request, f"{term} is linked to {made.place}.")
    return _to_terms(product)


@require_POST
@with_product
def unlink(request: HttpRequest, product: DataProduct) -> HttpResponseBase:
    """Take the link of number `link` away."""
    user = caller(request)
    rows = TermLink.objects.visible_to(user).filter(product=product, pk=_number(request, "link") or 0)
    found = rows.select_related("term", "port").first()
    kernel.require(user, "term.link", product, "Terms are linked by those who edit the product.")
    if found is None:
        raise Http404("There is no such link.")
    found.product = product
    linking.unlink_term(actor=user, link=found)
    messages.success(request, f"{found.term} is no longer linked to {found.place}.")
    return _to_terms(product)


@require_http_methods(FORM)
def import_file(request: HttpRequest) -> HttpResponse:
    """Take a file of terms in, or only show what it would do."""
    user = caller(request)
    if not may_create_somewhere(user):
        kernel.require(user, "term.create", None, KEPT_BY_OTHERS)
    posted = request.method == "POST"
    form = GlossaryFileForm(request.POST, request.FILES) if posted else GlossaryFileForm()
    context: dict[str, Any] = {"form": form}
    status = 200
    if posted:
        status = 400
        if form.is_valid():
            raw, is_dry = form.cleaned_data["document"].read(MAX_BYTES + 1), form.cleaned_data["is_dry_run"]
            try:
                context["done"] = importing.import_terms(actor=user, raw=raw, is_dry_run=is_dry)
                context["is_dry_run"], status = is_dry, 200
            except PortalError as error:
                show_on_form(form, error)
    return render(request, "catalog/glossary/import.html", context, status=status)


def _to_terms(product: DataProduct) -> HttpResponse:
    return redirect("glossary:product", domain=product.domain.slug, slug=product.slug)


def _number(request: HttpRequest, name: str) -> int | None:
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
