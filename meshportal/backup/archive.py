"""The file of a backup: a ZIP archive with rows, keys, files and a manifest that says what is in it.

    manifest.json          format, time, database, migrations, and for every member its SHA-256
    rows/<table>.jsonl     one row a line, as meshportal/backup/rows.py writes them
    keys/…                 the signing keys and the encryption keys, newest first, one a line
    files/…                what the portal keeps in its data folder beside the database

Members are written and read as streams: neither side holds a table in memory.
"""

import hashlib
import json
import os
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

FORMAT = 1
MANIFEST = "manifest.json"
CHUNK = 1024 * 1024
LONGEST_MANIFEST = 64 * 1024 * 1024
LONGEST_TEXT = 1024 * 1024  # of a member read at once: keys
LONGEST_ROW = 512 * 1024 * 1024  # a document of the size the portal takes, many times over


class BackupError(Exception):
    """A backup cannot be made or used; the message says why and what to do."""


@dataclass
class Table:
    """One table in the archive."""

    member: str
    columns: list[str]
    rows: int = 0


@dataclass
class Manifest:
    """What is in a backup. `migrations` are `app.name`; `last_numbers` the last primary key a table gave out."""

    made_at: str
    database: str
    migrations: list[str]
    format: int = FORMAT
    is_demo: bool = False
    tables: dict[str, Table] = field(default_factory=dict)
    last_numbers: dict[str, int] = field(default_factory=dict)
    checksums: dict[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())

    @property
    def applied(self) -> set[tuple[str, str]]:
        pairs = (name.partition(".") for name in self.migrations)
        return {(app, name) for app, _, name in pairs}


class Writer:
    """Adds members; use `written` to make one."""

    def __init__(self, archive: zipfile.ZipFile, manifest: Manifest) -> None:
        self.archive, self.manifest = archive, manifest

    def add(self, member: str, chunks: Iterable[bytes]) -> int:
        """Write a member; returns how many chunks it had."""
        digest, count = hashlib.sha256(), 0
        with self.archive.open(member, "w", force_zip64=True) as file:
            for chunk in chunks:
                digest.update(chunk)
                file.write(chunk)
                count += 1
        self.manifest.checksums[member] = digest.hexdigest()
        return count

    def add_file(self, member: str, path: Path) -> None:
        with path.open("rb") as file:
            self.add(member, chunks_of(file))


@contextmanager
def written(path: Path, manifest: Manifest) -> Iterator[Writer]:
    """An archive at `path`, readable by its owner only, there only once it is whole and on the disk.

    Raises BackupError when `path` exists or cannot be written.
    """
    if path.exists():
        raise BackupError(f"{path} exists already. Choose another name; no backup is overwritten.")
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise BackupError(f"{path} cannot be written: {error.strerror}.") from error
    try:
        with os.fdopen(descriptor, "w+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=5) as archive:
                yield Writer(archive, manifest)
                archive.writestr(MANIFEST, json.dumps(asdict(manifest), indent=1))
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            raise BackupError(f"{path} was made by somebody else meanwhile. Choose another name.")
        draft.replace(path)
    except OSError as error:
        raise BackupError(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)


class Reader:
    """An archive that was opened and whose manifest could be read; `check` before anything is believed."""

    def __init__(self, archive: zipfile.ZipFile, manifest: Manifest) -> None:
        self.archive, self.manifest = archive, manifest

    def check(self) -> None:
        """Read every member and compare it with the manifest. Raises BackupError naming the first that differs."""
        there = {name for name in self.archive.namelist() if name != MANIFEST}
        listed = set(self.manifest.checksums)
        needed = {table.member for table in self.manifest.tables.values()}
        if odd := sorted((there ^ listed) | (needed - there)):
            raise BackupError(f"The backup is damaged: {odd[0]} is missing, or was added afterwards.")
        for member, expected in self.manifest.checksums.items():
            digest = hashlib.sha256()
            try:
                with self.archive.open(member) as file:
                    for chunk in chunks_of(file):
                        digest.update(chunk)
            except (zipfile.BadZipFile, OSError, EOFError) as error:
                raise BackupError(f"The backup is damaged: {member} cannot be read.") from error
            if digest.hexdigest() != expected:
                raise BackupError(f"The backup is damaged: {member} is not what was written.")

    def lines(self, member: str) -> Iterator[bytes]:
        """Row by row. Raises BackupError for one without an end: a few bytes of an archive unpack to gigabytes."""
        with self.archive.open(member) as file:
            while line := file.readline(LONGEST_ROW):
                if len(line) >= LONGEST_ROW:
                    raise BackupError(f"The backup holds a row in {member} that is too long to be one.")
                yield line

    def text(self, member: str) -> str:
        """A small member's text; empty when there is none."""
        if member not in self.manifest.checksums:
            return ""
        if self.archive.getinfo(member).file_size > LONGEST_TEXT:
            raise BackupError(f"The backup's {member} is too long to be one.")
        return self.archive.read(member).decode("ascii", "replace")

    def files(self) -> Iterator[tuple[str, BinaryIO]]:
        """Every file kept beside the database: its path below the data folder, and its bytes."""
        for member in self.manifest.checksums:
            if member.startswith("files/"):
                with self.archive.open(member) as file:
                    yield member.removeprefix("files/"), file  # type: ignore[misc]  # a binary stream


@contextmanager
def opened(path: Path) -> Iterator[Reader]:
    """A backup. Raises BackupError when it is none, or of a format this version does not know."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield Reader(archive, _manifest(archive))
    except FileNotFoundError as error:
        raise BackupError(f"There is no file {path}.") from error
    except zipfile.BadZipFile as error:
        raise BackupError(f"{path} is no backup of a portal, or only a part of one.") from error


def _manifest(archive: zipfile.ZipFile) -> Manifest:
    try:
        if archive.getinfo(MANIFEST).file_size > LONGEST_MANIFEST:
            raise BackupError("The backup's manifest is too long to be one.")
        raw: dict[str, Any] = json.loads(archive.read(MANIFEST))
        if raw["format"] > FORMAT:
            raise BackupError("The backup was made by a newer version of the portal. Use that version.")
        tables = {name: Table(**table) for name, table in raw.pop("tables").items()}
        return Manifest(**raw, tables=tables)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BackupError(
            "The file is no backup of a portal: it has no manifest that can be read."
        ) from error


def chunks_of(file: Any) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk
