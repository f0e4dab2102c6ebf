"""Events that somebody may see, and how much of one."""

import json
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from catalog.accounts import kernel
from catalog.accounts.models import Role, User
from catalog.assets.models import Asset
from catalog.products.models import DataProduct, OutputPort, Stewardship
from catalog.products.permissions import OWNING_ROLES
from lineage.models import Run
from lineage.openlineage.models import LineageEvent
from lineage.openlineage.unpacking import unpack

_NOT_LISTED = ("body",)
_LONGEST = 200_000  # characters of an event on its page


def events_for(user: User) -> QuerySet[LineageEvent]:
    """All for governance and platform admins; owners see events of runs that read or wrote data of their own ports."""
    rows = LineageEvent.objects.defer(*_NOT_LISTED).select_related("sent_by").order_by("-received_at", "-pk")
    if kernel.can(user, "lineage.view_events"):
        return rows
    runs = Run.objects.filter(datasets__asset__output_ports__product__in=_own(user)).values("key")
    return rows.filter(run_key__in=runs).exclude(run_key="")


def _own(user: User) -> QuerySet[DataProduct]:
    """The products the person may edit."""
    roles = kernel.standing(user).teams_by_role
    owned = frozenset[int]().union(*(roles.get(role, frozenset()) for role in OWNING_ROLES))
    return DataProduct.objects.filter(
        Q(team__in=owned)
        | Q(domain__team__in=roles.get(Role.DOMAIN_ADMIN, frozenset()))
        | Q(pk__in=Stewardship.objects.filter(user=user).values("product"))
    ).order_by()


@dataclass(frozen=True, slots=True)
class Shown:
    """An event as one person may see it: `text` is its JSON, empty where it names datasets they may not know of."""

    event: LineageEvent
    text: str
    problem: str
    run: Run | None
    may_project_again: bool


def show(user: User, event: LineageEvent) -> Shown:
    """One event in full, as far as its reader may know what it names."""
    whole = kernel.can(user, "lineage.view_events")
    run = Run.objects.select_related("job").filter(key=event.run_key).first() if event.run_key else None
    return Shown(
        event=event, run=run, text=_readable(event) if whole or _knows_all(user, event) else "",
        problem=event.problem if whole else "",
        may_project_again=event.state == event.State.FAILED and kernel.can(user, "lineage.project_again"),
    )  # fmt: skip


def _readable(event: LineageEvent) -> str:
    text = json.dumps(event.document, indent=2, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}\n… {len(text) - _LONGEST:,} more characters"


def _knows_all(user: User, event: LineageEvent) -> bool:
    """Whether every dataset the event names is one of a port whose product the person may see."""
    try:
        told = unpack(
            event.document, kind=event.kind, event_type=event.event_type, event_at=event.event_at,
            run_key=event.run_key,
        )  # fmt: skip
    except Exception:  # what cannot be read may name anything
        return False
    names = {(name.namespace, name.name) for name in told.names}
    names |= {(other.namespace, other.name) for _, other in told.symlinks}
    ports = OutputPort.objects.filter(product__in=DataProduct.objects.visible_to(user)).exclude(asset=None)
    known = Asset.objects.filter(
        pk__in=ports.values("asset"),
        namespace__in={one for one, _ in names},
        name__in={two for _, two in names},
    )
    return names <= set(known.values_list("namespace", "name"))
