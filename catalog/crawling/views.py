"""Pages of crawling: runs, one run, the health of sources, and the buttons that start and stop."""

from collections.abc import Callable, Iterable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from catalog.accounts.caller import caller
from catalog.accounts.models import User
from catalog.common.csv import csv_response
from catalog.common.errors import Conflict, Invalid, PortalError
from catalog.common.lists import page_of, sorted_by
from catalog.connections.models import Connection
from catalog.crawling import exports, selectors, services
from catalog.crawling.filters import RunFilter
from catalog.crawling.models import CrawlRun
from catalog.products.addresses import with_product
from catalog.products.models import DataProduct

RUNS_A_PAGE = 50
SOURCES_A_PAGE = 25
SORTS = {
    "run": "pk",
    "state": "status",
    "asked": "queued_at",
    "started": "started_at",
}  # no name: some are unseen
SOURCE_SORTS = {"name": "name", "failures": "failures_in_row", "next": "next_crawl_at"}


@require_safe
def index(request: HttpRequest) -> HttpResponseBase:
    """Runs, newest first; the table asks for itself anew while something is at work. `?format=csv` as a file."""
    user = caller(request)
    found = RunFilter(request.GET, queryset=selectors.runs_for(user), request=request)
    runs = sorted_by(request, found.qs if found.is_valid() else CrawlRun.objects.none(), SORTS, "-asked")
    if request.GET.get("format") == "csv" and found.is_valid():
        return csv_response("crawls.csv", exports.RUN_COLUMNS, exports.run_lines(user, runs))
    page = page_of(request, runs, RUNS_A_PAGE)
    context = {
        "filter": found,
        "page": page,
        "kinds": sorted(set(selectors.connections_for(user).order_by().values_list("kind", flat=True))),
        "connections": selectors.connections_for(user).order_by("name")[:500],
        "is_live": any(run.status in selectors.ACTIVE for run in page),
        "acts": {run.pk for run in page if selectors.may_act_on(user, run)},
        "seen": _seen_connections(user, page),
    }
    return render(request, "catalog/crawling/index.html", context, status=200 if found.is_valid() else 400)


@require_safe
def sources(request: HttpRequest) -> HttpResponseBase:
    """Sources one may see with their last thirty days, those in trouble first; sorted, `?format=csv` as a file."""
    user = caller(request)
    found = sorted_by(request, selectors.connections_for(user), SOURCE_SORTS, "")
    if request.GET.get("format") == "csv":
        return csv_response("sources.csv", exports.SOURCE_COLUMNS, exports.source_lines(user, found))
    page = page_of(request, found, SOURCES_A_PAGE)
    context = {"page": page, "sources": selectors.sources_of(user, page)}
    return render(request, "catalog/crawling/sources.html", context)


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One run: progress while it works, then what it found at which asset, or why it failed and what to do."""
    user = caller(request)
    run = _run(user, pk)
    items = run.items.select_related("asset").order_by("outcome", "asset__name", "pk")
    context = {
        "run": run,
        "items": page_of(request, items, RUNS_A_PAGE),
        "is_live": run.status in selectors.ACTIVE,
        "may_act": selectors.may_act_on(user, run),
        "sees_connection": bool(_seen_connections(user, [run])),
    }
    return render(request, "catalog/crawling/detail.html", context)


@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask anew for what a finished run was to do."""
    user, run = caller(request), _run(caller(request), pk)
    return _ask(request, lambda: services.retry_crawl(actor=user, run=run), run)


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop a queued or running crawl."""
    user, run = caller(request), _run(caller(request), pk)
    try:
        services.cancel_crawl(actor=user, run=run)
    except Conflict as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The crawl was cancelled. Nothing of it is stored.")
    return redirect("crawling:detail", pk=run.pk)


@require_POST
def crawl_connection(request: HttpRequest, slug: str) -> HttpResponse:
    """Crawl now: everything in a connection."""
    user = caller(request)
    connection = get_object_or_404(Connection.objects.visible_to(user).select_related("team"), slug=slug)
    return _ask(request, lambda: services.request_crawl(actor=user, connection=connection))


@require_POST
@with_product
def crawl_port(request: HttpRequest, product: DataProduct, name: str, version: str) -> HttpResponse:
    """Crawl now: one port."""
    port = product.output_ports.select_related("connection").filter(name=name, version=version).first()
    if port is None:
        raise Http404("This product has no such port.")
    port.product = product
    return _ask(request, lambda: services.request_crawl(actor=caller(request), port=port))


@require_POST
@with_product
def crawl_product(request: HttpRequest, product: DataProduct) -> HttpResponse:
    """Crawl now: every port of a product that has a connection."""
    try:
        runs = services.request_product_crawl(actor=caller(request), product=product)
    except Invalid as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{len(runs)} crawl{'' if len(runs) == 1 else 's'} asked for.")
    return redirect("products:detail", domain=product.domain.slug, slug=product.slug)


def _ask(request: HttpRequest, ask: Callable[[], CrawlRun], run: CrawlRun | None = None) -> HttpResponse:
    """Show the run that was asked for; what cannot be crawled is said where the person was."""
    try:
        return redirect("crawling:detail", pk=ask().pk)
    except (Conflict, Invalid) as error:
        messages.error(request, _sentence(error))
    after = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(after, allowed_hosts={request.get_host()}):
        after = reverse("crawling:detail", args=[run.pk]) if run else reverse("crawling:index")
    return redirect(after)


def _sentence(error: PortalError) -> str:
    return f"{error.message} {error.remedy}".strip()


def _run(user: User, pk: int) -> CrawlRun:
    return get_object_or_404(selectors.runs_for(user), pk=pk)


def _seen_connections(user: User, runs: Iterable[CrawlRun]) -> set[int]:
    """The connections of these runs that the reader may know of; others are not named."""
    ids = {run.connection_id for run in runs}
    return set(Connection.objects.visible_to(user).filter(pk__in=ids).values_list("pk", flat=True))
