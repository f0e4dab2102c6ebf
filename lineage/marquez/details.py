"""What belongs to datasets and jobs, for many at once: fields and facets, inputs, outputs and last runs."""

from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import F, OuterRef, Subquery, Window
from django.db.models.functions import RowNumber

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.assets.models import Asset
from catalog.schemas.models import Field, SchemaVersion
from lineage.datasets.finding import slices
from lineage.datasets.permissions import visible_assets
from lineage.marquez import shapes
from lineage.marquez.graph import touches_of_jobs
from lineage.models import DatasetFacets, Job, Run
from lineage.openlineage.newest import present

RUNS_SHOWN = 10  # newest runs that come with a job
_NAMELESS = {
    "schema", "documentation", "dataSource", "ownership", "storage", "version", "lifecycleStateChange", "datasetType",
    "tags", "catalog", "symlinks",
}  # fmt: skip
# facets that speak of the dataset alone; others, and those nobody knows, may name what the reader may not know of


def datasets(user: User, assets: Collection[Asset]) -> dict[int, shapes.Json]:
    """The shape of each dataset, by primary key."""
    everything = kernel.standing(user).sees_everything
    told = _facets({asset.pk for asset in assets})
    fields = _fields(assets)
    made = {}
    for asset in assets:
        facets = told.get(asset.pk, {})
        seen = fields.get(asset.pk) or _told_fields(facets)
        shown = facets if everything else {name: facets[name] for name in facets if name in _NAMELESS}
        made[asset.pk] = shapes.dataset(asset, seen, shown)
    return made


def jobs(user: User, rows: Collection[Job], *, with_runs: bool = True) -> dict[int, shapes.Json]:
    """The shape of each job, by primary key, as far as its datasets may be known."""
    touches = touches_of_jobs(row.pk for row in rows)
    known: dict[int, Asset] = {}
    for part in slices({asset for _, asset, _ in touches}):
        known |= visible_assets(user).in_bulk(part)
    runs = _runs({row.pk for row in rows}) if with_runs else {}
    of_job: dict[int, list[tuple[int, bool]]] = {}
    for job, asset, writes in sorted(touches):
        of_job.setdefault(job, []).append((asset, writes))
    made = {}
    for row in rows:
        mine = of_job.get(row.pk, [])
        hidden = len({asset for asset, _ in mine if asset not in known})
        made[row.pk] = shapes.job(
            row,
            inputs=[known[asset] for asset, writes in mine if not writes and asset in known],
            outputs=[known[asset] for asset, writes in mine if writes and asset in known],
            runs=runs.get(row.pk, []),
            is_open=not hidden,
            hidden=hidden,
        )
    return made


def _facets(ids: Collection[int]) -> dict[int, Mapping[str, Any]]:
    found: dict[int, Mapping[str, Any]] = {}
    for part in slices(ids):
        rows = DatasetFacets.objects.filter(asset__in=part).values_list("asset_id", "facets")
        found.update({pk: present(facets) for pk, facets in rows if isinstance(facets, dict)})
    return found


def _fields(assets: Collection[Asset]) -> dict[int, list[shapes.Json]]:
    """The fields of the newest schema that was observed of each."""
    found: dict[int, list[shapes.Json]] = {}
    for part in slices({asset.pk for asset in assets}):
        newest = SchemaVersion.objects.filter(asset=OuterRef("pk"), origin="observed").order_by("-number")
        schemas = dict(
            Asset.objects.filter(pk__in=part)
            .annotate(schema=Subquery(newest.values("pk")[:1]))
            .exclude(schema=None)
            .values_list("schema", "pk")
        )
        rows = Field.objects.filter(schema__in=schemas.keys()).order_by("schema", "ordinal")
        for schema, path, physical, logical, words in rows.values_list(
            "schema_id", "path", "physical_type", "logical_type", "comment"
        ):
            field: shapes.Json = {
                "name": path,
                "type": physical or logical,
                "tags": [],
                "description": words or None,
            }
            found.setdefault(schemas[schema], []).append(field)
    return found


def _told_fields(facets: Mapping[str, Any]) -> list[shapes.Json]:
    """The fields an event told of, where no crawl read them."""
    schema = facets.get("schema")
    listed = schema.get("fields") if isinstance(schema, dict) else None
    return [
        {
            "name": str(item.get("name", "")),
            "type": item.get("type"),
            "tags": [],
            "description": item.get("description"),
        }
        for item in (listed if isinstance(listed, list) else [])
        if isinstance(item, dict)
    ]


def _runs(ids: Collection[int]) -> dict[int, list[Run]]:
    """The newest runs of each job."""
    found: dict[int, list[Run]] = {}
    for part in slices(ids):
        place = Window(
            RowNumber(), partition_by=F("job_id"), order_by=[F("last_event_at").desc(), F("pk").desc()]
        )
        rows = Run.objects.filter(job__in=part).annotate(place=place).filter(place__lte=RUNS_SHOWN)
        for row in rows.order_by("job_id", "place"):
            found.setdefault(row.job_id, []).append(row)
    return found
