"""The lifecycle section, and deleting a draft."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.common.errors import Conflict, PortalError
from catalog.common.validation import show_on_form
from catalog.products import lifecycle, services
from catalog.products.addresses import with_product
from catalog.products.forms.products import StepForm
from catalog.products.models import DataProduct, Lifecycle
from catalog.products.views.sections import settings_frame

#: What each step asks for beside the press of its button.
ASKED = {
    Lifecycle.DEPRECATED: ("successor", "sunset_at", "reason"),
    Lifecycle.RETIRED: ("reason",),
}
EXPLAINED = {
    Lifecycle.PROPOSED: "Put the work aside; the draft is kept.",
    Lifecycle.DRAFT: "Begin the work on it. Only its own people see it.",
    Lifecycle.ACTIVE: "Everybody its visibility allows finds it from then on. It cannot become a draft again.",
    Lifecycle.DEPRECATED: "It stays in use until its sunset date, and everybody is told to leave it.",
    Lifecycle.RETIRED: "It is no longer offered. Its page and address stay.",
}


@require_http_methods(["GET", "HEAD", "POST"])
@with_product
def change_step(request: HttpRequest, product: DataProduct) -> HttpResponse:
    """Every step that may follow, what it does, what it asks for and what still stands in its way."""
    context = settings_frame(request, product, "lifecycle")
    user = caller(request)
    sent: StepForm | None = None
    status = 200
    if request.method == "POST":
        sent = StepForm(request.POST, user=user)
        status = 400
        if sent.is_valid():
            data = dict(sent.cleaned_data)
            revision = data.pop("revision")
            try:
                saved = services.change_lifecycle(
                    actor=user, product=product, expected_revision=revision, **data
                )
            except PortalError as error:
                show_on_form(sent, error)
                status = 409 if isinstance(error, Conflict) else 400
            else:
                messages.success(request, f"{saved} is {saved.get_lifecycle_display().lower()} now.")
                return redirect("products:lifecycle", domain=saved.domain.slug, slug=saved.slug)
    context["steps"] = [
        _step(request, product, step, sent) for step in lifecycle.next_steps(product.lifecycle)
    ]
    context["may_delete"] = product.published_at is None and not product.is_published
    return render(request, "catalog/products/lifecycle.html", context, status=status)


def _step(request: HttpRequest, product: DataProduct, step: str, sent: StepForm | None) -> dict[str, Any]:
    user = caller(request)
    is_sent = sent is not None and sent.data.get("step") == step
    form = (
        sent
        if is_sent and sent
        else StepForm(initial={"step": step, "revision": product.revision}, user=user)
    )
    form.auto_id = f"{step}_%s"
    form.fields["sunset_at"].required = (
        step == Lifecycle.DEPRECATED
    )  # for the eye; the table judges what was sent
    needs = "product.publish" if step in lifecycle.DECIDED_BY_PUBLISHERS else "product.edit"
    return {
        "key": step,
        "verb": lifecycle.VERBS[product.lifecycle, step],
        "explained": EXPLAINED[Lifecycle(step)],
        "form": form,
        "asked": [form[name] for name in ASKED.get(Lifecycle(step), ())],
        "may": kernel.can(user, needs, product),
        "missing": [
            problem.message
            for problem in lifecycle.missing_for(services.standing_of(product), step)
            if problem.rule == "required_to_publish"
        ],
    }


@require_POST
@with_product
def delete_draft(request: HttpRequest, product: DataProduct) -> HttpResponse:
    """Delete a product that never was published."""
    services.delete_draft(actor=caller(request), product=product)
    messages.success(request, f"The draft {product} is deleted.")
    return redirect("products:list")
