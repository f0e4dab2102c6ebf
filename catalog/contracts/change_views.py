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
from catalog.common.errors import Invalid, NotAllowed, NotFound, PortalError
from catalog.contracts import editing
from catalog.contracts.changes import by_path
from catalog.contracts.checking import Check, check_contract
from catalog.contracts.difference import difference, suggested_version
from catalog.contracts.emit import to_yaml
from catalog.contracts.export import find_version
from catalog.contracts.forms import ProposalForm, PublishForm
from catalog.contracts.models import ChangeProposal, ContractVersion, DataContract
from catalog.contracts.pages import contract_page
from catalog.contracts.reading import working_data
from catalog.contracts.services import publishing, starting
from catalog.contracts.templates import offered_templates, template_named
from catalog.products.addresses import with_product
from catalog.products.models import DataProduct, OutputPort

LONGEST = MAX_BYTES
MOST_PORTS = 200  # to choose from


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
    if "start" in request.POST:
        try:
            port = _start(person, request.POST.get("port", ""), text)
        except PortalError as error:
            form.add_error(None, str(error))
            return _page(request, text, check, wanted, form, status=_status_of(error))
        messages.success(request, f"{port} is offered under its contract now.")
        return redirect("contracts:contract", port.product.domain.slug, port.product.slug)
    if "propose" in request.POST:
        try:
            made = publishing.propose_change(actor=person, raw=text.encode(), note=form.cleaned_data["note"])
        except PortalError as error:
            form.add_error(None, str(error))
            return _page(request, text, check, wanted, form, status=_status_of(error))
        messages.success(request, f"Version {made.version} was proposed.")
        return redirect("contracts:proposal", made.pk)
    return _page(request, text, check, wanted, form)


def _status_of(error: PortalError) -> int:
    statuses: dict[type[PortalError], int] = {Invalid: 400, NotFound: 404, NotAllowed: 403}
    return statuses.get(type(error), 409)


def _page(
    request: HttpRequest,
    text: str,
    check: Check | None,
    view: str,
    form: ProposalForm | None = None,
    *,
    turn: str = "",
    status: int = 200,
    port_key: str = "",
    chooser: dict[str, Any] | None = None,
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
        "port_key": port_key or request.POST.get("port", "")[:500],
        "chooser": chooser,
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
        "direct": direct, "silent": [words for words in publishing.silent_consumers(found) if words in check.others],
        "may_edit": kernel.can(person, "contract.edit", found.contract),
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
    """A contract drafted for a port (`?port=name/version`) on top of a template (`?template=`), to be edited and
    started. What a crawl observed stands in it; before the first crawl what the port declares."""
    name, _, version = request.GET.get("port", "").rpartition("/")
    ports = product.output_ports.select_related("asset").order_by("name", "-version")
    chosen = ports.filter(name=name, version=version).first() if name else ports.exclude(asset=None).first()
    port = chosen if name else chosen or ports.first()
    if port is None:
        raise NotFound("There is no such port to start a contract for.")
    slug = request.GET.get("template", "")
    template = template_named(slug) if slug else None
    if slug and template is None:
        raise NotFound("There is no such template.")
    port.product = product
    chooser = {
        "product": product, "ports": ports[:MOST_PORTS], "port": port, "templates": offered_templates(),
        "template": slug,
    }  # fmt: skip
    data = starting.drafted(port, template)
    return _page(request, to_yaml(data), None, "form", port_key=_key(port), chooser=chooser)


def _key(port: OutputPort) -> str:
    return f"{port.product.key}/{port.name}/{port.version}"


def _start(person: User, key: str, text: str) -> OutputPort:
    """Start the contract of the port named by its key, which the person may see."""
    parts = key.split("/")
    port = None
    if len(parts) == 4:
        names = ("product__domain__slug", "product__slug", "name", "version")
        seen = OutputPort.objects.visible_to(person).select_related(
            "product__domain", "product__team", "asset"
        )
        port = seen.filter(**dict(zip(names, parts, strict=True))).first()
    if port is None:
        raise NotFound("There is no such port, or you may not see it.")
    starting.start_contract(actor=person, port=port, raw=text.encode())
    return port
