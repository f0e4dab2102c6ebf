"""The search page and its suggestions."""

import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog.accounts.caller import caller
from catalog.common.fragments import render_fragment
from catalog.search.documents import IndexUnavailable
from catalog.search.page import search_page
from catalog.search.parameters import read_kindly
from catalog.search.suggesting import completions

logger = logging.getLogger(__name__)
RETRY_SECONDS = "30"


@require_safe
def results(request: HttpRequest) -> HttpResponse:
    """`/search/?q=`: products, ports or columns with filters; an address that restores itself."""
    query = read_kindly(request.GET)
    try:
        page = search_page(caller(request), query, request.GET)
    except IndexUnavailable as error:
        logger.warning("%s", error)
        context = {"query": query}
        unavailable = render(request, "catalog/search/unavailable.html", context, status=503)
        unavailable["Retry-After"] = RETRY_SECONDS
        return unavailable
    return render(request, "catalog/search/results.html", {"search": page, "query": query})


@require_safe
def suggestions(request: HttpRequest) -> HttpResponse:
    """`/search/suggest/?q=`: options for the list under the search box; empty when there is nothing to offer."""
    try:
        found = completions(caller(request), request.GET.get("q", "")[:400])
    except IndexUnavailable as error:
        logger.warning("%s", error)
        found = []
    response = HttpResponse(render_fragment("catalog/search/suggestions.jinja", completions=found))
    response["Cache-Control"] = "private, max-age=10"
    return response
