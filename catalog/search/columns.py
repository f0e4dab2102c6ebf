"""Which columns of a port a query means; shared by all backends."""

from collections.abc import Iterable, Sequence

from catalog.search import analysis

Needs = Sequence[frozenset[str]]  # for each word of a query: the terms that satisfy it


def met(path: str, needs: Needs) -> int:
    """How many words of the query stand in a column's path."""
    found = set(analysis.terms(path))
    return sum(not found.isdisjoint(need) for need in needs)


def matched_columns(paths: Iterable[str], needs: Needs, limit: int) -> tuple[str, ...]:
    """Paths that contain a word of the query: most words first, then the shortest, then in their own order."""
    scored = [
        (-count, len(path), place, path) for place, path in enumerate(paths) if (count := met(path, needs))
    ]
    return tuple(path for *_, path in sorted(scored)[:limit])


def names_of(path: str) -> set[str]:
    """The canonical names a column answers to: its whole path, and its last step."""
    return {analysis.canonical(path), analysis.canonical(path.rsplit(".", 1)[-1])} - {""}


def score(is_exact: bool, words_met: int, words: int, port_score: float) -> float:
    """A column's score: exact names first, then by words met; columns of better ports first among equals."""
    return 10.0 * is_exact + (words_met / words if words else 0.0) + port_score / 10.0
