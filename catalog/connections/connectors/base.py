"""The contract between the portal and a connector: what it declares, what it is given, what it answers."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, Protocol, runtime_checkable

from catalog.common.allow_list import AllowList
from catalog.connections.connectors.checking import CheckSpec
from catalog.connections.connectors.config import Config, ConfigField
from catalog.connections.connectors.errors import Cancelled, SourceError
from catalog.connections.connectors.observations import (
    AssetKey,
    Failure,
    Observation,
    ObservedAsset,
    ObservedReading,
)
from catalog.connections.connectors.roots import FileRoots

StepName = Literal["reachable", "signed_in", "readable"]


@dataclass(frozen=True, slots=True)
class CheckStep:
    """One step of a test: reachable, signed in, readable. `ok` None means it was not tried."""

    name: StepName
    ok: bool | None
    message: str
    remedy: str = ""
    latency_ms: float | None = None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The answer to "does this connection work?", step by step."""

    steps: tuple[CheckStep, ...]

    @property
    def ok(self) -> bool:
        return bool(self.steps) and all(step.ok for step in self.steps)

    @property
    def failed(self) -> CheckStep | None:
        return next((step for step in self.steps if step.ok is False), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An asset to crawl, and which of its fields' values may be kept.

    `released`: paths whose values the owner allowed to be kept; `withheld`: paths whose values never may
    (classified as personal). All others are decided by `profiling`, which fails closed. `checks` are asked where the
    connector can (an ObservedCheck each); what it leaves unanswered counts as skipped.
    """

    asset: AssetKey
    address: Mapping[str, Any]
    released: frozenset[str] = frozenset()
    withheld: frozenset[str] = frozenset()
    checks: tuple[CheckSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """A database that no connection may read: the portal's own."""

    host: str
    port: int
    name: str


@dataclass(frozen=True, slots=True)
class PortFacts:
    """What a draft port of an asset starts with."""

    location: str = ""  # for people: schema.table, path, address
    format: str = ""
    platform: str = ""
    modality: Literal["batch", "streaming", "api"] = "batch"


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _no_heartbeat(done: int, total: int | None) -> None:
    """Nobody watches."""


def _not_cancelled() -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlContext:
    """Limits and surroundings of one check, listing or crawl.

    `deadline` is in seconds of `time.monotonic()`; `now` is the (injectable) wall clock; `max_rows` bounds the rows
    looked at per asset for profiles, `max_bytes` what is read from one asset, `max_assets` what is listed.
    """

    allow_list: AllowList
    roots: FileRoots
    deadline: float
    max_bytes: int = 256 * 1024 * 1024
    max_rows: int = 10_000
    max_assets: int = 5_000
    now: Callable[[], datetime] = _utc_now
    heartbeat: Callable[[int, int | None], None] = _no_heartbeat
    is_cancelled: Callable[[], bool] = _not_cancelled
    own_databases: tuple[DatabaseAddress, ...] = field(default=())

    def remaining(self) -> float:
        """Seconds left. Raises SourceError(too_slow) when there are none, Cancelled when asked to stop."""
        if self.is_cancelled():
            raise Cancelled
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise SourceError(
                "too_slow",
                "The source took longer than the time limit.",
                "Narrow the connection (fewer tables or files), or ask an administrator to raise the limit.",
            )
        return left

    def beat(self, done: int, total: int | None = None) -> None:
        """Tell whoever watches how far the crawl is, and stop when time is up or somebody asked for it."""
        self.remaining()
        self.heartbeat(done, total)


@runtime_checkable
class Connector(Protocol):
    """How one kind of store is reached. Stateless: one instance serves every connection and thread.

    All methods may raise SourceError for the whole source; what concerns one asset is yielded as a reading with
    an error, so that the others are still crawled. Connectors never write to the store.
    """

    @property
    def name(self) -> str:
        """Short and stable, lower case: stored with every connection."""

    @property
    def title(self) -> str:
        """For people."""

    @property
    def description(self) -> str:
        """One sentence: what it reads."""

    @property
    def config_fields(self) -> Sequence[ConfigField]: ...

    def check(self, config: Config, context: CrawlContext) -> CheckResult:
        """Try to reach, sign in and read; never raises SourceError, the steps carry it."""

    def discover(self, config: Config, context: CrawlContext) -> Iterator[ObservedAsset]:
        """List what is in the store, cheaply, at most `context.max_assets`; fields where they cost nothing."""

    def crawl(self, config: Config, wanted: Sequence[Wanted], context: CrawlContext) -> Iterator[Observation]:
        """For each wanted asset its ObservedAsset with fields, one reading, profiles; for the store maybe TLS.

        An asset that is not there any more yields only a reading with the error `gone`.
        """

    def facts(self, config: Config, address: Mapping[str, Any]) -> PortFacts:
        """What a draft port for the asset at `address` starts with; does not touch the store."""


def unread(wanted: Wanted, failure: Failure | SourceError) -> ObservedReading:
    """The reading of one asset that could not be read; the others of the store still are."""
    error = failure.as_failure() if isinstance(failure, SourceError) else failure
    return ObservedReading(asset=wanted.asset, is_reachable=False, error=error)


def read_each(
    wanted: Sequence[Wanted],
    context: CrawlContext,
    read: Callable[[Wanted, CrawlContext], Iterator[Observation]],
) -> Iterator[Observation]:
    """What `read` finds of every wanted asset, one after the other; a SourceError spoils only its own asset.

    Tells how far it is, and stops when time is up or somebody asked for it.
    """
    for done, item in enumerate(wanted):
        context.beat(done, len(wanted))
        try:
            yield from read(item, context)
        except SourceError as error:
            context.remaining()
            yield unread(item, error)
    context.beat(len(wanted), len(wanted))


class Steps:
    """Collects the steps of a check in order: the first failure ends it, later steps are marked as not tried."""

    ORDER: tuple[StepName, ...] = ("reachable", "signed_in", "readable")

    def __init__(self) -> None:
        self._steps: list[CheckStep] = []
        self._started = time.perf_counter()

    def passed(self, name: StepName, message: str) -> None:
        now = time.perf_counter()
        self._steps.append(CheckStep(name, True, message, latency_ms=(now - self._started) * 1000))
        self._started = now

    def failed(self, failure: Failure | SourceError) -> CheckResult:
        """End with a failure at the step that was due, or at the one its code belongs to when that is later."""
        due = len(self._steps)
        if failure.code == "refused":
            for name in self.ORDER[due : max(due, 1)]:
                self.passed(name, "It answers.")
            due = len(self._steps)
        latency = (time.perf_counter() - self._started) * 1000
        due = min(due, len(self.ORDER) - 1)
        self._steps.append(
            CheckStep(self.ORDER[due], False, failure.message, failure.remedy, latency_ms=latency)
        )
        return self.result()

    def result(self) -> CheckResult:
        missing = self.ORDER[len(self._steps) :]
        return CheckResult((*self._steps, *(CheckStep(name, None, "Not tried.") for name in missing)))
