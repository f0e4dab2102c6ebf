"""A query somebody pasted: what it reads and makes, as far as that person may see it; recorded where they may."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.assets.models import Asset
from catalog.audit import services as audit
from catalog.common.errors import Invalid, Problem
from catalog.connections.models import Connection
from catalog.products.models import OutputPort
from lineage.edges.observing import ColumnLink, observe_edges
from lineage.models import Source
from lineage.openlineage.jobs import see_job
from lineage.sql import dialects
from lineage.sql.apart import SqlReader
from lineage.sql.assets import mentioned, named_assets, parts_of, with_columns
from lineage.sql.shapes import Link, Parts, Question, Statement, name_of

SECONDS = 4.0  # somebody waits for the answer
JOB_NAMESPACE, JOB_KIND = "portal", "QUERY"


@dataclass(frozen=True, slots=True)
class Place:
    """A table of the query: the asset and the port the reader may see, none where it is not known or not to be seen."""

    parts: Parts
    asset_id: int | None = None
    port: OutputPort | None = None

    @property
    def name(self) -> str:
        return name_of(self.parts)


@dataclass(frozen=True, slots=True)
class MadeColumn:
    """A column that is made, and from what."""

    name: str
    links: tuple[tuple[Place, Link], ...]


@dataclass(frozen=True, slots=True)
class Understood:
    """One statement for its reader."""

    statement: Statement
    reads: tuple[Place, ...]
    writes: Place | None
    columns: tuple[MadeColumn, ...]


def dialect_for(port: OutputPort | None, chosen: str) -> str:
    """The dialect that was chosen, else the one of the store the port is in."""
    if chosen or port is None or port.connection is None:
        return chosen
    return dialects.of_kind(port.connection.kind)


def read_pasted(
    *, reader: User, sql: str, dialect: str = "", port: OutputPort | None = None
) -> list[Understood]:
    """What the text says. Only tables this person may see are looked up: others are as if they were not there."""
    ports = OutputPort.objects.visible_to(reader)
    seen = Q(pk__in=ports.exclude(asset=None).values("asset")) | Q(
        connection__in=Connection.objects.visible_to(reader)
    )
    assets = Asset.objects.present().filter(seen)
    home: Parts = ()
    if port is not None and port.asset is not None:
        assets = assets.filter(namespace=port.asset.namespace)
        home = parts_of(port.asset.name, port.asset.address)[:-1]
    known = with_columns(mentioned(named_assets(assets), sql))
    question = Question(
        sql=sql,
        dialect=dialect_for(port, dialect),
        home=home,
        tables=tuple(table for _, table in known.values()),
    )
    with SqlReader(SECONDS) as process:
        statements = process.read(question)
    ids = {parts: pk for parts, (pk, _) in known.items()}
    return [_understood(statement, ids, _ports_of(reader, ids.values())) for statement in statements]


def _ports_of(reader: User, asset_ids: Iterable[int]) -> dict[int, OutputPort]:
    found = OutputPort.objects.visible_to(reader).filter(asset__in=list(asset_ids))
    rows = found.select_related("product__domain").order_by("-version", "pk")
    ports: dict[int, OutputPort] = {}
    for port in rows:
        if port.asset_id is not None:
            ports.setdefault(port.asset_id, port)
    return ports


def _understood(
    statement: Statement, ids: Mapping[Parts, int], ports: Mapping[int, OutputPort]
) -> Understood:
    def place(parts: Parts) -> Place:
        pk = ids.get(parts)
        return Place(parts, pk, ports.get(pk) if pk is not None else None)

    columns = tuple(
        MadeColumn(name, tuple((place(link.table), link) for link in statement.links if link.into == name))
        for name in statement.columns[:500]
    )
    return Understood(
        statement,
        tuple(map(place, statement.reads)),
        place(statement.writes) if statement.writes else None,
        columns,
    )


@transaction.atomic
def record_pasted(
    *, actor: User, port: OutputPort, found: Sequence[Understood], now: datetime | None = None
) -> tuple[int, int]:
    """Draw what the query says as lineage into `port`; recorded anew, it replaces what was recorded before.

    Returns how many tables and links of columns. Raises NotAllowed, or Invalid where nothing can be drawn.
    """
    kernel.require(actor, "product.edit", port.product, "You may not record lineage of this product.")
    now = now or timezone.now()
    if port.asset_id is None:
        raise _refused("The port has no table yet; crawl or claim it first.")
    tables = {
        place.asset_id for one in found for place in one.reads if place.asset_id not in (None, port.asset_id)
    }
    links = [
        ColumnLink(place.asset_id, link.column, port.asset_id, column.name, link.is_direct, link.how)
        for one in found for column in one.columns for place, link in column.links
        if place.asset_id is not None and place.asset_id != port.asset_id
    ]  # fmt: skip
    if not tables:
        raise _refused("It reads no other table that is known here and that you may see.")
    job = see_job(
        namespace=JOB_NAMESPACE, name=f"query into {port.product.key}/{port.name}/{port.version}", seen_at=now,
        integration="SQL", kind=JOB_KIND,
    )  # fmt: skip
    observe_edges(
        source=Source.SQL, job_id=job.pk, assets=[(pk, port.asset_id) for pk in tables if pk is not None],
        columns=links, seen_at=now, is_complete=True, sender_id=actor.pk if actor else None,
    )  # fmt: skip
    audit.record(
        actor=actor, verb="port.lineage_recorded", obj=port, product_id=port.product_id,
        detail={"tables": len(tables), "links": len(links)},
    )  # fmt: skip
    return len(tables), len(links)


def _refused(words: str) -> Invalid:
    return Invalid(
        "There is nothing to record.", "Nothing was changed.", problems=[Problem("sql", "lineage", words)]
    )
