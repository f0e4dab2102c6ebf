"""Products, ports, schemas and contracts: audit events as events for others."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from catalog.audit.models import AuditEvent
from catalog.audit.outbox import Happened
from catalog.contracts.models import DataContract
from catalog.events import parts
from catalog.products.models import DataProduct, OutputPort
from catalog.products.selectors import BATCH

_IN_CHARGE = {"team", "business_owner", "technical_owner", "steward"}
_BATCH_EDITED = f"{BATCH}.edited"


@dataclass(frozen=True, slots=True)
class Known:
    """What the events of one transaction are about, read together."""

    products: dict[int, DataProduct]
    ports: dict[int, OutputPort]
    contracts: dict[int, DataContract]


def happened(events: Iterable[AuditEvent]) -> list[Happened]:
    """What `events` mean for others; a fixed number of queries, none where they mean nothing."""
    told = [event for event in events if event.verb in VERBS or event.verb == _BATCH_EDITED]
    if not told:
        return []
    known = _known(told)
    found: list[Happened] = []
    for event in told:
        if event.verb == _BATCH_EDITED:
            found += _of_batch(event, known)
        else:
            found += VERBS[event.verb](event, known)
    return found


def _known(events: list[AuditEvent]) -> Known:
    ids = {event.product_id for event in events if event.product_id}
    ids |= {int(pk) for event in events for pk in event.detail.get("by_product", {})}
    ids |= {event.object_id for event in events if event.object_kind == "product"}
    ports = {event.object_id for event in events if event.object_kind == "port"}
    contracts = {event.object_id for event in events if event.object_kind == "contract"}
    return Known(
        DataProduct.objects.select_related("domain", "team").in_bulk(ids) if ids else {},
        OutputPort.objects.in_bulk(ports) if ports else {},
        DataContract.objects.in_bulk(contracts) if contracts else {},
    )


def _of(event: AuditEvent, known: Known, type: str, link: str = "", **data: Any) -> list[Happened]:
    product = known.products.get(event.product_id or 0)
    if product is None:
        return []
    port = known.ports.get(event.object_id) if event.object_kind == "port" else None
    path = link or (parts.port_path(port, product) if port else product.get_absolute_url())
    shared: dict[str, Any] = {
        "who": parts.who(event),
        "product": parts.product(product),
        "link": parts.link(path),
    }
    if event.object_kind == "port":
        shared["port"] = parts.port(port)
    if event.changes:
        shared["changes"] = parts.changes(event.changes)
    subject = f"port/{product.key}/{port.name}/{port.version}" if port else f"product/{product.key}"
    return [
        Happened(
            type,
            subject,
            shared | data,
            product_id=product.pk,
            port_id=port.pk if port else None,
            at=event.at,
        )
    ]


def _plain(type: str) -> Callable[[AuditEvent, Known], list[Happened]]:
    return lambda event, known: _of(event, known, type)


def _edited(event: AuditEvent, known: Known) -> list[Happened]:
    people = {name: pair for name, pair in event.changes.items() if name in _IN_CHARGE}
    rest = {name: pair for name, pair in event.changes.items() if name not in _IN_CHARGE}
    found = _of(event, known, "product.owners_changed", changes=parts.changes(people)) if people else []
    if rest or not people:
        found += _of(event, known, "product.changed", changes=parts.changes(rest))
    return found


def _of_batch(event: AuditEvent, known: Known) -> list[Happened]:
    found: list[Happened] = []
    for pk, part in event.detail.get("by_product", {}).items():
        one = AuditEvent(
            at=event.at, actor_number=event.actor_number, actor_name=event.actor_name, verb="product.edited",
            object_kind="product", object_id=int(pk), product_id=int(pk), changes=part.get("changes", {}),
        )  # fmt: skip
        found += _edited(one, known)
    return found


def _ending(type: str) -> Callable[[AuditEvent, Known], list[Happened]]:
    def words(event: AuditEvent, known: Known) -> list[Happened]:
        note = parts.after(event.changes, "lifecycle_note") or ""
        data = {"note": note}
        if type == "product.deprecated":
            data["sunset_at"] = parts.after(event.changes, "sunset_at")
        return _of(event, known, type, **data)

    return words


def _moved(event: AuditEvent, known: Known) -> list[Happened]:
    product = known.products.get(event.product_id or 0)
    return _of(event, known, "product.moved", key=product.key if product else "")


def _deleted(event: AuditEvent, known: Known) -> list[Happened]:
    """The product is gone, and with it what said who may see it: only those who see everything are told."""
    key = str(event.detail.get("key", ""))
    gone = {"id": event.object_id, "key": key, "name": event.object_name, "domain": None, "lifecycle": None,
            "team": None}  # fmt: skip
    data = {"who": parts.who(event), "product": gone, "link": parts.link(reverse("products:list")),
            "changes": {}, "key": key}  # fmt: skip
    return [Happened("product.deleted", f"product/{key}", data, at=event.at)]


def _port_created(event: AuditEvent, known: Known) -> list[Happened]:
    port = known.ports.get(event.object_id)
    others = OutputPort.objects.filter(product=event.product_id, name=port.name) if port else None
    is_version = bool(port and others is not None and others.exclude(pk=port.pk).exists())
    return _of(event, known, "port.created", is_new_version=is_version)


def _port_edited(event: AuditEvent, known: Known) -> list[Happened]:
    if not parts.changes(event.changes):
        return []  # only the store or the table it is read through: nothing for readers of the product
    return _of(event, known, "port.changed", sunset_at=parts.after(event.changes, "sunset_at"))


def _port_deleted(event: AuditEvent, known: Known) -> list[Happened]:
    return _of(event, known, "port.deleted", name=event.object_name)


def _schema(event: AuditEvent, known: Known) -> list[Happened]:
    detail = event.detail
    return _of(
        event, known, "schema.changed",
        summary=str(detail.get("summary") or ""), severity=str(detail.get("severity") or ""),
    )  # fmt: skip


def _contract(event: AuditEvent, known: Known) -> dict[str, Any]:
    found = known.contracts.get(event.object_id)
    return {"id": event.object_id, "key": found.key if found else event.object_name}


def _proposal(type: str) -> Callable[[AuditEvent, Known], list[Happened]]:
    def words(event: AuditEvent, known: Known) -> list[Happened]:
        number = event.detail.get("proposal")
        data = {
            "contract": _contract(event, known),
            "version": event.detail.get("version", ""),
            "proposal": number,
        }
        if type == "contract.proposed":
            data["breaking"] = int(event.detail.get("breaking") or 0)
        return _of(event, known, type, reverse("contracts:proposal", args=[number]), **data)

    return words


def _published(event: AuditEvent, known: Known) -> list[Happened]:
    before, version = event.changes.get("version", [None, None])
    breaking = int(event.detail.get("breaking") or 0)
    product = known.products.get(event.product_id or 0)
    link = reverse("contracts:contract", args=[product.domain.slug, product.slug]) if product else ""
    return _of(
        event, known, "contract.published", link, contract=_contract(event, known), version=version, before=before,
        is_breaking=breaking > 0, breaking=breaking, sunset_at=event.detail.get("sunset_at") or None,
    )  # fmt: skip


VERBS: dict[str, Callable[[AuditEvent, Known], list[Happened]]] = {
    "product.created": _plain("product.created"),
    "product.imported": _plain("product.changed"),
    "product.edited": _edited,
    "product.published": _plain("product.published"),
    "product.deprecated": _ending("product.deprecated"),
    "product.retired": _ending("product.retired"),
    "product.renamed": _moved,
    "product.moved": _moved,
    "product.deleted": _deleted,
    "product.people_named": _plain("product.owners_changed"),
    "product.handed_over": _plain("product.owners_changed"),
    "port.created": _port_created,
    "port.edited": _port_edited,
    "port.deleted": _port_deleted,
    "port.schema_changed": _schema,
    "contract.proposed": _proposal("contract.proposed"),
    "contract.withdrawn": _proposal("contract.withdrawn"),
    "contract.published": _published,
}
