"""The marks of the trust strip: from a trust row and the time of reading to meanings people understand. Pure.

A mark is good only when a fresh measurement says so. An old measurement, a missing promise or no measurement give
`unknown`, never green. What could not be read at the last crawl was not measured then: its quality and freshness are
those of an earlier time, and so `outdated`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, Protocol

Meaning = Literal["good", "warning", "bad", "unknown"]
GOOD_QUALITY = 85
FAIR_QUALITY = 60


class TrustRow(Protocol):
    """What is kept of a port or product (see `TrustMarks`)."""

    @property
    def quality(self) -> float | None: ...
    @property
    def quality_at(self) -> datetime | None: ...
    @property
    def fresh_at(self) -> datetime | None: ...
    @property
    def freshness_promise(self) -> timedelta | None: ...
    @property
    def is_reachable(self) -> bool | None: ...
    @property
    def measured_at(self) -> datetime | None: ...
    @property
    def valid_until(self) -> datetime | None: ...
    @property
    def has_owner(self) -> bool: ...
    @property
    def slo_status(self) -> str: ...
    @property
    def slo_budget(self) -> float | None: ...
    @property
    def slo_measured_at(self) -> datetime | None: ...
    @property
    def slo_valid_until(self) -> datetime | None: ...
    @property
    def contract_status(self) -> str: ...
    @property
    def certified_at(self) -> datetime | None: ...
    @property
    def certified_until(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class TrustFacts:
    """A trust row without a database; the defaults say that nothing was measured."""

    quality: float | None = None
    quality_at: datetime | None = None
    fresh_at: datetime | None = None
    freshness_promise: timedelta | None = None
    is_reachable: bool | None = None
    measured_at: datetime | None = None
    valid_until: datetime | None = None
    has_owner: bool = False
    slo_status: str = ""
    slo_budget: float | None = None
    slo_measured_at: datetime | None = None
    slo_valid_until: datetime | None = None
    contract_status: str = ""
    certified_at: datetime | None = None
    certified_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark of the trust strip: `value` stands beside the shape of `meaning`, `explanation` is one sentence.

    `source` and `at` say who measured and when; `url` leads to the proof, empty when no page was given. `is_judged`
    False: nothing is promised here, or it is somebody's word, so it speaks neither for nor against the whole.
    """

    key: str
    label: str
    meaning: Meaning
    value: str
    explanation: str
    source: str = ""
    at: datetime | None = None
    url: str = ""
    is_judged: bool = True

    def at_proof(self, page: str) -> "Mark":
        """The same mark with the address of its proof on `page`."""
        return replace(self, url=f"{page}#{self.key}")


def marks(row: TrustRow | None, now: datetime, proof: str = "") -> tuple[Mark, ...]:
    """Contract, objectives, quality, freshness, certification, owner: always all six, always in this order.

    `row` None: nothing known yet. `proof`: the address of the page whose `#quality` explains every point.
    """
    facts: TrustRow = row or TrustFacts()
    found = (
        _contract(facts, now), objectives_mark(facts, now), _quality(facts, now), _freshness(facts, now),
        _certification(facts, now), _owner(facts),
    )  # fmt: skip
    return tuple(mark.at_proof(proof) for mark in found) if proof else found


_ORDER: tuple[Meaning, ...] = ("bad", "warning", "unknown", "good")


def worst_meaning(found: Iterable[Mark]) -> Meaning:
    """The state that speaks for several marks: bad before warning before unknown before good."""
    return min((mark.meaning for mark in found if mark.is_judged), key=_ORDER.index, default="unknown")


def _is_current(row: TrustRow, now: datetime) -> bool:
    return row.measured_at is not None and row.valid_until is not None and now <= row.valid_until


def _stale(key: str, label: str, row: TrustRow, now: datetime, was: str) -> Mark:
    if row.measured_at is None:
        return Mark(key, label, "unknown", "not measured", "It was not measured yet.")
    text = f"The last measurement is {_span(now - row.measured_at)} old and too old to rely on. {was}".strip()
    return Mark(key, label, "unknown", "outdated", text, "crawl", row.measured_at)


def _unread(key: str, label: str, row: TrustRow, was: str) -> Mark:
    text = f"The last crawl could not read it, so this was not measured. {was}".strip()
    return Mark(key, label, "unknown", "outdated", text, "crawl", row.measured_at)


_SLO_WORDS: dict[str, tuple[Meaning, str]] = {
    "good": ("good", "Every objective is kept."),
    "warning": ("warning", "An objective is at risk: its budget burns fast or is nearly spent."),
    "bad": ("bad", "An objective is missed: more failed than its target allows."),
}


def _none(key: str, label: str, text: str) -> Mark:
    return Mark(key, label, "unknown", "none", text, "catalog", is_judged=False)


def _contract(row: TrustRow, now: datetime) -> Mark:
    key, label = "contract", "Contract"
    if not row.contract_status:
        return _none(key, label, "It is offered under no contract.")
    if row.measured_at is None:
        text = "There is a contract; what is observed was not compared with it yet."
        return Mark(key, label, "unknown", "not measured", text)
    if not _is_current(row, now):
        return _stale(key, label, row, now, "")
    if row.contract_status == "drifted":
        text = "The observed schema breaks what the contract promises."
        return Mark(key, label, "bad", "broken", text, "crawl", row.measured_at)
    if row.contract_status == "kept":
        text = "The observed schema keeps what the contract promises."
        return Mark(key, label, "good", "kept", text, "crawl", row.measured_at)
    text = "There is a contract; what was observed last could not be compared with it."
    return Mark(key, label, "unknown", "not compared", text, "crawl", row.measured_at)


