"""Reads of safe requests from a replica of PostgreSQL: MESHPORTAL_DATABASE_REPLICA_URL.

Only what a GET or HEAD shows is read there. Everything about who somebody is and what they may do, everything inside a
transaction, everything after a first write, and every background task stay with the primary. Who has just written
reads from the primary for WROTE_SECONDS, which is longer than a replica may lag to be used at all.
"""

import hashlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache as remembered
from typing import Any

import psycopg
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import MiddlewareNotUsed
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections
from django.db.models import Model
from django.http import HttpRequest, HttpResponse

log = logging.getLogger(__name__)

ALIAS = "replica"
MOST_LAG = 5.0  # seconds a replica may be behind and still be read
WROTE_SECONDS = 10
WROTE_COOKIE = "mesh_wrote"
LOOK_SECONDS = 1.0
SAFE = frozenset({"GET", "HEAD"})
#: Who somebody is and what they may do is asked of the primary alone.
PRIMARY_APPS = frozenset({"auth", "axes", "contenttypes", "sessions"})
PRIMARY_MODULES = ("catalog.accounts.",)
PRIMARY_MODELS = frozenset({"stewardship"})

_may_read = ContextVar("may_read_replica", default=False)


class ReplicaRouter:
    """Django's router: reads go to the replica while a safe request allows it."""

    def db_for_read(self, model: type[Model], **_: Any) -> str:
        if not _may_read.get() or connections[DEFAULT_DB_ALIAS].in_atomic_block:
            return DEFAULT_DB_ALIAS
        meta = model._meta
        is_of_people = (
            meta.app_label in PRIMARY_APPS
            or meta.model_name in PRIMARY_MODELS
            or model.__module__.startswith(PRIMARY_MODULES)
        )
        return DEFAULT_DB_ALIAS if is_of_people else ALIAS

    def db_for_write(self, model: type[Model], **_: Any) -> str:
        """The primary; the rest of the request then reads there too."""
        _may_read.set(False)
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: Model, other: Model, **_: Any) -> bool:
        return True  # the same rows, wherever they were read

    def allow_migrate(self, db: str, app_label: str, **_: Any) -> bool:
        return db == DEFAULT_DB_ALIAS


class Monitor:
    """Looks every second, in a thread of its own, whether the replica answers and how far it is behind.

    The lag is measured, not told by the replica, which cannot know of what never reached it: the primary's place in its
    log is noted with the time, and the replica is as late as the oldest place it has not replayed.
    """

    def __init__(self, primary: dict[str, Any], replica: dict[str, Any]) -> None:
        self._parameters = (primary, replica)
        self._links: list[psycopg.Connection[Any]] = []
        self._places: deque[tuple[float, int]] = deque(maxlen=600)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._looked_at = 0.0
        self.trouble = "It has not been looked at yet."

    def is_usable(self) -> bool:
        """Whether reads may go there now. Costs no question to anybody."""
        if self._thread is None:
            self._begin()
        return not self.trouble and time.monotonic() - self._looked_at < MOST_LAG

    def give_up(self, trouble: str) -> None:
        """A read has failed: nobody else tries before the next look."""
        self.trouble = trouble

    def look(self) -> None:
        """Ask both servers once."""
        now = time.monotonic()
        try:
            lag = self._lag(now)
        except psycopg.Error as error:
            log.info("The replica: %s", error)
            self._close()
            trouble = "It cannot be reached."
        else:
            trouble = "" if lag <= MOST_LAG else f"It is {lag:.0f} s behind."
        if trouble != self.trouble:
            log.warning("Reads go to the %s. %s", "primary" if trouble else "replica", trouble)
        self.trouble, self._looked_at = trouble, now

    def _lag(self, now: float) -> float:
        if not self._links:
            self._places.clear()
            for parameters in self._parameters:
                self._links.append(psycopg.connect(**parameters, autocommit=True))
        primary, replica = self._links
        written = _one(primary, "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint")
        replayed = _one(replica, "SELECT pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint")
        if replayed is None:
            raise psycopg.OperationalError("It is no replica: it replays nothing.")
        self._places.append((now, written))
        while self._places and self._places[0][1] <= replayed:
            self._places.popleft()
        return now - self._places[0][0] if self._places else 0.0

    def _close(self) -> None:
        while self._links:
            self._links.pop().close()

    def _begin(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="replica", daemon=True)
                self._thread.start()

    def _watch(self) -> None:
        while True:
            self.look()
            time.sleep(LOOK_SECONDS)


def _one(link: psycopg.Connection[Any], question: Any) -> Any:
    row = link.execute(question).fetchone()
    return row[0] if row else None


@remembered
def monitor() -> Monitor:
    """This process's monitor."""
    held = []
    for alias in (DEFAULT_DB_ALIAS, ALIAS):
        parameters = connections[alias].get_connection_params()
        kept = {k: v for k, v in parameters.items() if k not in ("context", "cursor_factory")}
        held.append({"connect_timeout": 2, **kept, "options": "-c statement_timeout=2000"})
    return Monitor(*held)


def is_configured() -> bool:
    return ALIAS in settings.DATABASES


Answer = Callable[[HttpRequest], HttpResponse]


class ReadReplicaMiddleware:
    """Decides for each request whether its reads may go to the replica; stands last, next to the view."""

    def __init__(self, get_response: Answer) -> None:
        if not is_configured():
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_safe = request.method in SAFE
        mark = _may_read.set(is_safe and not _has_just_written(request) and monitor().is_usable())
        try:
            response = self.get_response(request)
        finally:
            _may_read.reset(mark)
        if not is_safe:
            _remember_write(request, response)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The replica went away in the middle of a page: it is made again, from the primary."""
        if not _may_read.get() or not isinstance(error, OperationalError | InterfaceError):
            return None
        log.warning("A page is made again from the primary: %s", error)
        monitor().give_up("It went away.")
        connections[ALIAS].close()
        _may_read.set(False)
        match = request.resolver_match
        if match is None:
            return None
        answer: HttpResponse = match.func(request, *match.args, **match.kwargs)
        return answer


def _has_just_written(request: HttpRequest) -> bool:
    if WROTE_COOKIE in request.COOKIES:
        return True
    key = _caller_key(request)
    return bool(key and cache.get(key))


def _remember_write(request: HttpRequest, response: HttpResponse) -> None:
    """A browser carries the mark itself; for a token, which has no cookies, it is kept in the cache."""
    response.set_cookie(
        WROTE_COOKIE,
        "1",
        max_age=WROTE_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    if key := _caller_key(request):
        cache.set(key, True, WROTE_SECONDS)


def _caller_key(request: HttpRequest) -> str:
    given = request.headers.get("Authorization", "")
    return f"wrote:{hashlib.sha256(given.encode()).hexdigest()}" if given else ""
