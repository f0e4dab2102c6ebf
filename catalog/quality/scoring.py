"""Scoring ports: after every crawl, and when what a score rests on was edited."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from catalog.common import bulk
from catalog.quality.documentation import completeness
from catalog.quality.facts import read_facts
from catalog.quality.models import QualityScore
from catalog.quality.score import score

_COLUMNS = ("port_id", "scored_at", "value", "formula", "documentation", "dimensions")
_AT_ONCE = 200  # ports whose fields are held in memory together


def score_ports(*, port_ids: Iterable[int], now: datetime) -> None:
    """Append a score of each port as of `now`; scoring twice at the same moment leaves one."""
    listed = sorted(set(port_ids))
    for start in range(0, len(listed), _AT_ONCE):
        rows = []
        for facts in read_facts(listed[start : start + _AT_ONCE], now):
            result = score(facts.measured)
            written = completeness(facts.documented)
            dimensions = [dimension.as_dict() for dimension in result.dimensions]
            rows.append((facts.port.pk, now, result.value, result.formula, written.share, dimensions))
        with transaction.atomic():
            bulk.upsert(QualityScore, _COLUMNS, rows, unique=("port_id", "scored_at"), update=_COLUMNS[2:])
