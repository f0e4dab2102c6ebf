"""Whether ports keep the contract they are offered under: the newest observed schema against the promised one.

Two schema versions never change, so what was found of a pair is found again without comparing.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from catalog.contracts.models import PortContract
from catalog.products.models import OutputPort
from catalog.schemas import selectors as schemas
from catalog.schemas.conformance import compare
from catalog.trust.models import PortTrust


class ContractState(NamedTuple):
    """The columns of a trust row: `basis` names the pair of schemas that was compared, "" where none was."""

    contract_status: str = ""
    contract_basis: str = ""


NOT_COMPARED = ContractState("unknown")


def contract_states(ports: Collection[OutputPort]) -> dict[int, ContractState]:
    """Port id -> state, for those of `ports` under a contract; needs `asset_id` and `declared_schema_id`."""
    ids = [port.pk for port in ports]
    joints = PortContract.objects.filter(port__in=ids)
    named = dict(joints.values_list("port_id", "version_id"))
    found = dict.fromkeys(named, NOT_COMPARED)
    promised = {
        port.pk: (port.asset_id, port.declared_schema_id)
        for port in ports
        if named.get(port.pk) and port.asset_id and port.declared_schema_id
    }
    newest = schemas.newest_observed_ids({asset_id for asset_id, _ in promised.values() if asset_id})
    pairs = {
        pk: (declared or 0, newest[asset_id or 0])
        for pk, (asset_id, declared) in promised.items()
        if asset_id in newest
    }
    known = _known(pairs)
    fresh = _compared({pair for pk, pair in pairs.items() if pk not in known})
    return {**found, **{pk: known.get(pk) or fresh[pair] for pk, pair in pairs.items()}}


def _basis(pair: tuple[int, int]) -> str:
    return f"{pair[0]}:{pair[1]}"


def _known(pairs: Mapping[int, tuple[int, int]]) -> dict[int, ContractState]:
    """What the trust rows remember of exactly these pairs."""
    rows = PortTrust.objects.filter(port__in=pairs).exclude(contract_basis="")
    remembered = {pk: ContractState(*columns) for pk, *columns in rows.values_list("port_id", *_COLUMNS)}
    return {pk: state for pk, state in remembered.items() if state.contract_basis == _basis(pairs[pk])}


_COLUMNS = ContractState._fields


def _compared(pairs: Collection[tuple[int, int]]) -> dict[tuple[int, int], ContractState]:
    shapes = schemas.shapes_of({pk for pair in pairs for pk in pair})
    found = {}
    for declared, observed in pairs:
        judged = compare(shapes[declared], shapes[observed])
        status = "unknown" if not judged.declared_count else "drifted" if judged.broken else "kept"
        found[declared, observed] = ContractState(status, _basis((declared, observed)))
    return found
