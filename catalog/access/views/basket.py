"""The basket: what it holds, putting in, taking out, and asking for all of it in one form."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from catalog.access import selectors
from catalog.access.basket import BasketItem
from catalog.access.basket_form import BasketForm
from catalog.access.offers import Offer, offers_of
from catalog.access.selectors import Prospect, prospect_of
from catalog.access.services.collecting import ask_for_all, put_in_basket, take_out_of_basket
from catalog.access.states import DecisionState
from catalog.accounts.caller import caller
from catalog.accounts.models import User
from catalog.common.errors import NotFound
from catalog.products.models import OutputPort


@require_http_methods(["GET", "HEAD", "POST"])
def basket(request: HttpRequest) -> HttpResponse:
    """What was collected, with one form for all of it. “Check” says who would decide and sends nothing."""
    person = caller(request)
    offers = _offers(person)
    consumers = selectors.consumers_for(person)
    posted = request.POST if request.method == "POST" else None
    form = BasketForm(posted, initial={"consumer": consumers[0][0]}, offers=offers, consumers=consumers)
    status, prospects = 200, {}
    if posted is not None and offers:
        status = 400
        if form.is_valid():
            if "check" not in posted:
                return _sent(request, person, form)
            status, prospects = 200, _prospects(person, form)
    context = {"form": form, "parts": form.shown(prospects), "is_checked": bool(prospects)}
    return render(request, "catalog/access/basket.html", context, status=status)


def _offers(person: User) -> list[Offer]:
    rows = BasketItem.objects.visible_to(person).select_related(
        "port__product__domain", "port__product__classification"
    )
    return offers_of([item.port for item in rows])


def _prospects(person: User, form: BasketForm) -> dict[int, Prospect]:
    consumer = selectors.consumer_named(form.cleaned_data["consumer"])
    purposes = list(form.cleaned_data.get("purposes") or ())
    return {
        part.port.pk: prospect_of(
            person, part.port, consumer=consumer, purposes=purposes, columns=part.wishes.get("columns") or ()
        )
        for part in form.parts()
    }


def _sent(request: HttpRequest, person: User, form: BasketForm) -> HttpResponse:
    consumer = selectors.consumer_named(form.cleaned_data["consumer"])
    if consumer is None:
        raise NotFound("There is no such consumer.")
    outcome = ask_for_all(actor=person, consumer=consumer, shared=form.wishes(), parts=form.parts())
    approved = sum(item.decision == DecisionState.APPROVED for item in outcome.sent)
    if outcome.sent:
        count = len(outcome.sent)
        words = f"{count} request{'s are' if count != 1 else ' is'} sent."
        messages.success(request, f"{words} {approved} approved by rule." if approved else words)
    if not outcome.refused:
        return redirect("access:mine")
    form.refuse(outcome.refused)
    fresh = {offer.port.pk for offer in _offers(person)}
    context = {"form": form, "parts": [part for part in form.shown({}) if part.offer.port.pk in fresh]}
    return render(request, "catalog/access/basket.html", context, status=400)


@require_POST
def put(request: HttpRequest) -> HttpResponse:
    """Put a port into the basket: `port` is its key, `domain/slug/name/version`."""
    person = caller(request)
    port = _port(person, request.POST.get("port", ""))
    put_in_basket(actor=person, port=port)
    messages.success(request, f"{port.product.name} {port} is in your basket.")
    back = request.POST.get("next", "")
    if back and url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        return redirect(back)
    return redirect("access:basket")


@require_POST
def take(request: HttpRequest) -> HttpResponse:
    """Take a port out of the basket."""
    person = caller(request)
    port = _port(person, request.POST.get("port", ""))
    if take_out_of_basket(actor=person, port_ids=[port.pk]):
        messages.success(request, f"{port.product.name} {port} is taken out.")
    return redirect("access:basket")


def _port(person: User, key: str) -> OutputPort:
    domain, slug, name, version = (key.split("/") + [""] * 4)[:4]
    rows = OutputPort.objects.visible_to(person).select_related("product__domain")
    found = rows.filter(product__domain__slug=domain, product__slug=slug, name=name, version=version).first()
    if found is None:
        raise NotFound("There is no such port, or you may not see it.")
    return found
