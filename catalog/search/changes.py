"""What changed lately, in sentences: one a product, and one for many alike by the same hand. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

MANY = 3  # alike events of so many products or more are told as one

#: verb -> what was done; `{product}` is the product, `{name}` the thing's name as it was then.
PHRASES = {
    "product.created": "made {product}",
    "product.edited": "edited {product}",
    "product.people_named": "named the people in charge of {product}",
    "product.renamed": "gave {product} another name or address",
    "product.moved": "moved {product} to another domain",
    "product.proposed": "put {product} back to proposed",
    "product.drafted": "began the draft of {product}",
    "product.published": "published {product}",
    "product.deprecated": "deprecated {product}",
    "product.retired": "retired {product}",
    "product.imported": "imported {product}",
    "product.restored": "restored an older version of {product}",
    "product.handed_over": "handed over {product}",
    "port.created": "added the port {name} to {product}",
    "port.edited": "edited the port {name} of {product}",
    "port.deleted": "removed the port {name} from {product}",
    "port.schema_changed": "saw a new schema of {name} of {product}",
    "port.definition_changed": "saw other SQL behind {name} of {product}",
    "input_port.added": "declared that {product} is made from {name}",
    "input_port.edited": "changed the input {name} of {product}",
    "input_port.removed": "declared that {product} is no longer made from {name}",
    "contract.imported": "imported the contract {name} of {product}",
    "field.annotated": "described fields of {product}",
    "slo.created": "promised {name} of {product}",
    "slo.edited": "changed the promise {name} of {product}",
    "slo.ended": "withdrew the promise {name} of {product}",
    "slo.resumed": "promised {name} of {product} again",
    "slo.deleted": "deleted the promise {name} of {product}",
    "contract.proposed": "proposed a new contract for {product}",
    "contract.published": "published a new contract of {product}",
    "contract.started": "began a contract for {product}",
    "contract.acknowledged": "acknowledged a change of the contract of {product}",
    "contract.withdrawn": "withdrew a proposed contract of {product}",
    "port.checks_declared": "declared quality checks on {name} of {product}",
    "certification.given": "certified {product}",
    "certification.withdrawn": "withdrew a certification of {product}",
    "incident.opened": "saw trouble with {product}: {name}",
    "incident.reopened": "saw trouble again with {product}: {name}",
    "incident.acknowledged": "looks after an incident of {product}: {name}",
    "incident.resolved": "closed an incident of {product}: {name}",
    "incident.noted": "wrote what was learned of {product}: {name}",
    "status.published": "let anybody read the status of {product}",
    "status.withdrawn": "kept the status of {product} for members",
    "question.asked": "asked a question about {product}",
    "question.answered": "answered a question about {product}",
    "question.settled": "accepted an answer about {product}",
    "question.documented": "turned an answer into the documentation of {product}",
    "question.became_incident": "opened an incident of {product} from a problem",
    "announcement.made": "announced something about {product}",
    "term.linked": "linked {product} to the term {name}",
    "term.unlinked": "took the term {name} from {product}",
    "announcement.ended": "took down an announcement about {product}",
    "lineage_sender.rejected": "no longer believes a sender of lineage about {product}",
    "lineage_sender.believed": "believes a sender of lineage about {product} again",
    "lineage_edge.drawn": "drew by hand what {product} is made from",
    "lineage_edge.edited": "changed what was drawn of where {product} comes from",
    "lineage_edge.ended": "ended what was drawn of where {product} comes from",
}

#: verb -> the same of `{count}` products.
OF_MANY = {
    "product.created": "made {count} products",
    "product.imported": "imported {count} products",
    "product.published": "published {count} products",
    "port.created": "added ports to {count} products",
    "port.schema_changed": "saw new schemas in {count} products",
    "port.definition_changed": "saw other SQL behind views of {count} products",
    "contract.imported": "imported the contracts of {count} products",
    "certification.given": "certified {count} products",
    "incident.opened": "saw trouble with {count} products",
    "incident.resolved": "closed incidents of {count} products",
    "port.checks_declared": "declared quality checks in {count} products",
    "slo.created": "took down what {count} products promise",
}

#: what an import does besides, and how long it may take
PARTS_OF_IMPORT = {
    "port.created",
    "port.edited",
    "input_port.added",
    "input_port.edited",
    "contract.imported",
    "slo.created",
    "slo.edited",
    "port.checks_declared",
}
ONE_IMPORT = timedelta(minutes=5)


class Event(Protocol):
    """An audit event about a product or what belongs to it."""

    at: datetime
    actor_name: str
    verb: str
    object_name: str
    product_id: int | None


@dataclass(frozen=True, slots=True)
class Change:
    """One line: `who` did `before` the product's name `after`. Told of many, `product_id` is None."""

    at: datetime
    who: str
    before: str
    after: str = ""
    product_id: int | None = None


def told(events: Iterable[Event], limit: int) -> list[Change]:
    """At most `limit` lines from `events`, which come newest first; the latest event of each product counts."""
    latest: dict[int, Event] = {}
    for event in events:
        if event.product_id is not None:
            known = latest.setdefault(event.product_id, event)
            if _is_part_of(known, event):
                latest[event.product_id] = event
    alike: dict[tuple[str, str], list[Event]] = {}
    for event in latest.values():
        alike.setdefault((event.actor_name, event.verb), []).append(event)
    lines = [line for group in alike.values() for line in _lines(group)]
    return sorted(lines, key=lambda line: line.at, reverse=True)[:limit]


def _is_part_of(event: Event, earlier: Event) -> bool:
    """Whether `event` belongs to the import `earlier`, which says more than any of its parts."""
    return (
        earlier.verb == "product.imported"
        and event.verb in PARTS_OF_IMPORT
        and event.actor_name == earlier.actor_name
        and event.at - earlier.at < ONE_IMPORT
    )


def _lines(group: list[Event]) -> list[Change]:
    if len(group) < MANY:
        return [_one(event) for event in group]
    first = group[0]
    kind, _, deed = first.verb.partition(".")
    otherwise = f"{deed.replace('_', ' ')} {{count}} products" if kind == "product" else _changed_many(kind)
    text = OF_MANY.get(first.verb, otherwise).format(count=len(group))
    return [Change(first.at, _who(first), text)]


def _changed_many(kind: str) -> str:
    return f"changed {kind.replace('_', ' ')}s of {{count}} products"


def _one(event: Event) -> Change:
    kind, _, deed = event.verb.partition(".")
    otherwise = f"{deed.replace('_', ' ')} the {kind.replace('_', ' ')} {{name}} of {{product}}"
    before, _, after = PHRASES.get(event.verb, otherwise).partition("{product}")
    name = event.object_name
    return Change(
        event.at, _who(event), before.replace("{name}", name), after.replace("{name}", name), event.product_id
    )


def _who(event: Event) -> str:
    return "The portal" if event.actor_name == "portal" else event.actor_name
