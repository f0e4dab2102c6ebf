"""The rows of a result with what is shown of them, loaded from the database and checked there once more.

The index says which rows and in which order; names, texts and rights are the database's. A row that the reader may no
longer see, or that is gone, is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from catalog.accounts.models import User
from catalog.glossary.selectors import TermFacts, visible_terms_of
from catalog.search import highlights
from catalog.search.documents import COLUMN, PORT, PRODUCT, Hit, PortHit, SearchHits
from catalog.search.shown import PortFacts, ProductFacts, read_ports, read_products
from catalog.trust.marks import Mark, marks

SHOWN_REASONS = 4
TEXTS = ("description", "usage", "limitations")  # of a product, looked through in this order


@dataclass(frozen=True, slots=True)
class Match:
    """Why a row matched: the field, its text, the same as marked HTML, and where to see it."""

    field: str
    text: str
    html: SafeString
    url: str = ""

    @property
    def label(self) -> str:
        return "team" if self.field == "owner" else self.field


@dataclass(frozen=True, slots=True)
class PortLine:
    """A port inside a product's row."""

    port: PortFacts
    title: SafeString
    score: float
    columns: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One row: `title`, `purpose` are marked HTML; `key` is public and stable as long as names are."""

    kind: str
    key: str
    name: str
    title: SafeString
    url: str
    product: ProductFacts
    port: PortFacts | None
    purpose: SafeString
    score: float
    marks: tuple[Mark, ...]
    matched: tuple[Match, ...] = ()
    ports: tuple[PortLine, ...] = ()
    highlights: dict[str, str] = field(default_factory=dict)

    @property
    def reasons(self) -> tuple[Match, ...]:
        """Why it matched, as far as title and purpose do not show it already."""
        shown = {"name", self.kind}
        return tuple(m for m in self.matched if m.field not in shown and m.html != self.purpose)[
            :SHOWN_REASONS
        ]


def load_rows(user: User, found: SearchHits) -> list[Row]:
    """The rows of a page of hits, in their order; four queries whatever their number."""
    rows = {hit.key.id for hit in found.hits if hit.key.kind == PORT}
    lines = {port.key.id for hit in found.hits for port in hit.ports}
    products = read_products(user, {hit.product_id for hit in found.hits})
    ports = read_ports(products, rows | lines, with_trust=bool(rows))
    terms = visible_terms_of(user, products) if found.needles and products else {}
    maker = _RowMaker(products, ports, terms, found.needles, timezone.now())
    return [row for hit in found.hits if (row := maker.row(hit)) is not None]


class _RowMaker:
    def __init__(
        self,
        products: Mapping[int, ProductFacts],
        ports: Mapping[int, PortFacts],
        terms: Mapping[int, list[TermFacts]],
        needles: frozenset[str],
        now: datetime,
    ) -> None:
        self._products = products
        self._ports = ports
        self._terms = terms
        self._needles = needles
        self._now = now

    def row(self, hit: Hit) -> Row | None:
        product = self._products.get(hit.product_id)
        if product is None:
            return None
        if hit.key.kind == PRODUCT:
            return self._product_row(hit, product)
        port = self._ports.get(hit.key.id)
        return None if port is None else self._port_row(hit, port)

    def _product_row(self, hit: Hit, product: ProductFacts) -> Row:
        lines = tuple(line for port in hit.ports if (line := self._line(port)) is not None)
        purpose = self._opening(product.purpose)
        title = self._marked(product.name)
        matched = [Match("name", product.name, title)] if "<mark>" in title else []
        if "<mark>" not in purpose:
            matched += self._text_match({name: getattr(product, name) for name in TEXTS})
        else:
            matched.append(Match("purpose", highlights.plain(product.purpose), purpose))
        matched += self._names_around(product)
        columns = {match.text: match for line in lines for match in line.columns}
        return self._make(
            hit,
            product,
            kind=PRODUCT,
            key=product.key,
            name=product.name,
            title=title,
            url=product.url,
            port=None,
            purpose=purpose,
            matched=(*columns.values(), *matched),
            ports=lines,
        )

    def _port_row(self, hit: Hit, port: PortFacts) -> Row:
        product = port.product
        purpose = self._opening(port.description or product.purpose)
        kind, name, key, url = PORT, port.title, port.key, port.url
        if hit.column:
            kind, name, key = COLUMN, hit.column, f"{port.key}#{hit.column}"
            url = port.column_url(hit.column)
        title = self._marked(name)
        if kind == COLUMN:
            matched = [Match("column", name, title, url)]
        else:
            matched = [self._column(port, path) for path in hit.columns]
            matched += [Match("name", name, title)] if "<mark>" in title else []
        if "<mark>" in purpose:
            matched.append(Match("description" if port.description else "purpose", "", purpose))
        if kind == PORT:
            matched += self._names_around(product)
        return self._make(
            hit,
            product,
            kind=kind,
            key=key,
            name=name,
            title=title,
            url=url,
            port=port,
            purpose=purpose,
            matched=tuple(matched),
            ports=(),
        )

    def _make(
        self,
        hit: Hit,
        product: ProductFacts,
        *,
        port: PortFacts | None,
        matched: tuple[Match, ...],
        **shown: Any,
    ) -> Row:
        place = port or product
        return Row(
            product=product,
            port=port,
            score=round(hit.score, 4),
            marks=marks(place.trust, self._now, place.url),
            matched=matched,
            highlights={match.field: str(match.html) for match in reversed(matched)},
            **shown,
        )

    def _line(self, hit: PortHit) -> PortLine | None:
        port = self._ports.get(hit.key.id)
        if port is None:
            return None
        columns = tuple(self._column(port, path) for path in hit.columns)
        return PortLine(port, self._marked(port.title), round(hit.score, 4), columns)

    def _column(self, port: PortFacts, path: str) -> Match:
        return Match("column", path, self._marked(path), port.column_url(path))

    def _names_around(self, product: ProductFacts) -> list[Match]:
        """Domain, team and terms, when the query names them."""
        around = [("domain", domain.name) for domain in product.domains]
        around += [("owner", product.team)] if product.team else []
        marked = [(name, text, self._marked(text)) for name, text in around]
        found = [Match(name, text, html) for name, text, html in marked if "<mark>" in html]
        return [*found, *(match for term in self._terms.get(product.id, ()) if (match := self._term(term)))]

    def _term(self, term: TermFacts) -> Match | None:
        """The term with the other name that matched, where its own did not: `Play, also Stream`."""
        html = self._marked(term.name)
        if "<mark>" not in html:
            other = next((name for name in term.names[1:] if "<mark>" in self._marked(name)), None)
            if other is None:
                return None
            html = format_html("{}, also {}", html, self._marked(other))
        return Match("term", term.name, html, term.url)

    def _text_match(self, texts: Mapping[str, str]) -> list[Match]:
        for name, text in texts.items():
            piece = highlights.snippet(text, self._needles)
            if piece:
                return [Match(name, "", mark_safe(piece))]  # noqa: S308  # escaped by highlights
        return []

    def _marked(self, text: str) -> SafeString:
        return mark_safe(highlights.mark(text, self._needles))  # noqa: S308  # escaped by highlights

    def _opening(self, text: str) -> SafeString:
        return mark_safe(highlights.opening(text, self._needles))  # noqa: S308  # escaped by highlights
