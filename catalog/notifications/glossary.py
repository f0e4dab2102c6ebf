"""What happens to terms, as notices to those who watch them."""

from collections.abc import Iterable

from catalog.audit.models import AuditEvent
from catalog.glossary.models import GlossaryTerm
from catalog.notifications.models import Kind, Notice
from catalog.notifications.telling import Draft
from catalog.products.models import DataProduct

#: What of an edit is news: that somebody else answers for it, or that a related term came, is not.
MEANING = ("name", "definition", "synonyms", "abbreviation")
VERBS = frozenset({"term.edited", "term.approved", "term.deprecated", "term.linked"})


def drafts_of(events: Iterable[AuditEvent]) -> list[Draft]:
    """The notices that follow from `events`; two queries, none where nothing is about a term."""
    told = [event for event in events if event.verb in VERBS]
    if not told:
        return []
    terms = GlossaryTerm.objects.select_related("successor").in_bulk({event.object_id for event in told})
    linked = {event.product_id for event in told if event.verb == "term.linked"}
    products = DataProduct.objects.select_related("domain").in_bulk([pk for pk in linked if pk])
    found = [_draft(event, terms.get(event.object_id), products) for event in told]
    return [draft for draft in found if draft is not None]


def _draft(event: AuditEvent, term: GlossaryTerm | None, products: dict[int, DataProduct]) -> Draft | None:
    """In the words everybody who reads the term may know; None for what is no news, and for drafts."""
    if term is None or not term.is_published:
        return None
    product = products.get(event.product_id or 0)
    sentence, key = "", f"event:{event.pk}:term"
    if event.verb == "term.deprecated":
        title = f"The term {term.name} is deprecated"
        successor = term.successor
        sentence = f"Use {successor.name} instead." if successor and successor.is_published else ""
    elif event.verb == "term.linked":
        if product is None:
            return None
        title = f"{product.name} uses the term {term.name}"
        key = f"term:{term.pk}:{product.pk}"  # a product that links its columns too is told of once
    elif any(name in event.changes for name in MEANING):
        title = f"The term {term.name} says something else"
        changed = [name for name in MEANING if name in event.changes]
        sentence = f"Changed: {', '.join(changed)}."
    else:
        return None
    about = {"term": term.pk, "product": product.pk if product else None, "actor": event.actor_id}
    return Draft(key, Kind.GLOSSARY, title, sentence, term.get_absolute_url(), Notice.Audience.READERS, about)
