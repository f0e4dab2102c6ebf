"""What is in a connection: browse it, tick tables or files, get draft ports."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from catalog.accounts import kernel
from catalog.accounts.views.requests import PersonRequest
from catalog.common.csv import csv_response
from catalog.common.errors import NotAllowed, PortalError
from catalog.common.lists import page_of, sorted_by
from catalog.common.validation import show_on_form
from catalog.connections.models import Connection
from catalog.connections.selectors import connection_or_404
from catalog.products.claim import SORTS, STATES, assets_of, claim_assets, set_ignored
from catalog.products.forms.claim import ClaimForm, SelectionForm
from catalog.products.models import OutputPort

CSV_HEADER = ("name", "kind", "comment", "fields", "first_seen_at", "vanished_at", "ignored")


def browse(request: PersonRequest, slug: str) -> HttpResponseBase:
    """The assets of a connection; POST with `action` claim, ignore or notice does that to the ticked ones."""
    connection = connection_or_404(request.user, slug)
    may_claim = kernel.can(request.user, "port.connect", connection)
    if request.method != "POST":
        return _page(request, connection, ClaimForm(request.user, connection), may_claim)
    if not may_claim:
        raise NotAllowed(f"You may not offer what is in {connection}.", remedy="Ask an owner of its team.")
    if request.POST.get("action") in ("ignore", "notice"):
        return _sort_out(request, connection)
    return _claim(request, connection)


def _claim(request: PersonRequest, connection: Connection) -> HttpResponseBase:
    form = ClaimForm(request.user, connection, request.POST)
    if form.is_valid():
        try:
            ports = claim_assets(
                actor=request.user,
                connection=connection,
                assets=list(form.cleaned_data["assets"]),
                product=form.target,
            )
        except PortalError as error:
            show_on_form(form, error)
        else:
            product = ports[0].product
            made = "One port is" if len(ports) == 1 else f"{len(ports)} ports are"
            then = "" if connection.is_paused else " A crawl that reads their data is queued."
            messages.success(request, f"{made} made, with schema and comments as the store has them.{then}")
            return redirect("products:detail", domain=product.domain.slug, slug=product.slug)
    return _page(request, connection, form, True)


def _sort_out(request: PersonRequest, connection: Connection) -> HttpResponse:
    form = SelectionForm(connection, request.POST)
    is_ignored = request.POST["action"] == "ignore"
    if form.is_valid():
        count = set_ignored(
            actor=request.user,
            connection=connection,
            assets=form.cleaned_data["assets"],
            is_ignored=is_ignored,
        )
        messages.success(request, f"{count} {'ignored from now on' if is_ignored else 'shown again'}.")
    else:
        messages.error(request, "Nothing was ticked, so nothing was changed.")
    address = reverse("products:browse", args=[connection.slug])
    return redirect(f"{address}?{request.GET.urlencode()}" if request.GET else address)


def _page(
    request: PersonRequest, connection: Connection, form: ClaimForm, may_claim: bool
) -> HttpResponseBase:
    state = request.GET.get("state", "unclaimed")
    q = request.GET.get("q", "").strip()[:200]
    found = sorted_by(request, assets_of(connection, state=state, q=q), SORTS, "name")
    if request.GET.get("format") == "csv":
        rows = _csv_rows(found.iterator(chunk_size=500))
        return csv_response(f"{connection.slug}-assets.csv", CSV_HEADER, rows)
    ports = OutputPort.objects.visible_to(request.user).select_related("product__domain")
    page = page_of(
        request, found.prefetch_related(Prefetch("output_ports", queryset=ports, to_attr="seen_ports"))
    )
    context = {
        "connection": connection,
        "page": page,
        "form": form,
        "ticked": set(form.data.getlist("assets")) if form.is_bound else set(),  # type: ignore[attr-defined]
        "state": state if state in STATES else "all",
        "states": STATES.items(),
        "q": q,
        "may_claim": may_claim,
        "last_run": connection.runs.order_by("-queued_at", "-pk").first(),
    }
    return render(request, "catalog/products/browse.html", context, status=400 if form.errors else 200)


def _csv_rows(found: Iterator[Any]) -> Iterator[tuple[Any, ...]]:
    for asset in found:
        yield (
            asset.name,
            asset.kind,
            asset.comment,
            asset.field_count,
            asset.first_seen_at,
            asset.vanished_at,
            asset.is_ignored,
        )
