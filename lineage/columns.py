"""Columns in the picture: which column of a shown port makes which, through columns of assets that no port claims."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from catalog.products.models import OutputPort
from lineage.edges.ways import Way, ways_from
from lineage.models import ColumnEdge

EDGES = 5_000  # column edges read for one picture
HOPS = 6  # through assets that no port claims
STEPS = 50_000

Place = tuple[int, str]  # (port, path of the column)


@dataclass(frozen=True, slots=True)
class ColumnLine:
    """A column of a shown port makes another (direct), or decides which of its values are there."""

    upstream: Place
    downstream: Place
    is_direct: bool
    sources: tuple[str, ...]
    first_seen: datetime
    last_seen: datetime


@dataclass(slots=True)
class Columns:
    """Column lines of the shown ports, and the columns they touch by port, in order of their names."""

    lines: list[ColumnLine] = field(default_factory=list)
    of_port: dict[int, list[str]] = field(default_factory=dict)
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class _Step:
    up: int
    down: int
    source: str
    is_direct: bool
    way: Way


def read_columns(ports: Iterable[OutputPort], at: datetime | None) -> Columns:
    """The column lines between the assets of `ports`, at a moment; at most EDGES edges are read, HOPS queries made."""
    port_of = {port.asset_id: port.pk for port in ports if port.asset_id is not None}
    found = Columns()
    steps, places = _read(port_of.keys(), at, found)
    shown = {column for column, (asset, _) in places.items() if asset in port_of}
    direct = _arrivals([step for step in steps if step.is_direct], shown)
    every = _arrivals(steps, shown)
    used: dict[int, set[str]] = defaultdict(set)
    for (up, down), by_source in sorted(every.items()):
        (up_asset, up_path), (down_asset, down_path) = places[up], places[down]
        best = direct.get((up, down), by_source)
        upstream, downstream = (port_of[up_asset], up_path), (port_of[down_asset], down_path)
        first = min(way.first_seen for way in best.values())
        last = max(way.last_seen for way in best.values())
        sources = tuple(sorted(by_source))
        found.lines.append(ColumnLine(upstream, downstream, (up, down) in direct, sources, first, last))
        used[upstream[0]].add(up_path)
        used[downstream[0]].add(down_path)
    found.of_port = {port: sorted(paths) for port, paths in used.items()}
    return found


def _arrivals(steps: list[_Step], shown: set[int]) -> dict[tuple[int, int], dict[str, Way]]:
    """(column, column it reaches) -> the sources of the last step, with the ways; shown columns end a way."""
    edges: dict[int, list[tuple[int, str, Way]]] = defaultdict(list)
    for step in steps:
        edges[step.up].append((step.down, step.source, step.way))
    left = STEPS
    found: dict[tuple[int, int], dict[str, Way]] = defaultdict(dict)
    for start in sorted(shown & edges.keys()):
        arrivals, taken, _ = ways_from(start, edges, shown, left)
        left -= taken
        for (column, source), way in arrivals.items():
            if column != start:
                found[start, column][source] = way.settled()
    return found


def _read(
    assets: Collection[int], at: datetime | None, found: Columns
) -> tuple[list[_Step], dict[int, tuple[int, str]]]:
    """Column edges below the assets, hop by hop through unclaimed ones, and where each column is."""
    steps: list[_Step] = []
    places: dict[int, tuple[int, str]] = {}
    seen, frontier = set(assets), set(assets)
    columns = (
        "upstream_id", "upstream__asset_id", "upstream__path", "downstream_id", "downstream__asset_id",
        "downstream__path", "source", "is_direct", "first_seen", "last_seen", "confidence",
    )  # fmt: skip
    for _ in range(HOPS):
        if not frontier:
            break
        rows: Any = ColumnEdge.objects.in_force(at).filter(upstream__asset_id__in=frontier)
        left = EDGES - len(steps)
        listed = list(rows.order_by("pk").values_list(*columns)[: left + 1])
        found.is_cut = found.is_cut or len(listed) > left
        reached = set()
        for up, up_asset, up_path, down, down_asset, down_path, source, is_direct, *way in listed[:left]:
            places[up], places[down] = (up_asset, up_path), (down_asset, down_path)
            steps.append(_Step(up, down, source, is_direct, Way(*way)))
            reached.add(down_asset)
        reached -= seen
        claimed = OutputPort.objects.filter(asset_id__in=reached).values_list("asset_id", flat=True)
        frontier = reached - {asset for asset in claimed if asset is not None} if reached else set()
        seen |= frontier
    found.is_cut = found.is_cut or bool(frontier)
    return steps, places
