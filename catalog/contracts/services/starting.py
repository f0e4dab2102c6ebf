"""Starting the contract of a port: the document comes in and the port is offered under it, or nothing happens."""

from django.db import transaction
from django.utils import timezone

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.audit import services as audit
from catalog.common.errors import Conflict, Invalid, Problem
from catalog.contracts.drafting import Data, draft_contract, with_template
from catalog.contracts.models import ContractVersion, DataContract, PortContract
from catalog.contracts.parts import text
from catalog.contracts.reading import converted
from catalog.contracts.results import ImportOptions, Session
from catalog.contracts.services.importing import judge, take_in
from catalog.contracts.templates import Template
from catalog.products.models import OutputPort
from catalog.schemas.selectors import newest_observed_ids, shapes_of

_PATH = "started here"


def drafted(port: OutputPort, template: Template | None = None) -> Data:
    """A contract for `port` from what was observed of it (else from what it declares), on top of a template."""
    observed = newest_observed_ids([port.asset_id]).get(port.asset_id) if port.asset_id else None
    schema = observed or port.declared_schema_id
    product = port.product
    table = port.asset.name.rsplit(".", 1)[-1] if port.asset else port.name
    made = draft_contract(
        key=f"urn:mesh:{product.domain.slug}:{product.slug}:{port.name}",
        name=f"{product.name}: {port.title or port.name}",
        table=table,
        domain=product.domain.slug,
        product=product.name,
        fields=shapes_of([schema])[schema] if schema else (),
    )
    return with_template(made, template.data) if template else made


@transaction.atomic
def start_contract(*, actor: User | None, port: OutputPort, raw: bytes) -> ContractVersion:
    """Import a new contract and offer `port` under it.

    Raises NotAllowed, Invalid with the document's problems, Conflict (the port is under a contract already, or there
    is a contract of this id).
    """
    kernel.require(actor, "product.edit", port.product, "Those in charge of a product start its contracts.")
    reading = judge(raw)
    if reading.is_refused or not reading.identity.is_contract:
        problems = list(reading.problems) or [Problem("$", "kind", "This is no data contract.")]
        raise Invalid("The contract cannot be started as it is.", "Nothing was changed.", problems=problems)
    OutputPort.objects.select_for_update().get(pk=port.pk)  # one at a time
    joint = PortContract.objects.filter(port=port).select_related("version").first()
    if joint is not None and joint.version is not None:
        raise Conflict(
            f"{port} is offered under a contract already.",
            kept="Nothing was changed.",
            remedy="Propose a change of that one.",
        )
    key = text(converted(reading.data, reading.identity), "id")
    if DataContract.objects.filter(key=key).exists():
        raise Conflict(
            f"There is a contract {key} already.", kept="Nothing was changed.", remedy="Choose another id."
        )
    joint = joint or PortContract(port=port)
    joint.contract_key = key
    joint.save()
    session = Session(actor, ImportOptions(), _PATH, timezone.now(), list(reading.problems))
    take_in(session, reading)
    joint = PortContract.objects.select_related("version__contract").get(port=port)
    if joint.version is None:
        raise Conflict(f"{port} could not be offered under {key}.", kept="Nothing was changed.")
    audit.record(
        actor=actor, verb="contract.started", obj=joint.version.contract, product_id=port.product_id,
        detail={"port": str(port), "version": joint.version.version},
    )  # fmt: skip
    return joint.version
