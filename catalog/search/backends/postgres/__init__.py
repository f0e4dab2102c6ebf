"""Search on PostgreSQL: the index lives in tables of the portal's database, so that any number of hosts share it."""

from catalog.search.backends.postgres.backend import PostgresBackend

__all__ = ["PostgresBackend"]
