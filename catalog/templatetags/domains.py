"""The domain tree with counts and health, for the pages that show it."""

from django import template
from django.http import HttpRequest

from catalog.accounts.caller import caller
from catalog.domains.models import Domain
from catalog.domains.selectors import Branch
from catalog.trust.health import domain_branches

register = template.Library()
ORDER = (
    ("bad", "need attention"),
    ("warning", "to be watched"),
    ("unknown", "not measured"),
    ("good", "healthy"),
)


@register.simple_tag(takes_context=True)
def visible_branches(context: template.Context, within: Domain | None = None) -> list[Branch]:
    """The reader's domains as a tree, or what is below `within`."""
    request: HttpRequest = context["request"]
    return domain_branches(caller(request), within)


@register.filter
def health_words(health: dict[str, int]) -> list[tuple[str, int, str]]:
    """(meaning, products, words) for each state, the worst first; a list of columns, so that figures align."""
    return [(meaning, health.get(meaning, 0), words) for meaning, words in ORDER]
