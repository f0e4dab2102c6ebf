"""What lineage tells the registry of reach (`catalog.products.reach`): who reads from ports, and which columns.

Registered at start-up. The catalog never imports lineage: it asks the registry, and lineage answers when it is there.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

import numpy as np

from catalog.products import reach
from catalog.products.models import OutputPort
from catalog.schemas.selectors import is_at_or_below
from lineage.impact.rows import COLUMNS
from lineage.impact.sight import Claims, claims_on
from lineage.impact.walking import Question, groups_of, walked
from lineage.models import Column, LineageEdge, NodeKind, Source

BY_EDGES = "lineage edges"
BY_COLUMNS = "column lineage"
_AT_ONCE = 500


def uses(port_ids: Collection[int]) -> Iterable[reach.Use]:
    """Products that edges in force say are made from the ports; declared input ports speak for themselves."""
    listed = sorted(port_ids)
    for start in range(0, len(listed), _AT_ONCE):
        edges = LineageEdge.objects.in_force().filter(
            upstream_kind=NodeKind.PORT,
            downstream_kind=NodeKind.PRODUCT,
            upstream_id__in=listed[start : start + _AT_ONCE],
        )
        rows = edges.exclude(source=Source.INPUT_PORT).order_by("upstream_id", "downstream_id")
        for port_id, product_id in rows.values_list("upstream_id", "downstream_id").distinct():
            yield reach.Use(port_id, BY_EDGES, product_id)


def column_uses(places: Collection[reach.Place]) -> reach.ColumnUses:
    """Who reads the columns, directly or through others; a field counts with what is nested in it and what holds it."""
    ports = OutputPort.objects.filter(pk__in={port_id for port_id, _ in places}).exclude(asset=None)
    assets = dict(ports.values_list("pk", "asset_id"))
    columns: dict[int, list[tuple[int, str]]] = defaultdict(list)
    rows = Column.objects.filter(asset__in=set(assets.values())).order_by("pk")
    for pk, asset_id, path in rows.values_list("pk", "asset_id", "path"):
        columns[asset_id].append((pk, path))
    owners = dict(OutputPort.objects.filter(pk__in=assets).values_list("pk", "product_id"))
    below = {
        (port_id, path): _below(tuple(pk for pk, known in columns[assets[port_id]] if _touches(known, path)))
        for port_id, path in sorted(places) if port_id in assets
    }  # fmt: skip
    all_below = {pk: _below(tuple(pk for pk, _ in columns[asset_id])) for pk, asset_id in assets.items()}
    reached = sorted({asset for steps in (*below.values(), *all_below.values()) for asset in steps})
    claims = claims_on(np.array(reached, np.int64))
    found = tuple(
        reach.ColumnUse(port_id, path, product_id, steps)
        for (port_id, path), depths in below.items()
        for product_id, steps in _nearest(claims, depths, owners[port_id]).items()
    )
    covered = {
        (port_id, product_id)
        for port_id, depths in all_below.items()
        for product_id in _nearest(claims, depths, owners[port_id])
    }
    return reach.ColumnUses(found, frozenset(covered))


def _touches(known: str, asked: str) -> bool:
    one, other = known.casefold(), asked.casefold()
    return is_at_or_below(one, other) or is_at_or_below(other, one)


def _below(starts: tuple[int, ...]) -> dict[int, int]:
    """Assets with a column downstream of `starts` -> the least steps there."""
    if not starts:
        return {}
    walk, _ = walked(Question(COLUMNS, starts))
    groups, depth = groups_of(walk)[len(starts) :], walk.depth[len(starts) :]
    assets, first = np.unique(groups, return_index=True)  # the first is the nearest: walks go breadth first
    return dict(zip(assets.tolist(), depth[first].tolist(), strict=True))


def _nearest(claims: Claims, steps: Mapping[int, int], but: int) -> dict[int, int]:
    """Products that offer one of the assets -> the least steps there."""
    found: dict[int, int] = {}
    for asset, product in zip(claims.asset.tolist(), claims.product.tolist(), strict=True):
        if asset in steps and product != but:
            found[product] = min(steps[asset], found.get(product, steps[asset]))
    return found


reach.register(BY_EDGES, uses)
reach.register_columns(BY_COLUMNS, column_uses)
