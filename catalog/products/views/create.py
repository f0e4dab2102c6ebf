"""Making a product: a calm first step here, the rest in its settings."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.common.errors import PortalError
from catalog.common.validation import show_on_form
from catalog.products import services
from catalog.products.forms.products import ProductStartForm


@require_http_methods(["GET", "HEAD", "POST"])
def new_product(request: HttpRequest) -> HttpResponse:
    """`/products/new/`, with `?domain=` chosen beforehand."""
    user = caller(request)
    kernel.require(user, "product.create", None, "Products are made by owners, stewards and domain admins.")
    form = ProductStartForm(request.POST or None, user=user)
    chosen = form.fields["domain"].queryset.filter(slug=request.GET.get("domain", "")).first()  # type: ignore[attr-defined]
    form.initial = {"domain": chosen}
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                product = services.create_product(actor=user, **form.cleaned_data)
            except PortalError as error:
                show_on_form(form, error)
            else:
                messages.success(
                    request, f"{product} is a draft now. What is still missing to publish it is listed below."
                )
                return redirect("products:edit", domain=product.domain.slug, slug=product.slug)
        status = 400
    context = {
        "form": form,
        "cancel_url": reverse("products:list"),
        "may_create_domain": kernel.can(user, "domain.create", None),
    }
    return render(request, "catalog/products/new.html", context, status=status)
