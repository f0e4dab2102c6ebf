"""Pages that belong to no feature: the choice of theme and the style guide."""

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from catalog.common import styleguide

THEMES = ("light", "dark", "system")
A_YEAR = 365 * 24 * 3600  # seconds


@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Keep the theme in a cookie and go back; an unknown theme is the system's."""
    chosen = request.POST.get("theme", "")
    after = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(after, allowed_hosts={request.get_host()}):
        after = "/"
    response = HttpResponseRedirect(after)
    response.set_cookie(
        "theme",
        chosen if chosen in THEMES else "system",
        max_age=A_YEAR,
        samesite="Lax",
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return response


@require_GET
def style_guide(request: HttpRequest) -> HttpResponse:
    """Every component in every state, drawn by the templates the pages use."""
    form = styleguide.SampleForm(request.GET if "name" in request.GET else styleguide.WRONG_INPUT)
    messages.success(request, "A message after something worked. It stays until it is dismissed.")
    page = Paginator(range(1, 421), 25).get_page(request.GET.get("page"))
    context = {**styleguide.samples(), "form": form, "page": page}
    return render(request, "catalog/common/styleguide.html", context)
