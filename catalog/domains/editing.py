"""Pages that make, change and delete domains; reading pages are in `catalog.domains.views`."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.accounts.models import User
from catalog.common.errors import NotFound, PortalError, StaleRevision
from catalog.common.validation import show_on_form
from catalog.domains import services
from catalog.domains.addresses import DomainMoved, find_domain
from catalog.domains.forms import DomainForm
from catalog.domains.models import Domain


@require_http_methods(["GET", "HEAD", "POST"])
def new_domain(request: HttpRequest) -> HttpResponse:
    """`/domains/new/`, with `?parent=` chosen beforehand."""
    user = caller(request)
    parent = Domain.objects.visible_to(user).filter(slug=request.GET.get("parent", "")).first()
    if not any(kernel.can(user, "domain.create", d) for d in (None, *Domain.objects.visible_to(user))):
        kernel.require(user, "domain.create", parent, "Domains are made by administrators.")
    form = DomainForm(
        request.POST if request.method == "POST" else None, user=user, initial={"parent": parent}
    )
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            data = _without_empty(form.cleaned_data)
            try:
                domain = services.create_domain(actor=user, **data)
            except PortalError as error:
                show_on_form(form, error)
            else:
                messages.success(request, f"The domain {domain} is made.")
                return redirect("domains:detail", slug=domain.slug)
    context = {"form": form, "title": "New domain", "cancel_url": reverse("domains:list")}
    return render(request, "catalog/domains/form.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def edit_domain(request: HttpRequest, slug: str) -> HttpResponse:
    """Edit a domain, move it in the tree, or delete it when it is empty."""
    user = caller(request)
    try:
        domain = find_domain(user, slug)
    except DomainMoved as moved:
        return redirect("domains:edit", slug=moved.domain.slug, permanent=True)
    except NotFound as error:
        raise Http404(error.message) from error
    kernel.require(user, "domain.edit", domain, "This domain is kept by its admins.")
    data = request.POST if request.method == "POST" else None
    form = DomainForm(data, user=user, domain=domain, initial=DomainForm.initial_of(domain))
    context: dict[str, Any] = {
        "form": form,
        "title": f"Edit {domain}",
        "domain": domain,
        "cancel_url": reverse("domains:detail", kwargs={"slug": domain.slug}),
        "is_empty": not domain.numchild and not domain.products.exists(),
    }
    status = 200
    if data is not None:
        status = 400
        if form.is_valid():
            try:
                saved = _save(user, domain, dict(form.cleaned_data))
            except PortalError as error:
                show_on_form(form, error)
                if isinstance(error, StaleRevision):
                    status = 409
                    present = Domain.objects.get(pk=domain.pk)
                    form.data = {**request.POST.dict(), "revision": str(present.revision)}
            else:
                messages.success(request, f"The domain {saved} is saved.")
                return redirect("domains:detail", slug=saved.slug)
    return render(request, "catalog/domains/form.html", context, status=status)


@require_POST
def delete_domain(request: HttpRequest, slug: str) -> HttpResponse:
    """Remove an empty domain."""
    user = caller(request)
    try:
        domain = find_domain(user, slug)
    except (DomainMoved, NotFound) as error:
        raise Http404("There is no such domain.") from error
    services.delete_domain(actor=user, domain=domain)
    messages.success(request, f"The domain {domain} is deleted.")
    return redirect("domains:list")


def _save(user: User, domain: Domain, data: dict[str, Any]) -> Domain:
    revision = data.pop("revision")
    data["slug"] = data["slug"] or domain.slug
    data["hue"] = domain.hue if data["hue"] is None else data["hue"]
    return services.change_domain(actor=user, domain=domain, expected_revision=revision, **data)


def _without_empty(data: dict[str, Any]) -> dict[str, Any]:
    """What a new domain is told: no revision, and no slug or hue left empty."""
    return {
        k: v for k, v in data.items() if k != "revision" and not (k in ("slug", "hue") and v in ("", None))
    }
