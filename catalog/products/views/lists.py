"""The list of products: page and CSV."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.common.csv import csv_response
from catalog.common.lists import filtered, page_of, sorted_by
from catalog.products.facets import facets_of
from catalog.products.filters import ProductFilter
from catalog.products.models import DataProduct
from catalog.products.selectors import load_page, port_count
from catalog.templatetags.tables import changed_query

SORTS = {
    "name": "name",
    "domain": "domain__name",
    "owner": "team__name",
    "lifecycle": "lifecycle",
    "version": "version",
    "ports": "port_count",
    "updated": "updated_at",
}
COLUMNS = (
    "key", "name", "domain", "owner", "lifecycle", "version", "archetype", "classification", "tags", "region",
    "ports", "purpose", "updated_at",
)  # fmt: skip


@require_safe
def product_list(request: HttpRequest) -> HttpResponseBase:
    """`/products/`: every product one may see, narrowed by `ProductFilter`, sorted, paged; `?format=csv` as a file."""
    user = caller(request)
    filterset = ProductFilter(request.GET, queryset=DataProduct.objects.visible_to(user), request=request)
    rows = sorted_by(request, _countable(request, filtered(filterset)), SORTS, "name")
    if request.GET.get("format") == "csv":
        return csv_response("products.csv", COLUMNS, _csv_rows(rows))
    page = page_of(request, rows.values_list("pk", flat=True))
    load_page(page)
    context = {
        "page": page,
        "facets": facets_of(request, user),
        "query": request.GET.get("q", ""),
        "kept": [(k, v) for k in request.GET for v in request.GET.getlist(k) if k not in ("q", "page")],
        "active": _active_filters(request.GET, filterset),
        "may_create": kernel.can(user, "product.create", None),
    }
    return render(request, "catalog/products/list.html", context)


def _countable(request: HttpRequest, rows: QuerySet[DataProduct]) -> QuerySet[DataProduct]:
    """With the number of ports where the order asks for it."""
    if request.GET.get("sort", "").lstrip("-") == "ports":
        return rows.annotate(port_count=port_count())
    return rows


def _csv_rows(rows: QuerySet[DataProduct]) -> Iterator[list[Any]]:
    loaded = rows.select_related("domain", "team", "classification").prefetch_related("tags")
    for product in loaded.annotate(port_count=port_count()).iterator(chunk_size=500):
        yield [
            product.key,
            product.name,
            product.domain.name,
            product.team.name if product.team else "",
            product.lifecycle,
            product.version,
            product.archetype,
            product.classification.name if product.classification else "",
            [tag.name for tag in product.tags.all()],
            product.region,
            product.port_count,
            product.purpose,
            product.updated_at,
        ]


def _active_filters(query: QueryDict, filterset: Any) -> list[dict[str, str]]:
    """Every filter in force as a chip: its label, the value as people say it, the address without it."""
    chips = []
    for name, bound in filterset.form.fields.items():
        for value in filterset.form.data.getlist(name):
            if not value:
                continue
            rest = query.copy()
            rest.setlist(name, [other for other in query.getlist(name) if other != value])
            chips.append(
                {"label": bound.label, "value": _said(bound, value), "remove_url": changed_query(rest)}
            )
    return chips


def _said(field: Any, value: str) -> str:
    if hasattr(field, "queryset"):
        return next((str(obj) for obj in field.queryset if obj.slug == value), value)
    choices = dict(getattr(field, "choices", ()) or ())
    return str(choices.get(value, value))
