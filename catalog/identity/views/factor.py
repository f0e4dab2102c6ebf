"""The second factor: asked for after the password, and set up under “My account”."""

import segno
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from catalog.accounts import entrance
from catalog.accounts.models import User
from catalog.accounts.parts import parts
from catalog.accounts.views.requests import PersonRequest
from catalog.common.errors import PortalError
from catalog.common.validation import show_on_form
from catalog.identity import gate, services, totp
from catalog.identity.forms import CodeForm
from catalog.identity.models import RecoveryCode, SecondFactor

ISSUER = "Mesh portal"


@login_not_required
@never_cache
@sensitive_post_parameters()
def challenge(request: HttpRequest) -> HttpResponse:
    """The code after the password; also for a session that began before a second factor was required."""
    found = gate.waiting(request.session)
    if found is None and isinstance(request.user, User) and gate.has_one(request.user):
        found = (request.user, request.session.get(entrance.HOW, "password"), "/")
    if found is None:
        return redirect("accounts:login")
    person, how, after = found
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.check_second_factor(person=person, code=form.cleaned_data["code"])
        except PortalError as error:
            show_on_form(form, error)
        else:
            gate.let_in(request, person, how)
            return HttpResponseRedirect(after)
    status = 400 if form.errors else 200
    return render(request, "catalog/identity/challenge.html", {"form": form}, status=status)


@never_cache
@sensitive_post_parameters()
def second_factor(request: PersonRequest) -> HttpResponse:
    """Set an authenticator app up, renew the recovery codes, remove it; each takes a code of the app."""
    person, form, codes = request.user, CodeForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        try:
            codes = _act(request, form.cleaned_data["code"])
        except PortalError as error:
            show_on_form(form, error)
        else:
            if codes is None:
                return redirect("identity:second_factor")
            form = CodeForm()
    factor = SecondFactor.objects.filter(user=person).exclude(confirmed_at=None).first()
    context = {
        "parts": parts(),
        "part": "second_factor",
        "form": form,
        "codes": "\n".join(codes) if codes else "",
        "factor": factor,
        "left": RecoveryCode.objects.filter(user=person, used_at=None).count() if factor else 0,
        "is_required": gate.is_required_of(person),
        **({} if factor else _enrolment(person)),
    }
    return render(request, "catalog/identity/second_factor.html", context, status=400 if form.errors else 200)


def _act(request: PersonRequest, code: str) -> list[str] | None:
    person = request.user
    if "renew" in request.POST:
        return services.renew_recovery_codes(actor=person, code=code)
    if "remove" in request.POST:
        services.remove_second_factor(actor=person, person=person, code=code)
        request.session.pop(gate.PASSED, None)
        messages.success(request, "Your second factor is removed.")
        return None
    codes = services.confirm_second_factor(actor=person, code=code)
    request.session[gate.PASSED] = "code"
    messages.success(request, "Your second factor is in use.")
    return codes


def _enrolment(person: User) -> dict[str, object]:
    """The QR code as rows of an SVG path, and the secret for typing."""
    secret = services.begin_second_factor(actor=person)
    matrix = segno.make(totp.address_of(secret, account=person.username, issuer=ISSUER), error="m").matrix
    dark = "".join(
        f"M{x} {y}h1v1h-1z" for y, row in enumerate(matrix) for x, module in enumerate(row) if module
    )
    return {
        "qr_path": dark,
        "qr_size": len(matrix),
        "secret": " ".join(secret[place : place + 4] for place in range(0, len(secret), 4)),
    }
