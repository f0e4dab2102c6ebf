"""The terms that pages of products and schemas show; one query each."""

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
    terms = selectors.terms_at(caller(context["request"]), product)
    return {"shown": terms[:SHOWN], "more": max(len(terms) - SHOWN, 0)}


@register.simple_tag(takes_context=True)
def port_terms(context: template.Context, port: OutputPort | None) -> PortTerms:
    """The terms of a port by the paths of its columns; those of the whole port stand under ""."""
    return selectors.terms_of_columns(caller(context["request"]), port.pk) if port else {}


@register.filter
def at_path(terms: PortTerms, path: str) -> list[GlossaryTerm]:
    """The terms of one column: `{% for term in terms|at_path:row.path %}`."""
    return terms.get(path, []) if isinstance(terms, dict) else []
