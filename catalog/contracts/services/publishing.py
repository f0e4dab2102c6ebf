"""Publishing a new version of a contract: proposed, acknowledged by those it breaks, put in force beside the old."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.audit import services as audit
from catalog.common.errors import Conflict, Invalid, Problem
from catalog.contracts.beside import made_for, version_beside
from catalog.contracts.checking import Check, check_contract
from catalog.contracts.models import (
    Acknowledgement,
    ChangeProposal,
    ContractVersion,
    DataContract,
    PortContract,
)
from catalog.contracts.reading import read_contract
from catalog.contracts.results import ImportOptions, Session
from catalog.contracts.services import gate, joins, versions
from catalog.contracts.services.importing import judge
from catalog.products import reach
from catalog.products import services as products
from catalog.products.models import DataProduct, OutputPort

_PATH = "edited here"


@transaction.atomic
def propose_change(*, actor: User | None, raw: bytes, note: str = "") -> ChangeProposal:
    """Propose the next version of a contract that is here.

    Raises Invalid for a document that cannot be published as it is (with its problems, or for a version that is too
    small a step), Conflict where nothing changed, NotAllowed for those who may not edit the contract's product.
    """
    check = checked(actor, raw)
    contract = _contract_of(actor, check)
    kernel.require(actor, "contract.edit", contract, "You may not change this contract.")
    if not check.found.changes:
        raise Conflict("The document says what the version in force says.", remedy="Change something first.")
    if check.base is None:
        raise Conflict("There is no version to change yet. Import the contract first.")
    proposal = ChangeProposal.objects.create(
        contract=contract,
        base=check.base,
        original=raw,
        version=check.version[:100],
        note=note[:10_000],
        proposed_by=actor,
    )
    audit.record(
        actor=actor, verb="contract.proposed", obj=contract, product_id=contract.product_id,
        detail={"version": check.version, "proposal": proposal.pk, "breaking": len(check.found.breaking)},
    )  # fmt: skip
    return proposal


def checked(actor: User | None, raw: bytes) -> Check:
    """The check of a document that could be published as it is; raises Invalid otherwise."""
    check = check_contract(actor, raw)
    if check.is_refused:
        raise Invalid(
            "The document cannot be published as it is.",
            "Nothing was changed.",
            problems=list(check.problems),
        )
    if check.version_problem:
        problem = Problem("$.version", gate.RULE, check.version_problem)
        raise Invalid(check.version_problem, "Nothing was changed.", problems=[problem])
    return check


def _contract_of(actor: User | None, check: Check) -> DataContract:
    known = DataContract.objects.select_related("product__domain", "product__team")
    contract = known.filter(key=check.key).first()
    if contract is None or check.base is None:
        raise Conflict(f"There is no contract {check.key} here yet.", remedy="Import it first.")
    return contract


@transaction.atomic
def acknowledge_change(*, actor: User, proposal: ChangeProposal, product: DataProduct) -> Acknowledgement:
    """Take note of a breaking change on behalf of a product that reads from it. Raises Conflict, NotAllowed."""
    _require_open(proposal)
    kernel.require(actor, "product.edit", product, "Only those in charge of a consumer acknowledge for it.")
    if product.pk not in {item.product.pk for item in consumers(proposal)}:
        raise Conflict(f"{product} does not read from a port under this contract.")
    made, _ = Acknowledgement.objects.get_or_create(
        proposal=proposal, product=product, defaults={"user": actor}
    )
    audit.record(
        actor=actor, verb="contract.acknowledged", obj=proposal.contract, product_id=product.pk,
        detail={"version": proposal.version, "proposal": proposal.pk, "consumer": product.key},
    )  # fmt: skip
    return made


def consumers(proposal: ChangeProposal) -> tuple[reach.Reached, ...]:
    """The products whose acknowledgements a proposal needs."""
    return gate.consumers_of(proposal.contract).products


def silent_consumers(proposal: ChangeProposal) -> tuple[str, ...]:
    """Those who read by an agreement of their own and have no product to acknowledge for: past them leads a reason."""
    return gate.consumers_of(proposal.contract).others


@transaction.atomic
def publish_change(
    *,
    actor: User | None,
    proposal: ChangeProposal,
    override_reason: str = "",
    sunset_at: dt.date | None = None,
) -> ContractVersion:
    """Make the proposed version the newest, and put it in force.

    What breaks nothing takes effect on every port under the contract. A breaking version is offered through a new
    version of each port beside the old one, which stays under the old contract and gets the sunset date (by default
    the earliest by the notice period). Raises Conflict while consumers have not acknowledged, or for a sunset before
    the notice period is over, and no reason is given; Invalid for a sunset in the past.
    """
    proposal = (
        ChangeProposal.objects.select_for_update(of=("self",))
        .select_related("contract__product", "base")
        .get(pk=proposal.pk)
    )
    contract = proposal.contract
    _require_open(proposal)
    kernel.require(actor, "contract.publish", contract, "Owners publish the versions of a contract.")
    raw = bytes(proposal.original)
    check = checked(None, raw)
    if check.base is None or check.base.pk != proposal.base_id:
        raise Conflict(
            "Another version was published meanwhile.", remedy="Propose the change again on top of it."
        )
    reason = override_reason.strip()
    if check.found.is_breaking:
        _require_acknowledged(actor, proposal, check, reason)
        _require_notice(check, sunset_at, reason)
    version = _keep(actor, contract, raw, check)
    sunset = sunset_at or check.earliest_at
    _put_in_force(actor, contract, version, check, sunset)
    proposal.standing, proposal.published, proposal.closed_at = (
        ChangeProposal.Standing.PUBLISHED,
        version,
        timezone.now(),
    )
    proposal.override_reason = reason if check.found.is_breaking else ""
    proposal.sunset_at = sunset if check.found.is_breaking else None
    proposal.save()
    audit.record(
        actor=actor, verb="contract.published", obj=contract, product_id=contract.product_id,
        changes={"version": [check.base.version, check.version]},
        detail={
            "number": version.number,
            "proposal": proposal.pk,
            "breaking": len(check.found.breaking),
            "override_reason": proposal.override_reason,
            "acknowledged": proposal.acknowledgements.count(),
            "sunset_at": proposal.sunset_at.isoformat() if proposal.sunset_at else "",
        },
    )  # fmt: skip
    return version


@transaction.atomic
def withdraw_change(*, actor: User | None, proposal: ChangeProposal) -> None:
    """Take a proposal back. Raises NotAllowed, Conflict."""
    kernel.require(actor, "contract.edit", proposal.contract, "You may not change this contract.")
    _require_open(proposal)
    proposal.standing, proposal.closed_at = ChangeProposal.Standing.WITHDRAWN, timezone.now()
    proposal.save()
    audit.record(
        actor=actor, verb="contract.withdrawn", obj=proposal.contract, product_id=proposal.contract.product_id,
        detail={"version": proposal.version, "proposal": proposal.pk},
    )  # fmt: skip


def _require_open(proposal: ChangeProposal) -> None:
    if proposal.standing != ChangeProposal.Standing.OPEN:
        raise Conflict(f"This proposal is {proposal.get_standing_display().lower()} already.")


def missing_acknowledgements(proposal: ChangeProposal) -> list[reach.Reached]:
    """The consumers that have not taken note of the change yet."""
    done = set(proposal.acknowledgements.values_list("product_id", flat=True))
    return [item for item in consumers(proposal) if item.product.pk not in done]


def _require_acknowledged(actor: User | None, proposal: ChangeProposal, check: Check, reason: str) -> None:
    missing, silent = missing_acknowledgements(proposal), silent_consumers(proposal)
    if reason or not (missing or silent):
        return
    waits = " It can take effect beside the old version at once"
    raise Conflict(
        _what_is_missing(len(missing), len(silent)),
        kept=f"The proposal stays open.{waits}; the old one may end on {check.earliest_at} at the earliest.",
        remedy=(
            "Tell them, and give a reason for publishing without their word; it is recorded."
            if silent
            else "Wait for them, or give a reason for publishing without; it is recorded."
        ),
        problems=[
            Problem("acknowledgements", "missing", f"{item.product.key} has not acknowledged it.")
            for item in missing
            if actor is None or kernel.can(actor, "product.view", item.product)
        ]
        + [
            Problem("override_reason", "required", f"{words} reads from it and cannot acknowledge it.")
            for words in silent
            if actor is None or kernel.can(actor, "contract.edit", proposal.contract)
        ],
    )


def _what_is_missing(missing: int, silent: int) -> str:
    said = []
    if missing:
        said.append(
            f"{missing} consumer{'s have' if missing != 1 else ' has'} not acknowledged this breaking change."
        )
    if silent:
        who = "people or teams read" if silent != 1 else "person or team reads"
        said.append(f"{silent} {who} from it by agreement and cannot acknowledge it.")
    return " ".join(said)


def _require_notice(check: Check, sunset_at: dt.date | None, reason: str) -> None:
    """Nobody is told to move faster than the contract promises, unless there is a reason, which is recorded."""
    if sunset_at is None:
        return
    if sunset_at < timezone.localdate():
        words = "The sunset is past already."
        raise Invalid(words, "Nothing was published.", problems=[Problem("sunset_at", "range", words)])
    if check.earliest_at is not None and sunset_at < check.earliest_at and not reason:
        raise Conflict(
            f"The contract promises {check.notice_days} days of notice: the earliest sunset is {check.earliest_at}.",
            kept="The proposal stays open.",
            remedy="Choose a later day, or give a reason; it is recorded.",
        )


def _session(actor: User | None) -> Session:
    return Session(actor, ImportOptions(), _PATH, timezone.now())


def _keep(actor: User | None, contract: DataContract, raw: bytes, check: Check) -> ContractVersion:
    reading = judge(raw)
    if versions.known_version(contract, raw) is not None:
        raise Conflict("Exactly this document was published before.", remedy="Give it a new version.")
    return versions.keep_contract(
        _session(actor), contract, raw, reading.document, check.version, reading.identity.spec_version
    )


def _put_in_force(
    actor: User | None, contract: DataContract, version: ContractVersion, check: Check, sunset: dt.date | None
) -> None:
    session = _session(actor)
    before, parsed = (
        (read_contract(bytes(check.base.original)) if check.base else None),
        read_contract(bytes(version.original)),
    )
    joints = PortContract.objects.filter(contract_key=contract.key, version=check.base).select_related(
        "port__product__domain", "port__connection", "port__declared_schema"
    )
    for joint in joints:
        if joint.port.product_id != contract.product_id and not joins.may_join(session, contract, joint):
            continue
        if not check.found.is_breaking:
            joins.put_in_force(session, joint, version, parsed, before)
            continue
        port = _beside(session, joint.port, version)
        beside, _ = PortContract.objects.get_or_create(port=port, defaults={"contract_key": contract.key})
        joins.put_in_force(session, beside, version, parsed, before)
        if joint.port.sunset_at is None and sunset is not None:
            products.edit_port(
                actor=actor, port=joint.port, sunset_at=sunset, reason=f"Contract {version.version}"[:100]
            )


def _beside(session: Session, port: OutputPort, version: ContractVersion) -> OutputPort:
    """The port in the contract's new version, made where it is not there yet."""
    wanted = version_beside(port, version.version)
    known = made_for(port, wanted)
    return known or products.new_port_version(actor=session.actor, port=port, version=wanted)
