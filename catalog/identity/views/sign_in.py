"""Signing in through the provider, and out of it."""

import logging

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from catalog.accounts import entrance
from catalog.accounts.views.login import safe_next
from catalog.identity import services
from catalog.identity.oidc import flow
from catalog.identity.oidc.errors import SignInRefused

log = logging.getLogger(__name__)


def _redirect_uri(request: HttpRequest) -> str:
    path = reverse("identity:callback")
    return settings.PUBLIC_URL + path if settings.PUBLIC_URL else request.build_absolute_uri(path)


def _require_provider() -> None:
    if not settings.OIDC.is_configured:
        raise Http404


@login_not_required
@never_cache
@require_GET
def login(request: HttpRequest) -> HttpResponse:
    """Off to the provider; `?next=` is where to go afterwards, when it is one of our addresses."""
    _require_provider()
    if request.user.is_authenticated:
        return redirect(safe_next(request))
    if request.session.is_empty():
        request.session.set_expiry(flow.SECONDS)  # a stranger's session, for this attempt alone
    try:
        return HttpResponseRedirect(
            flow.start(request.session, redirect_uri=_redirect_uri(request), after=safe_next(request))
        )
    except SignInRefused as error:
        return _refused(request, error)


@login_not_required
@never_cache
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """Back from the provider: believed only for an attempt begun in this browser, once."""
    _require_provider()
    try:
        proof = flow.finish(request.session, request.GET, redirect_uri=_redirect_uri(request))
        person = services.person_of(proof.claims)
    except SignInRefused as error:
        return _refused(request, error)
    except IntegrityError:  # two first sign-ins of one person at the same moment
        return _refused(request, SignInRefused("twice", "You were signing in twice at the same moment."))
    request.session[flow.LEAVING] = proof.id_token
    return entrance.enter(request, person, how="provider", after=proof.after)


def _refused(request: HttpRequest, error: SignInRefused) -> HttpResponse:
    log.warning("A sign-in through the provider was refused: %s", error)
    context = {"error": error, "password_login": settings.PASSWORD_LOGIN or settings.BREAK_GLASS}
    answer = render(request, "catalog/identity/refused.html", context, status=error.status)
    if error.status == 503:
        answer["Retry-After"] = "30"
    return answer


@login_not_required
@never_cache
@require_GET
def logout(request: HttpRequest) -> HttpResponse:
    """After signing out here: out of the provider as well, where it has an address for that."""
    _require_provider()
    back = request.build_absolute_uri(reverse("accounts:login"))
    address = flow.leave(id_token=request.session.pop(flow.LEAVING, ""), back_to=back)
    return HttpResponseRedirect(address or reverse("accounts:login"))
