"""What goes into search and what comes out: neutral dataclasses; no backend's types, no Django."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

PRODUCT: Final = "product"
PORT: Final = "port"
COLUMN: Final = "column"
KINDS = (PRODUCT, PORT, COLUMN)  # what a search lists; columns are resolved from port documents

FACETS = (
    "domain",
    "owner",
    "port_kind",
    "lifecycle",
    "tag",
    "classification",
    "quality",
    "certification",
    "archetype",
    "region",
)
PEOPLE = "people"  # searchable as `owner:` like a facet, never shown as one
TERM: Final = "term"  # of the glossary; as PEOPLE: `term:play`
FACET_FIELDS = (*FACETS, PEOPLE, TERM)

RELEVANCE: Final = "relevance"
SORTS = (RELEVANCE, "name", "updated", "quality")


class DocKey(NamedTuple):
    """A document's identity: kind (`product` or `port`) and the row's primary key. Names may change; this does not."""

    kind: str
    id: int


class FacetValue(NamedTuple):
    """One value of a facet as documents carry it: what addresses say, and what people read."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class SearchDocument:
    """One product, or one output port, as search sees it.

    `names` are other spellings it is known by (slug, address); `labels` short texts around it (domain, team, people,
    tags, terms, its ports); `columns` the paths of its fields; `texts` its prose, `column_texts` what is said of its
    columns.
    `audience` are the tokens of which a reader must hold one. `quality` is 0-100 or None, `updated_at` seconds since
    1970. `prior` (-1..1) lifts or sinks the document among equals.
    """

    key: DocKey
    product_id: int
    title: str
    audience: frozenset[str]
    names: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    facets: Mapping[str, tuple[FacetValue, ...]] = field(default_factory=dict)
    quality: float | None = None
    updated_at: int = 0
    prior: float = 0.0

    def fingerprint(self) -> int:
        """A 63-bit digest of everything indexed; equal exactly when index and database say the same."""
        facets = sorted((name, tuple(values)) for name, values in self.facets.items() if values)
        content = (
            *(self.key, self.product_id, self.title, sorted(self.audience), self.names, self.labels),
            *(self.columns, self.texts, facets, self.quality, self.updated_at, round(self.prior, 3)),
        )
        digest = hashlib.blake2b(repr(content).encode("utf-8", "surrogatepass"), digest_size=8).digest()
        return int.from_bytes(digest, "big") >> 1


@dataclass(frozen=True, slots=True)
class PortHit:
    """A port within a product's hit: its row, and the columns that matched (best first)."""

    key: DocKey
    score: float
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """One row of a result. For kind `column`, `column` is its path and `key` its port.

    `columns` are matched columns of a port; `ports` the best ports of a product, with theirs.
    """

    key: DocKey
    product_id: int
    score: float
    column: str = ""
    columns: tuple[str, ...] = ()
    ports: tuple[PortHit, ...] = ()


@dataclass(frozen=True, slots=True)
class FacetCount:
    """How many rows of the result carry a facet's value."""

    value: str
    label: str
    count: int


class Correction(NamedTuple):
    """A word nobody uses, and the words searched for in its place."""

    typed: str
    used: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SearchHits:
    """A page of a result with everything the reader is told about it; all of it counts only what the reader may see.

    `count` is the whole result. `facets` maps a facet to its values, most frequent first, each facet ignoring its own
    filter. `without` says how many rows there would be were one filter removed (only filters that exclude something).
    `unknown` are words found nowhere and like nothing. `needles` are the terms to mark in texts.
    """

    count: int
    hits: tuple[Hit, ...]
    facets: Mapping[str, tuple[FacetCount, ...]]
    corrections: tuple[Correction, ...] = ()
    unknown: tuple[str, ...] = ()
    without: Mapping[str, int] = field(default_factory=dict)
    needles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A completion while typing. `kind` is product, port, column (`text` its name, `count` its ports)."""

    kind: str
    text: str
    score: float
    key: DocKey | None = None
    count: int = 0


class IndexUnavailable(Exception):
    """The index is missing or damaged; search says so honestly, and the worker builds it anew."""
