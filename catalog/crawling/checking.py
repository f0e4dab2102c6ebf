"""Checks that crawls measure: which are due, what a connector is asked, and what its answers mean."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from django.db.models import F

from catalog.connections.connectors.checking import CheckKind, CheckSpec
from catalog.connections.connectors.observations import ObservedCheck, ObservedReading
from catalog.crawling import cleaning
from catalog.products.models import Lifecycle, OutputPort, Visibility
from catalog.quality.judging import Figures, judge
from catalog.quality.models import QualityCheck
from catalog.quality.outcomes import Outcome
from catalog.quality.selectors import next_due
from catalog.quality.storing import NewResult

Kind = QualityCheck.Kind
_EARLY = 0.9  # of the span between two measurements must have passed: crawls are not exact
_LOOK_AROUND = frozenset({Kind.REFERENTIAL, Kind.CUSTOM_SQL})
_SPOKEN = {Kind.ROW_COUNT_CHANGE: "row_count"}  # what a connector is asked for it
MOST_CHECKS = 2_000  # of one asset in one crawl


@dataclass(frozen=True, slots=True)
class DueCheck:
    """A check to measure. `spec` is None where the reading itself is the answer (freshness without a field)."""

    pk: int
    kind: str
    element: str
    parameters: Mapping[str, Any]
    spec: CheckSpec | None
    before: int | None  # rows counted the time before


def due_checks(asset_ids: Collection[int], now: dt.datetime) -> dict[int, tuple[DueCheck, ...]]:
    """The checks of the ports of assets that are to be measured now, by asset, in a fixed number of queries."""
    rows = list(
        QualityCheck.objects.active()
        .filter(port__asset__in=asset_ids)
        .exclude(kind__in=(Kind.TEXT, Kind.EXTERNAL))
        .exclude(source__in=(QualityCheck.Source.DBT, QualityCheck.Source.OUTSIDE))
        .exclude(port__product__lifecycle=Lifecycle.RETIRED)
        .order_by("port__asset", "pk")
        .annotate(
            asset_id=F("port__asset_id"),
            product_id=F("port__product_id"),
            measured_at=F("state__measured_at"),
            counted=F("state__total_rows"),
        )
    )
    around = _around({row.asset_id for row in rows if row.kind in _LOOK_AROUND})  # type: ignore[attr-defined]
    found: dict[int, list[DueCheck]] = {}
    for row in rows:
        asset_id, product_id = row.asset_id, row.product_id  # type: ignore[attr-defined]
        listed = found.setdefault(asset_id, [])
        if _is_due(row, now) and len(listed) < MOST_CHECKS:
            readable = around.get(asset_id, Around()).readable(row.kind, product_id)
            counted = row.counted if row.kind == Kind.ROW_COUNT_CHANGE else None  # type: ignore[attr-defined]
            spec = spec_of(row.pk, row.kind, row.element, row.parameters, readable)
            listed.append(DueCheck(row.pk, row.kind, row.element, row.parameters, spec, counted))
    return {asset_id: tuple(listed) for asset_id, listed in found.items() if listed}


def _is_due(row: QualityCheck, now: dt.datetime) -> bool:
    measured_at = row.measured_at  # type: ignore[attr-defined]
    if row.schedule:
        due_at = next_due(row, measured_at)
        return due_at is not None and due_at <= now
    return row.every is None or measured_at is None or now - measured_at >= _EARLY * row.every


@dataclass(frozen=True, slots=True)
class Around:
    """Other assets in the store of one: (address, product, whether everybody in the mesh may see that product)."""

    assets: tuple[tuple[Mapping[str, Any], int, bool], ...] = ()

    def readable(self, kind: str, product_id: int) -> tuple[Mapping[str, Any], ...]:
        """An own query reads what its product offers; a reference may also lead to what the whole mesh may see."""
        if kind not in _LOOK_AROUND:
            return ()
        is_open = kind == Kind.REFERENTIAL
        return tuple(
            address
            for address, owner, is_public in self.assets
            if owner == product_id or (is_open and is_public)
        )


def _around(asset_ids: Collection[int]) -> dict[int, Around]:
    """What else ports offer from the same stores, for checks that look beyond their own table."""
    if not asset_ids:
        return {}
    own = dict(OutputPort.objects.filter(asset__in=asset_ids).values_list("asset_id", "asset__connection_id"))
    offered: dict[int, list[tuple[Mapping[str, Any], int, bool]]] = {}
    rows = OutputPort.objects.filter(asset__connection__in=set(own.values()), asset__vanished_at=None)
    for connection_id, address, product_id, lifecycle, visibility in rows.values_list(
        "asset__connection_id", "asset__address", "product_id", "product__lifecycle", "product__visibility"
    ).distinct():
        is_public = visibility == Visibility.MESH and lifecycle in (Lifecycle.ACTIVE, Lifecycle.DEPRECATED)
        if address.get("table"):
            offered.setdefault(connection_id, []).append((address, product_id, is_public))
    return {
        asset_id: Around(tuple(offered.get(connection_id, ())))
        for asset_id, connection_id in own.items()
        if asset_id is not None and connection_id is not None
    }


def spec_of(
    number: int,
    kind: str,
    element: str,
    parameters: Mapping[str, Any],
    readable: tuple[Mapping[str, Any], ...] = (),
) -> CheckSpec | None:
    """What a connector is asked."""
    if kind == Kind.FRESHNESS and not element:
        return None
    return CheckSpec(
        number=number,
        kind=cast(CheckKind, _SPOKEN.get(Kind(kind), kind)),
        element=element,
        fields=tuple(parameters.get("fields") or ()),
        missing_values=tuple(parameters.get("missing_values") or ()),
        values=tuple(parameters.get("values") or ()),
        at_least=parameters.get("at_least") if kind == Kind.RANGE else None,
        at_most=parameters.get("at_most") if kind == Kind.RANGE else None,
        pattern=parameters.get("pattern", ""),
        table=parameters.get("table", ""),
        table_field=parameters.get("field", ""),
        query=parameters.get("query", ""),
        readable=readable,
    )


def results_of(
    checks: Iterable[DueCheck],
    reading: ObservedReading | None,
    observed: Mapping[int, ObservedCheck],
    *,
    run_id: int,
    now: dt.datetime,
) -> list[NewResult]:
    """What a crawl found out; nothing of an asset it did not come to."""
    if reading is None:
        return []
    return [_result(check, reading, observed.get(check.pk), run_id, now) for check in checks]


def _result(
    check: DueCheck, reading: ObservedReading, seen: ObservedCheck | None, run_id: int, now: dt.datetime
) -> NewResult:
    figures = _figures(check, reading, seen, now)
    if figures is None:
        outcome, message, value = (
            Outcome.SKIPPED,
            "Checks of this store cannot be measured by crawls yet.",
            None,
        )
    else:
        judged = judge(check.kind, check.parameters, figures)
        outcome, message, value = judged.outcome, judged.message, judged.value
    return NewResult(
        check_id=check.pk,
        measured_at=now,
        outcome=outcome,
        source="crawl",
        failed_rows=figures.failed_rows if figures else None,
        total_rows=figures.total_rows if figures else None,
        value=value,
        message=cleaning.text(message, 1_000),
        run_key=str(run_id),
        sample=tuple(cleaning.text(text, 200) for text in seen.sample[:5]) if seen else (),
    )


def _figures(
    check: DueCheck, reading: ObservedReading, seen: ObservedCheck | None, now: dt.datetime
) -> Figures | None:
    """None: the connector does not measure checks."""
    if reading.error is not None and seen is None:
        return Figures(error=f"The data could not be read: {reading.error.message}")
    moment = reading.fresh_at
    if check.spec is not None:
        if seen is None:
            return None
        if seen.error is not None:
            return Figures(error=f"{seen.error.message} {seen.error.remedy}".strip())
        moment = seen.moment
    if check.kind == Kind.FRESHNESS:
        if moment is None:
            return Figures(error="The age of the newest data could not be told.")
        return Figures(value=max((now - moment).total_seconds(), 0.0))
    if seen is None:
        return None
    return Figures(
        failed_rows=cleaning.count(seen.failed_rows),
        total_rows=cleaning.count(seen.total_rows),
        value=cleaning.number(seen.value),
        before=check.before,
    )
