"""The one ranker of results and suggestions: which kind of match, then BM25F within the kind.

score = tier + relevance + prior, with tier in 0..6, relevance in 0..1 and prior in -1..1 (`SearchDocument.prior`).

Relevance is BM25F (Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond, 2009, section 3.6):
per term, tf = sum over fields of weight * count / (1 - b + b * length / mean length); the term's share is
idf * tf / (k1 + tf); the sum is divided by the sum of idf, so that it stays below 1. Counts of documents and mean
lengths are those of what the *reader may see*: a score says nothing about the rest.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from catalog.search.documents import Suggestion

K1: Final = 1.2


@dataclass(frozen=True, slots=True)
class FieldWeight:
    weight: float
    b: float  # how much a long field dilutes a match, 0..1


FIELDS: Final[dict[str, FieldWeight]] = {
    "name": FieldWeight(6.0, 0.3),
    "acronym": FieldWeight(4.0, 0.0),
    "labels": FieldWeight(2.5, 0.5),
    "columns": FieldWeight(2.0, 0.6),
    "text": FieldWeight(1.0, 0.75),
}

EXACT_NAME: Final = 6.0  # the query is the whole name
ACRONYM: Final = 5.0  # the query is its initials
NAME_PREFIX: Final = 4.0  # the name begins with the query
NAME_WORDS: Final = 3.0  # all words stand in the name
EXACT_COLUMN: Final = 2.0  # the query is the whole name of a column
COLUMN_WORDS: Final = 1.0  # all words stand in names of columns
TEXT: Final = 0.0

PREFIX_BYTES: Final = 48  # of a canonical name in UTF-8: what prefixes and the order by name look at
MIN_PREFIX: Final = 2  # characters a query needs before names that begin with it come first

MAX_EXPANSIONS: Final = 48  # words an unfinished word may stand for
MAX_CORRECTIONS: Final = 3  # words a misspelt word may stand for
MIN_COMPLETED: Final = 3  # characters before an unknown word is completed

PORTS_INSIDE: Final = 3  # best ports shown within a product
COLUMNS_INSIDE: Final = 5  # matched columns shown within a port


def idf(documents: int, with_term: int) -> float:
    """Robertson-Sparck Jones weight, kept positive; both counts are of visible documents."""
    return math.log(1 + (documents - with_term + 0.5) / (with_term + 0.5))


def tolerance(part: str) -> int:
    """How many typing errors a word may have: none below 3 letters or with a digit first, 1 up to 7, then 2."""
    if len(part) < 3 or not part[0].isalpha():
        return 0
    return 1 if len(part) < 8 else 2


def name_bytes(canonical: str) -> bytes:
    """The beginning of a canonical name by which names are ordered and prefixes found."""
    return canonical.encode("utf-8", "surrogatepass")[:PREFIX_BYTES]


def spread(by_kind: Sequence[Sequence[Suggestion]], limit: int) -> tuple[Suggestion, ...]:
    """The best of each kind, kinds kept together: half the room for the first (products), a quarter for each other.

    Room one kind does not fill goes to the first that has more.
    """
    shares = [limit // 2, *(limit // 4 for _ in by_kind[1:])]
    taken = [min(share, len(found)) for share, found in zip(shares, by_kind, strict=True)]
    for place, found in enumerate(by_kind):
        taken[place] += min(limit - sum(taken), len(found) - taken[place])
    return tuple(s for found, number in zip(by_kind, taken, strict=True) for s in found[:number])
