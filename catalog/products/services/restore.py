"""Bringing an older version back, as a new change: nothing of the history is rewritten."""

from typing import Any

from django.db import transaction

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.common.errors import NotFound
from catalog.products.models import DataProduct, OutputPort
from catalog.products.services.ports import FIELDS as PORT_FIELDS
from catalog.products.services.ports import edit_port
from catalog.products.services.products import FIELDS as PRODUCT_FIELDS
from catalog.products.services.products import GUARDED, edit_product
from catalog.vocabulary.models import Classification, Tag

#: Never brought back: what a port is called, where its data really is, and who answers for a product.
PORT_RESTORED = tuple(name for name in PORT_FIELDS if name not in {"name", "version", "connection", "asset"})
PRODUCT_RESTORED = tuple(name for name in PRODUCT_FIELDS if name not in GUARDED)


@transaction.atomic
def restore_product(
    *, actor: User | None, product: DataProduct, history_id: int, expected_revision: int | None = None
) -> DataProduct:
    """Give the product's texts and facts the values of an older version; address, people, lifecycle and rights stay.

    Tags and classifications that no longer exist are left out. Raises NotFound for a version of something else,
    and what `edit_product` raises.
    """
    kernel.require(actor, "product.edit", product)
    record = product.history.filter(history_id=history_id).first()
    if record is None:
        raise NotFound("There is no such version of this product.")
    fields: dict[str, Any] = {
        name: getattr(record, name) for name in PRODUCT_RESTORED if name not in {"tags", "classification"}
    }
    fields["classification"] = Classification.objects.filter(pk=record.classification_id).first()
    fields["tags"] = list(Tag.objects.filter(pk__in=record.tags.values("tag_id")))
    return edit_product(
        actor=actor,
        product=product,
        expected_revision=expected_revision,
        reason=_reason(record),
        **fields,
    )


@transaction.atomic
def restore_port(
    *, actor: User | None, port: OutputPort, history_id: int, expected_revision: int | None = None
) -> OutputPort:
    """Describe a port as an older version did; its name, version and place in the store stay."""
    kernel.require(actor, "product.edit", port.product)
    record = port.history.filter(history_id=history_id).first()
    if record is None:
        raise NotFound("There is no such version of this port.")
    fields: dict[str, Any] = {name: getattr(record, name) for name in PORT_RESTORED}
    return edit_port(
        actor=actor, port=port, expected_revision=expected_revision, reason=_reason(record), **fields
    )


def _reason(record: Any) -> str:
    return f"Restored the version of {record.history_date:%Y-%m-%d %H:%M} UTC"
