"""Any kind of document the portal reads, in the form it works with: contracts as ODCS 3, products as Bitol ODPS."""

from collections.abc import Callable
from typing import Any

from catalog.common.documents import read_document
from catalog.contracts import detect, odcs, odps
from catalog.contracts.older_contracts import from_dcs, from_odcs_2
from catalog.contracts.other_products import from_dpds, from_dps, from_odps_lf

Data = dict[str, Any]

_CONVERTERS: dict[str, Callable[[Data], Data]] = {
    detect.DCS: from_dcs, detect.DPS: from_dps, detect.DPDS: from_dpds, detect.ODPS_LF: from_odps_lf,
}  # fmt: skip


def converted(data: Data, identity: detect.Identity) -> Data:
    """The data as ODCS 3 or Bitol ODPS; documents of these are given as they are."""
    if identity.is_odcs_2:
        return from_odcs_2(data)
    convert = _CONVERTERS.get(identity.kind)
    return convert(data) if convert else data


def working_data(raw: bytes) -> Data:
    """The data of a kept original as ODCS 3 or Bitol ODPS."""
    data = read_document(raw).data
    return converted(data, detect.identify(data))


def read_contract(raw: bytes) -> odcs.Contract:
    """A kept contract, parsed."""
    return odcs.parse(working_data(raw))


def read_product(raw: bytes) -> odps.Product:
    """A kept descriptor, parsed."""
    return odps.parse(working_data(raw))
