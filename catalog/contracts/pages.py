"""What the contract tab shows: the documents of a product, one of them opened at one of its versions."""

from dataclasses import dataclass

from django.db.models import Count

from catalog.accounts.models import User
from catalog.common.documents import read_document
from catalog.common.errors import NotFound
from catalog.contracts import detect
from catalog.contracts.models import (
    ChangeProposal,
    ContractVersion,
    DataContract,
    PortContract,
    ProductDescriptor,
    ProductDescriptorVersion,
)
from catalog.contracts.outline import Part, outline
from catalog.products.models import DataProduct
from catalog.quality.models import WaitingResults

LONGEST_SHOWN = 200_000  # characters of the original on the page; the file has them all


@dataclass(frozen=True, slots=True)
class Choice:
    """One document of the product. `ports` are those offered under it."""

    key: str  # "contract-12", "descriptor-3"
    label: str
    identifier: str
    ports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Opened:
    """A version of a document, ready to read."""

    choice: Choice
    version: ContractVersion | ProductDescriptorVersion
    versions: tuple[ContractVersion | ProductDescriptorVersion, ...]
    parts: tuple[Part, ...]
    text: str
    is_cut: bool
    label: str
    proposals: tuple[ChangeProposal, ...] = ()  # open ones
    waiting: int = 0  # runs of its tests that wait for a port

    @property
    def is_contract(self) -> bool:
        return isinstance(self.version, ContractVersion)


@dataclass(frozen=True, slots=True)
class ContractPage:
    choices: tuple[Choice, ...]
    awaited: tuple[PortContract, ...]  # ports whose contract has not come
    opened: Opened | None
    may_draft: bool = False  # something was observed that a contract could begin with


def contract_page(user: User, product: DataProduct, document: str = "", number: str = "") -> ContractPage:
    """The tab for `product`, which `user` may see; raises NotFound for a document or version that is not there."""
    joints = list(
        PortContract.objects.filter(port__product=product)
        .select_related("port", "version__contract")
        .defer("version__original")
        .order_by("port__name", "port__version")
    )
    choices = [*_descriptors(product), *_contracts(product, joints)]
    awaited = tuple(joint for joint in joints if joint.version is None)
    if not choices:
        if document:
            raise NotFound("There is no such document.")
        return ContractPage((), awaited, None, product.output_ports.exclude(asset=None).exists())
    wanted = document or next((choice.key for choice in choices if choice.ports), choices[0].key)
    choice = next((choice for choice in choices if choice.key == wanted), None)
    if choice is None:
        raise NotFound("There is no such document.")
    return ContractPage(tuple(choices), awaited, _opened(choice, number))


def _descriptors(product: DataProduct) -> list[Choice]:
    rows = ProductDescriptor.objects.filter(product=product).annotate(n=Count("versions")).filter(n__gt=0)
    return [Choice(f"descriptor-{row.pk}", "Product", row.key) for row in rows]


def _contracts(product: DataProduct, joints: list[PortContract]) -> list[Choice]:
    ports: dict[int, list[str]] = {}
    found: dict[int, DataContract] = {}
    for joint in joints:
        if joint.version is not None:
            found[joint.version.contract_id] = joint.version.contract
            ports.setdefault(joint.version.contract_id, []).append(str(joint.port))
    for contract in DataContract.objects.filter(product=product).exclude(pk__in=found):
        found[contract.pk] = contract
    return [
        Choice(f"contract-{pk}", contract.name or "Contract", contract.key, tuple(ports.get(pk, ())))
        for pk, contract in found.items()
    ]


def version_of(choice: Choice, number: str) -> ContractVersion | ProductDescriptorVersion:
    """The version `number` of a document, or its newest. Raises NotFound."""
    kind, _, pk = choice.key.partition("-")
    versions = (
        ContractVersion.objects.filter(contract=int(pk))
        if kind == "contract"
        else ProductDescriptorVersion.objects.filter(descriptor=int(pk))
    )
    if number:
        versions = (
            versions.filter(number=int(number)) if number.isascii() and number.isdigit() else versions.none()
        )
    version = versions.select_related("imported_by").first()
    if version is None:
        raise NotFound("There is no such version.")
    return version


def _open_proposals(version: ContractVersion) -> list[ChangeProposal]:
    return list(
        version.contract.proposals.filter(standing=ChangeProposal.Standing.OPEN).defer("original")[:5]
    )


def _opened(choice: Choice, number: str) -> Opened:
    version = version_of(choice, number[:9])
    siblings = (
        version.contract.versions if isinstance(version, ContractVersion) else version.descriptor.versions
    )
    document = read_document(bytes(version.original))
    identity = detect.identify(document.data)
    text = document.text
    return Opened(
        choice=choice,
        version=version,
        versions=tuple(siblings.defer("original").select_related("imported_by")[:50]),
        parts=outline(document.data, identity.kind),
        text=text[:LONGEST_SHOWN],
        is_cut=len(text) > LONGEST_SHOWN,
        label=f"{identity.label} {identity.version}".strip(),
        proposals=tuple(_open_proposals(version)) if isinstance(version, ContractVersion) else (),
        waiting=(
            WaitingResults.objects.filter(contract_key=choice.identifier).count()
            if isinstance(version, ContractVersion)
            else 0
        ),
    )
