"""Declaring what a product is made from."""

from typing import TypedDict, Unpack

from django.db import transaction

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.audit import services as audit
from catalog.audit.changes import Changes, difference, snapshot
from catalog.common.errors import Problem
from catalog.common.validation import clean, invalid
from catalog.products.models import DataProduct, InputPort, OutputPort
from catalog.products.services.writing import announce_product, save_with_author

FIELDS = ("name", "version", "upstream_port", "reference", "description")


class InputFields(TypedDict, total=False):
    """What is said of an input port."""

    name: str
    version: str
    upstream_port: OutputPort | None
    reference: str
    description: str


@transaction.atomic
def add_input_port(*, actor: User | None, product: DataProduct, **fields: Unpack[InputFields]) -> InputPort:
    """Declare that the product is made from `upstream_port`, or from something named in `reference`.

    Products may feed each other in a circle; none feeds itself, and none names the same port twice.
    Raises NotAllowed or Invalid.
    """
    kernel.require(actor, "product.edit", product)
    port = InputPort(product=product, **fields)
    if not port.name:
        port.name = _name_of(port)
    _check(actor, port, None)
    save_with_author(port, actor)
    _record(actor, "input_port.added", port, difference({}, snapshot(port, FIELDS)))
    return port


@transaction.atomic
def edit_input_port(*, actor: User | None, input_port: InputPort, **fields: Unpack[InputFields]) -> InputPort:
    """Change what is given. Raises NotAllowed or Invalid."""
    kernel.require(actor, "product.edit", input_port.product)
    fresh = InputPort.objects.select_related("product__domain", "upstream_port__product").get(
        pk=input_port.pk
    )
    before, upstream_before = snapshot(fresh, FIELDS), fresh.upstream_port
    for field, value in fields.items():
        setattr(fresh, field, value)
    changes = difference(before, snapshot(fresh, FIELDS))
    if not changes:
        return fresh
    _check(actor, fresh, upstream_before)
    save_with_author(fresh, actor)
    _record(actor, "input_port.edited", fresh, changes)
    return fresh


@transaction.atomic
def remove_input_port(*, actor: User | None, input_port: InputPort) -> None:
    """The product is no longer made from it. Raises NotAllowed."""
    kernel.require(actor, "product.edit", input_port.product)
    _record(actor, "input_port.removed", input_port, {})
    input_port._history_user = actor  # type: ignore[attr-defined]
    input_port.delete()


def _name_of(port: InputPort) -> str:
    if port.upstream_port is not None:
        return f"{port.upstream_port.product.slug}-{port.upstream_port.name}"[:200]
    return port.reference[:200]


def _check(actor: User | None, port: InputPort, upstream_before: OutputPort | None) -> None:
    upstream = port.upstream_port
    problems: list[Problem] = []
    if upstream is None and not port.reference.strip():
        problems.append(
            Problem("upstream_port", "required", "Choose an output port, or say in words what it is.")
        )
    if upstream is not None and upstream.product_id == port.product_id:
        problems.append(Problem("upstream_port", "self", "A product is not made from itself."))
    if upstream is not None and upstream != upstream_before and not _may_see(actor, upstream):
        problems.append(Problem("upstream_port", "unknown", "There is no such output port."))
    same = InputPort.objects.filter(product_id=port.product_id, upstream_port=upstream).exclude(pk=port.pk)
    if upstream is not None and same.exists():
        problems.append(Problem("upstream_port", "twice", f"{upstream} is declared already."))
    if problems:
        raise invalid(problems)
    clean(port)


def _may_see(actor: User | None, port: OutputPort) -> bool:
    return actor is None or kernel.can(actor, "product.view", port.product)


def _record(actor: User | None, verb: str, port: InputPort, changes: Changes) -> None:
    audit.record(actor=actor, verb=verb, obj=port, product_id=port.product_id, changes=changes)
    announce_product(port.product)
