"""What a project says of tables that no connection reaches: their kind, comment, and the columns dbt's catalog read.

A crawled asset is described by its store; nothing is written over that.
"""

from collections.abc import Mapping
from datetime import datetime

from catalog.assets.models import Asset
from catalog.connections.connectors.relational import logical_type
from catalog.schemas.fingerprint import fingerprint
from catalog.schemas.models import SchemaVersion
from catalog.schemas.recording import NewSchema, write_versions
from catalog.schemas.selectors import newest_observed_ids
from catalog.schemas.shape import FieldShape
from lineage.datasets.naming import DatasetName
from lineage.dbt.nodes import Node
from lineage.dbt.plan import Plan

_SLICE = 500


def describe_assets(plan: Plan, assets: Mapping[DatasetName, int], now: datetime) -> None:
    """Write kind, comment and columns where they differ from what is there."""
    nodes = {assets[one.dataset]: one.node for one in plan.nodes if one.dataset is not None}
    keys = sorted(nodes)
    for start in range(0, len(keys), _SLICE):
        rows = Asset.objects.filter(pk__in=keys[start : start + _SLICE], connection=None)
        changed = [asset for asset in rows if _describe(asset, nodes[asset.pk], now)]
        Asset.objects.bulk_update(changed, ["kind", "comment", "updated_at"], batch_size=200)
        _write_columns({asset.pk: nodes[asset.pk] for asset in rows}, now)


def _describe(asset: Asset, node: Node, now: datetime) -> bool:
    kind = Asset.Kind.VIEW.value if node.is_view else Asset.Kind.TABLE.value
    comment = node.description or asset.comment
    if (asset.kind, asset.comment) == (kind, comment):
        return False
    asset.kind, asset.comment, asset.updated_at = kind, comment, now
    return True


def _write_columns(nodes: Mapping[int, Node], now: datetime) -> None:
    """A new version of the schema of each table whose columns are all known and differ from before."""
    known = {pk: node for pk, node in nodes.items() if node.is_complete}
    newest = newest_observed_ids(known)
    before = SchemaVersion.objects.in_bulk(newest.values())
    schemas = []
    for pk, node in known.items():
        shapes = _shapes(node)
        version = before[newest[pk]] if pk in newest else None
        if version is None or version.fingerprint != fingerprint(shapes):
            number = version.number if version else 0
            schemas.append(NewSchema(pk, shapes, previous_id=version.pk if version else None, number=number))
    if schemas:
        write_versions(schemas=schemas, now=now)


def _shapes(node: Node) -> list[FieldShape]:
    return [
        FieldShape(path=column.name, logical_type=logical_type(column.type), physical_type=column.type,
                   comment=column.description)
        for column in node.columns
    ]  # fmt: skip
