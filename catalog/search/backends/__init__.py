"""Which backend the portal searches with: MESHPORTAL_SEARCH_BACKEND."""

from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection

from catalog.search.backends.base import SearchBackend

NAMES = ("whoosh", "postgres", "memory")


@cache
def get_backend() -> SearchBackend:
    """This process's backend. `memory` ends with the process and is meant for tests.

    Raises ValueError for a name nobody knows, and for one that does not go with the database.
    """
    if settings.SEARCH_BACKEND == "whoosh":
        from catalog.search.backends.whoosh import WhooshBackend

        return WhooshBackend(settings.SEARCH_INDEX_DIR, settings.SEARCH_MEMORY_MEBIBYTES * 1024 * 1024)
    if settings.SEARCH_BACKEND == "postgres":
        from catalog.search.backends.postgres import PostgresBackend

        if connection.vendor != "postgresql":
            raise ValueError(
                "MESHPORTAL_SEARCH_BACKEND=postgres needs a MESHPORTAL_DATABASE_URL of PostgreSQL."
            )
        return PostgresBackend(_database, settings.SEARCH_MEMORY_MEBIBYTES * 1024 * 1024)
    if settings.SEARCH_BACKEND == "memory":
        from catalog.search.backends.memory import MemoryBackend

        return MemoryBackend()
    raise ValueError(f"MESHPORTAL_SEARCH_BACKEND={settings.SEARCH_BACKEND} is not one of {', '.join(NAMES)}.")


def _database() -> dict[str, Any]:
    """What psycopg.connect takes for the portal's own database."""
    parameters = connection.get_connection_params()
    return {name: value for name, value in parameters.items() if name not in ("context", "cursor_factory")}
