"""Keeping the index true: draining the outbox, building anew, comparing with the database. Run by workers.

Marks are read, the documents of what they name are loaded and written, and only then are those same marks deleted:
a process killed anywhere leaves marks that are drained again, and writing a document twice changes nothing.
"""

import errno
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import DatabaseError
from django.db.models import Q
from django.utils import timezone

from catalog.audit.models import ChangeMark
from catalog.audit.remembered import forget_on_commit
from catalog.audit.services import mark_changed_in
from catalog.products.models import DataProduct, OutputPort
from catalog.search import loading
from catalog.search.backends import get_backend
from catalog.search.backends.base import SearchBackend
from catalog.search.documents import PORT, PRODUCT, DocKey, IndexUnavailable, SearchDocument
from catalog.search.models import SearchState
from catalog.search.signals import index_mended

logger = logging.getLogger(__name__)

MARKS_AT_ONCE = 5_000  # a commit each: few large ones cost a fraction of many small ones
KEYS_AT_ONCE = 1_000
LOCK_PATIENCE = timedelta(seconds=60)  # how long a person's rebuild waits for a drain to end


class Busy(Exception):
    """Somebody else is writing the index."""


@dataclass(slots=True)
class Drift:
    """How index and database differ, apart from what marks announce: keys by the kind of difference."""

    missing: set[DocKey] = field(default_factory=set)
    outdated: set[DocKey] = field(default_factory=set)
    surplus: set[DocKey] = field(default_factory=set)

    @property
    def total(self) -> int:
        return len(self.missing) + len(self.outdated) + len(self.surplus)


def drain_marks() -> int:
    """Write everything that is marked into the index; the number of marks done.

    Returns at once when another process is draining: it takes these marks too. An index that is missing or damaged
    is built anew.
    """
    backend, done = get_backend(), 0
    while ChangeMark.objects.exists() or not _is_usable(backend):
        with backend.exclusive() as had:
            if not had:
                break
            done += _drain(backend)
        # A mark left between the last look and giving the lock back has rung in vain: so look once more.
    return done


def _is_usable(backend: SearchBackend) -> bool:
    try:
        backend.count()
    except IndexUnavailable:
        return False
    return True


def _drain(backend: SearchBackend) -> int:
    if not _is_usable(backend):
        return _mend(backend)
    done, problem = 0, ""
    while marks := list(
        ChangeMark.objects.order_by("pk").values_list("pk", "kind", "object_id")[:MARKS_AT_ONCE]
    ):
        changed = [(kind, object_id) for _, kind, object_id in marks]
        try:
            _write(backend, changed)
        except IndexUnavailable as error:
            logger.warning("The search index is built anew: %s", error)
            return done + _mend(backend)
        except (
            DatabaseError,
            OSError,
        ):  # it would be the same for each row: the marks stay, for the next tick
            raise
        except Exception:
            logger.exception("A batch could not be indexed; its rows are tried in halves")
            failed: list[str] = []
            _write_in_halves(backend, list(dict.fromkeys(changed)), failed)
            problem = f"{', '.join(failed[:20])} cannot be indexed." if failed else problem
        _forget([pk for pk, _, _ in marks])
        done += len(marks)
    if done:
        forget_on_commit()  # for the changes of a process that died right after its commit
        _note(drained_at=timezone.now(), problem=problem)
    return done


def _mend(backend: SearchBackend) -> int:
    was_there = SearchState.read().rebuilt_at is not None
    done = _rebuild(backend)
    if was_there:
        index_mended.send_robust(sender=SearchState, sentence="The search index was damaged and built anew.")
    return done


def _write(backend: SearchBackend, changed: Sequence[tuple[str, int]]) -> None:
    """Bring the documents of changed rows up to date; rows that are gone lose theirs."""
    port_ids = {pk for kind, pk in changed if kind == PORT}
    product_ids = {pk for kind, pk in changed if kind == PRODUCT}
    owners = dict(OutputPort.objects.filter(pk__in=port_ids).values_list("pk", "product_id"))
    wanted = sorted(product_ids | set(owners.values()))
    written: set[DocKey] = set()
    if wanted:
        backend.upsert(_loaded(wanted, written))
    named = {DocKey(PRODUCT, pk) for pk in product_ids} | {DocKey(PORT, pk) for pk in port_ids}
    backend.remove(named - written)


def _loaded(product_ids: Sequence[int], written: set[DocKey]) -> Iterator[SearchDocument]:
    """The documents of products, loaded as they are asked for; `written` gets their keys."""
    for start in range(0, len(product_ids), loading.BATCH):
        for document in loading.load_documents(product_ids[start : start + loading.BATCH]):
            written.add(document.key)
            yield document


