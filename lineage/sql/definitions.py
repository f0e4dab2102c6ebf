"""The SQL of views of crawled stores, read into edges: each wording once, by a worker."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.assets.models import Asset, ViewDefinition
from catalog.audit import services as audit
from catalog.connections.models import Connection
from catalog.schemas.models import SchemaVersion
from catalog.schemas.selectors import newest_observed_ids
from lineage.datasets.naming import DatasetName
from lineage.datasets.services import find_or_make_assets
from lineage.edges.observing import ColumnLink, observe_edges
from lineage.models import Job, LineageEdge, NodeKind, Source
from lineage.openlineage.jobs import see_job
from lineage.sql import dialects
from lineage.sql.apart import SqlReader
from lineage.sql.assets import Named, mentioned, named_assets, parts_of, with_columns
from lineage.sql.models import ReadDefinition
from lineage.sql.shapes import Parts, Question, Statement, Table, name_of

AT_ONCE = 200  # definitions that one call reads
INTEGRATION, KIND = "SQL", "VIEW"
Outcome = ReadDefinition.Outcome


def waiting() -> "QuerySet[ViewDefinition]":
    """The newest wording of every view that is there, where it was not read yet, or with other schemas than there are
    now of the view and of what it reads: a star and a name without a table mean what the tables have."""
    newer = ViewDefinition.objects.filter(asset=OuterRef("asset"), number__gt=OuterRef("number"))
    read = ReadDefinition.objects.filter(~Exists(_newer_schemas()), definition=OuterRef("pk"))
    found = ViewDefinition.objects.filter(~Exists(newer), ~Exists(read), asset__vanished_at=None)
    return found.exclude(sql="").order_by("asset__connection_id", "pk")


def _newer_schemas() -> "QuerySet[SchemaVersion]":
    """Of one ReadDefinition: observed schemas that came since, of its view and of what that is made from."""
    tables = LineageEdge.objects.filter(
        valid_to=None, source=Source.SQL, job=OuterRef(OuterRef("job")), upstream_kind=NodeKind.ASSET,
        downstream_kind=NodeKind.ASSET, downstream_id=OuterRef(OuterRef("asset")),
    )  # fmt: skip
    own_or_read = Q(asset=OuterRef("asset")) | Q(asset__in=tables.values("upstream_id"))
    observed = SchemaVersion.objects.filter(own_or_read, origin=SchemaVersion.Origin.OBSERVED)
    return observed.filter(pk__gt=OuterRef("newest_schema")).order_by()


def read_waiting(*, limit: int = AT_ONCE, now: datetime | None = None) -> int:
    """Read what waits and draw its edges; returns how many definitions were read. Safe to run beside itself."""
    now = now or timezone.now()
    rows = list(waiting().select_related("asset__connection")[:limit])
    if not rows:
        return 0
    with SqlReader() as reader:
        for _, group in groupby(rows, key=lambda row: row.asset.connection_id):
            _read_of_store(list(group), reader, now)
    return len(rows)


def _read_of_store(definitions: Sequence[ViewDefinition], reader: SqlReader, now: datetime) -> None:
    first = definitions[0].asset
    same = Asset.objects.present().filter(connection=first.connection_id, namespace=first.namespace)
    assets = named_assets(same)
    kind = first.connection.kind if first.connection else ""
    for definition in definitions:
        own = definition.asset
        named = [*_itself(own), *mentioned(assets, definition.sql)]
        schemas = newest_observed_ids({pk for pk, _ in named})  # before the columns: never newer than these
        known = with_columns(named)
        parts = parts_of(own.name, own.address)
        question = Question(
            sql=definition.sql, dialect=dialects.of_kind(kind), home=parts[:-1], target=parts,
            tables=tuple(table for _, table in known.values()),
        )  # fmt: skip
        _draw(definition, reader.read(question), known, schemas, now)


def _itself(asset: Asset) -> list[Named]:
    return [(asset.pk, parts_of(asset.name, asset.address))]


@transaction.atomic
def _draw(
    definition: ViewDefinition,
    statements: Sequence[Statement],
    known: dict[Parts, tuple[int, Table]],
    schemas: dict[int, int],
    now: datetime,
) -> None:
    """Edges of one definition; what it said before and says no more ends. One not understood leaves them alone."""
    asset = definition.asset
    understood = [statement for statement in statements if statement.kind]
    job: Job | None = None
    reads = list(dict.fromkeys(parts for one in understood for parts in one.reads if _is_other(parts, asset)))
    links: list[ColumnLink] = []
    ids: dict[Parts, int] = {}
    if understood:
        ids = _ids(reads, known, asset.namespace, now)
        job = see_job(
            namespace=asset.namespace, name=asset.name, integration=INTEGRATION, kind=KIND, seen_at=now
        )
        links = [
            ColumnLink(ids[link.table], link.column, asset.pk, link.into, link.is_direct, link.how)
            for one in understood for link in one.links if link.table in ids
        ]  # fmt: skip
        observe_edges(
            source=Source.SQL, job_id=job.pk, assets=[(ids[parts], asset.pk) for parts in reads],
            columns=links, seen_at=now, is_complete=True,
        )  # fmt: skip
    problems = list(dict.fromkeys(problem for one in statements for problem in one.problems))
    ReadDefinition.objects.filter(asset=asset).exclude(definition=definition).delete()
    ReadDefinition.objects.update_or_create(
        definition=definition,
        defaults={
            "asset": asset, "job": job, "outcome": _outcome(bool(understood), problems), "problems": problems,
            "tables": len(reads), "links": len(links), "read_at": now,
            "newest_schema": _newest_schema({asset.pk, *ids.values()}, schemas),
        },
    )  # fmt: skip


def _newest_schema(assets: set[int], schemas: dict[int, int]) -> int:
    """The newest schema the text was read with; of assets that no table of the store was matched to, as they are."""
    strange = newest_observed_ids(assets - schemas.keys())
    return max([0, *strange.values(), *(schemas[pk] for pk in assets & schemas.keys())])


def _is_other(parts: Parts, asset: Asset) -> bool:
    return parts != parts_of(asset.name, asset.address)


def _ids(
    reads: Sequence[Parts], known: dict[Parts, tuple[int, Table]], namespace: str, now: datetime
) -> dict[Parts, int]:
    """The asset of each table that is read; one the store was not crawled for is made, as seen from here."""
    ids = {parts: known[parts][0] for parts in reads if parts in known}
    strange = {parts: DatasetName(namespace, name_of(parts)) for parts in reads if parts not in ids}
    made = find_or_make_assets(strange.values(), seen_at=now) if strange else {}
    return ids | {parts: made[name] for parts, name in strange.items()}


def _outcome(is_understood: bool, problems: Sequence[str]) -> str:
    if not is_understood:
        return Outcome.FAILED
    return Outcome.PARTLY if problems else Outcome.READ


def end_vanished(*, now: datetime | None = None) -> int:
    """End the edges of views that vanished; one that comes back is read anew. Returns how many ended."""
    now = now or timezone.now()
    rows = list(ReadDefinition.objects.exclude(asset__vanished_at=None).select_related("asset")[:AT_ONCE])
    for row in rows:
        with transaction.atomic():
            if row.job_id is not None:
                observe_edges(source=Source.SQL, job_id=row.job_id, assets=(), seen_at=now, is_complete=True)
                Job.objects.filter(pk=row.job_id, removed_at=None).update(removed_at=now)
            row.delete()
    return len(rows)


@transaction.atomic
def read_anew(*, actor: User | None, connection: Connection) -> int:
    """Forget what became of a store's views, so that all of them are read again; returns how many.

    Raises NotAllowed. Worth it after tables were crawled that a view reads, or after a new version of the parser.
    """
    kernel.require(
        actor, "connection.crawl", connection, "You may not have the views of this store read again."
    )
    gone, _ = ReadDefinition.objects.filter(asset__connection=connection).delete()
    audit.record(actor=actor, verb="connection.views_read_anew", obj=connection, detail={"views": gone})
    return gone
