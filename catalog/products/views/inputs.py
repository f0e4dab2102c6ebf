"""Input ports in the settings tab: what the product is made from."""

from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from catalog.accounts.caller import caller
from catalog.accounts.models import User
from catalog.common.errors import NotAllowed, PortalError
from catalog.common.validation import show_on_form
from catalog.products import services
from catalog.products.addresses import with_product
from catalog.products.discretion import unseen_inputs
from catalog.products.forms.ports import InputForm
from catalog.products.models import DataProduct, InputPort, OutputPort
from catalog.products.views.sections import settings_frame

FOUND = 20  # ports offered for one search


@require_http_methods(["GET", "HEAD", "POST"])
@with_product
def input_list(request: HttpRequest, product: DataProduct) -> HttpResponse:
    """What is declared, a search for ports of the mesh (`?q=`), and a form for what is not in it."""
    context = settings_frame(request, product, "inputs")
    user = caller(request)
    form = InputForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        try:
            _add(request, product, form)
        except PortalError as error:
            context["error"] = error
            status = 400
            if "upstream" not in request.POST:
                show_on_form(form, error)
        else:
            if form.is_valid() or "upstream" in request.POST:
                messages.success(request, "The input port is added.")
                return redirect("products:inputs", domain=product.domain.slug, slug=product.slug)
            status = 400
    query = request.GET.get("q", "")[:200]
    context |= {
        "form": form if "upstream" not in request.POST else InputForm(),
        "query": query,
        "found": _search(user, product, query) if query.strip() else None,
        "inputs": _declared(user, product),
    }
    return render(request, "catalog/products/inputs.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@with_product
def edit_input(request: HttpRequest, product: DataProduct, pk: int) -> HttpResponse:
    """Edit the words about an input port."""
    context = settings_frame(request, product, "inputs")
    port = _input_of(product, pk)
    if unseen_inputs(caller(request), [port.pk]):
        raise NotAllowed("It comes from a port you may not see.", remedy="Ask whoever declared it.")
    initial = {name: getattr(port, name) for name in InputForm.base_fields}
    form = InputForm(request.POST if request.method == "POST" else None, initial=initial)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                services.edit_input_port(actor=caller(request), input_port=port, **form.cleaned_data)
            except PortalError as error:
                show_on_form(form, error)
            else:
                messages.success(request, "The input port is saved.")
                return redirect("products:inputs", domain=product.domain.slug, slug=product.slug)
    return render(
        request, "catalog/products/input_form.html", context | {"form": form, "port": port}, status=status
    )


@require_POST
@with_product
def remove_input(request: HttpRequest, product: DataProduct, pk: int) -> HttpResponse:
    """The product is no longer made from it."""
    services.remove_input_port(actor=caller(request), input_port=_input_of(product, pk))
    messages.success(request, "The input port is removed.")
    return redirect("products:inputs", domain=product.domain.slug, slug=product.slug)


def _add(request: HttpRequest, product: DataProduct, form: InputForm) -> None:
    user = caller(request)
    chosen = request.POST.get("upstream")
    if chosen is not None:
        port = _upstream(user, chosen)
        services.add_input_port(actor=user, product=product, upstream_port=port, version=port.version)
    elif form.is_valid():
        services.add_input_port(actor=user, product=product, **form.cleaned_data)


def _upstream(user: User, chosen: str) -> OutputPort:
    known = OutputPort.objects.visible_to(user).select_related("product__domain")
    port = (
        known.filter(pk=int(chosen)).first()
        if chosen.isascii() and chosen.isdigit() and len(chosen) < 18
        else None
    )
    if port is None:
        raise Http404("There is no such port.")
    return port


def _search(user: User, product: DataProduct, query: str) -> QuerySet[OutputPort]:
    """Visible ports of other products in whose name, title or product every word occurs."""
    ports = OutputPort.objects.visible_to(user).exclude(product=product)
    for word in query.split()[:10]:
        ports = ports.filter(
            Q(name__icontains=word) | Q(title__icontains=word) | Q(product__name__icontains=word)
        )
    return ports.select_related("product__domain").order_by("product__name", "name", "-version")[:FOUND]


def _declared(user: User, product: DataProduct) -> list[dict[str, Any]]:
    """The declared inputs; the upstream port of one the reader may not know of is not named."""
    rows = list(product.input_ports.select_related("upstream_port__product__domain"))
    upstream = [row.upstream_port_id for row in rows if row.upstream_port_id]
    visible = set(OutputPort.objects.visible_to(user).filter(pk__in=upstream).values_list("pk", flat=True))
    return [
        {"port": row, "upstream": row.upstream_port if row.upstream_port_id in visible else None,
         "hidden": row.upstream_port_id is not None and row.upstream_port_id not in visible}
        for row in rows
    ]  # fmt: skip


def _input_of(product: DataProduct, pk: int) -> InputPort:
    port = product.input_ports.select_related("product__domain").filter(pk=pk).first()
    if port is None:
        raise Http404("There is no such input port.")
    return port
