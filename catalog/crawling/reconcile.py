"""What a crawl means: observations and what we know in, changes out. Pure: every rule stands in a table of tests.

Rules for things that are no longer there:

1. Nothing is ever deleted; a vanished asset is marked and comes back by itself when it is seen again.
2. Only a complete listing says that something is missing: a failed, cancelled or cut-off one says nothing.
3. A small loss (at most `SMALL_LOSS` of the assets, or `FEW` of them, and not everything) is believed at once.
4. A larger loss, or an empty store, is suspicious: the store may be half restored or the sign-in may see less. The
   assets are noted as missing and believed to have vanished only when complete listings have missed them for
   `BELIEVED_AFTER`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

SMALL_LOSS = 0.2  # share of the known assets
FEW = 2  # assets
BELIEVED_AFTER = timedelta(hours=24)


class Key(NamedTuple):
    """An asset by its OpenLineage dataset name."""

    namespace: str
    name: str


class Outcome(StrEnum):
    """What a run found at an asset; the values are those of CrawlItem.Outcome."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    VANISHED = "vanished"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Known:
    """An asset as the portal knows it."""

    kind: str
    comment: str = ""
    address: Mapping[str, object] = field(default_factory=dict)
    fingerprint: str = ""  # of the newest observed schema; empty: none yet
    definition: str = ""  # digest of the newest SQL of a view; empty: none yet
    missing_since: datetime | None = None
    vanished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """An asset as this crawl saw it. `fingerprint` is None where the schema was not looked at."""

    kind: str = ""
    comment: str = ""
    address: Mapping[str, object] = field(default_factory=dict)
    fingerprint: str | None = None
    definition: str = (
        ""  # digest of a view's SQL; empty: it has none, or it was not told, and the known one stays
    )
    error: str = ""  # why it could not be read; what is known of it is then kept
    is_gone: bool = False  # asked for by name, and the source says that it is not there


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to write of one asset."""

    outcome: Outcome
    message: str = ""
    is_new_schema: bool = False
    is_new_definition: bool = False
    missing_since: datetime | None = None
    vanished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reconciliation:
    verdicts: Mapping[Key, Verdict]
    suspicion: str = ""  # one sentence when a large loss was not believed yet

    def counts(self) -> dict[str, int]:
        """How many assets per outcome, every outcome named."""
        found = dict.fromkeys((str(outcome) for outcome in Outcome), 0)
        for verdict in self.verdicts.values():
            found[verdict.outcome] += 1
        return found


def reconcile(
    known: Mapping[Key, Known], seen: Mapping[Key, Seen], *, is_complete: bool, now: datetime
) -> Reconciliation:
    """Judge every seen asset, and (after a complete listing) every known one that was not seen.

    `known` holds the assets in the scope of the crawl: all of the connection, or the one that was asked for.
    """
    verdicts = {key: _judge(known.get(key), item) for key, item in seen.items() if not item.is_gone}
    absent = [key for key, item in seen.items() if item.is_gone and key in known]
    if is_complete:
        absent += [key for key in known if key not in seen]
    lost = {key: known[key] for key in absent if known[key].vanished_at is None}
    loss_is_small = _is_small(len(lost), sum(item.vanished_at is None for item in known.values()))
    held = 0
    for key, item in lost.items():
        verdicts[key] = _miss(item, loss_is_small, now)
        held += verdicts[key].vanished_at is None
    for key in absent:
        if key not in lost:
            verdicts[key] = Verdict(
                Outcome.UNCHANGED, missing_since=known[key].missing_since, vanished_at=known[key].vanished_at
            )
    return Reconciliation(verdicts, _suspicion(held, len(known)) if held else "")


def _judge(known: Known | None, seen: Seen) -> Verdict:
    if seen.error:
        return Verdict(Outcome.FAILED, seen.error)
    if known is None:
        return Verdict(
            Outcome.NEW, is_new_schema=seen.fingerprint is not None, is_new_definition=bool(seen.definition)
        )
    is_new_schema = seen.fingerprint is not None and seen.fingerprint != known.fingerprint
    is_new_definition = bool(seen.definition) and seen.definition != known.definition
    if known.vanished_at is not None:
        return Verdict(Outcome.CHANGED, "It is back.", is_new_schema, is_new_definition)
    if is_new_schema or is_new_definition:
        words = []
        if is_new_schema and not known.fingerprint:
            words.append("Its schema was read for the first time.")
        if is_new_definition:
            words.append("Its SQL changed." if known.definition else "Its SQL was read for the first time.")
        return Verdict(Outcome.CHANGED, " ".join(words), is_new_schema, is_new_definition)
    if (known.kind, known.comment, dict(known.address)) != (seen.kind, seen.comment, dict(seen.address)):
        return Verdict(Outcome.CHANGED)
    return Verdict(Outcome.UNCHANGED)


def _is_small(lost: int, present: int) -> bool:
    return lost < present and (lost <= FEW or lost <= SMALL_LOSS * present)


def _miss(item: Known, loss_is_small: bool, now: datetime) -> Verdict:
    since = item.missing_since or now
    believed_at_once = loss_is_small and item.missing_since is None  # a doubt stands until its time is over
    if believed_at_once or now - since >= BELIEVED_AFTER:
        return Verdict(
            Outcome.VANISHED, "It is no longer in the store.", missing_since=since, vanished_at=now
        )
    return Verdict(
        Outcome.FAILED,
        f"It was not found; it counts as vanished if it is still away at {since + BELIEVED_AFTER:%Y-%m-%d %H:%M} UTC.",
        missing_since=since,
    )


def _suspicion(held: int, known: int) -> str:
    return (
        f"{held} of {known} known assets were not found. That is too many to believe at once: they are kept, and "
        f"counted as vanished when they stay away for {BELIEVED_AFTER.total_seconds() / 3600:.0f} hours."
    )
