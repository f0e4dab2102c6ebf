"""Where ports meet their contracts and input ports meet output ports, in whatever order documents come."""

from functools import partial

from django.db import transaction
from django.db.models import Q

from catalog.accounts import kernel
from catalog.common.announcing import announce
from catalog.contracts import odcs, odps
from catalog.contracts.models import ContractVersion, DataContract, PortContract
from catalog.contracts.parts import semantic_version
from catalog.contracts.reading import read_contract
from catalog.contracts.results import Session
from catalog.contracts.services import gate
from catalog.contracts.services.ports import (
    contract_key,
    follow_contract,
    joint_of,
    may_offer_under,
    note_conflicts,
)
from catalog.contracts.services.promises import follow_promises
from catalog.contracts.services.quality import follow_quality
from catalog.contracts.signals import port_contract_changed
from catalog.products import services as products
from catalog.products.models import DataProduct, InputPort, OutputPort
from catalog.quality.outside.services import take_waiting


def may_join(session: Session, contract: DataContract, joint: PortContract) -> bool:
    """A contract belongs to the first product that names it; for ports of others see `may_offer_under`."""
    product = joint.port.product
    if contract.product_id is None:
        contract.product = product
        contract.save(update_fields=["product", "updated_at"])
        return True
    return may_offer_under(session, contract, product)


def put_in_force(
    session: Session,
    joint: PortContract,
    version: ContractVersion,
    parsed: odcs.Contract,
    before: odcs.Contract | None,
) -> None:
    """Offer a port under `version`: its declared schema, promises, objectives, checks and place follow, and results of
    the contract's tests that waited for a port."""
    joint.version = version
    joint.save()
    _announce(joint.port)
    follow_contract(session, joint.port, parsed, before)
    follow_promises(session, joint.port, parsed)
    transaction.on_commit(partial(take_waiting, contract_key=joint.contract_key), robust=True)
    follow_quality(session, joint.port, parsed)


def _announce(port: OutputPort) -> None:
    announce(port_contract_changed, sender=PortContract, port_ids=[port.pk])


def join_contracts(
    session: Session, wanted: odps.Product, before: odps.Product | None, found: list[OutputPort]
) -> None:
    """Note which contract each port is offered under, and put those in force that have arrived."""
    earlier = {(part.name, part.version): part for part in before.output_ports} if before else {}
    for part, port in zip(wanted.output_ports, found, strict=True):
        base, joint = earlier.get((part.name, part.version)), joint_of(port)
        key = contract_key(joint, part, base)
        if joint is not None and joint.contract_key != key:
            gate.require_free_to_leave(session, joint)
            joint.delete()
            joint = None
            _announce(port)
        if not key:
            continue
        if part.contract_key not in ("", key) and (base is None or base.contract_key != part.contract_key):
            note_conflicts(session, port, {"contract": part.contract_key})
        joint = joint or PortContract.objects.create(port=port, contract_key=key)
        if joint.version is None:
            _arrive(session, part, joint)


def _arrive(session: Session, part: odps.OutputPortPart, joint: PortContract) -> None:
    """Put the newest version in force, if any has arrived.

    Only ports under no version: the others are moved by the next version of their contract, through its gate.
    """
    versions = ContractVersion.objects.select_related("contract__product")
    version = versions.filter(contract__key=joint.contract_key).order_by("-number").first()
    if version is None:
        session.note(
            "$.outputPorts",
            "contract-awaited",
            f"The contract {joint.contract_key} of port {part.name} is not here yet.",
        )
    elif may_join(session, version.contract, joint):
        put_in_force(session, joint, version, read_contract(bytes(version.original)), None)


def sync_inputs(
    session: Session, product: DataProduct, wanted: odps.Product, before: odps.Product | None
) -> None:
    """Declare what the product is made from; inputs the document dropped are removed, those of people stay."""
    present = {(port.name, port.version): port for port in product.input_ports.select_related("product")}
    earlier = {(part.name, part.version) for part in before.input_ports} if before else set()
    declared = set()
    for part in wanted.input_ports:
        key = (part.name[:200], part.version[:60])
        declared.add(key)
        port = present.get(key)
        upstream = find_upstream(session, product, part.name, part.version, part.contract_key)
        reference = part.contract_key[:500] or part.name[:500]
        if port is None:
            if upstream is not None and product.input_ports.filter(upstream_port=upstream).exists():
                upstream = None  # two declarations of one port: the second keeps its words
            products.add_input_port(
                actor=session.actor, product=product, name=key[0], version=key[1],
                upstream_port=upstream, reference=reference,
            )  # fmt: skip
        elif port.reference != reference:
            products.edit_input_port(
                actor=session.actor, input_port=port, reference=reference, upstream_port=upstream
            )
        if upstream is None:
            session.note(
                "$.inputPorts",
                "upstream-awaited",
                f"The input {part.name} is not offered by a port here yet.",
            )
    for key in earlier - declared:
        if key in present:
            products.remove_input_port(actor=session.actor, input_port=present[key])


def input_places(product: DataProduct, wanted: odps.Product) -> list[str | None]:
    """The primary key (as text) of the input port each declared one became."""
    present = {
        (name, version): str(pk)
        for pk, name, version in product.input_ports.values_list("pk", "name", "version")
    }
    return [present.get((part.name[:200], part.version[:60])) for part in wanted.input_ports]


def find_upstream(
    session: Session, product: DataProduct, name: str, version: str, contract_key: str
) -> OutputPort | None:
    """The output port an input port means: by contract id, then version, then name; only when one port is left.

    Without a contract id a port is meant by `product/port` or by a name that is unique in the mesh. A port that
    whoever imports may not see is none.
    """
    known = OutputPort.objects.all()
    others = (known if session.actor is None else known.visible_to(session.actor)).exclude(product=product)
    if contract_key:
        found = list(others.filter(contract_in_force__contract_key=contract_key)[:50])
    else:
        owner, _, port_name = name.rpartition("/")
        same = Q(name=port_name, product__slug=owner.rpartition("/")[2]) if owner else Q(name=name)
        found = list(others.filter(same)[:50])
    for narrow in (semantic_version(version, "") if version else "", name):
        closer = [port for port in found if narrow in (port.version, port.name)]
        found = closer or found
    return found[0] if len(found) == 1 else None


def resolve_waiting(session: Session, contract_keys: set[str]) -> None:
    """Input ports of other products that waited for these contracts are tied to the ports now offered."""
    waiting = InputPort.objects.filter(upstream_port=None, reference__in=contract_keys).select_related(
        "product__domain"
    )
    for port in waiting:
        upstream = find_upstream(session, port.product, port.name, port.version, port.reference)
        if upstream is None or port.product.input_ports.filter(upstream_port=upstream).exists():
            continue
        if session.actor is None or kernel.can(session.actor, "product.edit", port.product):
            products.edit_input_port(actor=session.actor, input_port=port, upstream_port=upstream)
