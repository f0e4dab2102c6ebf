"""The contract tab of a product, its originals, and the page that takes documents in."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_safe

from catalog.accounts.caller import caller
from catalog.common.errors import NotAllowed
from catalog.contracts.forms import ImportForm
from catalog.contracts.importer import import_all
from catalog.contracts.pages import contract_page, version_of
from catalog.contracts.permissions import may_import
from catalog.contracts.results import IMPORTED, REFUSED, WARNED
from catalog.products.addresses import with_product
from catalog.products.models import DataProduct


@require_safe
@with_product
def contract(request: HttpRequest, product: DataProduct) -> HttpResponse:
    """The documents of a product; `?document=` opens one, `?version=` an older version of it."""
    page = contract_page(
        caller(request), product, request.GET.get("document", ""), request.GET.get("version", "")
    )
    context = {"product": product, "tab": "contract", "page": page, "may_import": may_import(caller(request))}
    return render(request, "catalog/contracts/contract.html", context)


@require_safe
@with_product
def original(request: HttpRequest, product: DataProduct) -> HttpResponse:
    """The file exactly as it came, as a download."""
    page = contract_page(
        caller(request), product, request.GET.get("document", ""), request.GET.get("version", "")
    )
    if page.opened is None:
        return HttpResponse("There is no document.", status=404, content_type="text/plain")
    version = version_of(page.opened.choice, str(page.opened.version.number))
    raw = bytes(version.original)
    ending = "json" if version.media_type == "application/json" else "yaml"
    name = f"{product.slug}-{page.opened.choice.key}-{version.number}.{ending}"
    is_packed = raw.startswith(b"\x1f\x8b")
    response = HttpResponse(raw, content_type="application/gzip" if is_packed else "application/octet-stream")
    response.headers["Content-Disposition"] = str(
        content_disposition_header(True, f"{name}.gz" if is_packed else name)
    )
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def import_page(request: HttpRequest) -> HttpResponse:
    """Documents in: look first (`check`), then import. What was pasted stays in the box."""
    person = caller(request)
    if not may_import(person):
        raise NotAllowed(
            "You may not import documents.",
            remedy="Those who own products or domains may; ask the team that owns the product.",
        )
    if request.method != "POST":
        return render(request, "catalog/contracts/import.html", {"form": ImportForm()})
    form = ImportForm(request.POST, request.FILES)
    if not form.is_valid():
        return render(request, "catalog/contracts/import.html", {"form": form}, status=400)
    is_rehearsal = "check" in request.POST
    results = list(import_all(form.sources(), actor=person, dry_run=is_rehearsal))
    done = sum(result.status in (IMPORTED, WARNED) for result in results)
    if done and not is_rehearsal:
        messages.success(request, f"{done} document{'s were' if done != 1 else ' was'} imported.")
    context = {"form": form, "results": results, "is_rehearsal": is_rehearsal}
    is_refused = bool(results) and all(result.status == REFUSED for result in results)
    return render(request, "catalog/contracts/import.html", context, status=400 if is_refused else 200)
