"""A cache of arrays with a cap in bytes: the least recently used go first."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class ByteCache(Generic[T]):
    """Maps keys to values whose size `measure` tells; never holds more than `limit` bytes. Safe for threads."""

    def __init__(self, limit: int, measure: Callable[[T], int]) -> None:
        self._limit = limit
        self._measure = measure
        self._held: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self._lock = Lock()
        self.nbytes = 0

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value of `key`, made when it is not held; two threads may both make it, which is harmless."""
        with self._lock:
            found = self._held.get(key)
            if found is not None:
                self._held.move_to_end(key)
                return found[0]
        value = make()
        size = self._measure(value)
        with self._lock:
            if key not in self._held and size <= self._limit:
                self._held[key] = (value, size)
                self.nbytes += size
                while self.nbytes > self._limit:
                    _, (_, dropped) = self._held.popitem(last=False)
                    self.nbytes -= dropped
        return value

    def clear(self) -> None:
        with self._lock:
            self._held.clear()
            self.nbytes = 0
