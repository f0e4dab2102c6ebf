"""What is known of the index, for pages and probes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from catalog.audit.models import ChangeMark
from catalog.products.models import DataProduct, OutputPort
from catalog.search.backends import get_backend
from catalog.search.documents import IndexUnavailable
from catalog.search.models import SearchState

PATIENCE = timedelta(minutes=5)  # a mark older than this means that nobody drains


@dataclass(frozen=True, slots=True)
class IndexState:
    """The index beside the database. `missing`, `outdated`, `surplus` are what the last comparison found (and mended).

    `sentence` says in words what matters most. `is_healthy` is False when searches fail or nobody drains.
    """

    in_index: int | None  # documents; None when the index cannot be read
    in_database: int
    marks_waiting: int
    oldest_mark_age: timedelta | None
    missing: int
    outdated: int
    surplus: int
    compared_at: datetime | None
    drained_at: datetime | None
    rebuilt_at: datetime | None
    problem: str
    is_healthy: bool
    sentence: str

    @property
    def drift(self) -> int:
        return self.missing + self.outdated + self.surplus


def index_state() -> IndexState:
    """Read the state; a handful of counts."""
    state = SearchState.read()
    marks = ChangeMark.objects.count()
    oldest = ChangeMark.objects.order_by("created_at").values_list("created_at", flat=True).first()
    age = timezone.now() - oldest if oldest else None
    in_database = DataProduct.objects.count() + OutputPort.objects.count()
    in_index = indexed_documents()
    is_healthy, sentence = _judge(in_index, in_database, marks, age, state)
    return IndexState(
        in_index=in_index,
        in_database=in_database,
        marks_waiting=marks,
        oldest_mark_age=age,
        missing=state.missing,
        outdated=state.outdated,
        surplus=state.surplus,
        compared_at=state.compared_at,
        drained_at=state.drained_at,
        rebuilt_at=state.rebuilt_at,
        problem=state.problem,
        is_healthy=is_healthy,
        sentence=sentence,
    )


def indexed_documents() -> int | None:
    """How many documents the index holds; None when it cannot be read."""
    try:
        return get_backend().count()
    except IndexUnavailable:
        return None


def is_falling_behind() -> bool:
    """Whether a change has waited for the index longer than PATIENCE."""
    return ChangeMark.objects.filter(created_at__lt=timezone.now() - PATIENCE).exists()


def _judge(
    in_index: int | None, in_database: int, marks: int, age: timedelta | None, state: SearchState
) -> tuple[bool, str]:
    if in_index is None:
        return False, "The search index is missing or damaged; the worker is building it anew."
    if age is not None and age > PATIENCE:
        return (
            False,
            f"{marks} changes wait for the index, the oldest for {_minutes(age)}. Is a worker running?",
        )
    if state.problem:
        return False, f"The last attempt to write the index failed: {state.problem}"
    if marks:
        return True, f"{marks} changes are on their way into the index."
    if in_index != in_database:
        return True, (
            f"The index holds {in_index} documents and the database {in_database}; the next comparison mends it."
        )
    if state.compared_at is None:
        return True, "The index holds as many documents as the database; it was not compared in detail yet."
    found = state.missing + state.outdated + state.surplus
    if found:
        differences = "1 difference and mended it" if found == 1 else f"{found} differences and mended them"
        return True, f"The last comparison found {differences}."
    return True, "The index says what the database says."


def _minutes(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
