"""What status pages show: how products stand now, and their last days."""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from catalog.accounts.models import User
from catalog.assets.models import AssetReading
from catalog.domains.models import Domain
from catalog.incidents.models import Incident, PublicStatus
from catalog.incidents.severity import Severity, rank
from catalog.products.models import DataProduct, Lifecycle, OutputPort, Visibility
from catalog.slos import selectors as slos
from catalog.slos.models import ServiceLevelObjective

STRIP_DAYS = 90
MOST_SLOS = 100
MOST_INCIDENTS = 50
OFFERED = (Lifecycle.ACTIVE, Lifecycle.DEPRECATED)
_GRAVE = rank(Severity.HIGH)
_WORDS = {
    "good": "Well",
    "warning": "Impaired",
    "bad": "In trouble",
    "unknown": "Not measured lately",
}


@dataclass(frozen=True, slots=True)
class Day:
    """One day (UTC): good only where something was measured and nothing was open."""

    date: dt.date
    meaning: str
    incidents: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How a product stands now."""

    product: DataProduct
    meaning: str
    open_count: int
    measured_at: dt.datetime | None

    @property
    def word(self) -> str:
        return _WORDS[self.meaning]


@dataclass(frozen=True, slots=True)
class ProductStatus:
    standing: Standing
    lines: list[slos.Line]
    incidents: list[Incident]
    past: list[Incident]  # resolved in the days of the strip, newest first
    days: list[Day]


@dataclass(frozen=True, slots=True)
class DomainStatus:
    standings: list[Standing]
    days: list[Day] = field(default_factory=list)


def public_products() -> QuerySet[DataProduct]:
    """Products whose status anybody may read: the platform, the product and its visibility all allow it."""
    if not settings.PUBLIC_STATUS:
        return DataProduct.objects.none()
    return DataProduct.objects.filter(
        pk__in=PublicStatus.objects.values("product"), lifecycle__in=OFFERED, visibility=Visibility.MESH
    )


def with_what_is_shown(products: QuerySet[DataProduct]) -> QuerySet[DataProduct]:
    """Loaded with the row that says when it was measured (of a feature above this one, found by its name)."""
    return products.select_related("domain", "team", "trust")


def status_of(product: DataProduct, user: User | None, now: dt.datetime) -> ProductStatus:
    """The page of one product; `user` None is anybody."""
    known = _incidents([product.pk], now)
    promised = ServiceLevelObjective.objects.active().filter(port__product=product)
    promised = promised.select_related("state", "port__product__domain")
    rows = promised.order_by("port__name", "-port__version", "name", "pk")[:MOST_SLOS]
    going_on = [incident for incident in known if incident.is_unresolved]
    going_on.sort(key=lambda incident: (-incident.severity_rank, -incident.opened_at.timestamp()))
    return ProductStatus(
        standing=_standing(product, going_on, now),
        lines=slos.lines_of(rows, now),
        incidents=going_on[:MOST_INCIDENTS],
        past=[incident for incident in known if not incident.is_unresolved][:MOST_INCIDENTS],
        days=_days(known, _measured([product.pk], now), now),
    )


def standings_of(products: Iterable[DataProduct], now: dt.datetime) -> list[Standing]:
    """How each stands; one query for all."""
    listed = list(products)
    rows = Incident.objects.unresolved().filter(product__in=[product.pk for product in listed])
    going_on: dict[int, list[Incident]] = {}
    for incident in rows.only("product_id", "severity_rank", "status"):
        going_on.setdefault(incident.product_id, []).append(incident)
    return [_standing(product, going_on.get(product.pk, []), now) for product in listed]


def days_of(products: QuerySet[DataProduct], now: dt.datetime) -> list[Day]:
    """The strip of many products together: the worst of each day."""
    ids = list(products.order_by().values_list("pk", flat=True))
    return _days(_incidents(ids, now), _measured(ids, now), now)


def products_of(domain: Domain, user: User | None) -> QuerySet[DataProduct]:
    """Products of a domain and below it that are offered, as far as `user` (None: anybody) may know of them."""
    rows = public_products() if user is None else DataProduct.objects.visible_to(user)
    inside = rows.filter(domain__path__startswith=domain.path, lifecycle__in=OFFERED)
    return with_what_is_shown(inside).order_by("name", "pk")


def _standing(product: DataProduct, going_on: Sequence[Incident], now: dt.datetime) -> Standing:
    trust = getattr(product, "trust", None)
    measured_at = trust.measured_at if trust else None
    return Standing(product, _meaning(going_on, trust, now), len(going_on), measured_at)


def _meaning(going_on: Sequence[Incident], trust: object, now: dt.datetime) -> str:
    """Incidents speak first; without any, only a measurement that still counts can say that all is well."""
    if going_on:
        return "bad" if any(incident.severity_rank >= _GRAVE for incident in going_on) else "warning"
    valid_until = getattr(trust, "valid_until", None)
    if valid_until is None or now > valid_until:
        return "unknown"
    if not getattr(trust, "is_reachable", None) or getattr(trust, "slo_status", "") == "bad":
        return "warning"  # somebody resolved what still goes on
    return "good"


def _incidents(product_ids: Collection[int], now: dt.datetime) -> list[Incident]:
    """Those that were open in the days of the strip, newest first."""
    since = _first_day(now)
    rows = Incident.objects.filter(product__in=product_ids)
    rows = rows.filter(Q(resolved_at=None) | Q(resolved_at__date__gte=since))
    return list(rows.select_related("product__domain", "port").order_by("-opened_at", "-pk")[:2_000])


def _measured(product_ids: Collection[int], now: dt.datetime) -> set[dt.date]:
    """Days on which something of the products was read."""
    assets = OutputPort.objects.filter(product__in=product_ids).exclude(asset=None).values("asset")
    rows = AssetReading.objects.filter(asset__in=assets, read_at__date__gte=_first_day(now))
    days = rows.annotate(day=TruncDate("read_at", tzinfo=dt.UTC)).order_by().values_list("day", flat=True)
    return set(days.distinct())


def _first_day(now: dt.datetime) -> dt.date:
    return now.astimezone(dt.UTC).date() - dt.timedelta(days=STRIP_DAYS - 1)


def _days(incidents: Iterable[Incident], measured: Collection[dt.date], now: dt.datetime) -> list[Day]:
    first = _first_day(now)
    worst: dict[dt.date, list[int]] = {}
    for incident in incidents:
        day = max(_day(incident.opened_at), first)
        last = _day(incident.resolved_at or now)
        while day <= last:
            worst.setdefault(day, []).append(incident.severity_rank)
            day += dt.timedelta(days=1)
    days = (first + dt.timedelta(days=place) for place in range(STRIP_DAYS))
    return [_judged(day, worst.get(day, []), day in measured) for day in days]


def _judged(day: dt.date, ranks: Sequence[int], is_measured: bool) -> Day:
    if ranks:
        return Day(day, "bad" if max(ranks) >= _GRAVE else "warning", len(ranks))
    return Day(day, "good" if is_measured else "unknown", 0)


def _day(moment: dt.datetime) -> dt.date:
    return timezone.localdate(moment, dt.UTC)
