"""The reference backend."""

from catalog.search.backends.memory.backend import MemoryBackend

__all__ = ["MemoryBackend"]
