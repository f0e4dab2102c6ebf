"""The terms that pages of products and schemas show; one query each."""

from collections.abc import Iterable
from typing import Any

from django import template

from catalog.accounts.caller import caller
from catalog.glossary import selectors
from catalog.glossary.models import GlossaryTerm
from catalog.products.models import DataProduct, OutputPort

register = template.Library()
SHOWN = 12
PortTerms = dict[str, list[GlossaryTerm]]


@register.simple_tag(takes_context=True)
def product_terms(context: template.Context, product: DataProduct) -> dict[str, Any]:
    """The first terms of a product with its ports and columns, and how many more there are."""
    shown, count = selectors.terms_at(caller(context["request"]), product, SHOWN)
    return {"shown": shown, "more": count - len(shown)}


@register.simple_tag(takes_context=True)
def port_terms(context: template.Context, port: OutputPort | None, lines: Iterable[Any]) -> PortTerms:
    """The terms of a port by the paths of the columns in `lines`; those of the whole port stand under ""."""
    if port is None:
        return {}
    return selectors.terms_of_columns(caller(context["request"]), port.pk, [line.row.path for line in lines])


@register.filter
def at_path(terms: PortTerms, path: str) -> list[GlossaryTerm]:
    """The terms of one column: `{% for term in terms|at_path:row.path %}`."""
    return terms.get(path, []) if isinstance(terms, dict) else []
