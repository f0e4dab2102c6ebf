"""Limits and surroundings of crawls and checks, from the settings of this installation."""

import time
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path

from django.conf import settings
from django.db import connections
from django.utils import timezone

from catalog.common.allow_list import AllowList
from catalog.connections.connectors.base import CrawlContext, DatabaseAddress
from catalog.connections.connectors.roots import FileRoots

MEBIBYTE = 1024 * 1024


def _no_heartbeat(done: int, total: int | None) -> None:
    """Nobody watches."""


def _not_cancelled() -> bool:
    return False


def make_context(
    *,
    seconds: float,
    max_bytes: int = 256 * MEBIBYTE,
    max_rows: int = 10_000,
    max_assets: int = 5_000,
    now: Callable[[], datetime] = timezone.now,
    heartbeat: Callable[[int, int | None], None] = _no_heartbeat,
    is_cancelled: Callable[[], bool] = _not_cancelled,
) -> CrawlContext:
    """A context that ends `seconds` from now, with the allow-list and file roots of the settings."""
    return CrawlContext(
        allow_list=allow_list(),
        roots=file_roots(),
        deadline=time.monotonic() + seconds,
        max_bytes=max_bytes,
        max_rows=max_rows,
        max_assets=max_assets,
        now=now,
        heartbeat=heartbeat,
        is_cancelled=is_cancelled,
        own_databases=own_databases(),
    )


def allow_list() -> AllowList:
    """The hosts and ports the portal may connect to."""
    return _allow_list(
        tuple(settings.ALLOWED_PRIVATE_HOSTS), tuple(int(port) for port in settings.ALLOWED_PORTS)
    )


@cache
def _allow_list(hosts: tuple[str, ...], ports: tuple[int, ...]) -> AllowList:
    return AllowList.of(hosts, ports)


def file_roots() -> FileRoots:
    """The folders file connectors may read; never the data folder, the database or the code of the portal."""
    forbidden = [Path(settings.DATA_DIR), Path(settings.BASE_DIR)]
    forbidden += [Path(settings.DATA_DIR) / name for name in ("keys", "index", "backups")]
    name = str(connections["default"].settings_dict["NAME"])
    if connections["default"].vendor == "sqlite" and name.startswith("/"):
        forbidden += [Path(name + suffix) for suffix in ("", "-wal", "-shm", "-journal")]
    return FileRoots(tuple(Path(root) for root in settings.FILE_ROOTS), tuple(forbidden))


def own_databases() -> tuple[DatabaseAddress, ...]:
    """The portal's own server database, which no connection may read."""
    own = connections["default"].settings_dict
    if connections["default"].vendor != "postgresql":
        return ()
    host = str(own.get("HOST") or "localhost")
    return (DatabaseAddress(host, int(own.get("PORT") or 5432), str(own["NAME"])),)
