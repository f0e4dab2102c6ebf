"""Which version a port gets when a breaking version of its contract is offered beside the one in force."""

from catalog.contracts.parts import semantic_version
from catalog.products.models import OutputPort
from catalog.products.versions import version_key


def version_beside(port: OutputPort, contract_version: str) -> str:
    """The contract's own version where that is newer than every version of the port; else the next major version.

    A port of that version that is under no contract yet was made for this, and is what is meant.
    """
    wanted = semantic_version(contract_version, "1.0.0")
    if made_for(port, wanted) is not None:
        return wanted
    taken = OutputPort.objects.filter(product_id=port.product_id, name=port.name)
    highest = max(taken.values_list("version", flat=True), key=version_key, default="0")
    if version_key(wanted) > version_key(highest):
        return wanted
    return f"{int(highest.partition('.')[0]) + 1}.0.0"


def made_for(port: OutputPort, version: str) -> OutputPort | None:
    """Another port of the same name in this version that is under no contract yet."""
    others = OutputPort.objects.filter(product_id=port.product_id, name=port.name, version=version)
    return others.exclude(pk=port.pk).filter(contract_in_force=None).first()
