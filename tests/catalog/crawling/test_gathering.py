"""Connectors that fail, lie or never end: what was gathered before is kept, and nothing is raised."""

import itertools
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from catalog.common.allow_list import AllowList
from catalog.connections.connectors.base import CrawlContext, Wanted
from catalog.connections.connectors.config import ConfigField
from catalog.connections.connectors.errors import Cancelled, SourceError
from catalog.connections.connectors.observations import (
    AssetKey,
    Failure,
    ObservedAsset,
    ObservedProfile,
    ObservedReading,
    ObservedTls,
)
from catalog.connections.connectors.roots import FileRoots
from catalog.crawling.gathering import Gathered, gather
from catalog.crawling.reconcile import Key

SECRET = "correct-horse-battery"


def key(number: int) -> AssetKey:
    return AssetKey("fake://store", f"t{number}")


def asset(number: int) -> ObservedAsset:
    return ObservedAsset(namespace="fake://store", name=f"t{number}", kind="table")


def reading(number: int) -> ObservedReading:
    return ObservedReading(asset=key(number), is_reachable=True)


class Fake:
    """A connector that yields what it is given."""

    name = "fake"
    title = "Fake"
    description = "For tests."
    config_fields = (ConfigField(name="password", label="Password", secret=True),)

    def __init__(self, listing: Callable[[], Iterator[Any]], crawling: Callable[[], Iterator[Any]]) -> None:
        self.listing, self.crawling = listing, crawling

    def discover(self, config: Any, context: Any) -> Iterator[Any]:
        return self.listing()

    def crawl(self, config: Any, wanted: Any, context: CrawlContext) -> Iterator[Any]:
        for item in self.crawling():
            context.beat(1)
            yield item


def run(
    listing: Callable[[], Iterator[Any]] = lambda: iter([asset(1), asset(2)]),
    crawling: Callable[[], Iterator[Any]] = lambda: iter([]),
    *,
    whole: bool = True,
    seconds: float = 30,
    **limits: Any,
) -> Gathered:
    context = CrawlContext(
        allow_list=AllowList.of((), ()), roots=FileRoots(), deadline=time.monotonic() + seconds, **limits
    )
    wanted = [Wanted(asset=key(number), address={}) for number in (1, 2)]
    fake: Any = Fake(listing, crawling)
    return gather(fake, {"password": SECRET}, lambda listed: wanted, context, whole=whole)


def raising(error: Exception, *before: Any) -> Callable[[], Iterator[Any]]:
    def yield_then_raise() -> Iterator[Any]:
        yield from before
        raise error

    return yield_then_raise


def test_everything_is_sorted_by_asset() -> None:
    profile = ObservedProfile(asset=key(1), path="a", row_count=1)
    found = run(crawling=lambda: iter([ObservedTls(version="TLSv1.3"), asset(1), reading(1), profile]))
    assert set(found.listed) == {Key(*key(1)), Key(*key(2))}
    assert set(found.readings) == {Key(*key(1))}
    assert found.profiles[Key(*key(1))]["a"].row_count == 1
    assert found.tls == ObservedTls(version="TLSv1.3")
    assert (found.is_complete, found.trouble, found.is_cancelled) == (True, None, False)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SourceError("unreachable", "No answer.", "Start it."), "unreachable"),
        (SourceError("refused", f"{SECRET} was refused.", f"Is {SECRET} right?"), "refused"),
        (RuntimeError(f"cannot connect with password={SECRET} and {SECRET}"), "internal"),
        (RecursionError("too deep"), "internal"),
        (MemoryError(), "out_of_memory"),
    ],
)
def test_failure_is_trouble_with_words_and_without_secrets(
    error: Exception, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        found = run(raising(error))
    assert found.trouble is not None
    assert found.trouble.code == code
    assert found.trouble.remedy
    assert not found.is_complete
    assert SECRET not in f"{found.trouble}{caplog.text}"


def test_failure_at_one_asset_holds_no_secret() -> None:
    failed = replace(
        reading(1), is_reachable=False, error=Failure("refused", f"No {SECRET}.", f"Not {SECRET}.")
    )
    found = run(crawling=lambda: iter([failed]))
    assert SECRET not in repr(found.readings)
    assert found.readings[Key(*key(1))].error is not None


def test_what_was_read_before_the_trouble_is_kept() -> None:
    found = run(crawling=raising(SourceError("unreachable", "Gone away."), asset(1), reading(1)))
    assert found.is_complete  # the listing was
    assert set(found.readings) == {Key(*key(1))}
    assert found.trouble is not None


def test_endless_listing_ends_at_the_limit_and_proves_nothing_missing() -> None:
    found = run(lambda: (asset(number) for number in itertools.count()), max_assets=50)
    assert len(found.listed) == 50
    assert not found.is_complete


def test_slow_source_ends_at_its_time() -> None:
    def slowly() -> Iterator[Any]:
        for number in itertools.count():
            time.sleep(0.02)
            yield reading(number % 2 + 1)

    started = time.monotonic()
    found = run(crawling=slowly, seconds=0.2)
    assert time.monotonic() - started < 5
    assert found.trouble is not None
    assert found.trouble.code == "too_slow"


def test_cancelling_is_no_trouble() -> None:
    found = run(crawling=raising(Cancelled(), reading(1)))
    assert (found.is_cancelled, found.trouble) == (True, None)
    assert run(crawling=lambda: iter([reading(1)]), is_cancelled=lambda: True).is_cancelled


def test_observations_nobody_asked_for_are_dropped() -> None:
    stranger = ObservedReading(asset=AssetKey("other://store", "x"), is_reachable=True)
    assert run(crawling=lambda: iter([stranger, reading(1)])).readings.keys() == {Key(*key(1))}


def test_nonsense_from_a_plugin_is_a_fault_of_the_connector() -> None:
    found = run(crawling=lambda: iter(["not an observation"]))
    assert found.trouble is not None
    assert found.trouble.code == "internal"


def test_port_alone_lists_nothing() -> None:
    found = run(raising(AssertionError("must not be asked")), lambda: iter([reading(1)]), whole=False)
    assert (found.listed, found.is_complete, found.trouble) == ({}, False, None)
