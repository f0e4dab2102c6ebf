"""Changing contracts in the browser: edit in forms or as YAML, see what breaks, propose, acknowledge, publish."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.accounts.models import User
from catalog.common.documents import MAX_BYTES, read_document
from catalog.common.errors import Invalid, NotFound, PortalError
from catalog.contracts import editing
from catalog.contracts.changes import by_path
from catalog.contracts.checking import Check, check_contract
from catalog.contracts.difference import difference, suggested_version
from catalog.contracts.drafting import draft_contract
from catalog.contracts.emit import to_yaml
from catalog.contracts.export import find_version
from catalog.contracts.forms import ProposalForm, PublishForm
from catalog.contracts.models import ChangeProposal, ContractVersion, DataContract
from catalog.contracts.pages import contract_page
from catalog.contracts.reading import working_data
from catalog.contracts.services import publishing
from catalog.products.addresses import with_product
from catalog.products.models import DataProduct
from catalog.schemas.selectors import newest_observed_ids, shapes_of

LONGEST = MAX_BYTES


@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: HttpRequest) -> HttpResponse:
    """Propose a change: paste, upload or edit a contract and see what it breaks. Checking writes nothing.

    `?contract=` begins with the version in force; `?view=form` edits it in forms.
    """
    person = caller(request)
    if request.method != "POST":
        text = _beginning(person, request.GET.get("contract", ""))
        return _page(request, text, None, request.GET.get("view", "yaml"))
    form = ProposalForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, str(request.POST.get("text", "")), None, "yaml", form, status=400)
    text, wanted = form.text_given(), request.POST.get("view", "yaml")
    if request.POST.get("is_form"):
        text = _edited(text, request.POST)
    if "to_form" in request.POST or "to_yaml" in request.POST:
        return _page(request, text, None, "form" if "to_form" in request.POST else "yaml")
    if "turn" in request.POST:
        return _page(request, text, None, "form", turn=request.POST.get("turn", ""))
    if "suggest" in request.POST:
        text = _with_version(text, request.POST.get("suggest", ""))
    check = check_contract(person, text.encode())
    if "propose" in request.POST:
        try:
            made = publishing.propose_change(actor=person, raw=text.encode(), note=form.cleaned_data["note"])
        except PortalError as error:
            form.add_error(None, str(error))
            return _page(
                request, text, check, wanted, form, status=409 if not isinstance(error, Invalid) else 400
            )
        messages.success(request, f"Version {made.version} was proposed.")
        return redirect("contracts:proposal", made.pk)
    return _page(request, text, check, wanted, form)


def _page(
    request: HttpRequest,
    text: str,
    check: Check | None,
    view: str,
    form: ProposalForm | None = None,
    *,
    turn: str = "",
    status: int = 200,
) -> HttpResponse:
    data = read_document(text.encode()).data if view == "form" and text.strip() else None
    is_form = isinstance(data, dict)
    at, _, page = (turn or f"{request.POST.get('object', '0')}.{request.POST.get('page', '1')}").partition(
        "."
    )
    numbers = [int(word) if word.isdigit() and len(word) < 6 else 0 for word in (at, page)]
    context = {
        "text": text,
        "form": form or ProposalForm(initial={"text": text}),
        "check": check,
        "groups": list(by_path(check.found.changes))[:500] if check else [],
        "sheet": editing.sheet(data, *numbers) if isinstance(data, dict) else None,
        "is_form": is_form,
        "types": editing.TYPES,
        "operators": editing.OPERATORS,
    }
    return render(request, "catalog/contracts/check.html", context, status=status)


def _beginning(person: User, key: str) -> str:
    """The version in force as YAML to edit, with the next version number; empty where no contract is named."""
    if not key:
        return ""
    contract = DataContract.objects.visible_to(person).filter(key=key).first()
    if contract is None:
        raise NotFound("There is no such contract, or you may not see it.")
    version = find_version(contract)
    is_yaml = version.media_type == "application/yaml" and not version.spec_version.startswith(("dcs", "v2"))
    return version.text if is_yaml else to_yaml(working_data(bytes(version.original)))


def _edited(text: str, posted: Any) -> str:
    data = read_document(text.encode()).data
    if not isinstance(data, dict):
        return text
    made = editing.with_form(data, posted)
    return to_yaml(made) if made != data else text


def _with_version(text: str, version: str) -> str:
    data = read_document(text.encode()).data
    return to_yaml({**data, "version": version[:60]}) if isinstance(data, dict) and version else text


@require_http_methods(["GET", "HEAD", "POST"])
def proposal(request: HttpRequest, pk: int) -> HttpResponse:
    """A proposed version: what it breaks, who acknowledged it; those in charge acknowledge, publish or withdraw."""
    person = caller(request)
    visible = DataContract.objects.visible_to(person).values("pk")
    known = ChangeProposal.objects.select_related(
        "contract__product__domain", "contract__product__team", "base", "proposed_by"
    )
    found = known.filter(pk=pk, contract__in=visible).first()
    if found is None:
        raise NotFound("There is no such proposal, or you may not see it.")
    form = PublishForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        try:
            _act(request, person, found, form)
            return redirect("contracts:proposal", pk)
        except PortalError as error:
            form.is_valid()
            form.add_error(None, str(error))
            status = (
                400
                if isinstance(error, Invalid)
                else 409
                if kernel.can(person, "contract.edit", found.contract)
                else 403
            )
    check = check_contract(person, bytes(found.original))
    base, after = working_data(bytes(found.base.original)), working_data(bytes(found.original))
    told = difference(base, after)
    done = {item.product_id: item for item in found.acknowledgements.select_related("user")}
    reached = {item.product.pk for item in publishing.consumers(found)}
    direct = [
        (consumer, done.get(consumer.product.pk), kernel.can(person, "product.edit", consumer.product))
        for consumer in check.consumers
        if consumer.product.pk in reached or consumer.product.pk in done
    ]
    context = {
        "proposal": found, "check": check, "found": told, "groups": list(by_path(told.changes))[:500], "form": form,
        "direct": direct, "may_edit": kernel.can(person, "contract.edit", found.contract),
        "may_publish": kernel.can(person, "contract.publish", found.contract), "is_open": found.standing == "open",
    }  # fmt: skip
    return render(request, "catalog/contracts/proposal.html", context, status=status)


def _act(request: HttpRequest, person: User, found: ChangeProposal, form: PublishForm) -> None:
    if not form.is_valid():
        raise Invalid("Mend what is wrong in the form.")
    if "acknowledge" in request.POST:
        number = request.POST.get("acknowledge", "")
        known = int(number) if number.isascii() and number.isdigit() and len(number) < 18 else 0
        product = DataProduct.objects.visible_to(person).filter(pk=known).first()
        if product is None:
            raise NotFound("There is no such product.")
        publishing.acknowledge_change(actor=person, proposal=found, product=product)
        messages.success(request, f"You acknowledged the change for {product}.")
    elif "withdraw" in request.POST:
        publishing.withdraw_change(actor=person, proposal=found)
        messages.success(request, "The proposal was withdrawn.")
    else:
        said = form.cleaned_data
        publishing.publish_change(
            actor=person, proposal=found, override_reason=said["override_reason"], sunset_at=said["sunset_at"]
        )
        messages.success(request, f"Version {found.version} was published.")


@require_safe
@with_product
def compare(request: HttpRequest, product: DataProduct) -> HttpResponse:
    """The difference of two versions of a contract: `?document=`, `?before=` and `?version=` are numbers here."""
    page = contract_page(
        caller(request), product, request.GET.get("document", ""), request.GET.get("version", "")
    )
    if page.opened is None or not isinstance(page.opened.version, ContractVersion):
        raise NotFound("There is no contract to compare.")
    after = page.opened.version
    siblings = after.contract.versions
    number = request.GET.get("before", "")
    wanted = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else after.number - 1
    before = siblings.filter(number=wanted).first()
    found = (
        difference(working_data(bytes(before.original)), working_data(bytes(after.original)))
        if before
        else None
    )
    context = {
        "product": product, "tab": "contract", "page": page, "before": before, "after": after, "found": found,
        "groups": list(by_path(found.changes))[:500] if found else [],
        "suggested": suggested_version(before.version, found) if before and found else "",
        "versions": siblings.defer("original")[:50],
    }  # fmt: skip
    return render(request, "catalog/contracts/difference.html", context)


@require_safe
@with_product
def draft(request: HttpRequest, product: DataProduct) -> HttpResponse:
    """A contract drafted from what a crawl observed of a port (`?port=name/version`), to be edited and imported."""
    name, _, version = request.GET.get("port", "").rpartition("/")
    ports = product.output_ports.exclude(asset=None).select_related("asset")
    port = ports.filter(name=name, version=version).first() if name else ports.first()
    schema = newest_observed_ids([port.asset_id]).get(port.asset_id) if port and port.asset_id else None
    if port is None or port.asset is None or schema is None:
        raise NotFound("Nothing was observed of this port yet.")
    data = draft_contract(
        key=f"urn:mesh:{product.domain.slug}:{product.slug}:{port.name}",
        name=f"{product.name}: {port.title or port.name}",
        table=port.asset.name.rsplit(".", 1)[-1], domain=product.domain.slug, product=product.name,
        fields=shapes_of([schema])[schema],
    )  # fmt: skip
    return _page(request, to_yaml(data), None, "form")
