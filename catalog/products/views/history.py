"""What happened to a product: older versions with restore, and the activity of everybody."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from catalog.accounts.caller import caller
from catalog.accounts.models import User
from catalog.common.csv import csv_response
from catalog.common.lists import page_of
from catalog.products import services
from catalog.products.activity import told
from catalog.products.addresses import with_product
from catalog.products.history import history_rows, versions
from catalog.products.models import DataProduct
from catalog.products.selectors import activity_of
from catalog.products.tabs import frame
from catalog.products.views.ports import port_of
from catalog.products.views.sections import settings_frame

VERSIONS_A_PAGE = 20
VERSION_COLUMNS = ("at", "actor", "reason", "field", "before", "after")
EVENT_COLUMNS = ("at", "actor", "what", "details")


@require_safe
@with_product
def product_history(request: HttpRequest, product: DataProduct) -> HttpResponseBase:
    """Every version of the product, field by field, always newest first, each against the one before; as CSV too."""
    context = settings_frame(request, product, "history")
    rows = history_rows(product)
    if request.GET.get("format") == "csv":
        return csv_response(
            f"{product.slug}-history.csv", VERSION_COLUMNS, _version_lines(rows, caller(request))
        )
    page = page_of(request, rows, VERSIONS_A_PAGE)
    where = {"domain": product.domain.slug, "slug": product.slug}
    context |= {
        "page": page,
        "versions": versions(page, rows, caller(request)),
        "title": "History",
        "restore_url": reverse("products:restore", kwargs=where),
        "revision": product.revision,
        "kept": "Address, people, lifecycle, team and visibility stay as they are.",
    }
    return render(request, "catalog/products/history.html", context)


@require_safe
@with_product
def port_history(request: HttpRequest, product: DataProduct, name: str, version: str) -> HttpResponseBase:
    """Every version of what was said of a port, always newest first; `?format=csv` as a file."""
    port = port_of(product, name, version)
    context = settings_frame(request, product, "ports")
    rows = history_rows(port)
    if request.GET.get("format") == "csv":
        filename = f"{product.slug}-{port.name}-{port.version}-history.csv"
        return csv_response(filename, VERSION_COLUMNS, _version_lines(rows, caller(request)))
    page = page_of(request, rows, VERSIONS_A_PAGE)
    where = {"domain": product.domain.slug, "slug": product.slug, "name": name, "version": version}
    context |= {
        "page": page,
        "versions": versions(page, rows, caller(request)),
        "title": f"History of {port}",
        "restore_url": reverse("products:port_restore", kwargs=where),
        "revision": port.revision,
        "kept": "Its name, version and place in the store stay as they are.",
    }
    return render(request, "catalog/products/history.html", context)


@require_POST
@with_product
def restore_product(request: HttpRequest, product: DataProduct) -> HttpResponse:
    """Bring an older version back as a new change."""
    services.restore_product(
        actor=caller(request),
        product=product,
        history_id=_number(request, "version") or 0,
        expected_revision=_number(request, "revision"),
    )
    messages.success(request, "The older version is back, as a new one. Nothing of the history was lost.")
    return redirect("products:history", domain=product.domain.slug, slug=product.slug)


@require_POST
@with_product
def restore_port(request: HttpRequest, product: DataProduct, name: str, version: str) -> HttpResponse:
    """Bring an older description of a port back as a new change."""
    services.restore_port(
        actor=caller(request),
        port=port_of(product, name, version),
        history_id=_number(request, "version") or 0,
        expected_revision=_number(request, "revision"),
    )
    messages.success(request, "The older version is back, as a new one. Nothing of the history was lost.")
    return redirect(
        "products:port_history", domain=product.domain.slug, slug=product.slug, name=name, version=version
    )


@require_safe
@with_product
def activity(request: HttpRequest, product: DataProduct) -> HttpResponseBase:
    """Who did what to the product and what belongs to it: a feed, always newest first; `?format=csv` as a file."""
    events = activity_of(product)
    if request.GET.get("format") == "csv":
        found = told(events, product, caller(request))
        lines = ([event.at, event.actor, event.sentence, event.detail] for event in found)
        return csv_response(f"{product.slug}-activity.csv", EVENT_COLUMNS, lines)
    page = page_of(request, events)
    context = frame(product, "activity") | {"page": page, "events": told(page, product, caller(request))}
    return render(request, "catalog/products/activity.html", context)


def _version_lines(rows: QuerySet[Any], user: User) -> Iterator[list[Any]]:
    """A line for each changed field; a version that changed none of its own, and the first, has one without field."""
    for version in versions(rows, rows, user):
        head = [version.at, version.actor, version.reason]
        if not version.changes:
            yield [*head, "", "", ""]
        for change in version.changes:
            yield [*head, change.name, change.before, change.after]


def _number(request: HttpRequest, name: str) -> int | None:
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
