"""Durations in contracts as whole days. Pure."""

import math
from typing import Any

from catalog.contracts.contract_promises import SECONDS

LONGEST = 36_500  # days


def days_of(value: Any, unit: str) -> int | None:
    """`3`, `"mo"` -> 92: whole days, rounded up; None when it is no duration between 0 days and a century."""
    try:
        days = float(value) * SECONDS[unit.lower()] / 86_400
    except (TypeError, ValueError, KeyError, OverflowError):
        return None
    return math.ceil(days) if 0 <= days <= LONGEST else None
