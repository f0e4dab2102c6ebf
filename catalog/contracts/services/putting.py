"""Documents that clients put at an address of their own: the id in the address, the whole document in the body."""

from django.db import transaction
from django.utils import timezone

from catalog.accounts.models import User
from catalog.common.errors import Invalid, NotAllowed, NotFound, Problem
from catalog.contracts import detect
from catalog.contracts.contract_promises import is_binding
from catalog.contracts.difference import difference
from catalog.contracts.models import ChangeProposal, DataContract, ProductDescriptor
from catalog.contracts.parts import text
from catalog.contracts.permissions import may_import
from catalog.contracts.reading import converted, working_data
from catalog.contracts.results import IMPORTED, ImportOptions, ImportResult, Session
from catalog.contracts.services import publishing, versions
from catalog.contracts.services.importing import Reading, judge, status_of, take_in
from catalog.products.models import DataProduct

UNKNOWN = "There is nothing under this id, or nothing you may see."


@transaction.atomic
def put_contract(
    *, actor: User, address: str, raw: bytes, path: str = ""
) -> tuple[ImportResult, DataContract]:
    """Publish a contract under its own id: the first version, the next one, or nothing when it is the same again.

    A breaking version is published as the page publishes it: beside the one in force, and only when every consumer
    acknowledged it. Raises NotFound, NotAllowed, Invalid (with problems), Conflict; then nothing was changed.
    """
    keys = keys_of(address)
    known = DataContract.objects.filter(key__in=keys)
    visible = DataContract.objects.visible_to(actor).filter(key__in=keys)
    _require_known(actor, is_new=not known.exists(), is_seen=visible.exists())
    reading, key = _readable(raw, keys, detect.CONTRACTS)
    contract = known.filter(key=key).first()
    if contract is not None and versions.known_version(contract, raw) is None and _breaks(contract, reading):
        proposal = _proposal_for(contract, reading) or publishing.propose_change(actor=actor, raw=raw)
        publishing.publish_change(actor=actor, proposal=proposal)
        result = _result(reading, IMPORTED, (key,), reading.problems)
    else:
        result = _take_in(actor, reading, path)
    return result, known.select_related("product__domain").get(key=key)


@transaction.atomic
def put_product(*, actor: User, address: str, raw: bytes, path: str = "") -> tuple[ImportResult, DataProduct]:
    """Make or bring up to date the product a descriptor with this id describes. Raises as `put_contract`."""
    keys = keys_of(address)
    described = ProductDescriptor.objects.exclude(kind=detect.REGISTRY).filter(
        key__in=keys, product__isnull=False
    )
    visible = DataProduct.objects.visible_to(actor).filter(pk__in=described.values("product"))
    _require_known(actor, is_new=not described.exists(), is_seen=visible.exists())
    reading, key = _readable(raw, keys, detect.PRODUCTS)
    result = _take_in(actor, reading, path)
    found = described.select_related("product__domain").get(key=key, kind=reading.identity.kind).product
    if found is None:
        raise NotFound(UNKNOWN)
    return result, found


def keys_of(address: str) -> tuple[str, ...]:
    """The ids an address may mean: a slash at its end belongs to the id, or to the address alone."""
    return tuple(dict.fromkeys((address, address.removesuffix("/"))))


def _require_known(actor: User, *, is_new: bool, is_seen: bool) -> None:
    """What one may not see answers like what is not there; who may make nothing learns of no id at all."""
    if is_seen:
        if not may_import(actor):
            raise NotAllowed("You may not publish documents.", "Nothing was changed.", "Ask the owners.")
    elif not (is_new and may_import(actor)):
        raise NotFound(UNKNOWN)


def _readable(raw: bytes, keys: tuple[str, ...], kinds: frozenset[str]) -> tuple[Reading, str]:
    """The document and its id, which is one of `keys`."""
    reading = judge(raw)
    if reading.is_refused:
        raise Invalid("The document is not valid.", "Nothing was changed.", problems=list(reading.problems))
    if reading.identity.kind not in kinds:
        wanted = "data contract" if kinds is detect.CONTRACTS else "data product"
        message = f"This is a {reading.identity.label}. Send a {wanted}."
        raise Invalid(message, "Nothing was changed.", problems=[Problem("$", "kind", message)])
    named = text(converted(reading.data, reading.identity), "id")
    if named not in keys:
        message = f"The document says {named[:300]!r}, the address {keys[-1][:300]!r}."
        raise Invalid(
            "The id of the document is not that of the address.", "Nothing was changed.",
            problems=[Problem("$.id", "address", message)],
        )  # fmt: skip
    return reading, named


def _breaks(contract: DataContract, reading: Reading) -> bool:
    base = contract.versions.first()
    before = working_data(bytes(base.original)) if base else {}
    if base is None or not is_binding(before):
        return False
    return difference(before, converted(reading.data, reading.identity)).is_breaking


def _proposal_for(contract: DataContract, reading: Reading) -> ChangeProposal | None:
    """The open proposal that says the same, which consumers may have acknowledged already."""
    for proposal in contract.proposals.filter(standing=ChangeProposal.Standing.OPEN):
        if working_data(bytes(proposal.original)) == converted(reading.data, reading.identity):
            return proposal
    return None


def _take_in(actor: User, reading: Reading, path: str) -> ImportResult:
    session = Session(actor, ImportOptions(), path, timezone.now(), list(reading.problems))
    keys, is_changed = take_in(session, reading)
    return _result(reading, status_of(is_changed, session.notes), keys, tuple(session.notes))


def _result(
    reading: Reading, status: str, keys: tuple[str, ...], problems: tuple[Problem, ...]
) -> ImportResult:
    return ImportResult("body", reading.identity.kind, reading.identity.version, status, keys, problems)
