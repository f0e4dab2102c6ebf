"""Asking a connector and collecting what it says, whatever happens on the way. No database."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from catalog.connections.connectors.base import Connector, CrawlContext, Wanted
from catalog.connections.connectors.config import Config, secrets_of
from catalog.connections.connectors.errors import Cancelled, SourceError, redact
from catalog.connections.connectors.observations import (
    Failure,
    ObservedAsset,
    ObservedCheck,
    ObservedProfile,
    ObservedReading,
    ObservedTls,
)
from catalog.crawling import cleaning
from catalog.crawling.digest import LISTED, digest_of, said_of
from catalog.crawling.reconcile import Key
from catalog.schemas.selectors import NOTHING_SAID

NOBODY_SAID = said_of(NOTHING_SAID)
# More than this is no observation but a fault: it would fill the worker's memory.
MOST_OBSERVATIONS, OBSERVATIONS_AN_ASSET = 50_000, 1_000
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a run ended early: a code (`internal` is a fault of the connector), a sentence, and what to do."""

    code: str
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored of the assets in question: the digests, and (of those to be read) what is said of their values."""

    digests: Mapping[Key, str] = field(default_factory=dict)
    said: Mapping[Key, str] = field(default_factory=dict)


NOTHING_STORED = Stored()


@dataclass(slots=True)
class Seen:
    """What a connector said of one asset that was asked for, as it said it."""

    asset: ObservedAsset | None = None
    profiles: dict[str, ObservedProfile] = field(default_factory=dict)


@dataclass(slots=True)
class Gathered:
    """All a crawl found. `listed` is what the store holds, `is_complete` whether that listing reached its end.

    `unchanged` are assets that were seen exactly as they are stored: of them there is only the reading, and an entry
    without fields in `listed`. `digests` are those of all others that were seen whole.
    """

    listed: dict[Key, ObservedAsset] = field(default_factory=dict)
    read: dict[Key, ObservedAsset] = field(default_factory=dict)
    readings: dict[Key, ObservedReading] = field(default_factory=dict)
    profiles: dict[Key, dict[str, ObservedProfile]] = field(default_factory=dict)
    checks: dict[Key, dict[int, ObservedCheck]] = field(default_factory=dict)
    unchanged: set[Key] = field(default_factory=set)
    digests: dict[Key, str] = field(default_factory=dict)
    tls: ObservedTls | None = None
    is_complete: bool = False
    trouble: Trouble | None = None
    is_cancelled: bool = False

    @property
    def has_anything(self) -> bool:
        return bool(self.listed or self.read or self.readings)


def gather(
    connector: Connector,
    config: Config,
    choose: Callable[[Mapping[Key, ObservedAsset]], Sequence[Wanted]],
    context: CrawlContext,
    *,
    whole: bool,
    stored: Stored = NOTHING_STORED,
) -> Gathered:
    """List the store (when `whole`), then read what `choose` wants of it. Never raises: trouble is in the answer.

    What was gathered before trouble began is kept, so that a large source that runs out of time still advances.
    """
    found = Gathered()
    raw: dict[Key, Seen] = {}
    secrets = secrets_of(connector.config_fields, config)
    try:
        if whole:
            _list(connector, config, context, found, stored)
        _read(connector, config, choose(found.listed), context, found, raw)
    except Cancelled:
        found.is_cancelled = True
    except SourceError as error:
        found.trouble = _trouble(error.code, redact(error.message, secrets), redact(error.remedy, secrets))
    except MemoryError:
        found = Gathered(
            trouble=_trouble(
                "out_of_memory",
                "The source needs more memory than a crawl may use.",
                "Narrow the connection (fewer tables or files), or ask an administrator to raise the limit.",
            )
        )
    except Exception as error:  # a connector is somebody else's code; the worker must outlive it
        found.trouble = _fault(connector, redact(f"{type(error).__name__}: {error}", secrets))
    try:
        _keep(found, raw, stored)
    except Exception as error:
        found.trouble = _fault(connector, redact(f"{type(error).__name__}: {error}", secrets))
    return found


def _fault(connector: Connector, message: str) -> Trouble:
    logger.error("The connector %s failed: %s", connector.name, message)
    return _trouble(
        "internal", f"The connector failed: {message}.", "Try again; if it stays, tell an administrator."
    )


def _trouble(code: str, message: str, remedy: str) -> Trouble:
    return Trouble(code, cleaning.text(message, 1_000), cleaning.text(remedy, 1_000))


def _list(
    connector: Connector, config: Config, context: CrawlContext, found: Gathered, stored: Stored
) -> None:
    """Of what will be read anyway, and of what is stored already, the fields are left alone."""
    count = 0
    for asset in connector.discover(config, context):
        count += 1
        if count > context.max_assets:
            break
        key = _key(asset)
        if key not in found.listed:
            digest = "" if key in stored.said else digest_of(asset, (), LISTED)
            if digest and digest != stored.digests.get(key):
                found.listed[key], found.digests[key] = cleaning.asset(asset), digest
            else:
                found.listed[key] = cleaning.asset(replace(asset, fields=None))
                if digest:
                    found.unchanged.add(key)
        context.remaining()
    found.is_complete = count < context.max_assets  # a listing that fills the limit may have been cut


def _read(
    connector: Connector,
    config: Config,
    wanted: Sequence[Wanted],
    context: CrawlContext,
    found: Gathered,
    raw: dict[Key, Seen],
) -> None:
    if not wanted:
        return
    asked, secrets = {Key(*item.asset) for item in wanted}, secrets_of(connector.config_fields, config)
    for count, item in enumerate(connector.crawl(config, wanted, context)):
        context.remaining()  # not every connector looks at the time itself
        if count > MOST_OBSERVATIONS + len(wanted) * OBSERVATIONS_AN_ASSET:
            raise SourceError(
                "too_large",
                "The connector says more than there can be to say.",
                "Tell its author, or narrow the connection.",
            )
        _take(item, asked, found, raw, context, secrets)


def _redacted(reading: ObservedReading, secrets: tuple[str, ...]) -> ObservedReading:
    """Connectors of others, and the stores they speak to, may say a secret back; it goes no further."""
    if reading.error is None:
        return reading
    code, message, remedy = reading.error.code, reading.error.message, reading.error.remedy
    return replace(reading, error=Failure(code, redact(message, secrets), redact(remedy, secrets)))


def _redacted_check(seen: ObservedCheck, secrets: tuple[str, ...]) -> ObservedCheck:
    if seen.error is None:
        return seen
    code, message, remedy = seen.error.code, seen.error.message, seen.error.remedy
    return replace(seen, error=Failure(code, redact(message, secrets), redact(remedy, secrets)))


def _take(
    item: Any,
    asked: set[Key],
    found: Gathered,
    raw: dict[Key, Seen],
    context: CrawlContext,
    secrets: tuple[str, ...],
) -> None:
    """Sort one observation; what nobody asked for is dropped."""
    if isinstance(item, ObservedTls):
        found.tls = replace(item, version=cleaning.text(item.version, 20))
        return
    key = Key(*item.asset)
    if key not in asked:
        return
    if isinstance(item, ObservedAsset):
        raw.setdefault(key, Seen()).asset = item
    elif isinstance(item, ObservedReading):
        found.readings[key] = cleaning.reading(_redacted(item, secrets), context.now())
    elif isinstance(item, ObservedProfile):
        raw.setdefault(key, Seen()).profiles[item.path] = item
    elif isinstance(item, ObservedCheck):
        found.checks.setdefault(key, {})[item.number] = _redacted_check(item, secrets)


def _keep(found: Gathered, raw: Mapping[Key, Seen], stored: Stored) -> None:
    """Clean what is not stored yet; a failed reading vouches for nothing."""
    for key, seen in raw.items():
        found.unchanged.discard(key)
        found.digests.pop(key, None)
        reading = found.readings.get(key)
        if seen.asset is not None and reading is not None and reading.error is None:
            digest = digest_of(seen.asset, seen.profiles.values(), stored.said.get(key, NOBODY_SAID))
            if digest == stored.digests.get(key):
                found.unchanged.add(key)
                continue
            found.digests[key] = digest
        if seen.asset is not None:
            found.read[key] = cleaning.asset(seen.asset)
        if seen.profiles:
            clean = (cleaning.profile(item) for item in seen.profiles.values())
            found.profiles[key] = {item.path: item for item in clean}


def _key(asset: ObservedAsset) -> Key:
    return Key(cleaning.text(asset.namespace, 400), cleaning.text(asset.name, 400))
