"""Reading what a port's score is made of, for many ports with a fixed number of queries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Count, Max, Q

from catalog.assets.models import AssetReading
from catalog.products.models import OutputPort
from catalog.quality.check_facts import check_facts
from catalog.quality.documentation import Documented
from catalog.quality.score import KeyFacts, Measured, RequiredField
from catalog.schemas import selectors as schemas
from catalog.schemas.conformance import Comparison, Conformance, compare
from catalog.schemas.models import FieldAnnotation, FieldProfile
from catalog.schemas.shape import FieldShape

# The columns that are judged: at a thousand ports, making instances of all of them is a tenth of the work.
_PORT = ("asset_id", "declared_schema_id", "description", "freshness_promise")
_PRODUCT = ("classification_id", "description", "limitations", "purpose", "support", "team_id", "usage")
REACHABILITY_WINDOW = timedelta(days=7)


class Profile(NamedTuple):
    row_count: int
    is_sample: bool
    null_share: float | None
    distinct: int | None


@dataclass(frozen=True, slots=True)
class PortFacts:
    """All that is known of one port at one time."""

    port: OutputPort
    measured: Measured
    documented: Documented


@dataclass(frozen=True, slots=True)
class _Reading:
    read_at: datetime
    fresh_at: datetime | None
    row_count: int | None


def read_facts(port_ids: Iterable[int], now: datetime) -> list[PortFacts]:
    """The facts of ports as of `now`; readings after it are ignored, so that history can be replayed."""
    ports = list(
        OutputPort.objects.filter(pk__in=list(port_ids))
        .select_related("product")
        .only(*_PORT, *(f"product__{name}" for name in _PRODUCT))
        .annotate(steward_count=Count("product__stewardships"))
        .order_by("pk")
    )
    asset_ids = {port.asset_id for port in ports if port.asset_id is not None}
    newest = schemas.newest_observed_ids(asset_ids)
    declared_ids = {port.declared_schema_id for port in ports if port.declared_schema_id is not None}
    shapes = schemas.shapes_of({*newest.values(), *declared_ids})
    reached = _reached(asset_ids, now)
    latest = _latest(asset_ids, now)
    described = _described(asset_ids)
    schemas_of = {}
    for port in ports:
        observed = shapes[newest[port.asset_id]] if port.asset_id in newest else None
        declared = shapes[port.declared_schema_id] if port.declared_schema_id is not None else []
        schemas_of[port.pk] = (declared, observed)
    comparisons = {pk: _compared(declared, observed or []) for pk, (declared, observed) in schemas_of.items()}
    judged = {port.asset_id for port in ports if port.asset_id and _profiled(comparisons[port.pk])}
    profiles = _profiles(judged)
    checks = check_facts([port.pk for port in ports], now)
    found = []
    for port in ports:
        asset_id = port.asset_id or 0
        declared, observed = schemas_of[port.pk]
        figures = profiles.get(asset_id, {})
        measured = replace(
            _measured(
                port, comparisons[port.pk], observed, latest.get(asset_id), reached.get(asset_id), figures
            ),
            checks=checks.get(port.pk, ()),
        )
        words = described.get(asset_id, frozenset())
        found.append(PortFacts(port, measured, _documented(port, declared or observed or [], words)))
    return found


def _compared(declared: Sequence[FieldShape], observed: Sequence[FieldShape]) -> Conformance:
    """Where nothing is declared, only the store's own key is judged: the other fields are left out."""
    return compare(declared, observed if declared else [field for field in observed if field.key_position])


def _profiled(conformance: Conformance) -> bool:
    """Whether any field's figures are judged: that of a key, or of a field that must never be empty."""
    return any(
        shape.key_position or (shape.is_nullable is False and shape is row.declared)
        for row in conformance.comparisons
        for shape in (row.declared, row.observed)
        if shape is not None
    )


def _reached(asset_ids: Iterable[int], now: datetime) -> dict[int, tuple[int, int]]:
    rows = (
        AssetReading.objects.filter(
            asset__in=list(asset_ids), read_at__gt=now - REACHABILITY_WINDOW, read_at__lte=now
        )
        .order_by()
        .values("asset_id")
        .annotate(reached=Count("pk", filter=Q(is_reachable=True)), tried=Count("pk"))
    )
    return {row["asset_id"]: (row["reached"], row["tried"]) for row in rows}


