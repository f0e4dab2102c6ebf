"""Suggestions while typing, as links: products, ports and columns the reader may see, by the ranker of the results, and
terms of the glossary."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.glossary.selectors import terms_meant
from catalog.products.models import OutputPort
from catalog.search import highlights
from catalog.search.backends import get_backend
from catalog.search.documents import COLUMN, PORT, PRODUCT, TERM, Suggestion
from catalog.search.query import opened, parse
from catalog.search.shown import PortFacts, ProductFacts, read_ports, read_products

LIMIT = 9
MOST_TERMS = 2


@dataclass(frozen=True, slots=True)
class Completion:
    """One suggestion: `text` as it is, `html` with what was typed marked, `about` where it belongs."""

    kind: str
    key: str
    text: str
    html: SafeString
    about: str
    url: str


def completions(user: User, text: str, limit: int = LIMIT) -> list[Completion]:
    """What the unfinished `text` may mean; nothing for nothing. Raises IndexUnavailable."""
    query = opened(parse(text))
    if not query.clauses:
        return []
    found = get_backend().suggest(query, kernel.held_tokens(user), limit)
    beginnings = frozenset(part for clause in query.clauses for part in clause.parts)
    ids = {kind: {s.key.id for s in found if s.key and s.kind == kind} for kind in (PRODUCT, PORT)}
    around = OutputPort.objects.filter(pk__in=ids[PORT]).values_list("product_id", flat=True)
    products = read_products(user, ids[PRODUCT] | set(around if ids[PORT] else ()))
    ports = read_ports(products, ids[PORT], with_trust=False)
    made = (_completion(suggestion, products, ports, beginnings) for suggestion in found)
    completed = [completion for completion in made if completion is not None]
    terms = [
        Completion(
            TERM, term.slug, term.name, _marked(term.name, beginnings),
            f"term of {term.domain}" if term.domain else "term", term.get_absolute_url(),
        )
        for term in terms_meant(user, text, MOST_TERMS)
    ]  # fmt: skip
    return [*completed[: limit - len(terms)], *terms]


def _completion(
    suggestion: Suggestion,
    products: dict[int, ProductFacts],
    ports: dict[int, PortFacts],
    beginnings: frozenset[str],
) -> Completion | None:
    if suggestion.kind == COLUMN:
        text = suggestion.text
        url = f"{reverse('search:results')}?{urlencode({'q': f'column:{text}', 'kind': COLUMN})}"
        about = f"column of {suggestion.count} port{'' if suggestion.count == 1 else 's'}"
        return Completion(COLUMN, text, text, _marked(text, beginnings), about, url)
    key = suggestion.key.id if suggestion.key else 0
    if suggestion.kind == PRODUCT and key in products:
        product = products[key]
        html = _marked(product.name, beginnings)
        return Completion(PRODUCT, product.key, product.name, html, product.domains[-1].name, product.url)
    if suggestion.kind == PORT and key in ports:
        port = ports[key]
        about = f"{port.kind_label.lower()} of {port.product.name}"
        return Completion(PORT, port.key, port.title, _marked(port.title, beginnings), about, port.url)
    return None


def _marked(text: str, beginnings: frozenset[str]) -> SafeString:
    return mark_safe(highlights.mark_beginnings(text, beginnings))  # noqa: S308  # escaped by highlights
