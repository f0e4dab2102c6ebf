"""Results of a contract under which no port is offered yet: kept as they were read until one is."""

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from catalog.accounts.models import User
from catalog.common.errors import Problem
from catalog.quality.models import WaitingResults
from catalog.quality.outside.findings import Dataset, Finding, Reading, moment

MOST = 20  # files of one contract; the oldest goes
LONGEST = 1_000_000  # characters of one file's results


def keep(
    *, actor: User | None, reading: Reading, findings: Sequence[Finding], now: dt.datetime
) -> Problem | None:
    """Keep findings of one contract; the same twice is once. The problem says why they could not be kept."""
    key = findings[0].dataset.contract
    data = [_written(found) for found in findings]
    text = json.dumps(data, sort_keys=True, ensure_ascii=False)
    if len(text) > LONGEST or len(key) > 300:
        return Problem("$", "too-large", "It is too large to wait for a port; send it again then.", "warning")
    WaitingResults.objects.get_or_create(
        contract_key=key,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        defaults={
            "tool": reading.tool[:40],
            "version": reading.version[:60],
            "run_key": reading.run[:200],
            "findings": data,
            "sent_by": actor,
            "received_at": now,
        },
    )
    kept = WaitingResults.objects.filter(contract_key=key).values_list("pk", flat=True)
    WaitingResults.objects.filter(pk__in=list(kept[MOST:])).delete()
    return None


def read(row: WaitingResults) -> Reading:
    """What was kept, as it was read."""
    return Reading(
        tool=row.tool,
        version=row.version,
        run=row.run_key,
        findings=tuple(_read(data) for data in row.findings),
    )


def _written(found: Finding) -> dict[str, Any]:
    at = found.measured_at
    return {**asdict(found), "extra": dict(found.extra), "measured_at": at.isoformat() if at else None}


def _read(data: dict[str, Any]) -> Finding:
    members = {**data, "dataset": Dataset(**data["dataset"]), "measured_at": moment(data["measured_at"])}
    return Finding(**members)
