"""Pages of tags, classifications and purposes: to read for members, to keep for those who govern."""

from collections.abc import Callable, Iterator
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.common.csv import csv_response
from catalog.common.errors import PortalError
from catalog.common.lists import page_of, sorted_by
from catalog.common.validation import show_on_form
from catalog.vocabulary import services
from catalog.vocabulary.forms import ClassificationForm, PurposeForm, TagForm
from catalog.vocabulary.models import Classification, Purpose, Tag
from catalog.vocabulary.selectors import classifications_with_counts, tags_with_counts

TAG_SORTS = {"name": "name", "products": "product_count"}
CLASSIFICATION_SORTS = {"rank": "rank", "name": "name", "products": "product_count"}
PURPOSE_SORTS = {"name": "name", "basis": "legal_basis"}


@require_safe
def tag_list(request: HttpRequest) -> HttpResponseBase:
    """`/tags/`: what products are tagged with, sorted, paged, as CSV."""
    user = caller(request)
    rows = sorted_by(request, tags_with_counts(user), TAG_SORTS, "name")
    if query := request.GET.get("q", "").strip():
        rows = rows.filter(name__icontains=query[:80])
    if request.GET.get("format") == "csv":
        lines: Iterator[list[Any]] = ([t.name, t.slug, t.product_count] for t in rows)
        return csv_response("tags.csv", ("name", "slug", "products"), lines)
    context = {
        "page": page_of(request, rows),
        "may_edit": kernel.can(user, "vocabulary.edit"),
        "query": query,
    }
    return render(request, "catalog/vocabulary/tags.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def edit_tag(request: HttpRequest, slug: str) -> HttpResponse:
    """Rename a tag or merge it into another."""
    user, tag = caller(request), _tag(request, slug)
    kernel.require(user, "vocabulary.edit", tag)
    form = TagForm(request.POST if request.method == "POST" else None, tag=tag)

    def save(data: dict[str, Any]) -> str:
        if data["into"] is not None:
            into = services.merge_tags(actor=user, tag=tag, into=data["into"])
            return f"{tag} is {into} now."
        renamed = services.rename_tag(actor=user, tag=tag, name=data["name"])
        return f"The tag is called {renamed} now."

    return _form_page(request, form, save, "vocabulary:tags", {"title": f"The tag {tag}", "tag": tag})


@require_POST
def delete_tag(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a tag off everything."""
    tag = _tag(request, slug)
    services.delete_tag(actor=caller(request), tag=tag)
    messages.success(request, f"The tag {tag} is gone.")
    return redirect("vocabulary:tags")


@require_safe
def classification_list(request: HttpRequest) -> HttpResponseBase:
    """`/classifications/`: the levels, mildest first."""
    user = caller(request)
    rows = sorted_by(request, classifications_with_counts(user), CLASSIFICATION_SORTS, "rank")
    if request.GET.get("format") == "csv":
        lines: Iterator[list[Any]] = ([c.name, c.rank, c.is_personal, c.description] for c in rows)
        return csv_response("classifications.csv", ("name", "rank", "personal", "description"), lines)
    context = {"page": page_of(request, rows), "may_edit": kernel.can(user, "vocabulary.edit")}
    return render(request, "catalog/vocabulary/classifications.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new_classification(request: HttpRequest) -> HttpResponse:
    """Add a level."""
    user = caller(request)
    kernel.require(user, "vocabulary.edit")
    form = ClassificationForm(request.POST if request.method == "POST" else None)

    def save(data: dict[str, Any]) -> str:
        return f"{services.create_classification(actor=user, **data)} is added."

    return _form_page(request, form, save, "vocabulary:classifications", {"title": "New classification"})


@require_http_methods(["GET", "HEAD", "POST"])
def edit_classification(request: HttpRequest, slug: str) -> HttpResponse:
    """Edit a level."""
    user, word = caller(request), _classification(request, slug)
    kernel.require(user, "vocabulary.edit", word)
    form = ClassificationForm(request.POST if request.method == "POST" else None, instance=word)

    def save(data: dict[str, Any]) -> str:
        kept = Classification.objects.get(pk=word.pk)  # the form has written its values on `word` already
        return f"{services.edit_classification(actor=user, classification=kept, **data)} is saved."

    context = {"title": f"The classification {word}", "classification": word}
    return _form_page(request, form, save, "vocabulary:classifications", context)


@require_POST
def delete_classification(request: HttpRequest, slug: str) -> HttpResponse:
    """Remove a level nothing has."""
    word = _classification(request, slug)
    services.delete_classification(actor=caller(request), classification=word)
    messages.success(request, f"The classification {word} is gone.")
    return redirect("vocabulary:classifications")


@require_safe
def purpose_list(request: HttpRequest) -> HttpResponseBase:
    """`/purposes/`: what data may be used for, sorted, paged, as CSV."""
    user = caller(request)
    rows = sorted_by(request, Purpose.objects.visible_to(user), PURPOSE_SORTS, "name")
    if request.GET.get("format") == "csv":
        lines: Iterator[list[Any]] = ([p.name, p.legal_basis, p.is_offered, p.description] for p in rows)
        return csv_response("purposes.csv", ("name", "legal_basis", "is_offered", "description"), lines)
    context = {"page": page_of(request, rows), "may_edit": kernel.can(user, "vocabulary.edit")}
    return render(request, "catalog/vocabulary/purposes.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new_purpose(request: HttpRequest) -> HttpResponse:
    """Add a purpose."""
    user = caller(request)
    kernel.require(user, "vocabulary.edit")
    form = PurposeForm(request.POST if request.method == "POST" else None)

    def save(data: dict[str, Any]) -> str:
        return f"{services.create_purpose(actor=user, **data)} is added."

    return _form_page(request, form, save, "vocabulary:purposes", {"title": "New purpose"})


@require_http_methods(["GET", "HEAD", "POST"])
def edit_purpose(request: HttpRequest, slug: str) -> HttpResponse:
    """Edit a purpose, or offer it no longer."""
    user = caller(request)
    purpose = Purpose.objects.visible_to(user).filter(slug=slug).first()
    if purpose is None:
        raise Http404("There is no such purpose.")
    kernel.require(user, "vocabulary.edit", purpose)
    form = PurposeForm(request.POST if request.method == "POST" else None, instance=purpose)

    def save(data: dict[str, Any]) -> str:
        kept = Purpose.objects.get(pk=purpose.pk)  # the form has written its values on `purpose` already
        return f"{services.edit_purpose(actor=user, purpose=kept, **data)} is saved."

    return _form_page(request, form, save, "vocabulary:purposes", {"title": f"The purpose {purpose}"})


def _form_page(
    request: HttpRequest,
    form: forms.BaseForm,
    save: Callable[[dict[str, Any]], str],
    back: str,
    context: dict[str, Any],
) -> HttpResponse:
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                message = save(dict(form.cleaned_data))
            except PortalError as error:
                show_on_form(form, error)
            else:
                messages.success(request, message)
                return redirect(back)
    return render(
        request, "catalog/vocabulary/form.html", context | {"form": form, "back": back}, status=status
    )


def _tag(request: HttpRequest, slug: str) -> Tag:
    found = Tag.objects.visible_to(caller(request)).filter(slug=slug).first()
    if found is None:
        raise Http404("There is no such tag.")
    return found


def _classification(request: HttpRequest, slug: str) -> Classification:
    found = Classification.objects.visible_to(caller(request)).filter(slug=slug).first()
    if found is None:
        raise Http404("There is no such classification.")
    return found