def _latest(asset_ids: Iterable[int], now: datetime) -> dict[int, _Reading]:
    """The newest reading of each asset that reached it: its age and size stand until it is read again."""
    newest = (
        AssetReading.objects.filter(asset__in=list(asset_ids), is_reachable=True, read_at__lte=now)
        .order_by()
        .values("asset_id")
        .annotate(newest=Max("read_at"))
    )
    times = {row["asset_id"]: row["newest"] for row in newest}
    rows = AssetReading.objects.filter(asset__in=list(times), read_at__in=set(times.values())).values_list(
        "asset_id", "read_at", "fresh_at", "row_count"
    )
    return {pk: _Reading(at, fresh, count) for pk, at, fresh, count in rows if times[pk] == at}


def _profiles(asset_ids: Iterable[int]) -> dict[int, dict[str, Profile]]:
    found: dict[int, dict[str, Profile]] = {}
    rows = FieldProfile.objects.filter(asset__in=list(asset_ids)).values_list(
        "asset_id", "path", "row_count", "is_sample", "null_share", "distinct_estimate"
    )
    for asset_id, path, row_count, is_sample, null_share, distinct in rows.iterator(chunk_size=5_000):
        found.setdefault(asset_id, {})[path] = Profile(row_count, is_sample, null_share, distinct)
    return found


def _described(asset_ids: Iterable[int]) -> dict[int, frozenset[str]]:
    found: dict[int, set[str]] = {}
    rows = FieldAnnotation.objects.filter(asset__in=list(asset_ids)).exclude(description="")
    for asset_id, path in rows.values_list("asset_id", "path"):
        found.setdefault(asset_id, set()).add(path)
    return {asset_id: frozenset(paths) for asset_id, paths in found.items()}


def _measured(
    port: OutputPort,
    comparison: Conformance,
    observed: Sequence[FieldShape] | None,
    reading: _Reading | None,
    reached: tuple[int, int] | None,
    profiles: Mapping[str, Profile],
) -> Measured:
    ok, tried = reached or (0, 0)
    return Measured(
        read_at=reading.read_at if reading else None,
        fresh_at=reading.fresh_at if reading else None,
        freshness_promise=port.freshness_promise,
        declared=comparison.declared_count,
        broken=None if observed is None else len(comparison.broken),
        required=_required(comparison.comparisons, profiles),
        key=_key(comparison.comparisons, profiles, reading),
        reached=ok,
        tried=tried,
    )


def _required(rows: Iterable[Comparison], profiles: Mapping[str, Profile]) -> tuple[RequiredField, ...]:
    """Fields the contract declares as never empty; what is missing is judged by conformance, not twice."""
    found = []
    for row in rows:
        if row.declared and row.observed and (row.declared.is_nullable is False or row.declared.key_position):
            profile = profiles.get(row.observed.path)
            found.append(RequiredField(row.path, profile.null_share if profile else None))
    return tuple(found)


def _key(
    rows: Sequence[Comparison], profiles: Mapping[str, Profile], reading: _Reading | None
) -> KeyFacts | None:
    """The declared key, or the store's own. A key of several fields is known to be unique only if the store says so."""
    enforced = {row.path for row in rows if row.observed and row.observed.key_position}
    promised = {row.path for row in rows if row.declared and row.declared.key_position}
    paths = promised or enforced
    if not paths:
        return None
    name = ", ".join(row.path for row in rows if row.path in paths)
    members = [row for row in rows if row.path in paths]
    alone = members[0].observed if len(members) == 1 else None
    if (enforced and enforced <= paths) or (alone and alone.is_unique):
        return KeyFacts(name, is_enforced=True)
    profile = profiles.get(alone.path) if alone else None
    if profile is None or profile.null_share is None:
        return KeyFacts(name)
    total = reading.row_count if profile.is_sample and reading else profile.row_count
    filled = None if total is None else round(total * (1 - profile.null_share))
    return KeyFacts(name, False, profile.distinct, filled, profile.is_sample)


def _documented(port: OutputPort, fields: Sequence[FieldShape], described: frozenset[str]) -> Documented:
    product = port.product
    return Documented(
        purpose=bool(product.purpose.strip()),
        description=bool(product.description.strip()),
        usage=bool(product.usage.strip()),
        limitations=bool(product.limitations.strip()),
        port_description=bool(port.description.strip()),
        has_owner=product.team_id is not None or bool(port.steward_count),  # type: ignore[attr-defined]
        has_support=bool(product.support),
        classification=product.classification_id is not None,
        described=sum(bool(field.comment.strip()) or field.path in described for field in fields),
        fields=len(fields),
    )
