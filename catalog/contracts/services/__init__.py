"""All writes to contracts and product descriptors: documents come in here, one at a time, each whole or not at all."""

from catalog.contracts.services.importing import import_document

__all__ = ["import_document"]
