"""From what machines saw between assets to edges from port to product.

A port feeds a product when the asset it claims reaches, through assets that no port claims, an asset that a port of the
product claims. The steps of a way may come from different sources; the derived edge has the source of its last step.
It exists since its youngest step does (of several ways, by the oldest), was last seen when its stalest step was, and
is as sure as its least sure step.

Derived edges are a function of the edges in force and the claims: every call computes those of the touched ports anew
and writes what differs, so that the order of observations and claims does not matter.
"""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from catalog.common import bulk
from catalog.products.models import OutputPort
from lineage.edges.locks import in_batches, lock_edges
from lineage.edges.region import Region, read_region
from lineage.edges.ways import Way, ways_from
from lineage.impact.changes import note_graph_changed
from lineage.models import DerivationStop, LineageEdge, NodeKind, PortClaim

STEPS = 500_000  # of one call, over all ports
log = logging.getLogger(__name__)

Target = tuple[int, int, str]  # (port, product, source)


@dataclass(slots=True)
class Derivation:
    """What one call did. `stopped_at` names assets from which not everything was followed."""

    begun: int = 0
    changed: int = 0
    ended: int = 0
    stopped_at: list[int] = field(default_factory=list)


@transaction.atomic
def derive_edges(
    assets: Collection[int],
    *,
    at: datetime | None = None,
    claims: Collection[int] = (),
    ports: Collection[int] = (),
) -> Derivation:
    """Make the derived edges true around `assets` (upstream ends of edges that changed) and `claims` (assets that a
    port claimed or released, with those `ports`); what is no longer so ends at `at`.

    A region larger than `region.EDGES` or a call of more than STEPS is not followed to its end: what was found is
    written, nothing that was not followed is ended, and `stopped_at` and DerivationStop say where.
    """
    lock_edges()
    region = read_region(assets, claims)
    wanted, unfinished = _wanted(region)
    affected = {*ports, *(port for asset in region.starts for port in region.ports_of(asset))}
    done = _write(wanted, affected, unfinished, at or timezone.now())
    _tell_stops(region, unfinished, {*assets, *claims}, done)
    return done


def follow_claims(port_ids: Collection[int] | None = None, *, at: datetime | None = None) -> Derivation:
    """Derive anew around ports (None: all) whose claim is not the one remembered. Changes nothing otherwise."""
    before = PortClaim.objects.all() if port_ids is None else PortClaim.objects.filter(pk__in=port_ids)
    ports = OutputPort.objects.exclude(asset=None)
    ports = ports if port_ids is None else ports.filter(pk__in=port_ids)
    now: set[tuple[int, int]] = {
        (port, asset) for port, asset in ports.values_list("pk", "asset_id") if asset is not None
    }
    then = set(before.values_list("port_id", "asset_id"))
    differs = now ^ then
    if not differs:
        return Derivation()
    with transaction.atomic():
        lock_edges()
        for some in in_batches(sorted({port for port, _ in then - now})):
            PortClaim.objects.filter(pk__in=some).delete()
        begun = [(port, asset) for port, asset in sorted(now - then)]
        bulk.upsert(PortClaim, ("port_id", "asset_id"), begun, unique=("port_id",), update=("asset_id",))
        claimed = {asset for _, asset in differs}
        return derive_edges((), at=at, claims=claimed, ports={port for port, _ in differs})


def _wanted(region: Region) -> tuple[dict[Target, Way], set[int]]:
    """Derived edges from the region's starts, and the starts that were not followed to the end."""
    wanted: dict[Target, Way] = {}
    unfinished = set(region.starts) if region.is_cut else set()
    steps = STEPS
    for start in sorted(region.starts):
        arrivals, taken, is_done = ways_from(start, region.edges, region.claimed, steps)
        steps -= taken
        if not is_done:
            unfinished.add(start)
        for (asset, source), way in arrivals.items():
            for port, own in region.claimed[start]:
                for _, product in region.claimed[asset]:
                    if product != own:
                        key = (port, product, source)
                        wanted[key] = way.or_else(wanted.get(key))
    return {key: way.settled() for key, way in wanted.items()}, unfinished


def _write(wanted: dict[Target, Way], affected: set[int], unfinished: set[int], at: datetime) -> Derivation:
    known: dict[Target, tuple[int, Way]] = {}
    for some in in_batches(sorted(affected)):
        rows = LineageEdge.objects.filter(
            valid_to=None, is_derived=True, upstream_kind=NodeKind.PORT, upstream_id__in=some
        )
        columns = ("pk", "upstream_id", "downstream_id", "source", "first_seen", "last_seen", "confidence")
        for pk, port, product, source, *way in rows.values_list(*columns):
            known[port, product, source] = (pk, Way(*way))
    kept = _ports_of(unfinished)
    ended = [pk for key, (pk, _) in known.items() if key not in wanted and key[0] not in kept]
    begun = sorted(wanted.keys() - known.keys())
    changed = {key: way for key, way in wanted.items() if key in known and known[key][1] != way}
    for batch in in_batches(ended):
        LineageEdge.objects.filter(pk__in=batch, valid_to=None).update(valid_to=at)
    _insert(begun, wanted)
    if begun or ended:
        note_graph_changed()
    for same, keys in _grouped((way, known[key][0]) for key, way in changed.items()).items():
        for batch in in_batches(keys):
            LineageEdge.objects.filter(pk__in=batch).update(
                first_seen=same.first_seen, last_seen=same.last_seen, confidence=same.confidence
            )
    return Derivation(len(begun), len(changed), len(ended))


def _insert(begun: list[Target], wanted: dict[Target, Way]) -> None:
    bulk.insert(
        LineageEdge,
        ("source", "is_derived", "note", "upstream_kind", "upstream_id", "downstream_kind", "downstream_id",
         "confidence", "first_seen", "last_seen"),
        [
            (source, True, "", NodeKind.PORT.value, port, NodeKind.PRODUCT.value, product,
             wanted[port, product, source].confidence, wanted[port, product, source].first_seen,
             wanted[port, product, source].last_seen)
            for port, product, source in begun
        ],
    )  # fmt: skip


def _ports_of(assets: Collection[int]) -> set[int]:
    found: set[int] = set()
    for some in in_batches(sorted(assets)):
        found.update(OutputPort.objects.filter(asset_id__in=some).values_list("pk", flat=True))
    return found


def _grouped(rows: Iterable[tuple[Way, int]]) -> dict[Way, list[int]]:
    grouped: dict[Way, list[int]] = defaultdict(list)
    for way, pk in rows:
        grouped[way].append(pk)
    return grouped


def _tell_stops(region: Region, unfinished: set[int], touched: set[int], done: Derivation) -> None:
    """Remember where the following stopped, and forget the stops that were followed to the end this time."""
    stopped = unfinished | (touched if region.is_cut_upstream else set())
    followed = (set(region.starts) | touched) - stopped
    for batch in in_batches(sorted(followed)):
        DerivationStop.objects.filter(asset_id__in=batch).delete()
    if not stopped:
        return
    done.stopped_at = sorted(stopped)
    rows = [(asset, timezone.now()) for asset in done.stopped_at]
    bulk.upsert(DerivationStop, ("asset", "stopped_at"), rows, unique=("asset",), update=("stopped_at",))
    log.warning("Edges were not derived to the end from %d assets, such as %d.", len(rows), rows[0][0])
