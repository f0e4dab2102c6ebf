"""The threads of a batch: they ask sources, nothing else; whoever hired them does everything with the database."""

import logging
import math
import queue
import threading
import time
from collections.abc import Callable, Mapping
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from django.conf import settings
from django.db import close_old_connections, connection

from catalog.crawling import claims

logger = logging.getLogger(__name__)
Job = TypeVar("Job")
Answer = TypeVar("Answer")


@dataclass
class Progress:
    """A run in work: written by its thread, read by the one that shows signs of life."""

    claim: str
    deadline: float = math.inf  # of time.monotonic(); set when its thread begins
    done: int = 0
    total: int | None = None
    lost: threading.Event = field(default_factory=threading.Event)

    def begin(self) -> None:
        self.deadline = time.monotonic() + settings.CRAWL_SECONDS

    def advance(self, done: int, total: int | None) -> None:
        self.done, self.total = done, total


class Watch:
    """Shows signs of life for the runs in work, every `CRAWL_BEAT_SECONDS`, until it is closed."""

    def __init__(self) -> None:
        self.runs: dict[int, Progress] = {}
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._work, name="crawl-watch", daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        self._thread.join(timeout=settings.CRAWL_GRACE_SECONDS)

    def _work(self) -> None:
        while not self._closed.wait(settings.CRAWL_BEAT_SECONDS):
            try:
                self.beat_once()
            except Exception:
                logger.exception("Signs of life could not be written; trying again")
        connection.close()

    def beat_once(self) -> None:
        """Beat for all runs that are within their time; a hung driver's run is left to be released as stale."""
        close_old_connections()
        moment = time.monotonic()
        alive = {
            run_id: (item.claim, item.done, item.total)
            for run_id, item in list(self.runs.items())
            if moment < item.deadline + settings.CRAWL_GRACE_SECONDS
        }
        for run_id in claims.beat(alive):
            if item := self.runs.get(run_id):
                item.lost.set()


class Crew(Generic[Job, Answer]):
    """`size` threads that turn jobs into answers; with one the caller does it itself, when it asks for answers.

    They are daemons without database connections: one that hangs for ever in a driver keeps nobody from leaving.
    """

    def __init__(self, work: Callable[[Job], Answer], size: int) -> None:
        self.size = size
        self._work = work
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self.in_work = 0

    def give(self, job: Job) -> None:
        self.in_work += 1
        self._jobs.put(job)
        if self.size > 1 and len(self._threads) < min(self.size, self.in_work):
            name = f"crawl-{len(self._threads)}"
            context = copy_context()  # their log lines belong to the caller's task too
            thread = threading.Thread(target=context.run, args=(self._serve,), name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._answers.put(self._work(job))

    def answers(self, most: int, seconds: float) -> list[Answer]:
        """What is done, at most so many; waits `seconds` for the first."""
        if self.size <= 1:
            job = self._jobs.get()
            self.in_work -= 1
            return [] if job is None else [self._work(job)]
        found: list[Answer] = []
        try:
            found.append(self._answers.get(timeout=seconds))
            while len(found) < most:
                found.append(self._answers.get_nowait())
        except queue.Empty:
            pass
        self.in_work -= len(found)
        return found

    def dismiss(self) -> None:
        """Let the threads end once they have nothing left to do."""
        for _ in self._threads:
            self._jobs.put(None)


def is_hung(runs: Mapping[int, Progress]) -> bool:
    """Whether all that is in work hangs beyond its time: nothing will come of waiting."""
    moment = time.monotonic()
    return bool(runs) and all(
        moment > item.deadline + 2 * settings.CRAWL_GRACE_SECONDS for item in runs.values()
    )
