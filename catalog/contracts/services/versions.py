"""Keeping originals: every version of a document whole and unchangeable."""

import hashlib
from typing import TypeVar

from django.db.models import Max

from catalog.common.documents import Document
from catalog.contracts.models import (
    ContractVersion,
    DataContract,
    ProductDescriptor,
    ProductDescriptorVersion,
)
from catalog.contracts.results import Session

Version = TypeVar("Version", ContractVersion, ProductDescriptorVersion)


def digest_of(raw: bytes) -> str:
    """SHA-256 of the bytes, in hexadecimal."""
    return hashlib.sha256(raw).hexdigest()


def known_version(
    owner: DataContract | ProductDescriptor, raw: bytes
) -> ContractVersion | ProductDescriptorVersion | None:
    """The version with exactly these bytes, if it came before."""
    return owner.versions.defer("original").filter(digest=digest_of(raw)).first()


def note_if_old(session: Session, owner: DataContract | ProductDescriptor, number: int) -> None:
    """Say so when the known version is not the newest: it stays where it is in the order."""
    newest = owner.versions.aggregate(newest=Max("number"))["newest"]
    if number != newest:
        session.note(
            "$",
            "older-version",
            f"This is version {number} of {newest} here. To bring it back into force, give it a new version.",
        )


def _details(session: Session, raw: bytes, document: Document) -> dict[str, object]:
    return {
        "original": raw,
        "media_type": document.media_type,
        "path": session.path[-500:],
        "digest": digest_of(raw),
        "problems": [note.as_dict() for note in session.notes],
        "imported_at": session.now,
        "imported_by": session.actor,
    }


def keep_contract(
    session: Session, contract: DataContract, raw: bytes, document: Document, version: str, spec_version: str
) -> ContractVersion:
    """The next version of `contract`."""
    return ContractVersion.objects.create(
        contract=contract,
        number=(contract.versions.aggregate(newest=Max("number"))["newest"] or 0) + 1,
        version=version[:100],
        spec_version=spec_version[:20],
        **_details(session, raw, document),
    )


def keep_descriptor(
    session: Session,
    descriptor: ProductDescriptor,
    raw: bytes,
    document: Document,
    version: str,
    spec_version: str,
) -> ProductDescriptorVersion:
    """The next version of `descriptor`."""
    return ProductDescriptorVersion.objects.create(
        descriptor=descriptor,
        number=(descriptor.versions.aggregate(newest=Max("number"))["newest"] or 0) + 1,
        version=version[:100],
        spec_version=spec_version[:20],
        **_details(session, raw, document),
    )
