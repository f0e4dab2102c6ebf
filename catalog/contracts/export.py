"""Documents out: as they came where nothing was edited, else with exactly the edits; converted only when asked."""

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from catalog.common.documents import read_document
from catalog.common.errors import Conflict, Invalid, NotFound, Problem
from catalog.contracts import detect, validation
from catalog.contracts.descriptor_edits import new_descriptor, with_edits
from catalog.contracts.emit import to_yaml
from catalog.contracts.models import (
    ContractVersion,
    DataContract,
    OriginalVersion,
    ProductDescriptor,
    ProductDescriptorVersion,
)
from catalog.contracts.reading import converted
from catalog.contracts.services.baseline import state_of
from catalog.products.models import DataProduct

LATEST = "latest"
Data = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Exported:
    """A document ready to go: its data, and as YAML; `name` is a file name for it."""

    data: Data
    text: str
    kind: str
    name: str


def find_version(contract: DataContract, version: str = "") -> ContractVersion:
    """The newest version, or the newest that the document calls `version`, or the one of that number here.

    Raises NotFound.
    """
    versions = contract.versions.all()
    found = versions.first() if version in ("", LATEST) else versions.filter(version=version).first()
    if found is None and version.isascii() and version.isdigit() and len(version) < 10:
        found = versions.filter(number=int(version)).first()
    if found is None:
        raise NotFound("There is no such version of this contract.")
    return found


def export_contract(version: ContractVersion, form: str = "", spec: str = "") -> Exported:
    """A version of a contract as it came; `form` odcs converts older kinds, `spec` writes another version of ODCS.

    Raises Invalid, naming the places, when the wanted version of the standard cannot say all of it.
    """
    if form not in ("", detect.ODCS):
        raise Invalid("A contract is written as odcs.", problems=[Problem("as", "choice", "Use odcs.")])
    data, is_original = _data_of(version), True
    identity = detect.identify(data)
    if identity.is_converted and (form or spec):
        data, is_original = converted(data, identity), False
    if spec:
        data, is_original = with_spec(data, spec), False
    return _exported(data, version.text if is_original else "", version, f"contract-{version.number}")


def export_product(product: DataProduct, version: str = "", form: str = "", spec: str = "") -> Exported:
    """The descriptor of a product with the edits made here; one is written for a product that has none.

    An earlier `version` (as the document says, or its number) is given as it came.
    """
    if form not in ("", detect.ODPS):
        words = "A product is written as odps; its contracts are exported one by one."
        raise Invalid(words, problems=[Problem("as", "choice", words)])
    descriptor = ProductDescriptor.objects.filter(product=product).exclude(kind=detect.REGISTRY).first()
    newest = descriptor.versions.first() if descriptor else None
    if version not in ("", LATEST):
        return _earlier(descriptor, version, product)
    if newest is None:
        data = with_edits(new_descriptor(_key_for(product)), {}, state_of(product))
    else:
        original = _data_of(newest)
        identity = detect.identify(original)
        working = converted(original, identity)
        data = with_edits(working, newest.baseline, state_of(product)) if newest.baseline else working
        is_asked_for = bool(spec or (form and identity.is_converted))
        if data == working and not is_asked_for:
            return _exported(original, newest.text, newest, product.slug)
        if identity.is_converted and not form:
            raise Conflict(
                f"This product came as {identity.label} and was edited here; that kind is read and not written.",
                remedy="Export it as odps.",
            )
    return _exported(with_spec(data, spec) if spec else data, "", None, product.slug)


def _key_for(product: DataProduct) -> str:
    return f"urn:mesh:{product.domain.slug}:{product.slug}"


def _earlier(descriptor: ProductDescriptor | None, version: str, product: DataProduct) -> Exported:
    versions = descriptor.versions.all() if descriptor else ProductDescriptorVersion.objects.none()
    found = versions.filter(version=version).first()
    if found is None and version.isascii() and version.isdigit() and len(version) < 10:
        found = versions.filter(number=int(version)).first()
    if found is None:
        raise NotFound("There is no such version of the descriptor.")
    return _exported(_data_of(found), found.text, found, f"{product.slug}-{found.number}")


def with_spec(data: Data, spec: str) -> Data:
    """The document under another version of its standard (`3.1.0` or `v3.1.0`). Raises Invalid."""
    identity = detect.identify(data)
    wanted = spec if spec.startswith("v") else f"v{spec}"
    known = detect.versions_of(identity.kind)
    if wanted not in known:
        message = f"Known versions are {', '.join(known) or 'none'}."
        raise Invalid(
            "That version of the standard is not known here.", problems=[Problem("spec", "choice", message)]
        )
    made = {**deepcopy(data), "apiVersion": wanted}
    before = {(problem.path, problem.rule) for problem in validation.validate(data, identity)}
    problems = [
        problem
        for problem in validation.validate(made, detect.identify(made))
        if (problem.path, problem.rule) not in before
    ]
    if problems:
        raise Invalid(
            f"{wanted} of the standard cannot say all that this document says.",
            kept="Nothing was left out silently.",
            remedy="Export it without another version, or take these members out.",
            problems=problems,
        )
    return made


def _data_of(version: OriginalVersion) -> Data:
    document = read_document(bytes(version.original))
    if not isinstance(document.data, dict):
        raise Conflict("The original cannot be read any more.")
    return document.data


def _exported(data: Data, text: str, version: OriginalVersion | None, name: str) -> Exported:
    is_yaml = version is not None and version.media_type == "application/yaml"
    body = text if text and is_yaml else to_yaml(data)
    return Exported(data, body, detect.identify(data).kind, f"{name}.yaml")
