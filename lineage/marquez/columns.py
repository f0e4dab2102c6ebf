"""Lineage of columns as a graph of dataset fields: upstream always, downstream where asked for."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.accounts.models import User
from catalog.assets.models import Asset
from lineage.datasets.finding import slices
from lineage.datasets.permissions import visible_assets
from lineage.marquez.addresses import FIELD, node_id
from lineage.marquez.graph import MOST_NODES
from lineage.marquez.shapes import Json, name_of
from lineage.models import Column, ColumnEdge


@dataclass(frozen=True, slots=True)
class Link:
    upstream: int
    downstream: int
    how: str
    is_direct: bool


def starts(assets: Collection[Asset], field: str = "") -> list[int]:
    """The columns to begin at: all of the datasets', or the one."""
    columns = Column.objects.filter(asset__in=[asset.pk for asset in assets])
    return list((columns.filter(path=field) if field else columns).values_list("pk", flat=True))


def column_graph(user: User, columns: Iterable[int], *, depth: int, with_downstream: bool) -> Json:
    """The graph around the columns over at most `depth` edges each way."""
    start = set(columns)
    links: set[Link] = set()
    seen = set(start)
    for is_up in (True, False) if with_downstream else (True,):
        frontier = set(start)
        for _ in range(depth):
            found = _links(frontier, is_up=is_up)
            links |= found
            frontier = {link.upstream if is_up else link.downstream for link in found} - seen
            seen |= frontier
            if not frontier or len(seen) > MOST_NODES:
                break
    return _shape(user, seen, links)


def _links(columns: Iterable[int], *, is_up: bool) -> set[Link]:
    found: set[Link] = set()
    side = "downstream__in" if is_up else "upstream__in"
    for part in slices(columns):
        rows = ColumnEdge.objects.in_force().filter(**{side: part})
        found.update(
            Link(*row) for row in rows.values_list("upstream_id", "downstream_id", "how", "is_direct")
        )
    return found


def _shape(user: User, ids: Collection[int], links: Collection[Link]) -> Json:
    columns: dict[int, Column] = {}
    for part in slices(ids):
        columns |= Column.objects.select_related("asset").in_bulk(part)
    known: set[int] = set()
    for part in slices({column.asset_id for column in columns.values()}):
        known.update(visible_assets(user).filter(pk__in=part).values_list("pk", flat=True))
    shown = {pk: column for pk, column in columns.items() if column.asset_id in known}
    kept = [link for link in links if link.upstream in shown and link.downstream in shown]
    keys = {pk: node_id(FIELD, name_of(column.asset), column.path) for pk, column in shown.items()}
    into: dict[int, list[Link]] = {}
    out: dict[int, list[Link]] = {}
    for link in kept:
        into.setdefault(link.downstream, []).append(link)
        out.setdefault(link.upstream, []).append(link)
    return {
        "graph": [
            {
                "id": keys[pk],
                "type": "DATASET_FIELD",
                "data": _data(shown, column, into.get(pk, [])),
                "inEdges": _edges(keys, into.get(pk, [])),
                "outEdges": _edges(keys, out.get(pk, [])),
            }
            for pk, column in sorted(shown.items(), key=lambda item: keys[item[0]])
        ],
        "hidden": {"fields": len(columns) - len(shown)},
        "isCut": len(ids) > MOST_NODES,
    }


def _data(shown: Mapping[int, Column], column: Column, links: Collection[Link]) -> dict[str, Any]:
    first = min(links, key=lambda link: (not link.is_direct, link.upstream), default=None)
    return {
        "namespace": column.asset.namespace,
        "dataset": column.asset.name,
        "datasetVersion": None,
        "field": column.path,
        "fieldType": None,
        "transformationDescription": None,
        "transformationType": (first.how.upper() or None) if first else None,
        "inputFields": [
            {
                "namespace": shown[link.upstream].asset.namespace,
                "dataset": shown[link.upstream].asset.name,
                "datasetVersion": None,
                "field": shown[link.upstream].path,
                "transformationDescription": None,
                "transformationType": link.how.upper() or None,
            }
            for link in sorted(links, key=lambda link: link.upstream)
        ],
    }


def _edges(keys: Mapping[int, str], links: Collection[Link]) -> list[dict[str, str]]:
    pairs = sorted({(keys[link.upstream], keys[link.downstream]) for link in links})
    return [{"origin": origin, "destination": destination} for origin, destination in pairs]
