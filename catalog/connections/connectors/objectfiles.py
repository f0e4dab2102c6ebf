"""Objects of a bucket as the read-only file system DuckDB asks for Parquet: byte ranges through the guarded client.

DuckDB's own S3 extension would have to be downloaded and opens connections nobody checks; this way its session stays
closed, and what it may read is a list of names and a number of bytes.
"""

import io
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from fsspec import AbstractFileSystem

from catalog.connections.connectors.errors import SourceError

PROTOCOL = "meshobject"
TAIL = 64 * 1024  # bytes at an object's end that are fetched at once: the footer of most Parquet files
TAILS_KEPT = 512
READERS = 8

Part = Callable[[str, int, int], bytes]  # key, first byte, how many


def url_of(key: str) -> str:
    """The name DuckDB calls an object by."""
    return f"{PROTOCOL}://{key}"


class ObjectFiles(AbstractFileSystem):  # type: ignore[misc]  # fsspec has no types
    """Exactly these objects, by key and size; at most `most` bytes are fetched.

    An error inside is kept in `failure`, because DuckDB only passes its text on.
    """

    protocol = PROTOCOL
    cachable = False

    def __init__(self, part: Part, sizes: Mapping[str, int], most: int) -> None:
        super().__init__()
        self.failure: SourceError | None = None
        self._part = part
        self._sizes = sizes
        self._left = most
        self._tails: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        return str(path).removeprefix(f"{PROTOCOL}://")

    def fetch_tails(self, keys: Sequence[str]) -> None:
        """The ends of many objects at once, for their footers. Raises SourceError."""
        with ThreadPoolExecutor(READERS) as readers:
            for _ in readers.map(self._tail, keys[-TAILS_KEPT:]):
                pass

    def glob(self, path: str, **kwargs: Any) -> list[str]:
        key = self._strip_protocol(path)
        return [key] if key in self._sizes else []

    def info(self, path: str, **kwargs: Any) -> dict[str, Any]:
        key = self._strip_protocol(path)
        if key not in self._sizes:
            raise FileNotFoundError(key)
        return {"name": key, "size": self._sizes[key], "type": "file"}

    def modified(self, path: str) -> datetime:
        return datetime(1970, 1, 1, tzinfo=UTC)  # DuckDB asks, and nothing here depends on it

    def ls(self, path: str, detail: bool = True, **kwargs: Any) -> list[Any]:
        return [self.info(path)] if detail else [self._strip_protocol(path)]

    def open(self, path: str, mode: str = "rb", **kwargs: Any) -> "_Object":
        if mode != "rb":
            raise PermissionError("Objects are only read.")
        key = self._strip_protocol(path)
        return _Object(self, key, self.info(key)["size"])

    def read(self, key: str, start: int, length: int) -> bytes:
        """Bytes of an object; from its kept end where they lie there."""
        try:
            tail_start = max(self._sizes[key] - TAIL, 0)
            if start >= tail_start:
                return self._tail(key)[start - tail_start :][:length]
            return self._fetched(key, start, length)
        except SourceError as error:
            self.failure = error
            raise

    def _tail(self, key: str) -> bytes:
        with self._lock:
            kept = self._tails.get(key)
        if kept is None:
            start = max(self._sizes[key] - TAIL, 0)
            kept = self._fetched(key, start, self._sizes[key] - start)
            with self._lock:
                self._tails[key] = kept
                while len(self._tails) > TAILS_KEPT:
                    self._tails.popitem(last=False)
        return kept

    def _fetched(self, key: str, start: int, length: int) -> bytes:
        with self._lock:
            if length > self._left:
                raise SourceError(
                    "too_large", "More would have to be fetched than is read.", "Write smaller row groups."
                )
            self._left -= length
        return self._part(key, start, length)


class _Object(io.RawIOBase):
    def __init__(self, files: ObjectFiles, key: str, size: int) -> None:
        super().__init__()
        self._files = files
        self._key = key
        self.size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = max(base + offset, 0)
        return self._at

    def readinto(self, buffer: Any) -> int:
        length = min(len(buffer), max(self.size - self._at, 0))
        if length:
            buffer[:length] = self._files.read(self._key, self._at, length)
            self._at += length
        return length