ENDS_SOON = timedelta(days=30)


def _certification(row: TrustRow, now: datetime) -> Mark:
    key, label, at, until = "certification", "Certified", row.certified_at, row.certified_until
    if until is None:
        return Mark(
            key, label, "unknown", "not certified", "No steward has certified it.", "catalog", is_judged=False
        )
    if now >= until:
        text = f"A steward certified it; that ended {_span(now - until)} ago."
        return Mark(key, label, "unknown", "no longer certified", text, "steward", at, is_judged=False)
    left = _span(until - now)
    value = f"{left} left" if until - now <= ENDS_SOON else "certified"
    text = f"A steward certified it; that ends in {left}."
    return Mark(key, label, "good", value, text, "steward", at, is_judged=False)


def objectives_mark(row: TrustRow, now: datetime) -> Mark:
    """The second of `marks` alone."""
    key, label, at = "slos", "SLO", row.slo_measured_at
    if not row.slo_status:
        return _none(key, label, "No objective is promised.")
    judged = _SLO_WORDS.get(row.slo_status)
    if judged is None and at is None:
        return Mark(key, label, "unknown", "not measured", "Objectives are promised and not measured yet.")
    if judged is None or row.slo_valid_until is None or now > row.slo_valid_until:
        text = "An objective was not measured recently, so nobody knows whether all are kept."
        return Mark(key, label, "unknown", "outdated", text, "measurements", at)
    meaning, text = judged
    left = row.slo_budget
    if left is None:
        return Mark(key, label, meaning, "kept" if meaning == "good" else "missed", text, "measurements", at)
    value = f"{_share(left)} budget" if left >= 0 else "missed"
    text = f"{text} {_share(left)} of the tightest error budget is left." if left >= 0 else text
    return Mark(key, label, meaning, value, text, "measurements", at)


def _share(value: float) -> str:
    """Never 100 % for less than all and never 0 % for something."""
    if 0.99 < value < 1:
        return "99 %"
    return "under 1 %" if 0 < value < 0.01 else f"{value:.0%}".replace("%", " %")


def _quality(row: TrustRow, now: datetime) -> Mark:
    key, label = "quality", "Quality"
    if row.measured_at is not None and row.quality is None:
        text = "Fewer than two dimensions of quality are measured, so there is no score."
        return Mark(key, label, "unknown", "no score", text, "crawl", row.measured_at)
    if row.quality is None or not _is_current(row, now):
        return _stale(key, label, row, now, f"The score was {row.quality:.0f} of 100." if row.quality else "")
    if row.is_reachable is False:
        return _unread(key, label, row, "What was known before is explained point by point.")
    meaning: Meaning = "bad"
    shown = round(row.quality)  # judged as it is shown
    if shown >= FAIR_QUALITY:
        meaning = "good" if shown >= GOOD_QUALITY else "warning"
    text = f"The quality score is {shown} of 100."
    return Mark(key, label, meaning, f"{shown}", text, "crawl", row.quality_at or row.measured_at)


def _freshness(row: TrustRow, now: datetime) -> Mark:
    key, label = "freshness", "Freshness"
    if row.measured_at is None:
        return _stale(key, label, row, now, "")
    if row.is_reachable is False and _is_current(row, now):
        known = f" The newest data known is {_span(now - row.fresh_at)} old." if row.fresh_at else ""
        text = f"The last crawl could not read it.{known}"
        return Mark(key, label, "bad", "unreachable", text, "crawl", row.measured_at)
    if row.fresh_at is None:
        text = "The age of the newest data could not be measured."
        return Mark(key, label, "unknown", "age unknown", text, "crawl", row.measured_at)
    age_then, age_now = max(row.measured_at - row.fresh_at, timedelta()), max(now - row.fresh_at, timedelta())
    if row.freshness_promise is None:
        text = f"The newest data was {_span(age_then)} old when measured; no freshness is promised."
        return Mark(key, label, "unknown", "no promise", text, "crawl", row.measured_at)
    promise = _span(row.freshness_promise)
    if not _is_current(row, now):
        return _stale(key, label, row, now, f"At most {promise} of age is promised.")
    if age_then > row.freshness_promise:
        text = f"The newest data was {_span(age_then)} old when measured; at most {promise} is promised."
        return Mark(key, label, "bad", "late", text, "crawl", row.measured_at)
    if age_now > row.freshness_promise:
        text = f"In time when measured; since then the promise of {promise} has run out. The next crawl will tell."
        return Mark(key, label, "warning", "to be measured", text, "crawl", row.measured_at)
    text = f"The newest data is {_span(age_now)} old; at most {promise} is promised."
    return Mark(key, label, "good", "in time", text, "crawl", row.measured_at)


def _owner(row: TrustRow) -> Mark:
    if row.has_owner:
        return Mark("owner", "Owner", "good", "owned", "Somebody answers for it.", "catalog")
    return Mark("owner", "Owner", "bad", "unowned", "Nobody answers for it: no team and no owner.", "catalog")


def _span(span: timedelta) -> str:
    seconds = max(span.total_seconds(), 0)
    for size, noun in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {noun}{'' if count == 1 else 's'}"
    return "under a minute"
