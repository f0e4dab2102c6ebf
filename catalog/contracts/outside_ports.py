"""Which ports results about a contract are for: tells the readers of other tools' results, which know no contracts."""

from collections.abc import Callable

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.contracts.models import DataContract, PortContract
from catalog.products.models import OutputPort
from catalog.quality.outside.findings import Dataset
from catalog.quality.outside.places import Under, register_contracts


def ports_under(actor: User | None, dataset: Dataset) -> Under | None:
    """The ports `actor` may see under the contract a run was about; None where there is none they may know of.

    Of several ports those are meant that the run names, by product, port, table or version of the contract; what
    fits none of them is passed over, because engines fill these members in their own way.
    """
    contracts = DataContract.objects.all() if actor is None else DataContract.objects.visible_to(actor)
    contract = (
        contracts.select_related("product__domain", "product__team").filter(key=dataset.contract).first()
    )
    if contract is None:
        return None
    visible = OutputPort.objects.all() if actor is None else OutputPort.objects.visible_to(actor)
    joints = PortContract.objects.filter(contract_key=dataset.contract, port__in=visible)
    found = list(joints.select_related("version", "port__product__domain").order_by("port"))
    narrows: tuple[Callable[[PortContract], bool], ...] = (
        lambda joint: dataset.product in (joint.port.product.origin_key, joint.port.product.slug),
        lambda joint: joint.port.name == dataset.port,
        lambda joint: joint.version is not None and joint.version.version == dataset.contract_version,
        lambda joint: joint.port.name == dataset.table,
    )
    for narrow in narrows:
        found = [joint for joint in found if narrow(joint)] or found
    may_wait = actor is None or kernel.can(actor, "contract.edit", contract)
    return Under([joint.port for joint in found], may_wait)


register_contracts(ports_under)
