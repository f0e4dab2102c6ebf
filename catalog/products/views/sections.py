"""The settings tab: what one may change about a product, cut into sections with one form each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.accounts.models import User
from catalog.common.errors import PortalError, StaleRevision
from catalog.common.markdown import render as render_markdown
from catalog.common.validation import show_on_form
from catalog.products import lifecycle, services
from catalog.products.addresses import with_product
from catalog.products.forms.products import AddressForm, BasicsForm, DocumentationForm, PeopleForm
from catalog.products.models import DataProduct, Stewardship
from catalog.products.tabs import frame

Save = Callable[[User, DataProduct, dict[str, Any]], DataProduct]


@dataclass(frozen=True, slots=True)
class Section:
    """One form of the settings tab: how it is made and how what it holds is saved."""

    key: str
    label: str
    make: Callable[..., forms.Form]
    initial: Callable[[DataProduct], dict[str, Any]]
    save: Save
    needs_product: bool = False


def _save_fields(user: User, product: DataProduct, data: dict[str, Any]) -> DataProduct:
    revision = data.pop("revision")
    return services.edit_product(actor=user, product=product, expected_revision=revision, **data)


def _save_people(user: User, product: DataProduct, data: dict[str, Any]) -> DataProduct:
    revision = data.pop("revision")
    return services.set_people(actor=user, product=product, people=data, expected_revision=revision)


def _save_address(user: User, product: DataProduct, data: dict[str, Any]) -> DataProduct:
    return services.change_address(
        actor=user,
        product=product,
        domain=data["domain"],
        slug=data["slug"],
        expected_revision=data["revision"],
    )


SECTIONS = {
    section.key: section
    for section in (
        Section("basics", "Basics", BasicsForm, BasicsForm.initial_of, _save_fields, needs_product=True),
        Section(
            "documentation", "Documentation", DocumentationForm, DocumentationForm.initial_of, _save_fields
        ),
        Section("people", "People", PeopleForm, PeopleForm.initial_of, _save_people),
        Section("address", "Address", AddressForm, AddressForm.initial_of, _save_address, needs_product=True),
    )
}
#: What stands in the left rail, with the sections that have pages of their own.
PLACES = (
    ("basics", "Basics", "products:edit"),
    ("documentation", "Documentation", "products:section"),
    ("people", "People", "products:section"),
    ("links", "Links and support", "products:links"),
    ("ports", "Output ports", "products:ports"),
    ("inputs", "Input ports", "products:inputs"),
    ("lifecycle", "Lifecycle", "products:lifecycle"),
    ("address", "Address", "products:section"),
    ("history", "History", "products:history"),
)


def settings_frame(request: HttpRequest, product: DataProduct, section: str) -> dict[str, Any]:
    """The context of every page of the settings tab. Raises NotAllowed for those who only read."""
    user = caller(request)
    kernel.require(user, "product.edit", product, "You may read this product, and not change it.")
    where = {"domain": product.domain.slug, "slug": product.slug}
    places = [
        {
            "key": key,
            "label": label,
            "url": reverse(name, kwargs=where | ({"section": key} if name == "products:section" else {})),
        }
        for key, label, name in PLACES
    ]
    return frame(product, "settings") | {
        "settings_places": places,
        "section": section,
        "missing": missing(product),
    }


def missing(product: DataProduct) -> list[str]:
    """What a draft still lacks before it can be published, in words."""
    if product.lifecycle != lifecycle.DRAFT:
        return []
    return [p.message for p in lifecycle.missing_for(services.standing_of(product), lifecycle.ACTIVE)]


@require_http_methods(["GET", "HEAD", "POST"])
@with_product
def edit_section(request: HttpRequest, product: DataProduct, section: str = "basics") -> HttpResponse:
    """Show one section's form and save it. Of two editors the second keeps what they typed and sees the difference."""
    chosen = SECTIONS.get(section)
    if chosen is None:
        raise Http404(f"There is no section {section}.")
    context = settings_frame(request, product, section)
    user = caller(request)
    extra = {"user": user, "product": product} if chosen.needs_product else {}
    if request.method != "POST":
        context["form"] = chosen.make(initial=chosen.initial(product), **extra)
        return _page(request, product, context)
    form = chosen.make(request.POST, initial=chosen.initial(product), **extra)
    context["form"] = form
    if "preview" in request.POST:
        context["previews"] = previews(form)
        return _page(request, product, context)
    if form.is_valid():
        try:
            saved = chosen.save(user, product, dict(form.cleaned_data))
        except PortalError as error:
            return _refused(request, product, chosen, form, context, error)
        messages.success(request, f"{chosen.label} saved.")
        return redirect("products:section", domain=saved.domain.slug, slug=saved.slug, section=section)
    return _page(request, product, context, 400)


def _refused(
    request: HttpRequest,
    product: DataProduct,
    section: Section,
    form: forms.Form,
    context: dict[str, Any],
    error: PortalError,
) -> HttpResponse:
    """The same form with what was typed, and what stands in the way."""
    show_on_form(form, error)
    if not isinstance(error, StaleRevision):
        return _page(request, product, context, 400)
    fresh = DataProduct.objects.select_related("domain", "team", "classification").get(pk=product.pk)
    present = section.initial(fresh)
    context["theirs"] = differences(form, present)
    form.data = {**request.POST.dict(), "revision": str(fresh.revision)}  # saving again: I have seen theirs
    return _page(request, fresh, context, 409)


def differences(form: forms.Form, present: dict[str, Any]) -> list[dict[str, str]]:
    """The fields in which what was typed differs from what somebody else saved meanwhile."""
    found = []
    for bound in form.visible_fields():
        typed = "" if bound.data is None else str(bound.data).replace("\r\n", "\n")
        now = present.get(bound.name)
        saved = "" if now is None else str(getattr(now, "pk", now))
        if typed.strip() != saved.strip():
            found.append(
                {"label": str(bound.label), "saved": _shown(bound, saved), "typed": _shown(bound, typed)}
            )
    return found


def _shown(bound: Any, value: str) -> str:
    choices = getattr(bound.field, "choices", None)
    return next((str(label) for key, label in choices if str(key) == value), value) if choices else value


def previews(form: forms.Form) -> list[dict[str, Any]]:
    """The texts of the documentation form as readers will see them."""
    texts = ((bound.label, str(bound.data or "")) for bound in form.visible_fields())
    return [{"label": label, "html": render_markdown(text)} for label, text in texts if text.strip()]


def _page(
    request: HttpRequest, product: DataProduct, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    if context["section"] == "people":
        teams = [team for team in (product.team, product.domain.team) if team is not None]
        context["people"] = User.objects.active().filter(memberships__team__in=teams).distinct()[:200]
        context["roles"] = Stewardship.Role.choices
    return render(request, "catalog/products/section.html", context, status=status)
