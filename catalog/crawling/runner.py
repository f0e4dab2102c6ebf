"""Running crawls: claim, gather, store, settle. Everything that runs a crawl, runs it through here.

Several sources are asked at a time by threads, all of which may wait on the network. The caller's own thread does
everything with the database: it claims a few runs ahead (more, the quicker sources answer), and stores together
whatever has come in meanwhile, so that the price of a transaction is shared when there is much to do and nobody waits
when there is little. One watching thread shows signs of life for all of them, so that no connector has to cooperate,
and hears of cancellations.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from catalog.common import log_context
from catalog.common.crypto import CannotDecrypt, decrypt
from catalog.connections.connectors.base import Connector
from catalog.connections.connectors.config import Config, clean_config
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.registry import registry
from catalog.connections.context import make_context
from catalog.connections.models import Connection
from catalog.crawling import claims, knowledge, storing
from catalog.crawling.crew import Crew, Progress, Watch, is_hung
from catalog.crawling.gathering import Gathered, Trouble, gather
from catalog.crawling.models import CrawlRun
from catalog.crawling.reconcile import Key, Reconciliation
from catalog.crawling.storing import Finished

logger = logging.getLogger(__name__)
Clock = Callable[[], datetime]
MEBIBYTE = 1024 * 1024
STORED_TOGETHER = 64  # crawls at most in one transaction
Status = CrawlRun.Status


@dataclass(frozen=True, slots=True)
class Started:
    """A claimed run and what it is to do."""

    run: CrawlRun
    claim: str
    task: knowledge.Task
    progress: Progress


def run_batch(run_ids: Iterable[int], *, threads: int = 1, now: Clock = timezone.now) -> int:
    """Run what is queued of `run_ids` and due; returns how many were run. Others took, or take, the rest.

    With one thread everything happens in the caller's. `now` is the wall clock the results carry.
    """
    waiting = deque(dict.fromkeys(run_ids))
    crew: Crew[Started, Finished] = Crew(lambda started: _asked(started, now), threads)
    done, least = 0, max(crew.size - 1, 0)
    ahead = least
    with Watch() as watch:
        try:
            while True:
                while waiting and crew.in_work < crew.size + ahead:
                    _begin(waiting, crew.size + ahead - crew.in_work, crew, watch, now)
                if not crew.in_work:
                    return done
                finished = crew.answers(STORED_TOGETHER, seconds=0.2)
                if finished:
                    _store_all(finished, now())
                    done += len(finished)
                    ahead = min(max(least, 2 * len(finished)), STORED_TOGETHER) if least else 0
                    for item in finished:
                        watch.runs.pop(item.run_id, None)
                elif is_hung(watch.runs):
                    logger.error("%s crawls hang beyond their time and are given up", len(watch.runs))
                    return done
        finally:
            crew.dismiss()


def _begin(
    waiting: "deque[int]", room: int, crew: "Crew[Started, Finished]", watch: Watch, now: Clock
) -> None:
    """Claim as many as there is room for, and hand them to the threads."""
    taken = claims.claim_runs([waiting.popleft() for _ in range(min(room, len(waiting)))], now())
    for started in _started(taken):
        watch.runs[started.run.pk] = started.progress
        crew.give(started)


def _started(taken: Mapping[int, str]) -> list[Started]:
    if not taken:
        return []
    runs = list(
        CrawlRun.objects.select_related("connection", "port").filter(pk__in=list(taken)).order_by("pk")
    )
    tasks = knowledge.tasks_of(runs)
    return [Started(run, taken[run.pk], tasks[run.pk], Progress(taken[run.pk])) for run in runs]


def execute(
    run_id: int, claim: str, *, now: Clock = timezone.now, asked: Callable[[], None] = lambda: None
) -> None:
    """Crawl and store one claimed run; `asked` is called between the two. Never raises for what a source does; a lost
    claim ends it silently.
    """
    (started,) = _started({run_id: claim})
    with Watch() as watch:
        watch.runs[run_id] = started.progress
        finished = _asked(started, now)
        asked()
        _store_all([finished], now())


def _asked(started: Started, now: Clock) -> Finished:
    """Ask the source. Raises nothing: whoever waits for the answer gets one."""
    started.progress.begin()
    with log_context.carrying(run_id=started.run.pk):
        try:
            gathered, links = _gathered(started, now)
        except Exception as error:
            logger.exception("Crawl %s could not be begun", started.run.pk)
            gathered, links = Gathered(trouble=_internal(error)), {}
    return Finished(started.run.pk, started.claim, started.task, gathered, links)


def _gathered(started: Started, now: Clock) -> tuple[Gathered, dict[int, Key]]:
    task = started.task
    try:
        connector, config = opened(started.run.connection)
    except SourceError as error:
        return Gathered(trouble=Trouble(error.code, error.message, error.remedy)), {}
    choose, links = knowledge.chooser(task, connector, config)
    context = make_context(
        seconds=settings.CRAWL_SECONDS,
        max_bytes=settings.CRAWL_MEBIBYTES * MEBIBYTE,
        max_rows=settings.CRAWL_ROWS,
        max_assets=settings.CRAWL_ASSETS,
        now=now,
        heartbeat=started.progress.advance,
        is_cancelled=started.progress.lost.is_set,
    )
    return gather(connector, config, choose, context, whole=task.is_whole, stored=task.stored), links


def _internal(error: Exception) -> Trouble:
    message = f"The results could not be stored: {type(error).__name__}."
    return Trouble("internal", message, "It is tried again; if it stays, tell an administrator.")


def _store_all(finished: Sequence[Finished], now: datetime) -> None:
    """Together where that works; one that cannot be stored keeps out nobody but itself."""
    try:
        stored = store([item for item in finished if not item.gathered.is_cancelled], now)
    except Exception as error:
        if len(finished) > 1:
            for item in finished:
                _store_all([item], now)
            return
        (item,) = finished
        with log_context.carrying(run_id=item.run_id):
            logger.exception("Crawl %s could not be stored", item.run_id)
        _fail(item, _internal(error), now)
        return
    for item in finished:
        if item.run_id not in stored:
            logger.info("Crawl %s was cancelled or given to another worker", item.run_id)


@transaction.atomic
def store(finished: Sequence[Finished], now: datetime) -> set[int]:
    """Write the results and settle the runs, in one transaction; returns the runs whose claim still held."""
    found = storing.store_crawls(finished, now)
    gathered = {item.run_id: item.gathered for item in finished}
    claims.settle_all([(run, _result(gathered[pk], meant)) for pk, (run, meant) in found.items()], now=now)
    return set(found)


def _result(gathered: Gathered, found: Reconciliation) -> claims.Result:
    counts, trouble = found.counts(), gathered.trouble
    if trouble is not None:
        status = Status.PARTIAL if gathered.has_anything else Status.FAILED
    elif found.suspicion:
        status = Status.PARTIAL
        trouble = Trouble("suspicious", found.suspicion, "Check that the sign-in still sees everything.")
    else:
        status = Status.PARTIAL if counts["failed"] else Status.SUCCEEDED
    return claims.Result(status, counts, trouble, len(gathered.readings))


@transaction.atomic
def _fail(item: Finished, trouble: Trouble, now: datetime) -> None:
    for run in storing.held_runs({item.run_id: item.claim}).values():
        claims.settle(run, claims.Result(Status.FAILED, trouble=trouble), now=now)


def opened(source: Connection) -> tuple[Connector, Config]:
    """A connection's connector and its configuration with secrets. In workers only.

    Raises SourceError when the connector is not installed, the configuration no longer fits, or the secrets cannot
    be decrypted.
    """
    connector = registry().get(source.kind)
    try:
        secrets = decrypt(source.secret)
    except CannotDecrypt as error:
        raise SourceError("refused", str(error), "Enter the credentials of the connection again.") from error
    config, problems = clean_config(connector.config_fields, {**source.config, **secrets})
    if problems:
        raise SourceError(
            "unsupported",
            f"The connection's settings do not fit: {problems[0].message}",
            "Open the connection, correct it and save.",
        )
    return connector, config
