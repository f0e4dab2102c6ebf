"""Impact over 1,000,000 column edges: the walk in the engine against NetworkX in the same run; memory of its own.

    ./mesh bench tests/benchmarks/test_impact.py

10,000 products with 40 columns each stand in seven layers and 24 areas; every column but those of the first layer is
made from columns of the layer above, the popular ones most (a power law), one in seven from another area. Asked is
five steps down from the biggest hub, and from 200 columns drawn at random among those that feed something. Times are
of this process's processor.
"""

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx  # noqa: TID251  # what is compared with
import numpy as np
import pytest

from lineage.impact import files
from lineage.impact.csr import Edges, Graph, build

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1_800)]
EDGES = int(os.environ.get("BENCHMARK_EDGES", "1000000"))
PRODUCTS, EACH, AREAS = EDGES // 100, 40, 24
SHARES = (0.34, 0.24, 0.16, 0.11, 0.08, 0.05, 0.02)
STEPS = 5


def drawn(count: int) -> tuple[Any, Any]:
    """Distinct edges between places of columns."""
    draw = np.random.default_rng(7)
    products = np.arange(PRODUCTS)
    begins = np.floor(np.cumsum((0.0, *SHARES)) * PRODUCTS).astype(np.int64)
    layer = np.searchsorted(begins, products, side="right") - 1
    reading = products[layer > 0]
    found: Any = np.empty(0, np.int64)
    while len(found) < EDGES:
        down_product = draw.choice(reading, EDGES)
        above = layer[down_product] - 1
        low, high = begins[above], begins[above + 1]
        up_product = low + ((high - low) * draw.random(EDGES) ** 1.7).astype(np.int64)
        is_near = draw.random(EDGES) < 6 / 7
        up_product = np.where(is_near, up_product - (up_product - down_product) % AREAS, up_product)
        up_product = np.clip(up_product, low, high - 1)
        up = up_product * EACH + (EACH * draw.random(EDGES) ** 2).astype(np.int64)
        down = down_product * EACH + draw.integers(0, EACH, EDGES)
        found = np.unique(np.concatenate([found, up * count + down]))
    found = draw.permutation(found)[:EDGES]
    return found // count, found % count


def measured(calls: list[Callable[[], Any]]) -> tuple[float, float]:
    """Milliseconds of processor time, p50 and p95."""
    times = []
    for call in calls:
        used = time.process_time()
        call()
        times.append((time.process_time() - used) * 1000)
    return statistics.median(times), sorted(times)[int(len(times) * 0.95)]


def resident() -> int:
    """Megabytes of this process's own, without what is mapped from files."""
    held = dict(
        line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":" in line
    )
    return int((held.get("RssAnon") or held["VmRSS"]).split()[0]) // 1000


def by_networkx(graph: Graph, hub: int, reached: int) -> tuple[float, float]:
    """(milliseconds of one walk, seconds of loading)."""
    used = time.process_time()
    loaded: nx.DiGraph[int] = nx.DiGraph()
    own = np.repeat(np.arange(len(graph)), np.diff(graph.down_ptr))
    loaded.add_edges_from(zip(graph.ids[own].tolist(), graph.ids[graph.down_to].tolist(), strict=True))
    loading = time.process_time() - used
    found = nx.single_source_shortest_path_length(loaded, hub, cutoff=STEPS)
    assert len(found) - 1 == reached
    return measured([lambda: nx.single_source_shortest_path_length(loaded, hub, cutoff=STEPS)] * 5)[
        0
    ], loading


def test_the_walk_over_a_million_edges(tmp_path: Path) -> None:
    up, down = drawn(PRODUCTS * EACH)
    used = time.process_time()
    made = build(Edges(up, down, np.arange(EDGES), np.ones(EDGES, np.int64)), lambda ids: ids // EACH)
    building = time.process_time() - used
    graph = files.read(tmp_path, files.write(tmp_path, {"columns": made}, {})).graphs["columns"]
    del made
    degrees = np.diff(graph.down_ptr)
    hub = int(graph.ids[int(degrees.argmax())])
    feeding = graph.ids[np.flatnonzero(degrees)]
    others = np.random.default_rng(3).choice(feeding, 200).tolist()
    reached = len(graph.walk([hub], most_steps=STEPS)) - 1
    before = resident()
    from_hub = measured([lambda: graph.walk([hub], most_steps=STEPS)] * 100)
    from_others = measured([lambda start=start: graph.walk([start], most_steps=STEPS) for start in others])
    after = resident()
    walked, loading = by_networkx(graph, hub, reached)
    print(  # noqa: T201  # the figures are what this is for
        f"{graph.edges:,} edges, {len(graph):,} columns, built in {building:.1f} s; hub with {degrees.max():,} readers,"
        f" {reached:,} columns in {STEPS} steps: p50 {from_hub[0]:.2f} p95 {from_hub[1]:.2f} ms;"
        f" others p50 {from_others[0]:.2f} p95 {from_others[1]:.2f} ms; {before} MB before, {after} MB after;"
        f" NetworkX {walked:.1f} ms after {loading:.1f} s of loading, {resident()} MB"
    )
    assert walked > 2 * from_hub[0]
    assert after <= before + 20
