"""Reads of incidents for lists, pages, banners and the API."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.common.errors import NotFound
from catalog.incidents.models import Incident, IncidentEvent, IncidentReach
from catalog.incidents.transitions import UNRESOLVED, Happening, may_happen
from catalog.products import reach
from catalog.products.models import DataProduct, OutputPort

MOST_TROUBLES = 200  # rows one product page looks at
SHOWN_UPSTREAM = 3  # in the banner; the rest is counted
SHOWN_REACHED = 100  # products on the page of an incident
SHOWN_EVENTS = 500  # of a timeline, the newest
MOST_ASSIGNEES = 200
MEANINGS = {"low": "unknown", "medium": "warning", "high": "bad", "critical": "bad"}


def incidents_for(user: User) -> QuerySet[Incident]:
    """Those `user` may see, with what every list shows."""
    return Incident.objects.visible_to(user).select_related(
        "product__domain", "product__team", "port", "slo", "quality_check", "assignee"
    )


def incident_or_404(user: User, pk: int) -> Incident:
    rows = incidents_for(user).select_related("opened_by")
    found = rows.prefetch_related("product__stewardships__user").filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such incident, or you may not see it.")
    return found


def mine(user: User) -> Q:
    """Incidents of products the person is in charge of or whose team they belong to, and those assigned to them."""
    teams = kernel.standing(user).team_ids
    own = Q(product__stewardships__user=user) | Q(product__team__in=teams)
    return own | Q(assignee=user)


@dataclass(frozen=True, slots=True)
class Deed:
    """A button of an incident's page."""

    kind: str
    label: str


_DEEDS = (
    Deed(Happening.ACKNOWLEDGED.value, "Acknowledge"),
    Deed(Happening.RESOLVED.value, "Resolve"),
    Deed(Happening.REOPENED.value, "Open again"),
)


@dataclass(frozen=True, slots=True)
class Page:
    """What the page of one incident shows beside the incident itself."""

    events: list[IncidentEvent]
    reached: list[IncidentReach]  # products the reader may see, nearest first
    more_reached: int  # of those
    hidden_reached: int
    may_comment: bool
    may_handle: bool
    deeds: list[Deed]
    assignees: list[User]
    column_readers: dict[int, bool] = field(
        default_factory=dict
    )  # product -> whether it reads the failing column

    @property
    def may_note(self) -> bool:
        return not self.deeds or all(deed.kind == Happening.REOPENED for deed in self.deeds)


def page_of(user: User, incident: Incident) -> Page:
    newest = incident.events.select_related("actor").order_by("-at", "-pk")[:SHOWN_EVENTS]
    below = IncidentReach.objects.filter(incident=incident, steps__gt=0)
    seen = below.filter(product__in=DataProduct.objects.visible_to(user).order_by())
    total, visible = below.count(), seen.count()
    rows = seen.select_related("product__domain", "product__team").order_by("steps", "product__name", "pk")
    reached = list(rows[:SHOWN_REACHED])
    may_handle = kernel.can(user, "incident.handle", incident)
    return Page(
        events=list(newest)[::-1],
        reached=reached,
        more_reached=max(visible - SHOWN_REACHED, 0),
        hidden_reached=total - visible,
        may_comment=kernel.can(user, "incident.comment", incident),
        may_handle=may_handle,
        deeds=[deed for deed in _DEEDS if may_happen(incident.status, Happening(deed.kind))],
        assignees=assignees_of(user, incident) if may_handle else [],
        column_readers=_column_readers(incident, [row.product_id for row in reached]),
    )


def _column_readers(incident: Incident, product_ids: list[int]) -> dict[int, bool]:
    """Of an incident about one column: which of the products read it; those of which it is not known are left out."""
    check, port_id = incident.quality_check, incident.port_id
    if check is None or port_id is None or not check.element or not product_ids:
        return {}
    answer = reach.readers_of_columns([(port_id, check.element)])
    readers = answer.readers[port_id, check.element]
    return {pk: pk in readers for pk in product_ids if pk in readers or (port_id, pk) in answer.covered}


def assignees_of(user: User, incident: Incident) -> list[User]:
    """Whom the form offers: the people in charge, those of the accountable team, whoever has it, and the reader."""
    product = incident.product
    near = Q(stewardships__product=product) | Q(pk=user.pk) | Q(pk=incident.assignee_id)
    if product.team_id is not None:
        near |= Q(memberships__team=product.team_id)
    found = User.objects.visible_to(user).filter(near, is_active=True).distinct()
    return list(found.order_by("username")[:MOST_ASSIGNEES])


@dataclass(frozen=True, slots=True)
class Upstream:
    """Trouble above a product as one reader may know of it: `incident` None where they may not see its product.

    `way` are the products from the trouble down to the one before this; None for each that may not be named.
    """

    severity: str
    meaning: str
    incident: Incident | None
    way: tuple[DataProduct | None, ...]


@dataclass(frozen=True, slots=True)
class Troubles:
    """What is wrong with a product now: its own incidents, and those above it."""

    own: list[Incident] = field(default_factory=list)
    upstream: list[Upstream] = field(default_factory=list)
    more_upstream: int = 0


def rows_of(product: DataProduct) -> list[IncidentReach]:
    """The unresolved incidents that reach a product, its own first, the worst first; kept on the object for a page."""
    kept: list[IncidentReach] | None = getattr(product, "_trouble_rows", None)
    if kept is None:
        rows = IncidentReach.objects.filter(product=product, incident__status__in=UNRESOLVED)
        rows = rows.select_related("incident__product__domain", "incident__port")
        kept = list(rows.order_by("steps", "-incident__severity_rank", "pk")[:MOST_TROUBLES])
        product._trouble_rows = kept  # type: ignore[attr-defined]
    return kept


def troubles_of(user: User, product: DataProduct) -> Troubles:
    """What the banner of a product says: one query where nothing is wrong, two where something above is."""
    rows = rows_of(product)
    above = [row for row in rows if row.steps]
    above.sort(key=lambda row: (-row.incident.severity_rank, row.steps, row.pk))
    shown = above[:SHOWN_UPSTREAM]
    seen = _named(user, {pk for row in shown for pk in (row.incident.product_id, *row.path)})
    return Troubles(
        [row.incident for row in rows if not row.steps],
        [_upstream(row, seen) for row in shown],
        len(above) - len(shown),
    )


def _named(user: User, product_ids: Iterable[int]) -> dict[int, DataProduct]:
    wanted = set(product_ids)
    if not wanted:
        return {}
    rows = DataProduct.objects.visible_to(user).filter(pk__in=wanted).select_related("domain")
    return {product.pk: product for product in rows}


def _upstream(row: IncidentReach, seen: dict[int, DataProduct]) -> Upstream:
    incident = row.incident
    way = tuple(seen.get(pk) for pk in (incident.product_id, *row.path))
    is_seen = incident.product_id in seen
    return Upstream(incident.severity, MEANINGS[incident.severity], incident if is_seen else None, way)


def of_port(port: OutputPort) -> list[Incident]:
    """The unresolved incidents of one port, the worst first, and those of its whole product."""
    here = Q(port=port) | Q(port=None, product=port.product_id)
    rows = Incident.objects.unresolved().filter(here).select_related("product__domain", "port", "assignee")
    return list(rows.order_by("-severity_rank", "-opened_at", "-pk")[:20])
