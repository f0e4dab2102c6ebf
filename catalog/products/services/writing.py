"""What every write to products and ports does besides writing: history with its author, index marks, signals."""

from collections.abc import Iterable
from functools import partial

from django.db import transaction

from catalog.accounts.models import User
from catalog.audit import services as audit
from catalog.audit.changes import Changes
from catalog.audit.models import ChangeMark
from catalog.common.announcing import announce
from catalog.products.models import DataProduct, InputPort, OutputPort
from catalog.products.signals import lifecycle_changed, products_changed
from catalog.vocabulary.models import Tag


def save_with_author(
    instance: DataProduct | OutputPort | InputPort, actor: User | None, reason: str = ""
) -> None:
    """Save, leaving one history row that names `actor` (None: the portal itself) and, where given, why."""
    instance._history_user = actor  # type: ignore[union-attr]  # simple-history's own way to be told
    instance._change_reason = reason or None  # type: ignore[union-attr]
    instance.save()


def save_product(
    product: DataProduct, actor: User | None, *, tags: Iterable[Tag] | None = None, reason: str = ""
) -> None:
    """Save a product with its tags as one history row, where simple-history by itself would leave up to three."""
    is_new = product.pk is None
    if tags is not None:
        product.skip_history_when_saving = True  # type: ignore[attr-defined]
        if is_new:
            product.save()
        product.tags.set(tags)
        del product.skip_history_when_saving  # type: ignore[attr-defined]
    save_with_author(product, actor, reason)
    if is_new and tags is not None:
        product.history.update(history_type="+")


def announce_product(product: DataProduct) -> None:
    """Index marks for the product and its ports (they carry its name, people and visibility); signal on commit."""
    audit.mark_changed(ChangeMark.Kind.PRODUCT, [product.pk])
    port_ids = list(OutputPort.objects.filter(product_id=product.pk).values_list("pk", flat=True))
    audit.mark_changed(ChangeMark.Kind.PORT, port_ids)
    announce(products_changed, sender=DataProduct, product_ids=[product.pk], port_ids=port_ids)


def announce_port(port_id: int, product_id: int) -> None:
    """Index marks for the port and its product; signal on commit."""
    audit.mark_changed(ChangeMark.Kind.PORT, [port_id])
    audit.mark_changed(ChangeMark.Kind.PRODUCT, [product_id])
    announce(products_changed, sender=DataProduct, product_ids=[], port_ids=[port_id])


def announce_lifecycle(product: DataProduct, before: str) -> None:
    """The lifecycle signal on commit; index marks come with `announce_product`."""
    transaction.on_commit(
        partial(
            lifecycle_changed.send_robust,
            sender=DataProduct,
            product_id=product.pk,
            before=before,
            after=str(product.lifecycle),
        )
    )


def record_product(
    actor: User | None, verb: str, product: DataProduct, changes: Changes, **detail: object
) -> None:
    """The audit event of a change to a product."""
    audit.record(
        actor=actor, verb=verb, obj=product, product_id=product.pk, changes=changes, detail=dict(detail)
    )
