"""What kind of document this is, found by its content; names of files are never asked."""

import re
from dataclasses import dataclass
from typing import Any

from catalog.contracts import odcs_schema, odps_schema

ODCS, ODPS, REGISTRY, UNKNOWN = "odcs", "odps", "registry", "unknown"
DCS, DPS, DPDS, ODPS_LF = "dcs", "dps", "dpds", "odps-lf"
CONTRACTS, PRODUCTS = frozenset({ODCS, DCS}), frozenset({ODPS, DPS, DPDS, ODPS_LF})
LABELS = {
    ODCS: "data contract (ODCS)",
    ODPS: "data product (ODPS by Bitol)",
    REGISTRY: "Registry of Open Data entry",
    DCS: "data contract (datacontract.com specification)",
    DPS: "data product (dataproduct specification)",
    ODPS_LF: "data product (Linux Foundation ODPS)",
    DPDS: "data product (Data Product Descriptor Specification)",
    UNKNOWN: "unknown document",
}
_ODCS_VERSION = re.compile(r"v?[23]\.\d+(\.\d+)?\Z")
_ODCS_MEMBERS = {"id", "version", "status", "schema", "servers", "slaProperties", "dataset"}
_REGISTRY_MEMBERS = {"Name", "Description", "ManagedBy", "Resources"}


@dataclass(frozen=True, slots=True)
class Identity:
    """`version` is the standard's version as the document says it; empty when it does not."""

    kind: str
    version: str = ""

    @property
    def label(self) -> str:
        return LABELS[self.kind]

    @property
    def is_readable_here(self) -> bool:
        """Whether the importer reads this kind; an unknown version of ODCS or Bitol ODPS is an error there."""
        return self.kind in CONTRACTS | PRODUCTS

    @property
    def spec_version(self) -> str:
        """The standard's version as kept with a document: `v3.1.0`, `dcs 1.2.0`."""
        return self.version[:20] if self.kind in (ODCS, ODPS) else f"{self.kind} {self.version}".strip()[:20]

    @property
    def is_odcs_2(self) -> bool:
        return self.kind == ODCS and self.version.lstrip("v").startswith("2.")

    @property
    def is_converted(self) -> bool:
        """Whether the document is read by turning it into ODCS 3 or Bitol ODPS first."""
        return self.is_odcs_2 or self.kind in (DCS, DPS, DPDS, ODPS_LF)

    @property
    def is_contract(self) -> bool:
        return self.kind in CONTRACTS


def identify(data: Any) -> Identity:
    """The kind and version of a document's data."""
    if not isinstance(data, dict):
        return Identity(UNKNOWN)
    kind, version = _word(data.get("kind")), _word(data.get("apiVersion"))
    if kind in ("", "DataContract") and not version and data.keys() >= {"uuid", "dataset"}:
        return Identity(ODCS, "v2.2.2")  # the version was optional then
    if kind == "DataContract" or (
        _ODCS_VERSION.match(version) and kind != "DataProduct" and len(_ODCS_MEMBERS & set(data)) >= 2
    ):
        return Identity(ODCS, version)
    if kind == "DataProduct":
        return Identity(ODPS, version)
    for member, name in (
        ("dataContractSpecification", DCS),
        ("dataProductSpecification", DPS),
        ("dataProductDescriptor", DPDS),
    ):
        if member in data:
            return Identity(name, _word(data[member]))
    if data.keys() >= _REGISTRY_MEMBERS:
        return Identity(REGISTRY)
    if isinstance(data.get("product"), dict) and (
        "opendataproducts" in _word(data.get("schema")) or "version" in data
    ):
        return Identity(ODPS_LF, _word(data.get("version")))
    if "id" in data and isinstance(data.get("info"), dict) and isinstance(data.get("outputPorts"), list):
        return Identity(DPS)  # the Data Mesh Manager's own files name no standard
    return Identity(UNKNOWN)


def versions_of(kind: str) -> tuple[str, ...]:
    """The versions of a standard the importer reads."""
    return {ODCS: odcs_schema.VERSIONS, ODPS: odps_schema.VERSIONS}.get(kind, ())


def _word(value: Any) -> str:
    return str(value)[:60] if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
