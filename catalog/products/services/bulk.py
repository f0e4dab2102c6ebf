"""One edit to many products, with a preview that is the edit itself, undone."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import transaction

from catalog.accounts import kernel
from catalog.accounts.models import Team, User
from catalog.audit import services as audit
from catalog.audit.changes import Changes
from catalog.common.errors import Invalid, PortalError, Problem
from catalog.connections.models import Connection
from catalog.connections.services import edit_connection
from catalog.domains.models import Domain
from catalog.products.discretion import RESCHEDULED
from catalog.products.models import DataProduct
from catalog.products.selectors import BATCH
from catalog.products.services.products import ProductFields, apply_fields
from catalog.products.services.steps import relocate
from catalog.vocabulary.models import Classification

MOST = 200  # products in one batch: what one transaction does within a second or two
REASON = "Bulk edit"


@dataclass(frozen=True, slots=True)
class BulkEdit:
    """What a batch changes; what is None or empty stays as it is.

    `declassify` empties the classification; `schedule` is set on the connections the products' ports are read through.
    """

    team: Team | None = None
    domain: Domain | None = None
    classification: Classification | None = None
    declassify: bool = False
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    schedule: str = ""

    def is_empty(self) -> bool:
        return self == BulkEdit()


@dataclass(slots=True)
class BulkRow:
    """What the batch does to one product: `changes`, or the reason why it is left out."""

    product: DataProduct
    changes: Changes = field(default_factory=dict)
    problem: str = ""


@transaction.atomic
def bulk_edit(
    *, actor: User | None, revisions: Mapping[int, int | None], edit: BulkEdit, dry_run: bool = False
) -> list[BulkRow]:
    """Apply `edit` to the products named by `revisions` (id -> the revision the person saw, or None).

    Each product is changed whole or left out with a reason (no right, stale, invalid); one audit event tells of the
    batch. `dry_run` does the same and rolls it back. Raises Invalid for an empty edit or too many products.
    """
    _check(revisions, edit)
    visible = DataProduct.objects.all() if actor is None else DataProduct.objects.visible_to(actor)
    products = (
        visible.filter(pk__in=revisions).select_related("domain", "team").prefetch_related("stewardships")
    )
    rows = [_row(actor, product, revisions[product.pk], edit) for product in products.order_by("name", "pk")]
    if dry_run:
        transaction.set_rollback(True)
        return rows
    changed = [row for row in rows if row.changes]
    if changed:
        told = {str(row.product.pk): {"name": row.product.name, "changes": row.changes} for row in changed}
        audit.record(
            actor=actor,
            verb=f"{BATCH}.edited",
            obj=changed[0].product,
            name=f"{len(changed)} products",
            detail={"by_product": told},
        )
    return rows


def _check(revisions: Mapping[int, int | None], edit: BulkEdit) -> None:
    problems = []
    if not revisions:
        problems.append(Problem("products", "required", "Select at least one product."))
    if len(revisions) > MOST:
        problems.append(Problem("products", "too_many", f"Select at most {MOST} products at once."))
    if edit.is_empty():
        problems.append(Problem("", "nothing", "Choose what to change."))
    if problems:
        raise Invalid(problems[0].message, kept="Nothing was changed.", problems=problems)


def _row(actor: User | None, product: DataProduct, revision: int | None, edit: BulkEdit) -> BulkRow:
    try:
        with transaction.atomic():
            return BulkRow(*_apply(actor, product, revision, edit))
    except PortalError as error:
        return BulkRow(product, problem=error.message)


def _apply(
    actor: User | None, product: DataProduct, revision: int | None, edit: BulkEdit
) -> tuple[DataProduct, Changes]:
    kernel.require(actor, "product.edit", product, "You may not edit it.")
    changes: Changes = {}
    if edit.domain is not None and edit.domain.pk != product.domain_id:
        product, moved = relocate(actor, product, edit.domain, revision)
        changes |= moved
        revision = None
    product, edited = apply_fields(
        actor=actor, product=product, expected_revision=revision, reason=REASON, fields=_fields(product, edit)
    )
    return product, changes | edited | _reschedule(actor, product, edit.schedule)


def _reschedule(actor: User | None, product: DataProduct, schedule: str) -> Changes:
    """Set the crawl schedule of the stores behind the product; a store behind several products changes once."""
    if not schedule:
        return {}
    changes: Changes = {}
    behind = Connection.objects.filter(output_ports__product=product).exclude(schedule=schedule).distinct()
    for connection in behind.order_by("name", "pk"):
        before = connection.schedule
        edit_connection(actor=actor, connection=connection, schedule=schedule)
        changes[f"{RESCHEDULED}{connection}"] = [before, schedule]
    return changes


def _fields(product: DataProduct, edit: BulkEdit) -> ProductFields:
    fields: ProductFields = {}
    if edit.team is not None:
        fields["team"] = edit.team
    if edit.classification is not None or edit.declassify:
        fields["classification"] = edit.classification
    if edit.add_tags or edit.remove_tags:
        dropped = {name.casefold() for name in edit.remove_tags}
        kept = [tag.name for tag in product.tags.all() if tag.name.casefold() not in dropped]
        fields["tags"] = [*kept, *edit.add_tags]
    return fields
