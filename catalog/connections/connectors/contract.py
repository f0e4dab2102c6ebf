"""What every connector must keep, as checks that run against a real source: for tests of those who write one.

    def test_my_connector_keeps_the_contract(tmp_path):
        assert examine(MyConnector(), {"path": ...}, local_context(tmp_path)) == []

It needs no Django and no test framework. docs/writing-a-connector.md shows a whole connector that passes.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from catalog.common.allow_list import AllowList
from catalog.connections.connectors.base import CheckResult, Connector, CrawlContext, Steps, Wanted
from catalog.connections.connectors.config import clean_config, secrets_of
from catalog.connections.connectors.errors import Cancelled, SourceError
from catalog.connections.connectors.observations import (
    AssetKey,
    Observation,
    ObservedAsset,
    ObservedProfile,
    ObservedReading,
)
from catalog.connections.connectors.roots import FileRoots

SECONDS = 30.0


def local_context(*roots: Path, private_hosts: Iterable[str] = ("127.0.0.1:*",)) -> CrawlContext:
    """A context for tests: files below `roots`, hosts on this machine, half a minute."""
    return CrawlContext(
        allow_list=AllowList.of(private_hosts),
        roots=FileRoots(tuple(roots)),
        deadline=time.monotonic() + SECONDS,
    )


def examine(connector: Connector, raw_config: dict[str, Any], context: CrawlContext) -> list[str]:
    """Everything the connector does wrong with a source that works and holds at least one asset; best none."""
    config, problems = clean_config(connector.config_fields, raw_config)
    if problems:
        return [f"config {problem.path}: {problem.message}" for problem in problems]
    secrets = secrets_of(connector.config_fields, config)
    found: list[str] = []
    check = connector.check(config, context)
    found += _check(check)
    assets = list(connector.discover(config, context))
    found += _listing(assets, list(connector.discover(config, context)))
    found += _limit(connector, config, context, len(assets))
    wanted = [Wanted(asset=asset.asset, address=asset.address) for asset in assets]
    seen = list(connector.crawl(config, wanted, context))
    found += _crawl(wanted, seen)
    found += _withholding(connector, config, wanted, seen, context)
    found += _missing(connector, config, context)
    found += _ends(connector, config, wanted, context)
    for asset in assets:
        connector.facts(config, asset.address)
    everything = repr((check, assets, seen))
    found += ["a secret stands in what it yields" for secret in secrets if secret in everything]
    return found


def _check(result: CheckResult) -> Iterator[str]:
    names = tuple(step.name for step in result.steps)
    if names != Steps.ORDER:
        yield f"check: the steps are {names} instead of {Steps.ORDER}"
    if not result.ok:
        yield f"check: a working source fails: {result.failed}"


def _listing(first: Sequence[ObservedAsset], second: Sequence[ObservedAsset]) -> Iterator[str]:
    keys = [asset.asset for asset in first]
    if not keys:
        yield "discover: nothing is listed"
    if len(keys) != len(set(keys)):
        yield "discover: two assets have the same namespace and name"
    if keys != [asset.asset for asset in second]:
        yield "discover: the same source listed twice gives different assets"
    for asset in first:
        if len(asset.namespace) > 400 or not 0 < len(asset.name) <= 400:
            yield f"discover: namespace or name of {asset.name[:60]!r} is empty or longer than 400 characters"
        try:
            json.dumps(asset.address, allow_nan=False)
        except (TypeError, ValueError):
            yield f"discover: the address of {asset.name} is not JSON"


def _limit(connector: Connector, config: dict[str, Any], context: CrawlContext, known: int) -> Iterator[str]:
    listed = list(connector.discover(config, replace(context, max_assets=1)))
    if known > 1 and len(listed) > 1:
        yield "discover: max_assets is not kept"


def _crawl(wanted: Sequence[Wanted], seen: Sequence[Observation]) -> Iterator[str]:
    assets = {item.asset: item for item in seen if isinstance(item, ObservedAsset)}
    for item in wanted:
        readings = [r for r in seen if isinstance(r, ObservedReading) and r.asset == item.asset]
        if len(readings) != 1:
            yield f"crawl: {item.asset.name} has {len(readings)} readings instead of one"
        elif readings[0].error is None and (item.asset not in assets or assets[item.asset].fields is None):
            yield f"crawl: {item.asset.name} was read and has no schema"
        for reading in readings:
            if reading.fresh_at is not None and reading.fresh_at.tzinfo is None:
                yield f"crawl: the freshness of {item.asset.name} has no time zone"
    for asset in assets.values():
        yield from _schema(asset)
    for profile in (item for item in seen if isinstance(item, ObservedProfile)):
        paths = (
            {field.path for field in (assets[profile.asset].fields or ())} if profile.asset in assets else ()
        )
        if profile.path not in paths:
            yield f"crawl: a profile of {profile.path}, which is no field of {profile.asset.name}"


def _schema(asset: ObservedAsset) -> Iterator[str]:
    earlier: set[str] = set()
    for field in asset.fields or ():
        if field.path in earlier:
            yield f"crawl: {asset.name} has two fields {field.path}"
        if field.parent_path and field.parent_path not in earlier:
            yield f"crawl: {field.path} comes before its parent {field.parent_path}"
        earlier.add(field.path)


def _withholding(
    connector: Connector,
    config: dict[str, Any],
    wanted: Sequence[Wanted],
    seen: Sequence[Observation],
    context: CrawlContext,
) -> Iterator[str]:
    paths: dict[AssetKey, frozenset[str]] = {
        item.asset: frozenset(field.path for field in item.fields or ())
        for item in seen
        if isinstance(item, ObservedAsset)
    }
    silent = [replace(item, withheld=paths.get(item.asset, frozenset())) for item in wanted]
    for item in connector.crawl(config, silent, context):
        if isinstance(item, ObservedProfile) and (
            item.minimum or item.maximum or item.mean is not None or item.histogram or item.top_values
        ):
            yield f"crawl: values of {item.path} are kept although they are withheld"


def _missing(connector: Connector, config: dict[str, Any], context: CrawlContext) -> Iterator[str]:
    nowhere = Wanted(asset=AssetKey("nowhere", "nothing"), address={"no": "such thing"})
    try:
        seen = list(connector.crawl(config, [nowhere], context))
    except SourceError:
        return
    for reading in (item for item in seen if isinstance(item, ObservedReading)):
        if reading.error is not None or reading.is_reachable:
            return
    yield "crawl: an address that does not exist is not reported"


def _ends(
    connector: Connector, config: dict[str, Any], wanted: Sequence[Wanted], context: CrawlContext
) -> Iterator[str]:
    def run(changed: CrawlContext) -> Callable[[], Any]:
        return lambda: list(connector.crawl(config, wanted, changed))

    late = replace(context, deadline=time.monotonic() - 1)
    if not _raises(SourceError, run(late)):
        yield "crawl: it goes on when the time is up (call context.beat or context.remaining)"
    if not _raises(Cancelled, run(replace(context, is_cancelled=lambda: True))):
        yield "crawl: it goes on when it was cancelled (call context.beat)"
    if connector.check(config, late).ok:
        yield "check: it succeeds although the time is up"


def _raises(kind: type[Exception], run: Callable[[], Any]) -> bool:
    try:
        run()
    except kind:
        return True
    except (SourceError, Cancelled):
        return False
    return False
