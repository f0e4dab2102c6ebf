"""A query read for one reader, over documents with their terms counted."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from catalog.search import analysis, ranking, terms
from catalog.search.documents import SearchDocument
from catalog.search.expand import Expander
from catalog.search.lexicon import Lexicon
from catalog.search.query import Clause, SearchQuery

ANY_FIELD = tuple(ranking.FIELDS)


@dataclass(eq=False)
class Entry:
    """A document with its terms counted."""

    document: SearchDocument

    def __post_init__(self) -> None:
        found = terms.by_field(self.document)
        self.counts = {name: Counter(words) for name, words in found.items()}
        self.lengths = {name: len(words) for name, words in found.items()}
        self.exact = set(terms.exact_names(self.document))
        self.exact_columns = set(terms.exact_columns(self.document))
        self.sequence = terms.sequence(self.document)
        self.name = ranking.name_bytes(analysis.canonical(self.document.title))

    def has(self, fields: Iterable[str], term: str) -> bool:
        return any(term in self.counts[name] for name in fields)

    def has_phrase(self, parts: tuple[str, ...]) -> bool:
        size = len(parts)
        return any(tuple(self.sequence[at : at + size]) == parts for at in range(len(self.sequence)))

    def values(self, facet: str) -> set[str]:
        return {value.value for value in self.document.facets.get(facet, ())}

    def passes(self, filters: Mapping[str, frozenset[str]], ignoring: str = "") -> bool:
        return all(
            name == ignoring or not wanted or not wanted.isdisjoint(self.values(name))
            for name, wanted in filters.items()
        )

    def satisfies(self, clause: Clause) -> bool:
        """Whether a clause holds as it stands, without corrections."""
        if clause.facets:
            return any(
                clause.names(value) for name in clause.facets for value in self.document.facets.get(name, ())
            )
        if clause.is_phrase and not clause.field:
            return self.has_phrase(clause.parts)
        fields = (clause.field,) if clause.field else ANY_FIELD
        return all(self.has(fields, term) for term, _ in clause.needs)


@dataclass
class Need:
    """One word of a query: the terms that satisfy it, and in which fields."""

    stems: list[str]
    fields: tuple[str, ...]
    idf: float = 0.0


@dataclass
class Reading:
    """A query resolved for one reader: their documents, and what each word of the query stands for."""

    query: SearchQuery
    visible: list[Entry]
    lexicon: Callable[[], Lexicon]
    needs: list[Need] = field(default_factory=list)
    surfaces: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.expander = Expander(self._uses, lambda: [self.lexicon()])
        self.means = {
            name: max(sum(e.lengths[name] for e in self.visible) / max(len(self.visible), 1), 1.0)
            for name in ranking.FIELDS
        }
        for clause in self.query.clauses:
            if not clause.is_negated and not clause.facets:
                self._read(clause)

    def _read(self, clause: Clause) -> None:
        fields = (clause.field,) if clause.field else ANY_FIELD
        for place, (term, surface) in enumerate(clause.needs):
            is_open = clause.is_open and place == len(clause.needs) - 1
            words = self.expander.alternatives(term, surface, fields, is_open, not clause.is_phrase)
            need = Need(list(dict.fromkeys(map(analysis.stem, words))), fields)
            found = sum(any(e.has(fields, stem) for stem in need.stems) for e in self.visible)
            need.idf = ranking.idf(len(self.visible), found)
            self.needs.append(need)
            self.surfaces.append(surface if is_open or not words else words[0])

    def _uses(self, term: str, fields: tuple[str, ...]) -> int:
        return sum(term in entry.counts[name] for entry in self.visible for name in fields)

    @cached_property
    def canonical(self) -> str:
        return "_".join(self.surfaces)

    @property
    def column_needs(self) -> list[frozenset[str]]:
        return [frozenset(need.stems) for need in self.needs]

    def matches(self, entry: Entry) -> bool:
        return all(any(entry.has(n.fields, stem) for stem in n.stems) for n in self.needs) and all(
            entry.satisfies(clause) is not clause.is_negated
            for clause in self.query.clauses
            if clause.is_negated or clause.facets or (clause.is_phrase and not clause.field)
        )

    def relevance(self, entry: Entry) -> float:
        total = sum(need.idf for need in self.needs)
        shares = (need.idf * (tf := self._tf(entry, need)) / (ranking.K1 + tf) for need in self.needs)
        return sum(shares) / total if total else 0.0

    def _tf(self, entry: Entry, need: Need) -> float:
        tf = 0.0
        for name in need.fields:
            how = ranking.FIELDS[name]
            norm = 1 - how.b + how.b * entry.lengths[name] / self.means[name]
            tf += sum(how.weight * entry.counts[name][stem] / norm for stem in need.stems)
        return tf

    def tier(self, entry: Entry) -> float:
        if not self.canonical:
            return ranking.TEXT
        prefix = ranking.name_bytes(self.canonical)
        kinds = (
            (ranking.EXACT_NAME, self.canonical in entry.exact),
            (ranking.ACRONYM, len(self.surfaces) == 1 and self.canonical in entry.counts["acronym"]),
            (
                ranking.NAME_PREFIX,
                len(self.canonical) >= ranking.MIN_PREFIX and entry.name.startswith(prefix),
            ),
            (ranking.NAME_WORDS, self._all_in(entry, "name")),
            (ranking.EXACT_COLUMN, self.canonical in entry.exact_columns),
            (ranking.COLUMN_WORDS, self._all_in(entry, "columns")),
        )
        return next((tier for tier, holds in kinds if holds), ranking.TEXT)

    def _all_in(self, entry: Entry, name: str) -> bool:
        return all(any(stem in entry.counts[name] for stem in need.stems) for need in self.needs)

    def score(self, entry: Entry) -> float:
        return self.tier(entry) + self.relevance(entry) + entry.document.prior
