"""Whether ports keep the contract they are offered under, as it was judged when either side changed last."""

from collections.abc import Collection

from catalog.contracts.models import PortContract, PortDrift

NOT_COMPARED = "unknown"


def contract_states(port_ids: Collection[int]) -> dict[int, str]:
    """Port id -> kept, drifted or unknown, for those under a contract."""
    agreed = PortContract.objects.filter(port__in=port_ids).values_list("port_id", "version_id")
    named = dict(agreed)
    drifts = PortDrift.objects.filter(port__in=[pk for pk, version_id in named.items() if version_id])
    found = dict.fromkeys(named, NOT_COMPARED)
    for pk, declared, breaking in drifts.filter(is_read=True).values_list("port_id", "declared", "breaking"):
        if declared:
            found[pk] = "drifted" if breaking else "kept"
    return found
