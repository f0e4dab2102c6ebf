"""Claiming: from what a crawl saw in a store to draft ports of a product, in one step.

It lives here and not with assets, because ports know assets and not the other way round.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from django.db import transaction
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.assets.models import Asset
from catalog.audit import services as audit
from catalog.common.errors import Problem
from catalog.common.validation import invalid
from catalog.connections.connectors.base import PortFacts
from catalog.connections.connectors.registry import registry
from catalog.connections.models import Connection
from catalog.domains.models import Domain
from catalog.products import services
from catalog.products.models import DataProduct, OutputPort
from catalog.products.signals import ports_claimed
from catalog.schemas.models import SchemaVersion

MOST = 200  # assets claimed at once
STATES: Final = {
    "unclaimed": "Unclaimed",
    "claimed": "Claimed",
    "ignored": "Ignored",
    "vanished": "Vanished",
    "all": "All",
}
SORTS: Final = {"name": "name", "fields": "field_count", "seen": "first_seen_at", "kind": "kind"}


@dataclass(frozen=True, slots=True)
class NewProduct:
    """A draft to be made for the claimed assets."""

    domain: Domain
    name: str


def assets_of(connection: Connection | None, *, state: str = "unclaimed", q: str = "") -> QuerySet[Asset]:
    """What was seen in a connection; None: what only machines told of.

    With `field_count` of the newest schema and `port_count` of claiming ports.
    """
    newest = SchemaVersion.objects.filter(asset=OuterRef("pk"), origin="observed").order_by("-number")
    rows = Asset.objects.filter(connection=connection).annotate(
        field_count=Subquery(newest.values("field_count")[:1]),
        port_count=Count("output_ports", distinct=True),
    )
    conditions = {
        "unclaimed": Q(vanished_at=None, port_count=0, is_ignored=False),
        "claimed": Q(vanished_at=None, port_count__gt=0),
        "ignored": Q(vanished_at=None, is_ignored=True),
        "vanished": Q(vanished_at__isnull=False),
    }
    rows = rows.filter(conditions.get(state, Q()))
    if q:
        rows = rows.filter(Q(name__icontains=q) | Q(comment__icontains=q))
    return rows.order_by("name", "pk")


def claimable_products(user: User) -> QuerySet[DataProduct]:
    """Products the person may add ports to; a port of a published product is offered at once, so drafts come first."""
    who = kernel.standing(user)
    rows = DataProduct.objects.visible_to(user).select_related("domain").exclude(lifecycle="retired")
    if not who.is_platform_admin:
        owning = frozenset[int]().union(
            *(
                who.teams_by_role.get(role, frozenset())
                for role in ("steward", "technical_owner", "business_owner")
            )
        )
        led = who.teams_by_role.get("domain_admin", frozenset())
        rows = rows.filter(
            Q(team_id__in=owning) | Q(domain__team_id__in=led) | Q(stewardships__user=user)
        ).distinct()
    return rows.order_by("lifecycle", "name", "pk")


@transaction.atomic
def claim_assets(
    *,
    actor: User | None,
    connection: Connection | None,
    assets: Sequence[Asset],
    product: DataProduct | NewProduct,
) -> list[OutputPort]:
    """Make one draft port per asset, in an existing product or a new draft one.

    The port starts with what the store says: kind, place, format, comment; its schema is the asset's. What is claimed
    is read by the crawl that `ports_claimed` asks for. Nothing is made unless all can be. Datasets without a connection
    (None), of which only events told, are claimed the same way; nothing reads them.
    Raises NotAllowed, or Invalid naming the assets that cannot be claimed.
    """
    _require(actor, connection)
    _check(connection, assets)
    if isinstance(product, NewProduct):
        product = services.create_product(actor=actor, domain=product.domain, name=product.name)
    ports = [_port(actor, product, connection, asset) for asset in assets]
    Asset.objects.filter(pk__in=[asset.pk for asset in assets]).update(is_ignored=False)
    audit.record(
        actor=actor,
        verb="connection.claimed" if connection else "dataset.claimed",
        obj=connection or ports[0].product,
        product_id=product.pk,
        detail={"assets": [asset.name for asset in assets]},
    )
    if connection is None:
        return ports
    transaction.on_commit(
        partial(
            ports_claimed.send_robust,
            sender=OutputPort,
            connection_id=connection.pk,
            actor_id=actor.pk if actor else None,
        )
    )
    return ports


def _require(actor: User | None, connection: Connection | None) -> None:
    if connection is None:
        kernel.require(actor, "dataset.claim", None, "You may not claim datasets.")
    else:
        kernel.require(actor, "port.connect", connection, f"You may not offer what is in {connection}.")


def _check(connection: Connection | None, assets: Sequence[Asset]) -> None:
    if not assets or len(assets) > MOST:
        raise invalid([Problem("assets", "count", f"Choose from 1 to {MOST} tables or files.")])
    claimed = set(
        OutputPort.objects.filter(asset__in=[asset.pk for asset in assets]).values_list("asset_id", flat=True)
    )
    problems = []
    for asset in assets:
        if asset.connection_id != (connection.pk if connection else None):
            where = str(connection) if connection else "quarantine"
            problems.append(Problem("assets", "unknown", f"{asset.name} is not in {where}."))
        elif asset.vanished_at is not None:
            problems.append(Problem("assets", "vanished", f"{asset.name} is not there any more."))
        elif asset.pk in claimed:
            problems.append(Problem("assets", "claimed", f"{asset.name} is offered by a port already."))
    if problems:
        raise invalid(problems)


def _port(
    actor: User | None, product: DataProduct, connection: Connection | None, asset: Asset
) -> OutputPort:
    facts = _facts(connection, asset)
    return services.create_port(
        actor=actor,
        product=product,
        title=short_name(asset.name),
        description=asset.comment,
        kind=asset.kind,
        environment=connection.environment if connection else "production",
        modality=facts.modality,
        connection=connection,
        asset=asset,
        location=facts.location[:1000],
        format=facts.format[:60],
        platform=facts.platform[:80],
    )


def _facts(connection: Connection | None, asset: Asset) -> PortFacts:
    if connection is None:
        place = f"{asset.namespace}/{asset.name}"
        if asset.kind == Asset.Kind.TOPIC:
            return PortFacts(location=place, modality="streaming")
        return PortFacts(location=place)
    connector = registry().connectors.get(connection.kind)
    return connector.facts(connection.config, asset.address) if connector else PortFacts(location=asset.name)


def short_name(name: str) -> str:
    """What people call an asset: `play.public.events` -> `events`, `/data/events/**/*.parquet` -> `events`."""
    if "/" in name:
        parts = [part for part in name.split("?")[0].split("/") if part and not set("*?[") & set(part)]
        last = parts[-1] if parts else name
        stem = last.split(".")[0]
        return (stem or last)[:200]
    return (name.rsplit(".", 1)[-1] or name)[:200]


@transaction.atomic
def set_ignored(
    *, actor: User | None, connection: Connection | None, assets: Iterable[Asset], is_ignored: bool
) -> int:
    """Say that assets will not become ports (temporary tables, copies), or take it back; returns how many changed.

    Raises NotAllowed.
    """
    _require(actor, connection)
    own = connection.pk if connection else None
    ids = [asset.pk for asset in assets if asset.connection_id == own]
    changed = Asset.objects.filter(pk__in=ids).exclude(is_ignored=is_ignored)
    names: list[str] = list(changed.values_list("name", flat=True))
    count = changed.update(is_ignored=is_ignored)
    if count:
        verb = "connection.assets_ignored" if is_ignored else "connection.assets_noticed"
        detail: dict[str, Any] = {"assets": names[:MOST], "count": count}
        about = connection or Asset.objects.get(pk=ids[0])
        audit.record(actor=actor, verb=verb, obj=about, detail=detail)
    return count
