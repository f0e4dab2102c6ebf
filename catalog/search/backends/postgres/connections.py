"""Connections of the search index, apart from Django's: searches read committed rows whatever the request is doing."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db.utils import OperationalError
from psycopg import Connection

Row = tuple[Any, ...]
WRITER_LOCK = 0x6D65_7368_7372_6368  # of pg_try_advisory_lock: "meshsrch"
IDLE_SECONDS = 2.0  # a connection unused for longer is asked whether it still lives


class Connections:
    """Idle connections of one process, handed to one thread at a time; never more than threads searched at once."""

    def __init__(self, parameters: Callable[[], dict[str, Any]]) -> None:
        self._parameters = parameters
        self._idle: deque[tuple[float, Connection[Row]]] = deque()

    @contextmanager
    def borrow(self) -> Iterator[Connection[Row]]:
        """A connection in autocommit mode. Raises Django's OperationalError when the server does not answer."""
        try:
            connection = self._idle_one() or self.open()
            try:
                yield connection
            finally:
                if (
                    connection.closed
                    or connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE
                ):
                    connection.close()
                else:
                    self._idle.append((time.monotonic(), connection))
        except psycopg.OperationalError as error:
            raise OperationalError(str(error)) from error

    def _idle_one(self) -> Connection[Row] | None:
        while True:
            try:
                since, connection = self._idle.pop()
            except IndexError:
                return None
            if time.monotonic() - since < IDLE_SECONDS:
                return connection
            try:
                connection.execute("SELECT 1")
            except psycopg.OperationalError:
                connection.close()
            else:
                return connection

    def open(self) -> Connection[Row]:
        """A new connection, in autocommit mode, its results in binary."""
        connection = psycopg.connect(**self._parameters(), autocommit=True)
        connection.prepare_threshold = (
            None  # poolers between us and the server may not keep prepared statements
        )
        return connection

    @contextmanager
    def exclusive(self) -> Iterator[bool]:
        """The writer's lock, not waited for; True when it was had. The server gives it back when this process ends."""
        try:
            connection = self.open()
        except psycopg.OperationalError as error:
            raise OperationalError(str(error)) from error
        try:
            row = connection.execute("SELECT pg_try_advisory_lock(%s)", [WRITER_LOCK]).fetchone()
            yield bool(row and row[0])
        finally:
            connection.close()

    def close(self) -> None:
        """Close what is idle."""
        while self._idle:
            self._idle.pop()[1].close()
