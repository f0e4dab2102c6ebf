"""What the audit trail records, as notices: which events others should hear of, whom they concern, in which words.

Only what everybody who sees the product may know stands in the words: no name of a store, a successor or a consumer.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.urls import reverse

from catalog.audit.models import AuditEvent
from catalog.contracts.models import DataContract
from catalog.notifications import discussions, incidents
from catalog.notifications.models import Kind, Notice
from catalog.notifications.telling import Draft
from catalog.products.models import PUBLISHED, DataProduct, OutputPort, Stewardship
from catalog.products.selectors import BATCH
from catalog.schemas.diff import Severity

Everybody, Watched = Notice.Audience.EVERYBODY, Notice.Audience.OWNERS_AND_WATCHERS
Owners = Notice.Audience.OWNERS
YOUNG = dt.timedelta(days=1)
Words = Callable[[AuditEvent, DataProduct], Draft | None]
_IN_CHARGE = {"team": "team", **{role.value: role.label.lower() for role in Stewardship.Role}}


def drafts_of(events: Iterable[AuditEvent]) -> list[Draft]:
    """The notices that follow from `events`; a fixed number of queries, none where nothing concerns anybody."""
    told = [event for event in events if event.verb in VERBS or event.verb == f"{BATCH}.edited"]
    if not told:
        return []
    contracts = [event.object_id for event in told if event.verb == "contract.acknowledged"]
    owning = (
        dict(DataContract.objects.filter(pk__in=contracts).values_list("pk", "product_id"))
        if contracts
        else {}
    )
    ids = {_product_of(event, owning) for event in told}
    ids |= {int(pk) for event in told for pk in event.detail.get("by_product", {})}
    products = DataProduct.objects.select_related("domain").in_bulk([pk for pk in ids if pk])
    found: list[Draft | None] = []
    for event in told:
        if event.verb == f"{BATCH}.edited":
            found += _of_batch(event, products)
        elif product := products.get(_product_of(event, owning) or 0):
            found.append(VERBS[event.verb](event, product))
            found += _removed(event, product)
    return [draft for draft in found if draft is not None]


def _product_of(event: AuditEvent, owning: Mapping[int, int | None]) -> int | None:
    """An acknowledgement is recorded at the consumer; who proposed the change is to hear of it."""
    return owning.get(event.object_id) if event.verb == "contract.acknowledged" else event.product_id


def _draft(
    event: AuditEvent,
    product: DataProduct,
    kind: str,
    title: str,
    sentence: str = "",
    *,
    audience: str = Everybody,
    link: str = "",
    port_id: int | None = None,
) -> Draft:
    about = {"product": product.pk, "port": port_id, "actor": event.actor_id}
    where = link or product.get_absolute_url()
    return Draft(f"event:{event.pk}:{product.pk}", kind, title, sentence, where, audience, about)


def _published(event: AuditEvent, product: DataProduct) -> Draft:
    before = event.changes.get("lifecycle", ["", ""])[0]
    word = "is active again" if before in PUBLISHED else "is published"
    return _draft(event, product, Kind.LIFECYCLE, f"{product.name} {word}")


def _deprecated(event: AuditEvent, product: DataProduct) -> Draft:
    ends = event.changes.get("sunset_at", ["", ""])[1]
    words = [
        f"It ends on {ends}." if ends else "",
        str(event.changes.get("lifecycle_note", ["", ""])[1] or ""),
    ]
    sentence = " ".join(
        filter(None, [*words, "Its page names what to use instead, where there is something."])
    )
    return _draft(event, product, Kind.LIFECYCLE, f"{product.name} is deprecated", sentence)


def _retired(event: AuditEvent, product: DataProduct) -> Draft:
    note = str(event.changes.get("lifecycle_note", ["", ""])[1] or "")
    sentence = " ".join(filter(None, ["It is offered no longer.", note]))
    return _draft(event, product, Kind.LIFECYCLE, f"{product.name} is retired", sentence)


def _people(event: AuditEvent, product: DataProduct) -> Draft | None:
    return _in_charge(event, product, event.changes)


def _in_charge(event: AuditEvent, product: DataProduct, changes: dict[str, Any]) -> Draft | None:
    named = {name: pair for name, pair in changes.items() if name in _IN_CHARGE}
    if not named or not (product.is_published or any(pair[0] for pair in named.values())):
        return None  # a draft that gets its first people is no news
    lines = [
        f"{_IN_CHARGE[name].capitalize()}: {_said(pair[0])} → {_said(pair[1])}."
        for name, pair in named.items()
    ]
    title = f"{product.name} is in other hands"
    return _draft(event, product, Kind.PEOPLE, title, " ".join(lines), audience=Watched)


def _removed(event: AuditEvent, product: DataProduct) -> list[Draft]:
    """Told by name: whoever is in charge no longer is not among the people of the product any more."""
    roles = " and ".join(_IN_CHARGE[name] for name in event.changes if name in _IN_CHARGE)
    title = f"You are no longer {roles} of {product.name}"
    sentence = f"{event.actor_name} named other people."
    return [
        Draft(
            f"event:{event.pk}:removed:{pk}", Kind.PEOPLE, title, sentence, product.get_absolute_url(),
            Notice.Audience.RECIPIENT, {"recipient": pk, "actor": event.actor_id},
        )
        for pk in event.detail.get("removed", [])
    ]  # fmt: skip


def _said(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")
    return text or "nobody"


def _edited(event: AuditEvent, product: DataProduct) -> Draft | None:
    if "version" in event.changes and product.is_published:
        version = event.changes["version"][1]
        return _draft(event, product, Kind.VERSION, f"{product.name} is at version {version}")
    return _people(event, product)


def _of_batch(event: AuditEvent, products: dict[int, DataProduct]) -> list[Draft | None]:
    parts: dict[str, Any] = event.detail.get("by_product", {})
    return [
        _in_charge(event, products[int(pk)], part.get("changes", {}))
        for pk, part in parts.items()
        if int(pk) in products
    ]


def _port_created(event: AuditEvent, product: DataProduct) -> Draft | None:
    begun = product.published_at
    if not product.is_published or (begun is not None and event.at < begun + YOUNG):
        return None  # it comes with its product, which is news enough
    port = OutputPort.objects.filter(pk=event.object_id).first()
    if port is None:
        return None
    is_version = OutputPort.objects.filter(product=product, name=port.name).exclude(pk=port.pk).exists()
    title = f"{product.name}: {port.name} is offered in version {port.version}"
    return _draft(
        event, product, Kind.VERSION, title if is_version else f"{product.name} has the new port {port.name}",
        audience=Everybody if is_version else Watched, link=_port_link(product, port),
    )  # fmt: skip


def _port_edited(event: AuditEvent, product: DataProduct) -> Draft | None:
    ends = event.changes.get("sunset_at", ["", ""])[1]
    port = OutputPort.objects.filter(pk=event.object_id).first() if ends else None
    if port is None or not product.is_published:
        return None
    title = f"{product.name}: {port} ends on {ends}"
    sentence = "Move to another version before that day."
    return _draft(
        event, product, Kind.VERSION, title, sentence, link=_port_link(product, port), port_id=port.pk
    )


def _port_link(product: DataProduct, port: OutputPort) -> str:
    return reverse("products:port", args=[product.domain.slug, product.slug, port.name, port.version])


def _schema_changed(event: AuditEvent, product: DataProduct) -> Draft:
    severity = event.detail.get("severity")
    is_serious = severity in (Severity.BREAKING, Severity.RISKY)
    word = "breaks readers" if severity == Severity.BREAKING else "has changed"
    link = reverse("schemas:history", args=[product.domain.slug, product.slug])
    return _draft(
        event, product, Kind.SCHEMA, f"{product.name}: the schema of {event.object_name} {word}",
        f"A crawl saw {event.detail.get('summary') or 'another schema'}.",
        audience=Everybody if is_serious else Watched, link=link, port_id=event.object_id,
    )  # fmt: skip


def _proposed(event: AuditEvent, product: DataProduct) -> Draft:
    count, version = int(event.detail.get("breaking") or 0), event.detail.get("version", "")
    link = reverse("contracts:proposal", args=[event.detail["proposal"]])
    if not count:
        title = f"{product.name}: contract {version} is proposed"
        return _draft(event, product, Kind.CONTRACT, title, "It breaks nothing.", audience=Owners, link=link)
    changes = f"{count} breaking change{'s' if count != 1 else ''}"
    sentence = f"It has {changes}. Whoever reads from it is asked to acknowledge."
    title = f"{product.name}: a breaking contract {version} is proposed"
    return _draft(event, product, Kind.CONTRACT, title, sentence, link=link)


def _contract_published(event: AuditEvent, product: DataProduct) -> Draft:
    count = int(event.detail.get("breaking") or 0)
    version = event.changes.get("version", ["", ""])[1]
    title = f"{product.name}: contract {version} is in force"
    ends = event.detail.get("sunset_at")
    sentence = f"It breaks what came before in {count} place{'s' if count != 1 else ''}." if count else ""
    sentence += f" The ports under the old one end on {ends}." if ends else ""
    link = reverse("contracts:contract", args=[product.domain.slug, product.slug])
    return _draft(event, product, Kind.CONTRACT, title, sentence.strip(), link=link)


def _withdrawn(event: AuditEvent, product: DataProduct) -> Draft:
    title = f"{product.name}: the proposed contract {event.detail.get('version', '')} is withdrawn"
    link = reverse("contracts:proposal", args=[event.detail["proposal"]])
    return _draft(event, product, Kind.CONTRACT, title, link=link)


def _acknowledged(event: AuditEvent, product: DataProduct) -> Draft:
    title = f"{product.name}: a consumer acknowledged contract {event.detail.get('version', '')}"
    link = reverse("contracts:proposal", args=[event.detail["proposal"]])
    return _draft(event, product, Kind.CONTRACT, title, audience=Owners, link=link)


VERBS: dict[str, Words] = {
    "product.published": _published,
    "product.deprecated": _deprecated,
    "product.retired": _retired,
    "product.people_named": _people,
    "product.handed_over": _people,
    "product.edited": _edited,
    "port.created": _port_created,
    "port.edited": _port_edited,
    "port.schema_changed": _schema_changed,
    "incident.opened": incidents.opened,
    "incident.reopened": incidents.opened,
    "incident.acknowledged": incidents.acknowledged,
    "incident.assigned": incidents.assigned,
    "incident.resolved": incidents.resolved,
    "contract.proposed": _proposed,
    "contract.published": _contract_published,
    "contract.withdrawn": _withdrawn,
    "contract.acknowledged": _acknowledged,
    "question.asked": discussions.asked,
    "question.answered": discussions.answered,
    "question.settled": discussions.accepted,
    "announcement.made": discussions.announced,
}
