"""What events say of datasets: facets kept, and of assets that no crawl knows also their schema, kind and end.

A crawled asset is what its crawl saw; what events say of it stands beside that, in its facets, and never overwrites it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from operator import attrgetter

from catalog.assets.models import Asset
from catalog.common import bulk
from catalog.schemas.fingerprint import fingerprint
from catalog.schemas.models import SchemaVersion
from catalog.schemas.recording import NewSchema, write_versions
from lineage.datasets.naming import DatasetName
from lineage.edges.believing import Rejected
from lineage.openlineage.facets import mapping, schema_fields, word
from lineage.openlineage.models import DatasetFacets
from lineage.openlineage.newest import present, take_facets
from lineage.openlineage.reading import moment
from lineage.openlineage.unpacking import DatasetTold, Told

_COLUMNS = ["facets", "told_at", "last_event_at"]
_columns = attrgetter(*_COLUMNS)
_MOST_COMMENT = 4_000  # characters
_CHANGE = "lifecycleStateChange"
_DESCRIBES = ("schema", "documentation", "datasetType")  # facets that assets have room for, beside _CHANGE
Told_ = tuple[DatasetTold, datetime]


def describe_datasets(
    events: Iterable[tuple[Told, int | None]], ids: Mapping[DatasetName, int], rejected: Rejected
) -> None:
    """Merge the facets of a batch of events, each with its sender; a fixed number of queries. Call inside a
    transaction."""
    told: dict[int, list[Told_]] = defaultdict(list)
    for event, sender in events:
        for one in event.datasets:
            if one.facets and (sender, ids[one.name]) not in rejected:
                told[ids[one.name]].append((one, event.event_at))
    if not told:
        return
    rows = _locked(told)
    before = {pk: dict(row.facets) for pk, row in rows.items()}
    changed = [pk for pk, sayings in told.items() if _merge(rows[pk], sayings)]
    bulk.update(DatasetFacets, _COLUMNS, [(rows[pk].pk, *_columns(rows[pk])) for pk in changed])
    _describe_assets({pk: rows[pk] for pk in changed if _says_more(before[pk], rows[pk].facets)})


def follow_facets(asset_id: int) -> None:
    """Bring an asset that came from events alone up to what its facets say now, whoever changed them."""
    row = DatasetFacets.objects.filter(asset=asset_id).first()
    if row is not None:
        _describe_assets({asset_id: row})


def _says_more(before: Mapping[str, object], now: Mapping[str, object]) -> bool:
    """Whether an asset has to follow: a facet it has room for says something else, or again that it is gone."""
    return _CHANGE in now or any(before.get(name) != now.get(name) for name in _DESCRIBES)


def _locked(told: Mapping[int, list[Told_]]) -> dict[int, DatasetFacets]:
    found = _read(told)
    missing = [pk for pk in sorted(told) if pk not in found]
    if missing:
        DatasetFacets.objects.bulk_create(
            [DatasetFacets(asset_id=pk, last_event_at=told[pk][0][1]) for pk in missing],
            ignore_conflicts=True,
        )
        found = _read(told)
    return found


def _read(ids: Iterable[int]) -> dict[int, DatasetFacets]:
    rows = DatasetFacets.objects.select_for_update().filter(asset__in=list(ids)).order_by("pk")
    return {row.asset_id: row for row in rows}


def _merge(row: DatasetFacets, sayings: Iterable[Told_]) -> bool:
    """Whether the content or the time of any facet changed."""
    names: list[str] = []
    for one, at in sayings:
        names += take_facets(row.facets, row.told_at, one.facets, at)
        row.last_event_at = max(row.last_event_at, at)
    return bool(names)


def _describe_assets(rows: Mapping[int, DatasetFacets]) -> None:
    """Bring assets that came from events alone up to their newest facets."""
    assets = Asset.objects.filter(pk__in=list(rows), connection=None).select_for_update().order_by("pk")
    changed = [asset for asset in assets if _apply(asset, rows[asset.pk])]
    mine = {asset.pk for asset in assets}
    Asset.objects.bulk_update(changed, ["kind", "comment", "vanished_at"], batch_size=500)
    _write_schemas({pk: row for pk, row in rows.items() if pk in mine})


def _apply(asset: Asset, row: DatasetFacets) -> bool:
    facets = present(row.facets)
    before = (asset.kind, asset.comment, asset.vanished_at)
    kind = _kind(word(mapping(facets, "datasetType"), "datasetType").lower())
    asset.kind = kind or asset.kind
    asset.comment = word(mapping(facets, "documentation"), "description")[:_MOST_COMMENT] or asset.comment
    if change := word(mapping(facets, _CHANGE), _CHANGE).upper():
        told = moment(row.told_at.get(_CHANGE))
        asset.vanished_at = told if change == "DROP" else None
    return before != (asset.kind, asset.comment, asset.vanished_at)


def _kind(told: str) -> str:
    for sign, kind in (
        ("view", "view"),
        ("topic", "topic"),
        ("stream", "topic"),
        ("file", "files"),
        ("model", ""),
    ):
        if sign in told:
            return kind
    return "table" if told == "table" else ""


def _write_schemas(rows: Mapping[int, DatasetFacets]) -> None:
    """A new observed version where the newest schema differs from the one before."""
    shapes = {
        pk: fields for pk, row in rows.items() if (fields := schema_fields(present(row.facets))) is not None
    }
    if not shapes:
        return
    newest: dict[int, SchemaVersion] = {}
    versions = SchemaVersion.objects.filter(asset__in=list(shapes), origin=SchemaVersion.Origin.OBSERVED)
    for version in versions.order_by("number"):
        newest[version.asset_id or 0] = version
    by_moment: dict[datetime, list[NewSchema]] = defaultdict(list)
    for pk, fields in shapes.items():
        last, at = newest.get(pk), moment(rows[pk].told_at.get("schema"))
        if not fields or (last is not None and last.fingerprint == fingerprint(fields)):
            continue
        made = (
            NewSchema(pk, fields, previous_id=last.pk, number=last.number) if last else NewSchema(pk, fields)
        )
        by_moment[at or rows[pk].last_event_at].append(made)
    for at, schemas in by_moment.items():
        write_versions(schemas=schemas, now=at)
