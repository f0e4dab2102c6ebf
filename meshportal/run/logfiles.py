"""Log files of the child processes: what each writes goes to the terminal and to a file that is rotated by size.

Standard library only. The runner reads the children's output itself, so that everything is kept: Python's log lines,
those of the servers below it, and what a dying process says last.
"""

import contextlib
import os
import selectors
import sys
import time
from pathlib import Path
from typing import BinaryIO

from meshportal import env

CHUNK = 65_536


class LogFile:
    """One file of at most `limit` bytes; older ones are `name.1` … `name.<kept>`, the oldest goes."""

    def __init__(self, path: Path, limit: int, kept: int) -> None:
        self.path, self.limit, self.kept = path, limit, kept
        path.parent.mkdir(mode=0o700, exist_ok=True)
        self._open()

    def _open(self) -> None:
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.file = os.fdopen(descriptor, "ab", buffering=0)
        self.size = self.path.stat().st_size

    def write(self, chunk: bytes) -> None:
        """Append; rotates between lines. A full disk loses log lines, never the portal."""
        with contextlib.suppress(OSError):
            self.file.write(chunk)
            self.size += len(chunk)
            if self.size >= self.limit and chunk.endswith(b"\n"):
                self._rotate()

    def _rotate(self) -> None:
        self.file.close()
        for number in range(self.kept, 0, -1):
            younger = self._numbered(number - 1) if number > 1 else self.path
            if younger.exists():
                younger.replace(self._numbered(number))
        self._open()

    def _numbered(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")

    def close(self) -> None:
        self.file.close()


class Pump:
    """Moves what children write to the terminal and to their files, whenever its owner waits."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.limit = env.integer("MESHPORTAL_LOG_BYTES", 5_000_000, minimum=1_000)
        self.kept = env.integer("MESHPORTAL_LOG_FILES", 4, minimum=1)
        self.files: dict[str, LogFile] = {}
        self.selector = selectors.DefaultSelector()

    def add(self, name: str, stream: BinaryIO) -> None:
        """Read `stream` from now on, into the file `name`.log."""
        if name not in self.files:
            self.files[name] = LogFile(self.folder / f"{name}.log", self.limit, self.kept)
        os.set_blocking(stream.fileno(), False)
        self.selector.register(stream, selectors.EVENT_READ, self.files[name])

    def wait(self, seconds: float) -> None:
        """Let `seconds` pass while moving what comes."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not self.selector.get_map():
                time.sleep(left)
                return
            self._move(left)

    def _move(self, seconds: float) -> None:
        for key, _ in self.selector.select(seconds):
            stream: BinaryIO = key.fileobj  # type: ignore[assignment]  # what `add` registered
            try:
                chunk = os.read(stream.fileno(), CHUNK)
            except BlockingIOError:
                continue
            except OSError:
                chunk = b""
            if not chunk:
                self.selector.unregister(stream)
                stream.close()
                continue
            key.data.write(chunk)
            with contextlib.suppress(OSError, ValueError):
                sys.stderr.buffer.write(chunk)
                sys.stderr.buffer.flush()

    def close(self) -> None:
        """Move what is there already, and close."""
        for _ in range(100):
            if not self.selector.get_map() or not self.selector.select(0):
                break
            self._move(0)
        for key in list(self.selector.get_map().values()):
            self.selector.unregister(key.fileobj)
            key.fileobj.close()  # type: ignore[union-attr]  # a stream
        for file in self.files.values():
            file.close()
