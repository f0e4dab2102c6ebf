"""The files of lake tables, in a bucket or below an allowed folder: found, listed and read within limits.

The libraries for lake tables bring networks of their own, which can be kept to no address and no number of bytes. They
are given what was read here instead.
"""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from catalog.connections.connectors import s3_client
from catalog.connections.connectors.base import CrawlContext
from catalog.connections.connectors.config import Config, ConfigField
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.observations import ObservedTls
from catalog.connections.connectors.s3 import S3Connector

MAX_OBJECTS = 100_000
MAX_FOLDERS = 20_000
MAX_DEPTH = 6  # folders below the location in which tables are looked for
LOCATION = ConfigField(
    name="location",
    label="Location",
    maximum=380,
    help="The folder of a table or of many: a path below an allowed folder, or s3://bucket/folder.",
)
_S3_NAMES = ("endpoint", "region", "addressing", "access_key", "secret_key", "session_token")
S3_FIELDS = tuple(field for field in S3Connector.config_fields if field.name in _S3_NAMES)


@dataclass(frozen=True, slots=True)
class LakeFile:
    """A file by its path below the location, its bytes, and when it was written (seconds since 1970)."""

    path: str
    size: int
    modified: float


class LakeFiles(Protocol):
    """One location."""

    namespace: str
    base: str  # the path that stands in front of every path, for names of assets

    def tables(self, mark: str, of_table: re.Pattern[str]) -> Iterator[str]:
        """Folders with a folder called `mark` that has a file whose name matches; as paths below the location ("" for
        itself), in order."""

    def listed(self, folder: str) -> list[LakeFile]:
        """The files directly in a folder. Raises SourceError(gone) when there is none."""

    def read(self, file: LakeFile) -> bytes: ...

    def openable(self, sizes: Mapping[str, int]) -> tuple[list[str], Any]:
        """What DuckDB calls these files by (paths below the location, with their bytes), in their order; and the file
        system that opens them, within the bytes of a crawl. None: it opens them itself. Raises SourceError."""

    def tls(self) -> ObservedTls | None:
        """The encryption on the way there; None where there is no way."""


@contextmanager
def opened(config: Config, context: CrawlContext) -> Iterator[LakeFiles]:
    """The files of a configuration. Raises SourceError."""
    location = str(config["location"])
    if not location.startswith("s3://"):
        yield _Folder(location.rstrip("/"), context)
        return
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    with s3_client.opened({**config, "bucket": bucket}, context) as opened_bucket:
        yield _Prefix(opened_bucket, prefix.strip("/"), context)


class _Folder:
    namespace = "file"

    def __init__(self, path: str, context: CrawlContext) -> None:
        self.base = path
        self._context = context
        self._real = context.roots.resolve(path)

    def tables(self, mark: str, of_table: re.Pattern[str]) -> Iterator[str]:
        for number, (folder, folders, _) in enumerate(os.walk(self._real)):
            self._context.remaining()
            below = os.path.relpath(folder, self._real)
            below = "" if below == "." else below
            if mark in folders and any(map(of_table.match, os.listdir(os.path.join(folder, mark)))):
                folders.clear()
                yield below
            if number > MAX_FOLDERS or below.count("/") >= MAX_DEPTH:
                folders.clear()
            folders[:] = sorted(name for name in folders if not name.startswith((".", "_")))

    def listed(self, folder: str) -> list[LakeFile]:
        real = self._resolved(folder)
        found = []
        for name in sorted(os.listdir(real)) if real.is_dir() else ():
            self._context.remaining()
            seen = self._resolved(f"{folder}/{name}").stat()
            if stat.S_ISREG(seen.st_mode):  # opening a pipe would wait for whoever writes to it
                found.append(LakeFile(f"{folder}/{name}".lstrip("/"), seen.st_size, seen.st_mtime))
        if not found:
            raise SourceError(
                "gone", f"There is nothing in {self.base}/{folder}.", "Browse the connection again."
            )
        return found

    def read(self, file: LakeFile) -> bytes:
        self._context.remaining()
        with self._resolved(file.path).open("rb") as opened_file:
            return opened_file.read(file.size)

    def openable(self, sizes: Mapping[str, int]) -> tuple[list[str], Any]:
        return [str(self._resolved(path)) for path in sizes], None

    def tls(self) -> ObservedTls | None:
        return None

    def _resolved(self, path: str) -> Path:
        """Every file by itself: a link in a table's folder leads nowhere that may not be read."""
        return self._context.roots.resolve(os.path.join(self._real, path.lstrip("/")))


class _Prefix:
    def __init__(self, bucket: s3_client.Bucket, prefix: str, context: CrawlContext) -> None:
        self.namespace = f"s3://{bucket.name}"
        self.base = prefix
        self._bucket = bucket
        self._context = context
        self._tls: ObservedTls | None = None

    def tables(self, mark: str, of_table: re.Pattern[str]) -> Iterator[str]:
        found = set()
        for file in self._below(""):
            folder, _, name = file.path.rpartition("/")
            table, _, last = folder.rpartition("/")
            if last == mark and of_table.match(name):
                found.add(table)
        yield from sorted(found)

    def listed(self, folder: str) -> list[LakeFile]:
        inside = [
            file for file in self._below(f"{folder}/") if "/" not in file.path.removeprefix(f"{folder}/")
        ]
        if not inside:
            raise SourceError(
                "gone", f"There is nothing in {self.base}/{folder}.", "Browse the connection again."
            )
        return inside

    def read(self, file: LakeFile) -> bytes:
        return self._bucket.part(self._key(file.path), 0, file.size) if file.size else b""

    def openable(self, sizes: Mapping[str, int]) -> tuple[list[str], Any]:
        from catalog.connections.connectors.objectfiles import ObjectFiles, url_of  # fsspec is slow to import

        keys = {self._key(path): size for path, size in sizes.items()}
        return [url_of(key) for key in keys], ObjectFiles(self._bucket.part, keys, self._context.max_bytes)

    def tls(self) -> ObservedTls | None:
        return self._tls

    def _below(self, folder: str) -> list[LakeFile]:
        listing = self._bucket.listed(self._key(folder), MAX_OBJECTS)
        seen = listing.tls
        self._tls = ObservedTls(
            version=seen.version if seen else "",
            certificate_ends_at=seen.certificate_ends_at if seen else None,
        )
        if not listing.is_whole:
            raise SourceError(
                "too_large",
                f"More than {MAX_OBJECTS:,} objects lie below {self.base}.",
                "Name a deeper folder.",
            )
        cut = len(self.base) + 1 if self.base else 0
        return [
            LakeFile(o.key[cut:], o.size, o.modified_at.timestamp() if o.modified_at else 0.0)
            for o in listing.objects
        ]

    def _key(self, path: str) -> str:
        return f"{self.base}/{path}" if self.base else path
