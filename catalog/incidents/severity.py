"""How bad an incident is: by how critical the promise is, and by how many consumers are hit. Pure."""

from enum import StrEnum


class Severity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


RANKED = tuple(Severity)  # from least to worst
MANY = 10  # consumers from which on an incident is a step worse


def severity_of(criticality: str, consumers: int) -> Severity:
    """The criticality, a step down where nobody is hit, a step up where many are; never beyond the ends."""
    step = -1 if consumers <= 0 else 1 if consumers >= MANY else 0
    place = RANKED.index(Severity(criticality)) + step
    return RANKED[min(max(place, 0), len(RANKED) - 1)]


def rank(severity: str) -> int:
    """Comparable: the worse, the larger."""
    return RANKED.index(Severity(severity))


def worst(severities: list[str]) -> Severity | None:
    """The worst of them, None of none."""
    return RANKED[max(rank(item) for item in severities)] if severities else None
