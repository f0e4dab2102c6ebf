"""Handing over what somebody held: choose, look at what will happen, do it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from catalog.accounts import holdings, selectors, services
from catalog.accounts.forms import ReceiverForm
from catalog.accounts.models import User
from catalog.accounts.services.handover import plan_handover
from catalog.accounts.views.people import ADMINISTER
from catalog.accounts.views.requests import PersonRequest
from catalog.common.errors import Invalid, PortalError
from catalog.common.validation import show_on_form


@ADMINISTER
def handover(request: PersonRequest, username: str) -> HttpResponse:
    """GET lists everything, ticked. POST shows the plan; POST with `confirmed` carries it out."""
    shown = selectors.person_or_404(request.user, username)
    held = holdings.held_by(shown, request.user)
    every = [holding.key for group in held.values() for holding in group]
    keys = request.POST.getlist("keys") if request.method == "POST" else every
    form = ReceiverForm(request.user, request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {
        "person": shown,
        "holdings": held,
        "chosen": set(keys),
        "form": form,
        "colleagues": User.objects.visible_to(request.user).active().exclude(pk=shown.pk)[:200],
    }
    if request.method == "POST" and form.is_valid():
        receiver = form.cleaned_data["receiver"]
        try:
            steps = plan_handover(actor=request.user, person=shown, receiver=receiver, keys=keys)
            if "confirmed" not in request.POST:
                context |= {"steps": steps, "receiver": receiver}
                return render(request, "catalog/accounts/handover_plan.html", context)
            count = services.hand_over(actor=request.user, person=shown, receiver=receiver, keys=keys)
        except PortalError as error:
            _show(form, error)
        else:
            messages.success(request, f"{count} handed over from {shown} to {receiver}.")
            return redirect("accounts:person", shown.username)
    return render(request, "catalog/accounts/handover.html", context, status=400 if form.errors else 200)


def _show(form: ReceiverForm, error: PortalError) -> None:
    """Complaints about the choice stand above the form, about the receiver beside it."""
    if isinstance(error, Invalid):
        show_on_form(form, error)
    else:
        form.add_error(None, str(error))
