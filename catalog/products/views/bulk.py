"""Editing many products at once: select, choose, preview, apply."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from catalog.accounts.caller import caller
from catalog.common.errors import PortalError
from catalog.common.validation import show_on_form
from catalog.products import services
from catalog.products.activity import readable
from catalog.products.forms.bulk import BulkForm, selected_revisions
from catalog.products.models import DataProduct


@require_POST
def bulk_edit(request: HttpRequest) -> HttpResponse:
    """One page in three steps: the selection comes from the list, `preview` shows what would be, `apply` does it."""
    user = caller(request)
    revisions = selected_revisions(request.POST.getlist("products"))
    step = next((name for name in ("apply", "preview") if name in request.POST), "choose")
    form = BulkForm(request.POST if step != "choose" else None, user=user)
    context: dict[str, Any] = {"form": form, "step": "choose"}
    status = 200
    if step != "choose":
        status = 400
        if form.is_valid():
            try:
                rows = services.bulk_edit(
                    actor=user, revisions=revisions, edit=form.edit(), dry_run=step == "preview"
                )
            except PortalError as error:
                show_on_form(form, error)
            else:
                changed = [row for row in rows if row.changes]
                if step == "apply":
                    return _applied(request, rows, len(changed))
                status = 200
                context |= {"step": "preview", "rows": [_shown(row) for row in rows], "changed": len(changed)}
    known = DataProduct.objects.visible_to(user).filter(pk__in=revisions).select_related("domain", "team")
    context["products"] = known.order_by("name", "pk")
    context["selection"] = [f"{product.pk}:{revisions[product.pk] or product.revision}" for product in known]
    return render(request, "catalog/products/bulk.html", context, status=status)


def _shown(row: services.BulkRow) -> dict[str, Any]:
    lines = [f"{name}: {readable(old)} → {readable(new)}" for name, (old, new) in row.changes.items()]
    return {"product": row.product, "problem": row.problem, "lines": lines}


def _applied(request: HttpRequest, rows: list[services.BulkRow], changed: int) -> HttpResponse:
    left = [row for row in rows if row.problem]
    messages.success(request, f"{changed} of {len(rows)} products changed.")
    for row in left[:5]:
        messages.warning(request, f"{row.product} was left out: {row.problem}")
    return redirect("products:list")
