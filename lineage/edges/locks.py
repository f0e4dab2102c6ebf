"""One writer of edges at a time, so that concurrent observations neither double an edge nor wait for each other."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from django.db import connection

T = TypeVar("T")
AT_ONCE = 5_000  # primary keys in one statement
_KEY = 0x65646765  # "edge"


def lock_edges() -> None:
    """Wait until no other transaction writes edges; held to the end of this one. Call inside a transaction.

    Derivation reads what the edges say together, so two observers that cannot see each other's would both miss a way
    through them. A caller that writes assets and edges by turns in one transaction takes this lock before all of it:
    then nobody who holds rows waits for the lock. SQLite has one writer anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_KEY])


def in_batches(items: Iterable[T]) -> Iterator[Sequence[T]]:
    """The items in lists that one statement can name."""
    rest = iter(items)
    while batch := list(islice(rest, AT_ONCE)):
        yield batch
