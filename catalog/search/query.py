"""The query language: words, "phrases", field:value, -not. Forgiving: every text is a query, never an error.

    playback quality            both words, in any field
    "time to first frame"       the words in this order
    column:customer_email       a column of that name
    owner:playback tag:gold     a team (or person) and a tag
    term:listener               a term of the glossary, by any of its names
    -deprecated  -domain:ads    without

An unknown field is no field: `foo:bar` searches the words foo and bar.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from catalog.search import analysis
from catalog.search.documents import FACETS, PEOPLE, PRODUCT, RELEVANCE, TERM, FacetValue

MAX_QUERY = 1000  # characters read; the rest is left out
MAX_CLAUSES = 24  # what stands after them is left out

TEXT_FIELDS = {"name": "name", "title": "name", "column": "columns", "field": "columns", "text": "text"}
FACET_ALIASES = {
    **{name: (name,) for name in FACETS},
    "owner": ("owner", PEOPLE),
    "team": ("owner",),
    "person": (PEOPLE,),
    "class": ("classification",),
    "type": ("port_kind",),
    TERM: (TERM,),
}

_CLAUSE = re.compile(
    r"""(?P<minus>-)?                       # left out
        (?:(?P<field>[^\W\d_][\w]{0,30}):)?  # of a field
        (?:"(?P<phrase>[^"]*)(?:"|$)|(?P<bare>[^\s"]+))""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Clause:
    """One condition. `parts` are folded pieces in order; `facets` name the facets a `field:` clause looks in.

    `field` is empty for any text field, else one of `ranking.FIELDS`. `is_open` marks the word still being typed.
    """

    parts: tuple[str, ...]
    typed: str
    field: str = ""
    facets: tuple[str, ...] = ()
    is_phrase: bool = False
    is_negated: bool = False
    is_open: bool = False

    @property
    def needs(self) -> list[tuple[str, str]]:
        """The terms a document must have, each with the part it came from."""
        return analysis.query_terms(self.parts)

    def names(self, value: FacetValue) -> bool:
        """Whether a `field:` clause means this facet value: by its address, or by words of its label."""
        if analysis.canonical(value.value) == "_".join(self.parts):
            return True
        known = set(analysis.terms(f"{value.value} {value.label}"))
        return all(term in known for term, _ in self.needs)


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A parsed query with the filters beside it. `filters` maps a facet to the values of which one must be carried."""

    text: str = ""
    clauses: tuple[Clause, ...] = ()
    kind: str = PRODUCT
    filters: Mapping[str, frozenset[str]] = field(default_factory=dict)
    sort: str = RELEVANCE
    page: int = 1
    page_size: int = 20

    @property
    def canonical(self) -> str:
        """The plain words as one name, to be compared with names of products and columns."""
        plain = [clause for clause in self.clauses if not clause.is_negated and not clause.facets]
        return "_".join(part for clause in plain for part in clause.parts)


def parse(text: str, **settings: object) -> SearchQuery:
    """Read a query text; `settings` are the other members of SearchQuery. Small words count only among themselves."""
    text = text.replace("\x00", " ")[:MAX_QUERY]
    clauses = []
    for match in _CLAUSE.finditer(text):
        clauses.extend(_clauses(match))
        if len(clauses) >= MAX_CLAUSES:
            break
    wordy = [c for c in clauses if not _is_small(c)]
    if any(not c.is_negated for c in wordy):
        clauses = wordy
    return replace(SearchQuery(text=text.strip(), clauses=tuple(clauses[:MAX_CLAUSES])), **settings)  # type: ignore[arg-type]


def _is_small(clause: Clause) -> bool:
    return not (clause.field or clause.facets or clause.is_phrase) and all(
        part in analysis.STOP_WORDS for part in clause.parts
    )


def _clauses(match: re.Match[str]) -> list[Clause]:
    name = (match["field"] or "").lower()
    phrase, negated = match["phrase"], match["minus"] is not None
    value = phrase if phrase is not None else match["bare"]
    text_field, facets = TEXT_FIELDS.get(name, ""), FACET_ALIASES.get(name, ())
    if name and not text_field and not facets and phrase is None:
        value = f"{match['field']} {value}"
    typed = match[0].strip()
    if facets or text_field or phrase is not None:
        parts = tuple(analysis.parts(value))
        clause = Clause(parts, typed, text_field, facets, phrase is not None, negated)
        return [clause] if parts else []
    return [Clause(word, "_".join(word), is_negated=negated) for word in analysis.words(value)]


def opened(query: SearchQuery) -> SearchQuery:
    """The query with its last word still being typed: it also matches what begins so."""
    last = query.clauses[-1] if query.clauses else None
    if last is None or last.is_negated or last.is_phrase or last.facets or query.text.endswith('"'):
        return query
    return replace(query, clauses=(*query.clauses[:-1], replace(last, is_open=True)))
