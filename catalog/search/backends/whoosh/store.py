"""The index folder: one subfolder an index, a pointer to the current one, a lock for the one writer.

index/CURRENT            name of the subfolder in use, replaced atomically
index/v1-<time>-<pid>/   Whoosh's files
index/WRITER             locked (flock) by the process that writes; the lock ends with the process
"""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC, FileIndex
from whoosh.reading import SegmentReader

from catalog.search.backends.whoosh import schema, seals
from catalog.search.backends.whoosh.mapped import map_files
from catalog.search.backends.whoosh.segment import WhooshSegment
from catalog.search.backends.whoosh.snapshot import WhooshSnapshot
from catalog.search.documents import IndexUnavailable

FORMAT = "v3"  # raise it when schema or analysis change: an index of another format is built anew
INDEX_NAME = "MAIN"  # Whoosh's own default
ATTEMPTS = 5  # a commit may delete a segment between reading the table of contents and opening its files


class Store:
    """Opens, swaps and locks the indexes of one folder. Segments already read are kept from snapshot to snapshot."""

    def __init__(self, folder: Path, memory_cap: int, check_seconds: float = 0.25) -> None:
        self._folder = folder
        self._cap = memory_cap
        self._check_seconds = check_seconds
        self._lock = Lock()
        self._snapshot: WhooshSnapshot | None = None
        self._seen: tuple[str, int] | None = None
        self._checked_at = 0.0
        self._segments: dict[tuple[str, str], WhooshSegment] = {}
        self._intact: dict[str, tuple[int, int]] = {}

    def snapshot(self, newest: bool = False) -> WhooshSnapshot:
        """The index as of the last commit (looked for at most every `check_seconds` unless `newest`).

        While one thread reads a new generation the others go on with the old one.
        """
        held = self._snapshot
        due = newest or time.monotonic() - self._checked_at >= self._check_seconds
        if held is not None and not due:
            return held
        if not self._lock.acquire(blocking=held is None or newest):
            assert held is not None  # noqa: S101  # only those who hold one do not wait
            return held
        try:
            return self._refreshed()
        finally:
            self._lock.release()

    def look_again(self) -> None:
        """Have the next reader of this process look for a new generation at once."""
        self._checked_at = 0.0

    def _refreshed(self) -> WhooshSnapshot:
        for attempt in range(ATTEMPTS):
            try:
                version = self._version()
                if self._snapshot is None or version != self._seen:
                    self._snapshot = self._read(self.open_index())
                    self._seen = version
                self._checked_at = time.monotonic()
                return self._snapshot
            except IndexUnavailable:
                self._snapshot = None
                raise
            except FileNotFoundError as error:
                if attempt == ATTEMPTS - 1:
                    raise IndexUnavailable("The files of the search index are missing.") from error
                time.sleep(0.05 * (attempt + 1))
            except Exception as error:  # whatever a damaged file makes its reader raise
                self._snapshot = None
                raise IndexUnavailable(f"The search index cannot be read: {error!r}.") from error
        raise AssertionError("unreachable")

    def _read(self, index: FileIndex) -> WhooshSnapshot:
        contents = TOC.read(index.storage, index.indexname)
        held: dict[tuple[str, str], WhooshSegment] = {}
        for part in contents.segments:
            name = (index.storage.folder, part.segment_id())
            known = self._segments.get(name)
            held[name] = known or WhooshSegment(
                SegmentReader(index.storage, contents.schema, map_files(part))
            )
        self._segments = held
        deleted = [list(part.deleted_docs()) for part in contents.segments]
        return WhooshSnapshot(list(held.values()), deleted, contents.generation, self._cap)

    def held(self) -> dict[str, WhooshSegment]:
        """The segments of the snapshot read last, by Whoosh's name for them."""
        return {name: segment for (_, name), segment in self._segments.items()}

    def open_index(self) -> FileIndex:
        """The current index, for its writer. Raises IndexUnavailable when there is none of this format."""
        folder = self._current_folder()
        try:
            return FileIndex(FileStorage(folder))
        except Exception as error:  # whatever a damaged table of contents makes its reader raise
            raise IndexUnavailable(f"The search index cannot be opened: {error!r}.") from error

    def _current_folder(self) -> str:
        try:
            name = (self._folder / "CURRENT").read_text(encoding="ascii").strip()
        except (FileNotFoundError, UnicodeDecodeError) as error:
            raise IndexUnavailable("There is no search index yet.") from error
        if not name.startswith(f"{FORMAT}-") or "/" in name:
            raise IndexUnavailable("The search index was made by another version of the portal.")
        return str(self._folder / name)

    def _version(self) -> tuple[str, int]:
        """Folder and newest generation, by two looks at the file system: asked often, so nothing is opened."""
        folder = self._current_folder()
        return folder, TOC._latest_generation(FileStorage(folder), INDEX_NAME)

    def check(self) -> None:
        """Raise IndexUnavailable when a file of the current index is gone or not as it was written."""
        for attempt in range(ATTEMPTS):
            folder = self._current_folder()
            try:
                names = _segment_files(self.open_index())
                if name := seals.broken(Path(folder), names, self._intact):
                    raise IndexUnavailable(
                        f"The file {name} of the search index was changed by somebody else."
                    )
                return
            except FileNotFoundError as error:  # a commit may have merged it away just now
                if attempt == ATTEMPTS - 1:
                    raise IndexUnavailable("The files of the search index are missing.") from error
                time.sleep(0.05 * (attempt + 1))

    def is_intact(self) -> bool:
        try:
            self.check()
        except IndexUnavailable:
            return False
        return True

    def seal(self, index: FileIndex) -> None:
        """Note how the files of a commit look."""
        seals.write(Path(index.storage.folder), _segment_files(index))

    def discard(self, index: FileIndex) -> None:
        """Take away an index that was not finished."""
        shutil.rmtree(index.storage.folder, ignore_errors=True)

    def create_index(self) -> FileIndex:
        """A new, empty index beside the current one."""
        path = self._folder / f"{FORMAT}-{time.time_ns()}-{os.getpid()}"
        path.mkdir(parents=True)
        return FileIndex.create(FileStorage(str(path)), schema.make_schema())

    def make_current(self, index: FileIndex) -> None:
        """Point readers to `index`; the one before stays until the next swap, for readers about to open it."""
        chosen = Path(index.storage.folder)
        pointer = self._folder / "CURRENT"
        before = pointer.read_text(encoding="ascii").strip() if pointer.exists() else ""
        draft = self._folder / f".CURRENT.{os.getpid()}"
        draft.write_text(chosen.name, encoding="ascii")
        os.replace(draft, pointer)
        for folder in self._folder.glob("v*-*"):
            if folder.name not in (chosen.name, before):
                shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def exclusive(self) -> Iterator[bool]:
        """The writer's lock, not waited for; True when it was had."""
        self._folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._folder / "WRITER", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(descriptor)


def _segment_files(index: FileIndex) -> list[str]:
    """Names of the segment files of the newest commit."""
    contents = TOC.read(index.storage, index.indexname)
    return [part.make_filename(".seg") for part in contents.segments]
