"""What the search page shows beside the rows: kinds, sorting, filters as links, chips, and what to do about nothing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final
from urllib.parse import quote as quote_anew

from django.core.paginator import Page, Paginator
from django.http import QueryDict

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.glossary.models import GlossaryTerm
from catalog.glossary.selectors import terms_meant
from catalog.search.backends import get_backend
from catalog.search.documents import COLUMN, FACETS, PORT, PRODUCT, RELEVANCE, TERM, SearchHits
from catalog.search.parameters import DEEPEST_ROW
from catalog.search.query import SearchQuery
from catalog.search.results import Row, load_rows

FACET_LABELS: Final = {
    "domain": "Domain",
    "owner": "Team",
    "port_kind": "Kind of port",
    "lifecycle": "Lifecycle",
    "tag": "Tag",
    "classification": "Classification",
    "quality": "Quality",
    "certification": "Certification",
    "archetype": "Archetype",
    "region": "Region",
}
KIND_LABELS: Final = {PRODUCT: "Products", PORT: "Ports", COLUMN: "Columns"}
SORT_LABELS: Final = {
    RELEVANCE: "Best match",
    "name": "Name",
    "updated": "Newest change",
    "quality": "Quality",
}
quote = lru_cache(maxsize=16_384)(quote_anew)  # the values of filters come by again and again
MOST_TERMS: Final = 3  # above the results
SHOWN_VALUES: Final = 60  # of a facet; what is rarer is found by searching for it


@dataclass(frozen=True, slots=True)
class Choice:
    """A link that changes the search: a facet's value, a kind, a sort order, a chip (its link takes it off)."""

    label: str
    url: str
    active: bool = False
    count: int | None = None
    of: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    label: str
    values: list[Choice]


@dataclass(frozen=True, slots=True)
class SearchPage:
    query: SearchQuery
    found: SearchHits
    rows: list[Row]
    page: Page[int]
    kinds: list[Choice]
    sorts: list[Choice]
    groups: list[Group]
    chips: list[Choice]
    clear_url: str
    loosened: list[Choice]  # where nothing is found: a filter taken off, with the rows one would get
    terms: list[GlossaryTerm]  # of the glossary that the query may mean; on the first page alone
    elsewhere: list[Choice]  # where nothing is found: other kinds that have something


def search_page(user: User, query: SearchQuery, parameters: QueryDict) -> SearchPage:
    """Search as `user` and prepare the page. Raises IndexUnavailable."""
    held = kernel.held_tokens(user)
    found = get_backend().search(query, held)
    paginator = Paginator(range(min(found.count, DEEPEST_ROW)), query.page_size)
    page = paginator.get_page(query.page)
    if page.number != query.page:
        query = replace(query, page=page.number)
        found = get_backend().search(query, held)
    links = Links(parameters)
    return SearchPage(
        query=query,
        found=found,
        rows=load_rows(user, found),
        page=page,
        kinds=[
            Choice(label, links.only("kind", kind, PRODUCT), kind == query.kind)
            for kind, label in KIND_LABELS.items()
        ],
        sorts=[
            Choice(label, links.only("sort", s, RELEVANCE), s == query.sort)
            for s, label in SORT_LABELS.items()
        ],
        groups=list(_groups(query, found, links)),
        chips=list(_chips(query, found, links)),
        clear_url=links.without(*FACETS),
        terms=meant_terms(user, query),
        loosened=[] if found.count else _loosened(query, found, held, links),
        elsewhere=[] if found.count else _elsewhere(query, held, links),
    )


def meant_terms(user: User, query: SearchQuery) -> list[GlossaryTerm]:
    """The terms a query names, by `term:` or by all it says; nothing beyond the first page."""
    if query.page != 1 or not query.text:
        return []
    named = [clause.typed for clause in query.clauses if clause.facets == (TERM,) and not clause.is_negated]
    text = named[0].partition(":")[2].strip('"') if named else query.text
    return terms_meant(user, text, MOST_TERMS)


class Links:
    """Addresses that differ from the present one in one respect; each starts again at page 1."""

    def __init__(self, parameters: QueryDict) -> None:
        self._pairs = [
            (name, value)
            for name, values in parameters.lists()
            if name in ("q", "kind", "sort", *FACETS)
            for value in values
            if value
        ]

    def without(self, *names: str) -> str:
        return self._write((name, value) for name, value in self._pairs if name not in names)

    def only(self, name: str, value: str, default: str) -> str:
        rest = [pair for pair in self._pairs if pair[0] != name]
        return self._write([*rest, (name, value)] if value != default else rest)

    def removing(self, name: str, value: str) -> str:
        return self._write(pair for pair in self._pairs if pair != (name, value))

    def adding(self, name: str) -> str:
        """The beginning of an address to which a value of `name` is appended."""
        return self._write([*self._pairs, (name, "")])

    def _write(self, pairs: Iterable[tuple[str, str]]) -> str:
        return "?" + "&".join(f"{quote(name)}={quote(value)}" for name, value in pairs)


def _groups(query: SearchQuery, found: SearchHits, links: Links) -> Iterator[Group]:
    for name, label in FACET_LABELS.items():
        chosen = query.filters.get(name, frozenset())
        beginning = links.adding(name)
        counted = found.facets[name]
        values = [
            Choice(
                item.label or item.value,
                links.removing(name, item.value) if item.value in chosen else beginning + quote(item.value),
                item.value in chosen,
                item.count,
            )
            for place, item in enumerate(counted)
            if place < SHOWN_VALUES or item.value in chosen
        ]
        known = {item.value for item in counted}
        values += [Choice(value, links.removing(name, value), True, 0) for value in sorted(chosen - known)]
        if values:
            yield Group(label, values)


def _chips(query: SearchQuery, found: SearchHits, links: Links) -> Iterator[Choice]:
    for name, label in FACET_LABELS.items():
        labels = {item.value: item.label for item in found.facets[name]}
        for value in sorted(query.filters.get(name, ())):
            yield Choice(labels.get(value) or value, links.removing(name, value), True, of=label)


def _loosened(query: SearchQuery, found: SearchHits, held: frozenset[str], links: Links) -> list[Choice]:
    """Each filter whose absence would show something; where none alone does, all of them together."""
    if found.without:
        return [
            Choice(f"the filter {FACET_LABELS[name]}", links.without(name), count=count)
            for name, count in sorted(found.without.items(), key=lambda item: -item[1])
        ]
    free = (
        get_backend().search(replace(query, filters={}, page=1, page_size=1), held).count
        if query.filters
        else 0
    )
    return [Choice("all these filters", links.without(*FACETS), count=free)] if free else []


def _elsewhere(query: SearchQuery, held: frozenset[str], links: Links) -> list[Choice]:
    others = []
    for kind, label in KIND_LABELS.items():
        if kind != query.kind:
            count = get_backend().search(replace(query, kind=kind, page=1, page_size=1), held).count
            if count:
                words = label.lower()
                others.append(
                    Choice(
                        words if count > 1 else words.removesuffix("s"),
                        links.only("kind", kind, PRODUCT),
                        count=count,
                    )
                )
    return others
