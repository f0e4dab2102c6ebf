"""Audit events about a product as sentences people read."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from catalog.accounts.models import User
from catalog.audit.models import AuditEvent
from catalog.audit.services import PORTAL
from catalog.products.discretion import readable_by
from catalog.products.models import DataProduct
from catalog.products.selectors import BATCH

LONGEST = 80  # characters of a value shown in a line

#: verb -> what the actor did; `{name}` is the object's name as it was then.
SENTENCES = {
    "product.created": "made this product",
    "product.edited": "edited it",
    "product.people_named": "named the people in charge",
    "product.renamed": "gave it another name or address",
    "product.moved": "moved it to another domain",
    "product.proposed": "put it back to proposed",
    "product.drafted": "began the draft",
    "product.published": "published it",
    "product.deprecated": "deprecated it",
    "product.retired": "retired it",
    "port.created": "added the output port {name}",
    "port.edited": "edited the output port {name}",
    "port.deleted": "deleted the output port {name}",
    "input_port.added": "declared the input port {name}",
    "input_port.edited": "edited the input port {name}",
    "input_port.removed": "removed the input port {name}",
    "port.checks_declared": "declared quality checks on {name}",
    "field.annotated": "described the field {name}",
    "slo.created": "promised the objective {name}",
    "slo.edited": "edited the objective {name}",
    "slo.ended": "withdrew the objective {name}",
    "slo.resumed": "promised the objective {name} again",
    "slo.deleted": "deleted the objective {name}",
    "certification.given": "gave the {name}",
    "certification.withdrawn": "withdrew the {name}",
    "incident.opened": "opened the incident {name}",
    "incident.reopened": "opened the incident {name} again",
    "incident.acknowledged": "looks after the incident {name}",
    "incident.assigned": "assigned the incident {name}",
    "incident.rated": "set the severity of the incident {name}",
    "incident.resolved": "resolved the incident {name}",
    "incident.noted": "wrote the note on the incident {name}",
    "status.published": "let anybody read the status page",
    "status.withdrawn": "kept the status page for members",
    "question.asked": "asked a question",
    "question.answered": "answered a question",
    "question.edited": "edited what they said about a question",
    "question.removed": "took away words about a question",
    "question.settled": "accepted an answer",
    "question.unsettled": "accepted no answer after all",
    "question.closed": "closed a question",
    "question.opened_again": "opened a question again",
    "question.documented": "turned an answer into documentation",
    "question.became_incident": "opened an incident from a problem",
    "announcement.made": "announced {name}",
    "announcement.ended": "took down the announcement {name}",
    "agreement.requested": "asked for access",
    "agreement.request_withdrawn": "withdrew the request",
    "agreement.stage_approved": "approved at a stage",
    "agreement.stage_denied": "denied the request",
    "agreement.reminded": "reminded those who decide",
    "agreement.step_opened": "opened the next step of the decision",
    "agreement.granting_late": "found it approved and not granted for two hours",
    "agreement.commented": "said something about the request",
    "agreement.escalated": "let those above decide as well",
    "agreement.approved": "put it in force",
    "agreement.granting_planned": "changed the terms of the port: it has to be granted in the store",
    "agreement.granting_waived": "changed the terms of the port: nothing has to be granted in the store",
    "agreement.granting_started": "began to grant it in the store",
    "agreement.granted": "saw it granted in the store",
    "agreement.granting_failed": "could not see it granted in the store",
    "agreement.principal_named": "named the role in the store",
    "agreement.hurried": "let it be done in the store at once",
    "agreement.revoked": "revoked it",
    "agreement.released": "gave it back",
    "agreement.ended": "ended it: its time was over",
    "agreement.removed": "saw it removed from the store",
    "port.dataset_found": "tied the output port {name} to the data it declares",
    "lineage_sender.rejected": "said that a sender of lineage is not to be believed about {name}",
    "lineage_sender.believed": "let a sender of lineage be believed again about {name}",
    "lineage_edge.drawn": "drew by hand what it is made from",
    "lineage_edge.edited": "changed what was drawn by hand of where it comes from",
    "lineage_edge.ended": "ended what was drawn by hand of where it comes from",
    f"{BATCH}.edited": "edited it together with others",
}

#: name of a changed value -> how people say it, where its name does not say it
WORDS = {"is_released": "values may be shown"}


@dataclass(frozen=True, slots=True)
class Told:
    """One event as the timeline shows it."""

    at: dt.datetime
    actor: str
    sentence: str
    detail: str
    url: str = ""


def told(events: Iterable[AuditEvent], product: DataProduct, user: User) -> list[Told]:
    """Events as sentences for `user`; verbs of other features are spelled out from their words."""
    return [_told(event, product) for event in readable_by(user, events)]


def _told(event: AuditEvent, product: DataProduct) -> Told:
    kind, _, deed = event.verb.partition(".")
    otherwise = f"{deed.replace('_', ' ')} the {kind.replace('_', ' ')} {{name}}"
    sentence = SENTENCES.get(event.verb, otherwise).replace("{name}", event.object_name)
    actor = event.actor_name if event.actor_name != PORTAL else "The portal"
    return Told(event.at, actor, sentence, _detail(event, changes_to(product, event)))


def changes_to(product: DataProduct, event: AuditEvent) -> dict[str, Any]:
    """What an event changed about this product; of a batch, nothing is said of the other products in it."""
    if event.object_kind != BATCH:
        return dict(event.changes)
    part: dict[str, Any] = event.detail.get("by_product", {}).get(str(product.pk), {})
    return dict(part.get("changes", {}))


def _detail(event: AuditEvent, changes: dict[str, Any]) -> str:
    if event.verb.endswith(".created"):
        return ""
    parts = [
        f"{WORDS.get(name, name.replace('_', ' '))}: {readable(old)} → {readable(new)}"
        for name, (old, new) in changes.items()
    ]
    if reason := event.detail.get("reason"):
        parts.insert(0, str(reason))
    return " · ".join(parts)


def readable(value: Any) -> str:
    """A value of an audit event in one short line."""
    if value in (None, "", []):
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = ", ".join(map(str, value)) if isinstance(value, list) else " ".join(str(value).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
