"""Output ports in the settings tab: list, make, edit, new version, delete."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.accounts.caller import caller
from catalog.common.errors import Conflict, PortalError, StaleRevision
from catalog.common.validation import show_on_form
from catalog.connections.models import Connection
from catalog.products import services
from catalog.products.addresses import with_product
from catalog.products.forms.ports import PortForm
from catalog.products.models import DataProduct, OutputPort
from catalog.products.views.sections import differences, settings_frame


def port_of(product: DataProduct, name: str, version: str) -> OutputPort:
    """The product's port of this name and version; Http404 when there is none."""
    ports = product.output_ports.select_related("product__domain", "connection", "asset")
    port = ports.filter(name=name, version=version).first()
    if port is None:
        raise Http404("There is no such port.")
    return port


@require_safe
@with_product
def port_list(request: HttpRequest, product: DataProduct) -> HttpResponse:
    """The ports of a product as those see them who change them."""
    context = settings_frame(request, product, "ports")
    context["ports"] = product.output_ports.select_related("connection", "asset", "product__domain")
    context["may_connect"] = Connection.objects.visible_to(caller(request)).exists()
    return render(request, "catalog/products/ports.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@with_product
def new_port(request: HttpRequest, product: DataProduct) -> HttpResponse:
    """Make a port by hand; those of a store are made quicker by browsing its connection."""
    user = caller(request)
    form = PortForm(request.POST or None, initial={"freshness_unit": "hours"}, user=user)

    def save(data: dict[str, Any]) -> OutputPort:
        return services.create_port(actor=user, product=product, **data)

    return _form_page(request, product, form, save, title="Add an output port", button="Add port")


@require_http_methods(["GET", "HEAD", "POST"])
@with_product
def edit_port(request: HttpRequest, product: DataProduct, name: str, version: str) -> HttpResponse:
    """Edit what is said of a port. Of two editors the second keeps what they typed."""
    user, port = caller(request), port_of(product, name, version)
    form = PortForm(
        request.POST or None,
        initial=PortForm.initial_of(port),
        user=user,
        keeps_identity=product.published_at is not None,
        present=port.connection,
    )

    def save(data: dict[str, Any]) -> OutputPort:
        revision = form.cleaned_data["revision"]
        return services.edit_port(actor=user, port=port, expected_revision=revision, **data)

    return _form_page(request, product, form, save, title=f"Edit {port}", button="Save port", port=port)


@require_http_methods(["GET", "HEAD", "POST"])
@with_product
def new_version(request: HttpRequest, product: DataProduct, name: str, version: str) -> HttpResponse:
    """Offer a port in another version beside the present one."""
    user, port = caller(request), port_of(product, name, version)
    initial = PortForm.initial_of(port) | {"version": "", "location": "", "sunset_at": None, "asset_name": ""}
    form = PortForm(request.POST or None, initial=initial, user=user, present=port.connection)
    form.fields["name"].disabled = True

    def save(data: dict[str, Any]) -> OutputPort:
        data.pop("name", None)
        return services.new_port_version(actor=user, port=port, **data)

    title = f"New version of {port.title or port.name}"
    return _form_page(request, product, form, save, title=title, button="Add version", port=port)


@require_POST
@with_product
def delete_port(request: HttpRequest, product: DataProduct, name: str, version: str) -> HttpResponse:
    """Delete a port of a product that never was published."""
    port = port_of(product, name, version)
    services.delete_port(actor=caller(request), port=port)
    messages.success(request, f"The port {port} is deleted.")
    return redirect("products:ports", domain=product.domain.slug, slug=product.slug)


def _form_page(
    request: HttpRequest,
    product: DataProduct,
    form: PortForm,
    save: Callable[[dict[str, Any]], OutputPort],
    *,
    title: str,
    button: str,
    port: OutputPort | None = None,
) -> HttpResponse:
    context = settings_frame(request, product, "ports") | {
        "form": form,
        "title": title,
        "button": button,
        "port": port,
    }
    where = {"domain": product.domain.slug, "slug": product.slug}
    context["cancel_url"] = reverse("products:ports", kwargs=where)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                saved = save(form.fields_for_service())
            except StaleRevision as error:
                show_on_form(form, error)
                status = 409
                if port is not None:
                    port.refresh_from_db()
                    context["theirs"] = differences(form, PortForm.initial_of(port))
                    form.data = {**request.POST.dict(), "revision": str(port.revision)}
            except PortalError as error:
                show_on_form(form, error)
                status = 409 if isinstance(error, Conflict) else 400
            else:
                messages.success(request, f"The port {saved} is saved.")
                return redirect(context["cancel_url"])
    return render(request, "catalog/products/port_form.html", context, status=status)
