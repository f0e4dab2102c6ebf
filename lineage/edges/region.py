"""Reading the assets and edges around a change: up to the claimed ones it can start from, down to those it reaches."""

import json
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from catalog.products.models import OutputPort
from lineage.edges.locks import in_batches
from lineage.edges.ways import Way
from lineage.models import LineageEdge

NODES = 20_000  # assets walked upstream of a change in one call, beside the changed ones
EDGES = 200_000  # edges read downstream of them

_IN_FORCE = (
    "e.upstream_kind = 'asset' AND e.downstream_kind = 'asset' AND e.valid_to IS NULL AND e.is_derived = %s"
)


@dataclass(slots=True)
class Region:
    """Edges by upstream asset, the claims (asset -> (port, product)), and the claimed assets ways start from."""

    starts: list[int] = field(default_factory=list)
    edges: dict[int, list[tuple[int, str, Way]]] = field(default_factory=dict)
    claimed: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    is_cut_upstream: bool = False  # starts may be missing
    is_cut: bool = False  # edges may be missing

    def ports_of(self, asset: int) -> list[int]:
        return [port for port, _ in self.claimed.get(asset, ())]


def read_region(assets: Collection[int], claims: Collection[int]) -> Region:
    """What derivation needs around `assets` and `claims` (passed through upwards even when claimed)."""
    region = Region()
    seeds = sorted({*assets, *claims})
    if not seeds:
        return region
    above, region.is_cut_upstream = _upstream(seeds, sorted(claims))
    region.claimed = _claims(above)
    region.starts = sorted(region.claimed)
    if not region.starts:
        return region
    rows, region.is_cut = _downstream(region.starts)
    edges: dict[int, list[tuple[int, str, Way]]] = defaultdict(list)
    for upstream, downstream, source, first_seen, last_seen, confidence in rows:
        edges[upstream].append((downstream, source, Way(first_seen, last_seen, confidence)))
    region.edges = edges
    region.claimed |= _claims({row[1] for row in rows} - region.claimed.keys())
    return region


def _claims(assets: Collection[int]) -> dict[int, list[tuple[int, int]]]:
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for some in in_batches(sorted(assets)):
        rows = OutputPort.objects.filter(asset_id__in=some).order_by("pk")
        for asset, port, product in rows.values_list("asset_id", "pk", "product_id"):
            if asset is not None:
                found[asset].append((port, product))
    return dict(found)


def _ids(numbers: Collection[int]) -> tuple[str, Any]:
    """A list of numbers as something to select `id` from, and its one parameter."""
    if connection.vendor == "postgresql":
        return "SELECT unnest(%s::bigint[]) AS id", list(numbers)
    return "SELECT value AS id FROM json_each(%s)", json.dumps(list(numbers))


def _names() -> dict[str, str]:
    quote = connection.ops.quote_name
    return {"edge": quote(LineageEdge._meta.db_table), "port": quote(OutputPort._meta.db_table)}


def _upstream(seeds: list[int], through: list[int]) -> tuple[set[int], bool]:
    limit = NODES + len(seeds)
    seeded, passed = _ids(seeds), _ids(through)
    sql = """
        WITH RECURSIVE seeds AS ({seeded}), passed AS ({passed}), above(id) AS (
            SELECT id FROM seeds
            UNION
            SELECT e.upstream_id FROM above a JOIN {edge} e ON e.downstream_id = a.id AND {in_force}
            WHERE a.id IN (SELECT id FROM passed) OR NOT EXISTS (SELECT 1 FROM {port} p WHERE p.asset_id = a.id)
        ) SELECT id FROM above LIMIT %s""".format(  # noqa: S608 - our own names
        seeded=seeded[0], passed=passed[0], in_force=_IN_FORCE, **_names()
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [seeded[1], passed[1], False, limit + 1])
        found = {row[0] for row in cursor.fetchall()}
    return found, len(found) > limit


def _downstream(starts: list[int]) -> tuple[list[tuple[Any, ...]], bool]:
    """Edges in force below `starts`, up to the next claimed asset on each way."""
    started = _ids(starts)
    sql = """
        WITH RECURSIVE starts AS ({started}), below(id) AS (
            SELECT id FROM starts
            UNION
            SELECT e.downstream_id FROM below b JOIN {edge} e ON e.upstream_id = b.id AND {in_force}
            WHERE NOT EXISTS (SELECT 1 FROM {port} p WHERE p.asset_id = e.downstream_id)
        ) SELECT e.id FROM below b JOIN {edge} e ON e.upstream_id = b.id AND {in_force} LIMIT %s""".format(  # noqa: S608 - our own names
        started=started[0], in_force=_IN_FORCE, **_names()
    )
    columns = ("upstream_id", "downstream_id", "source", "first_seen", "last_seen", "confidence")
    with connection.cursor() as cursor:
        cursor.execute(sql, [started[1], False, False, EDGES + 1])
        keys = [row[0] for row in cursor.fetchall()]
    rows: list[tuple[Any, ...]] = []
    for some in in_batches(keys[:EDGES]):
        rows += LineageEdge.objects.filter(pk__in=some).values_list(*columns)
    return rows, len(keys) > EDGES
