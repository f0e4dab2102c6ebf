"""The members events share, as JSON values: who, product, port, changes, addresses."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from catalog.audit.models import AuditEvent
from catalog.products.models import DataProduct, OutputPort

#: what not everybody who sees the product may know of (see `catalog.products.discretion`)
PRIVATE = frozenset({"successor", "connection", "upstream_port", "asset"})
PRIVATE_BEGIN = "schedule of "


def who(event: AuditEvent) -> dict[str, Any]:
    return {"id": event.actor_number, "name": event.actor_name}


PORTAL = {"id": None, "name": "portal"}


def link(path: str) -> str:
    """The address for programs outside; only the path where MESHPORTAL_PUBLIC_URL is not set."""
    return f"{settings.PUBLIC_URL}{path}"


def product(item: DataProduct) -> dict[str, Any]:
    """Needs domain and team loaded."""
    return {
        "id": item.pk,
        "key": item.key,
        "name": item.name,
        "domain": item.domain.name,
        "lifecycle": item.lifecycle,
        "team": item.team.name if item.team else None,
    }


def port(item: OutputPort | None) -> dict[str, Any] | None:
    if item is None:
        return None
    return {"id": item.pk, "name": item.name, "version": item.version, "environment": item.environment}


def port_path(item: OutputPort, owner: DataProduct) -> str:
    return reverse("products:port", args=[owner.domain.slug, owner.slug, item.name, item.version])


def changes(found: dict[str, Any]) -> dict[str, Any]:
    """`[before, after]` pairs as members, without what may be hidden from readers of the product."""
    return {
        name: {"before": pair[0], "after": pair[1]}
        for name, pair in found.items()
        if name not in PRIVATE and not name.startswith(PRIVATE_BEGIN)
    }


def after(found: dict[str, Any], name: str) -> Any:
    """The value of a field now; None where it did not change."""
    return found[name][1] or None if name in found else None
