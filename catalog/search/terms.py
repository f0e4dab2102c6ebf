"""What a document is found by: the same for every backend."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from catalog.search import analysis, columns
from catalog.search.documents import SearchDocument

GAP: Final = "\x1e"  # a place no phrase can cross: between two texts, two columns


LONGEST_KEPT = 120  # characters; names of columns, domains and people come again and again


def _terms(text: str) -> Sequence[str]:
    return _kept_terms(text) if len(text) <= LONGEST_KEPT else analysis.terms(text)


@lru_cache(maxsize=8_192)
def _kept_terms(text: str) -> tuple[str, ...]:
    return tuple(analysis.terms(text))


def _parts(text: str) -> Sequence[str]:
    return _kept_parts(text) if len(text) <= LONGEST_KEPT else analysis.parts(text)


@lru_cache(maxsize=8_192)
def _kept_parts(text: str) -> tuple[str, ...]:
    return tuple(analysis.parts(text))


@lru_cache(maxsize=8_192)
def _names_of(path: str) -> tuple[str, ...]:
    return tuple(columns.names_of(path))


def by_field(document: SearchDocument) -> dict[str, list[str]]:
    """The terms of each ranked field."""
    return {
        "name": [term for name in (document.title, *document.names) for term in _terms(name)],
        "acronym": sorted(analysis.acronyms(document.title)),
        "labels": [term for label in document.labels for term in _terms(label)],
        "columns": [term for path in document.columns for term in _terms(path)],
        "text": [term for text in document.texts for term in _terms(text)],
    }


def exact_names(document: SearchDocument) -> list[str]:
    """Every name the document answers to, in canonical form."""
    return sorted({analysis.canonical(name) for name in (document.title, *document.names)} - {""})


def exact_columns(document: SearchDocument) -> list[str]:
    """Every column's path and last step, in canonical form."""
    return sorted({name for path in document.columns for name in _names_of(path)})


def sequence(document: SearchDocument) -> list[str]:
    """All parts in order, unstemmed, for phrases and spelling; texts are kept apart by a gap."""
    found: list[str] = []
    for text in (document.title, *document.names, *document.labels, *document.columns, *document.texts):
        found.extend(_parts(text))
        found.append(GAP)
    return found
