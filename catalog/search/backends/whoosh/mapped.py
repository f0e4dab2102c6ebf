"""Reading the files of a segment where they are mapped, without a copy of each in the process's own memory.

Whoosh maps a segment's compound file, and then copies every part of it into a buffer when it opens that part (2.7.5):
a process that searches would hold the whole index once, and twice while it changes to a newer one.
"""

import io
from typing import Any

from whoosh.filedb.compound import CompoundStorage
from whoosh.filedb.structfile import BufferFile


class MappedBytes(io.RawIOBase):
    """A readable, seekable file over part of a map."""

    def __init__(self, view: memoryview) -> None:
        self._view = view
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(0, offset + (0, self._at, len(self._view))[whence])
        return self._at

    def readinto(self, buffer: Any) -> int:
        found = self._view[self._at : self._at + len(buffer)]
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)


class MappedFile(BufferFile):  # type: ignore[misc]  # Whoosh has no types
    """Whoosh's file over a buffer, but for its constructor, which copies the buffer."""

    def __init__(self, view: memoryview, name: str | None = None) -> None:
        self._buf, self._name = view, name
        self.file = MappedBytes(view)
        self.onclose = None
        self.is_real = self.is_closed = False

    def subset(self, position: int, length: int, name: str | None = None) -> "MappedFile":
        return MappedFile(self._buf[position : position + length], name or self._name)


class MappedFiles(CompoundStorage):  # type: ignore[misc]  # Whoosh has no types
    """The parts of a segment's compound file, each where it is mapped."""

    def open_file(self, name: str, *arguments: Any, **options: Any) -> Any:
        if self.is_closed or not self._source:
            return super().open_file(name, *arguments, **options)
        offset, length = self.range(name)
        return MappedFile(memoryview(self._source)[offset : offset + length], name)


def map_files(segment: Any) -> Any:
    """Have the segment's reader open its files where they are mapped."""
    if segment.is_compound():
        name = segment.make_filename(segment.COMPOUND_EXT)
        segment.open_compound_file = lambda storage: MappedFiles(
            storage.open_file(name), use_mmap=storage.supports_mmap
        )
    return segment
