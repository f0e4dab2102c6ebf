"""A data contract comes in: kept as a version, put in force on the ports that name it."""

from catalog.accounts import kernel
from catalog.audit import services as audit
from catalog.common.documents import Document
from catalog.common.errors import NotAllowed
from catalog.contracts import detect, odcs
from catalog.contracts.models import ContractVersion, DataContract, PortContract
from catalog.contracts.reading import read_contract
from catalog.contracts.results import Session
from catalog.contracts.services import gate, joins, versions


def apply_contract(
    session: Session, raw: bytes, document: Document, identity: detect.Identity
) -> tuple[list[str], bool]:
    """Import a contract, `document` being its ODCS 3 data.

    Returns its key and whether anything changed. Raises NotAllowed, and what the gate raises."""
    parsed = odcs.parse(document.data)
    contract = DataContract.objects.select_for_update().filter(key=parsed.key).first()
    _require(session, contract)
    if contract is None:
        contract = DataContract.objects.create(key=parsed.key, name=_name(parsed))
    known = versions.known_version(contract, raw)
    if known is not None:
        versions.note_if_old(session, contract, known.number)
        return [parsed.key], False
    before, previous = latest_contract(contract), contract.versions.first()
    gate.pass_gate(session, contract, previous, document.data)
    if contract.name != _name(parsed):
        contract.name = _name(parsed)
        contract.save(update_fields=["name", "updated_at"])
    version = versions.keep_contract(session, contract, raw, document, parsed.version, identity.spec_version)
    audit.record(
        actor=session.actor,
        verb="contract.imported",
        obj=contract,
        product_id=contract.product_id,
        detail={"version": parsed.version, "number": version.number, "document": session.path},
    )
    waiting = PortContract.objects.filter(contract_key=contract.key).select_related(
        "port__product__domain", "port__connection", "port__declared_schema"
    )
    for joint in waiting.exclude(version__in=contract.versions.exclude(pk__in=[version.pk, _pk(previous)])):
        if joins.may_join(session, contract, joint):
            joins.put_in_force(session, joint, version, parsed, before)
    return [parsed.key], True


def latest_contract(contract: DataContract) -> odcs.Contract | None:
    """The newest version, parsed again from its original."""
    version = contract.versions.first()
    return read_contract(bytes(version.original)) if version else None


def _pk(version: ContractVersion | None) -> int:
    return version.pk if version else 0


def _require(session: Session, contract: DataContract | None) -> None:
    """A contract of a product is changed by those who may edit it, another by those who may make products."""
    if session.actor is None:
        return
    product = contract.product if contract else None
    if product is None:
        allowed = kernel.can(session.actor, "product.create", None)
    else:
        allowed = kernel.can(session.actor, "product.edit", product)
    if not allowed:
        raise NotAllowed(
            "You may not import this contract.",
            kept="Nothing was changed.",
            remedy="Ask the owners of its product.",
        )


def _name(parsed: odcs.Contract) -> str:
    named = parsed.name or (parsed.objects[0].name if len(parsed.objects) == 1 else "")
    return (named or parsed.data_product)[:300]
