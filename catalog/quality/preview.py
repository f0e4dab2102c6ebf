"""What a check would have said of the last crawl, from what that crawl kept; nothing is asked of the store."""

import datetime as dt

from catalog.assets.models import AssetReading
from catalog.quality.judging import Figures, Judged, judge
from catalog.quality.models import QualityCheck
from catalog.schemas.models import FieldProfile

Kind = QualityCheck.Kind


def preview(check: QualityCheck) -> tuple[Judged, dt.datetime] | None:
    """The outcome and when the crawl was; None where what it kept cannot tell."""
    if check.port.asset_id is None:
        return None
    readings = list(
        AssetReading.objects.filter(asset=check.port.asset_id, is_reachable=True).order_by("-read_at")[:2]
    )
    if not readings:
        return None
    figures = _figures(check, readings)
    return None if figures is None else (judge(check.kind, check.parameters, figures), readings[0].read_at)


def _figures(check: QualityCheck, readings: list[AssetReading]) -> Figures | None:
    newest = readings[0]
    exact = newest.row_count if newest.row_count is not None and not newest.row_count_is_estimate else None
    if check.kind == Kind.ROW_COUNT:
        return None if exact is None else Figures(value=float(exact))
    if check.kind == Kind.ROW_COUNT_CHANGE:
        before = readings[1].row_count if len(readings) > 1 else None
        return None if exact is None or before is None else Figures(value=float(exact), before=before)
    if check.kind == Kind.FRESHNESS:
        is_basis = not check.element or newest.fresh_basis == f"column {check.element}"
        if newest.fresh_at is None or not is_basis:
            return None
        return Figures(value=max((newest.read_at - newest.fresh_at).total_seconds(), 0.0))
    return _of_profile(check)


def _of_profile(check: QualityCheck) -> Figures | None:
    """Only a profile of all rows is certain."""
    profile = FieldProfile.objects.filter(asset=check.port.asset_id, path__iexact=check.element).first()
    if profile is None or profile.is_sample or profile.null_share is None:
        return None
    empty = round(profile.null_share * profile.row_count)
    if check.kind == Kind.NOT_NULL and not check.parameters.get("missing_values"):
        return Figures(failed_rows=empty, total_rows=profile.row_count)
    if (
        check.kind == Kind.UNIQUE
        and not check.parameters.get("fields")
        and profile.distinct_estimate is not None
    ):
        doubled = profile.row_count - empty - profile.distinct_estimate
        return Figures(failed_rows=max(doubled, 0), total_rows=profile.row_count)
    return None
