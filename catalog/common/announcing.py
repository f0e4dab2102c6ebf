"""Signals about rows, sent when the transaction is kept; what is done together is announced once.

An import writes a product, its ports, their contracts and objectives by one service after the other, and each of them
announces what it did. Whoever listens judges the same rows again and again, unless they are gathered first.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

from django.db import transaction
from django.dispatch import Signal

Gathered = dict[Signal, tuple[type, dict[str, set[int]]]]
_gathered: ContextVar[Gathered | None] = ContextVar("announcements gathered", default=None)


def announce(signal: Signal, *, sender: type, **ids: Collection[int]) -> None:
    """Send `signal` after the commit with `ids`, by name; within `together` one time for all.

    A receiver that fails is logged by Django and keeps nobody else from hearing.
    """
    gathered = _gathered.get()
    if gathered is None:
        _send_on_commit(signal, sender, {name: set(some) for name, some in ids.items()})
        return
    _, known = gathered.setdefault(signal, (sender, {}))
    for name, some in ids.items():
        known.setdefault(name, set()).update(some)


@contextmanager
def together() -> Iterator[None]:
    """Gather the announcements made within, inside the transaction they are about; an error drops them with it.

    Ids of an inner savepoint that was rolled back may be among them: receivers read what is there.
    """
    if _gathered.get() is not None:
        yield
        return
    gathered: Gathered = {}
    token = _gathered.set(gathered)
    try:
        yield
    finally:
        _gathered.reset(token)
    for signal, (sender, ids) in gathered.items():
        _send_on_commit(signal, sender, ids)


def _send_on_commit(signal: Signal, sender: type, ids: dict[str, Any]) -> None:
    transaction.on_commit(partial(signal.send_robust, sender=sender, **ids))
