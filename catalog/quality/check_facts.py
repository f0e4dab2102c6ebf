"""What checks say of ports at one time, for their scores; a fixed number of queries for many ports."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import F, OuterRef, Subquery

from catalog.connections.models import Schedule
from catalog.quality.models import CheckResult, QualityCheck
from catalog.quality.outcomes import Outcome
from catalog.quality.score import CheckFacts
from catalog.quality.storing import recent_until

WEIGHTS = {
    QualityCheck.Severity.INFO: 1,
    QualityCheck.Severity.WARNING: 2,
    QualityCheck.Severity.ERROR: 3,
    QualityCheck.Severity.CRITICAL: 4,
}


def check_facts(port_ids: Collection[int], now: datetime) -> dict[int, tuple[CheckFacts, ...]]:
    """By port: every check that can be measured, with its newest clear answer not after `now`, if it is recent."""
    answers = CheckResult.objects.filter(
        quality_check=OuterRef("pk"), measured_at__lte=now, outcome__in=(Outcome.PASSED, Outcome.FAILED)
    ).order_by("-measured_at")
    rows = (
        QualityCheck.objects.active()
        .filter(port__in=port_ids)
        .exclude(kind=QualityCheck.Kind.TEXT)
        .only("port_id", "name", "kind", "source", "dimension", "severity", "every", "schedule")
        .annotate(
            crawled=F("port__connection__schedule"),
            answer=Subquery(answers.values("outcome")[:1]),
            answered_at=Subquery(answers.values("measured_at")[:1]),
        )
        .order_by("port_id", "pk")
    )
    found: dict[int, list[CheckFacts]] = {}
    for row in rows:
        answer, at, crawled = row.answer, row.answered_at, row.crawled  # type: ignore[attr-defined]
        is_recent = at is not None and now <= recent_until(row, crawled or Schedule.MANUAL, at)
        passed = answer == Outcome.PASSED if is_recent else None
        weight = WEIGHTS[QualityCheck.Severity(row.severity)]
        found.setdefault(row.port_id, []).append(CheckFacts(row.name, row.dimension, weight, passed))
    return {port_id: tuple(listed) for port_id, listed in found.items()}
