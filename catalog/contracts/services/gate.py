"""What a new version of a contract must keep to before it takes effect: semantic versioning, and the consumers' word.

Whoever brings a version by page, API or client is held to it. The portal itself (an operator's command, the demo) may
take over the history of a contract as it was; it is told where that history broke its own promise.
"""

from collections.abc import Mapping
from typing import Any

from catalog.common.errors import Conflict, Invalid, Problem
from catalog.contracts.changes import Difference
from catalog.contracts.contract_promises import is_binding
from catalog.contracts.difference import difference, version_problem
from catalog.contracts.models import ContractVersion, DataContract, PortContract
from catalog.contracts.parts import text
from catalog.contracts.reading import working_data
from catalog.contracts.results import Session
from catalog.products import reach
from catalog.products.models import OutputPort

RULE = "semantic-version"


def consumers_of(contract: DataContract) -> reach.Reach:
    """Who reads directly from ports under the contract: products, whose acknowledgements are asked for, and people and
    teams with an agreement of their own, who have no product to acknowledge for."""
    return reach.consumers_of(*OutputPort.objects.filter(contract_in_force__version__contract=contract))


def pass_gate(
    session: Session, contract: DataContract, base: ContractVersion | None, data: Mapping[str, Any]
) -> None:
    """Judge `data` as the next version after `base`.

    Raises Invalid for too small a step, Conflict for a breaking change that consumers rely on: it is proposed first.
    Nobody (the portal itself) is warned of the first and not asked about the second.
    """
    if base is None:
        return
    before = working_data(bytes(base.original))
    if not is_binding(before):
        return
    found = difference(before, data)
    problem = version_problem(base.version, text(data, "version"), found)
    if session.actor is None:
        if problem and found.is_breaking:
            session.note("$.version", RULE, problem, "warning")
        return
    if problem:
        raise Invalid(problem, "Nothing was changed.", problems=[Problem("$.version", RULE, problem)])
    _require_no_consumers(contract, found)


def require_free_to_leave(session: Session, joint: PortContract) -> None:
    """A document offers a port under another contract, or under none: what its consumers rely on would end.

    The difference calls another id a breaking change whatever else is the same, so it is not asked. Raises Conflict.
    """
    if session.actor is None or joint.version is None:
        return
    if is_binding(working_data(bytes(joint.version.original))) and _is_read(reach.consumers_of(joint.port)):
        raise Conflict(
            f"Consumers of {joint.port} rely on the contract {joint.contract_key}.",
            kept="Nothing was changed.",
            remedy="Keep it, and offer a new version of the port under the other contract beside this one.",
        )


def _require_no_consumers(contract: DataContract, found: Difference) -> None:
    if found.is_breaking and _is_read(consumers_of(contract)):
        raise Conflict(
            "This version breaks what consumers of the contract rely on.",
            kept="Nothing was changed.",
            remedy="Propose it under Contracts, so that they can acknowledge it; then publish it.",
        )


def _is_read(answer: reach.Reach) -> bool:
    return bool(answer.products or answer.others)
