"""The schema tab of a product: the fields of a port, what is said of them, and how the schema changed."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from catalog.accounts.caller import caller
from catalog.common.csv import csv_response
from catalog.common.errors import StaleRevision
from catalog.products.addresses import with_product
from catalog.products.models import DataProduct
from catalog.schemas import listing
from catalog.schemas.forms import FieldForm
from catalog.schemas.pages import Question, SchemaPage, port_key, record_values_read, schema_page, versions_of
from catalog.schemas.services import annotate_field
from catalog.vocabulary.models import Classification

WORDINGS = 6  # of a view's SQL, compared with each other: five changes


@require_safe
@with_product
def fields(request: HttpRequest, product: DataProduct) -> HttpResponseBase:
    """Fields of one port: filter, order, pages, letters; `?column=` selects one, `?format=csv` gives all as a file."""
    page = schema_page(caller(request), product, _question(request))
    if request.GET.get("format") == "csv":
        port = f"-{page.port.name}-{page.port.version}" if page.port else ""
        return csv_response(f"{product.slug}{port}-fields.csv", listing.COLUMNS, _csv_rows(page))
    record_values_read(caller(request), page, [page.selected] if page.selected else [])
    return _shown(request, page, _form_of(page))


@require_POST
@with_product
def annotate(request: HttpRequest, product: DataProduct) -> HttpResponse:
    """Keep what somebody said of a field; on a conflict what they typed stays in the form."""
    column = request.POST.get("column", "")
    page = schema_page(caller(request), product, Question(port=request.POST.get("port", ""), column=column))
    if page.selected is None or page.port is None or page.port.asset is None:
        raise Http404("There is no such field.")
    form = FieldForm(request.POST)
    if not form.is_valid():
        return _shown(request, page, form, status=400)
    said = form.cleaned_data
    try:
        annotate_field(
            actor=caller(request),
            asset=page.port.asset,
            path=said["column"],
            expected_revision=said["revision"],
            description=said["description"],
            classification=said["classification"],
            is_released=said["is_released"],
        )
    except StaleRevision as error:
        form.add_error(None, str(error))
        return _shown(request, page, form, status=409)
    messages.success(request, f"What is said of {column} was saved.")
    return redirect(address(product, port=port_key(page.port), column=column))


@require_safe
@with_product
def history(request: HttpRequest, product: DataProduct) -> HttpResponse:
    """How the observed schema of a port changed, version by version."""
    page = schema_page(caller(request), product, _question(request), wordings=WORDINGS)
    versions = versions_of(page.port).get_page(request.GET.get("page")) if page.port else None
    context = {"product": product, "tab": "schema", "schema": page, "versions": versions}
    return render(request, "catalog/schemas/history.html", context)


def address(product: DataProduct, **query: str) -> str:
    """The address of the tab; `port` and `column` as in `Question`."""
    base = reverse("schemas:fields", args=[product.domain.slug, product.slug])
    kept = {name: value for name, value in query.items() if value}
    return f"{base}?{urlencode(kept)}" if kept else base


def _csv_rows(page: SchemaPage) -> Iterator[list[Any]]:
    for line in page.lines_of(page.chosen):
        figures = line.profile
        shares = [figures.null_share, figures.distinct_estimate] if figures else [None, None]
        yield [*listing.cells(line.row), *shares]


def _shown(request: HttpRequest, page: SchemaPage, form: FieldForm | None, status: int = 200) -> HttpResponse:
    context = {
        "product": page.product,
        "tab": "schema",
        "schema": page,
        "form": form,
        "shown": listing.SHOWN,
        "port_key": port_key(page.port) if page.port else "",
    }
    return render(request, "catalog/schemas/fields.html", context, status=status)


def _form_of(page: SchemaPage) -> FieldForm | None:
    """The form for the selected field, for those who may edit and where there is something to describe."""
    if page.selected is None or not page.can_edit or page.port is None or page.port.asset_id is None:
        return None
    row = page.selected.row
    if not row.is_observed:
        return None
    said = row.annotation
    return FieldForm(
        initial={
            "column": row.path,
            "revision": said.revision,
            "description": said.description,
            "classification": Classification.objects.filter(name=said.classification).first(),
            "is_released": said.is_released,
        }
    )


def _question(request: HttpRequest) -> Question:
    get = request.GET.get
    show = get("show", "")
    return Question(
        port=get("port", "")[:200],
        query=get("q", "")[:200],
        show=show if show in listing.SHOWN else "",
        sort="name" if get("sort") == "name" else "",
        column=get("column", "")[:500],
        page=get("page", "")[:10],
    )
