"""The embedded backend: Whoosh files, read into NumPy arrays. The only package that imports whoosh."""

from catalog.search.backends.whoosh.backend import WhooshBackend

__all__ = ["WhooshBackend"]
