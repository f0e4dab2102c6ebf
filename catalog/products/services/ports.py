"""Making, editing and deleting output ports."""

import datetime as dt
from typing import TypedDict, Unpack

from django.db import transaction

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.assets.models import Asset
from catalog.audit import services as audit
from catalog.audit.changes import Changes, difference, snapshot
from catalog.common.concurrency import bump_revision
from catalog.common.errors import Conflict, Invalid, Problem
from catalog.common.slugs import make_slug
from catalog.common.validation import clean
from catalog.connections.models import Connection
from catalog.products.models import DataProduct, OutputPort
from catalog.products.moving import place_of, require_may_move
from catalog.products.services.writing import announce_port, save_with_author
from catalog.schemas.models import SchemaVersion

FIELDS = (
    "name",
    "version",
    "title",
    "description",
    "kind",
    "environment",
    "modality",
    "connection",
    "asset",
    "location",
    "format",
    "platform",
    "region",
    "encryption_at_rest",
    "freshness_promise",
    "sunset_at",
)


class PortDetails(TypedDict, total=False):
    """What may be said of a port beside its identity."""

    title: str
    description: str
    kind: str
    environment: str
    modality: str
    connection: Connection | None
    asset: Asset | None
    location: str
    format: str
    platform: str
    region: str
    encryption_at_rest: str
    freshness_promise: dt.timedelta | None
    declared_schema: SchemaVersion | None
    sunset_at: dt.date | None


class PortFields(PortDetails, total=False):
    """What an edit may change; name and version only before the product is published."""

    name: str
    version: str


@transaction.atomic
def create_port(
    *,
    actor: User | None,
    product: DataProduct,
    name: str = "",
    version: str = "1.0.0",
    **fields: Unpack[PortDetails],
) -> OutputPort:
    """Offer the product through a new port. Without `name` one is made of the title.

    Raises NotAllowed, or Invalid naming the fields (also when (name, version) exists).
    """
    kernel.require(actor, "product.edit", product)
    if not name:
        name = make_slug(
            fields.get("title", ""),
            fallback="port",
            is_taken=lambda slug: product.output_ports.filter(name=slug).exists(),
        )
    port = OutputPort(product=product, name=name, version=version, **fields)
    _check(actor, port, None)
    save_with_author(port, actor)
    _record(actor, "port.created", port, difference({}, snapshot(port, FIELDS)))
    announce_port(port.pk, product.pk)
    return port


@transaction.atomic
def edit_port(
    *,
    actor: User | None,
    port: OutputPort,
    expected_revision: int | None = None,
    reason: str = "",
    **fields: Unpack[PortFields],
) -> OutputPort:
    """Change what is given; an edit that changes nothing leaves no trace.

    Raises NotAllowed, Invalid, or Conflict (saved by somebody else; name or version of a published port; another
    place in the store while access given in the present one may be there).
    """
    kernel.require(actor, "product.edit", port.product)
    fresh = OutputPort.objects.select_related("product__domain", "connection", "asset").get(pk=port.pk)
    before, connection_before = snapshot(fresh, FIELDS), fresh.connection
    schema_before, place_before = fresh.declared_schema_id, place_of(fresh)
    for field, value in fields.items():
        setattr(fresh, field, value)
    changes = difference(before, snapshot(fresh, FIELDS))
    if (
        not changes
        and fresh.declared_schema_id == schema_before
        and expected_revision in (None, fresh.revision)
    ):
        return fresh
    if fresh.product.published_at and not {"name", "version"}.isdisjoint(changes):
        raise Conflict(
            "Name and version of a published port stay: they are how people know it.",
            kept="Nothing was saved.",
            remedy="Add a new version instead.",
        )
    bump_revision(fresh, expected_revision)
    _check(actor, fresh, connection_before)
    require_may_move(fresh, place_before)
    save_with_author(fresh, actor, reason)
    _record(actor, "port.edited", fresh, changes)
    announce_port(fresh.pk, fresh.product_id)
    return fresh


@transaction.atomic
def new_port_version(
    *, actor: User | None, port: OutputPort, version: str, **fields: Unpack[PortDetails]
) -> OutputPort:
    """Offer `port` in another version beside the present one, described alike but for `fields`.

    The asset is not taken over: the new version is a thing of its own, and its crawl says what is in it.
    Raises as `create_port`.
    """
    details: PortDetails = {
        "title": port.title,
        "description": port.description,
        "kind": port.kind,
        "environment": port.environment,
        "modality": port.modality,
        "connection": port.connection,
        "format": port.format,
        "platform": port.platform,
        "region": port.region,
        "encryption_at_rest": port.encryption_at_rest,
        "freshness_promise": port.freshness_promise,
    }
    details.update(fields)
    return create_port(actor=actor, product=port.product, name=port.name, version=version, **details)


@transaction.atomic
def delete_port(*, actor: User | None, port: OutputPort) -> None:
    """Delete a port of a product that never was published (Conflict otherwise: give it a sunset date instead)."""
    kernel.require(actor, "product.edit", port.product)
    fresh = OutputPort.objects.select_related("product").get(pk=port.pk)
    if fresh.product.published_at or fresh.product.is_published:
        raise Conflict(
            f"{fresh} is part of a published product: somebody may read from it.",
            kept="Nothing was deleted.",
            remedy="Give the port a sunset date instead.",
        )
    _record(actor, "port.deleted", fresh, {})
    announce_port(fresh.pk, fresh.product_id)
    fresh._history_user = actor  # type: ignore[attr-defined]
    fresh.delete()


def _check(actor: User | None, port: OutputPort, connection_before: Connection | None) -> None:
    problems = []
    if port.asset is not None and port.connection is None:
        port.connection = port.asset.connection
    if port.asset is not None and port.asset.connection_id != port.connection_id:
        problems.append(Problem("asset", "foreign", "The asset does not belong to the connection."))
    if port.connection is not None and port.connection != connection_before:
        _require_connection(actor, port.connection)
    if problems:
        raise Invalid(problems[0].message, kept="Nothing was saved.", problems=problems)
    clean(port)


def _require_connection(actor: User | None, connection: Connection) -> None:
    """A port shows what is in a store, so only those who run the store put its things on offer."""
    kernel.require(
        actor,
        "port.connect",
        connection,
        f"You may not offer what is in {connection}; ask the team that runs it.",
    )


def _record(actor: User | None, verb: str, port: OutputPort, changes: Changes) -> None:
    audit.record(actor=actor, verb=verb, obj=port, product_id=port.product_id, changes=changes)
