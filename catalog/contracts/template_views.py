"""Pages of contract templates: the list for everybody, the editor for the governance group."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.common.csv import csv_response
from catalog.common.errors import NotFound, PortalError, StaleRevision
from catalog.common.lists import page_of, sorted_rows
from catalog.common.text_area import TextArea
from catalog.common.validation import show_on_form
from catalog.contracts.services import templates as services
from catalog.contracts.templates import Template, all_templates, template_named

PER_PAGE = 20  # whole documents
SORTS: dict[str, Callable[[Template], Any]] = {
    "name": lambda item: item.name.casefold(),
    "origin": lambda item: (not item.is_built_in, item.revision > 0),
    "offered": lambda item: not item.is_offered,
}
COLUMNS = ("slug", "name", "description", "is_built_in", "is_offered", "revision", "text")


class TemplateForm(forms.Form):
    """A template; its slug is chosen once."""

    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)
    slug = forms.SlugField(max_length=80, label="Short name", help_text="In addresses; it stays.")
    name = forms.CharField(max_length=120)
    description = forms.CharField(
        max_length=1_000, required=False, widget=TextArea(attrs={"rows": 2}), label="When to choose it"
    )
    text = forms.CharField(
        strip=False,
        max_length=100_000,
        label="What such contracts share, as ODCS in YAML",
        help_text="Service levels, terms, support, checks of the first object. Identity and fields come from the port.",
        widget=TextArea(attrs={"rows": 18, "class": "mono", "spellcheck": "false"}),
    )
    is_offered = forms.BooleanField(required=False, initial=True, label="Offer it for new contracts")


@require_safe
def index(request: HttpRequest) -> HttpResponseBase:
    """Every template, what it is for and what it says: sorted, paged, as CSV."""
    may_edit = kernel.can(caller(request), "contract_template.edit", None)
    seen = [item for item in all_templates() if item.is_offered or may_edit]
    shown = sorted_rows(request, seen, SORTS, "name")
    if request.GET.get("format") == "csv":
        lines = ([getattr(item, name) for name in COLUMNS] for item in shown)
        return csv_response("contract-templates.csv", COLUMNS, lines)
    context = {"page": page_of(request, shown, PER_PAGE), "may_edit": may_edit}
    return render(request, "catalog/contracts/templates.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """A new template."""
    return _edit(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Change a template; changing a built-in one keeps what was delivered underneath."""
    template = template_named(slug)
    if template is None:
        raise NotFound("There is no such template.")
    return _edit(request, template)


def _edit(request: HttpRequest, template: Template | None) -> HttpResponse:
    person = caller(request)
    kernel.require(person, "contract_template.edit", None, services.DENIED)
    names = ("revision", "slug", "name", "description", "text", "is_offered")
    initial: dict[str, Any] = {name: getattr(template, name) for name in names} if template else {}
    form = TemplateForm(request.POST if request.method == "POST" else None, initial=initial)
    form.fields["slug"].disabled = template is not None
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            given = dict(form.cleaned_data)
            revision = given.pop("revision")
            try:
                if template is None and template_named(given["slug"]):
                    form.add_error("slug", "There is a template of this name already.")
                else:
                    saved = services.save_template(actor=person, expected_revision=revision, **given)
                    messages.success(request, f"{saved} is saved.")
                    return redirect("contracts:templates")
            except StaleRevision as error:
                status = 409
                form.add_error(None, str(error))
            except PortalError as error:
                show_on_form(form, error)
    context = {"form": form, "template": template}
    return render(request, "catalog/contracts/template_form.html", context, status=status)


@require_POST
def remove(request: HttpRequest, slug: str) -> HttpResponse:
    """Give a template up, or bring a built-in one back as it was delivered."""
    services.remove_template(actor=caller(request), slug=slug)
    messages.success(request, "The template is gone, or as it was delivered.")
    return redirect("contracts:templates")