def _write_in_halves(backend: SearchBackend, changed: Sequence[tuple[str, int]], failed: list[str]) -> None:
    """One row that cannot be indexed must not keep all others out; `failed` gets it, and the drift meter will again."""
    try:
        _write(backend, changed)
    except (IndexUnavailable, DatabaseError, OSError):
        raise
    except Exception as error:
        if len(changed) == 1:
            kind, object_id = changed[0]
            logger.exception("%s %s cannot be indexed", kind, object_id)
            failed.append(f"{kind} {object_id} ({type(error).__name__})")
            return
        middle = len(changed) // 2
        _write_in_halves(backend, changed[:middle], failed)
        _write_in_halves(backend, changed[middle:], failed)


def _forget(mark_ids: Sequence[int]) -> None:
    for start in range(0, len(mark_ids), KEYS_AT_ONCE):
        ChangeMark.objects.filter(pk__in=mark_ids[start : start + KEYS_AT_ONCE]).delete()


def rebuild_index() -> int:
    """Build a new index beside the one in use and put it in its place; the number of documents in it.

    Searches go on in the old one meanwhile. Raises Busy when another process keeps writing for LOCK_PATIENCE.
    """
    backend = get_backend()
    with _patiently(backend):
        _rebuild(backend)
    drain_marks()
    return backend.count()


@contextmanager
def _patiently(backend: SearchBackend) -> Iterator[None]:
    deadline = time.monotonic() + LOCK_PATIENCE.total_seconds()
    while True:
        with backend.exclusive() as had:
            if had:
                yield
                return
        if time.monotonic() > deadline:
            raise Busy("Another process is writing the search index. Try again in a minute.")
        time.sleep(0.2)


def _rebuild(backend: SearchBackend) -> int:
    """Under the lock. Marks that were there before loading began are done by it; later ones stay."""
    done = list(ChangeMark.objects.values_list("pk", flat=True))
    backend.rebuild(loading.all_documents())
    _forget(done)
    now = timezone.now()
    _note(rebuilt_at=now, drained_at=now, problem="")
    return len(done)


def repair_drift() -> Drift | None:
    """Compare every document of the index with the database, note what differs and mend it. None: somebody writes."""
    backend = get_backend()
    drain_marks()
    with backend.exclusive() as had:
        if not had:
            return None
        drift = _compare(backend)
        if drift.total:
            logger.warning(
                "Search index: %s missing, %s outdated, %s too many; mended",
                *(len(keys) for keys in (drift.missing, drift.outdated, drift.surplus)),
            )
            _write(backend, [*drift.missing, *drift.outdated])
            backend.remove(drift.surplus)
            sentence = (
                f"The search index differed from the database in {drift.total} documents and was mended."
            )
            index_mended.send_robust(sender=SearchState, sentence=sentence)
    _note(
        compared_at=timezone.now(),
        missing=len(drift.missing),
        outdated=len(drift.outdated),
        surplus=len(drift.surplus),
    )
    return drift


def _compare(backend: SearchBackend) -> Drift:
    held = dict(backend.fingerprints())
    products: dict[DocKey, int] = {}
    drift = Drift()
    for document in loading.all_documents():
        fingerprint = held.pop(document.key, None)
        if fingerprint == document.fingerprint():
            continue
        products[document.key] = document.product_id
        (drift.missing if fingerprint is None else drift.outdated).add(document.key)
    drift.surplus = set(held)
    announced = _announced()
    for keys in (drift.missing, drift.outdated, drift.surplus):
        keys -= {
            key for key in keys if key in announced or DocKey(PRODUCT, products.get(key, 0)) in announced
        }
    return drift


def _announced() -> set[DocKey]:
    """What changed meanwhile and will be drained: no drift."""
    return {DocKey(kind, pk) for kind, pk in ChangeMark.objects.values_list("kind", "object_id")}


def mark_aged_measurements() -> None:
    """Mark what holds a measurement or a certification that ran out since the last look: time changed its facets."""
    state, now = SearchState.read(), timezone.now()
    ran_out = Q(trust__valid_until__lt=now)
    ended = Q(trust__certified_until__lte=now)
    if state.aged_until is not None:
        ran_out &= Q(trust__valid_until__gte=state.aged_until)
        ended &= Q(trust__certified_until__gt=state.aged_until)
    ran_out |= ended
    mark_changed_in(ChangeMark.Kind.PRODUCT, DataProduct.objects.filter(ran_out))
    mark_changed_in(ChangeMark.Kind.PORT, OutputPort.objects.filter(ran_out))
    _note(aged_until=now)


def note_problem(error: Exception) -> None:
    """Keep what went wrong with writing, in words, for the operations page."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        words = "Its disk is full. Make room; nothing is lost, and it goes on by itself within seconds."
    else:
        words = f"{type(error).__name__}: {error}"
    with suppress(DatabaseError):  # the database may be what fails
        _note(problem=words[:2_000])


def _note(**values: object) -> None:
    SearchState.objects.update_or_create(pk=1, defaults=values)
