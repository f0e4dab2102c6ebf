"""Health of domains: how many of the products in them, as far as the reader may see, need somebody's attention."""

from collections.abc import Iterable

from django.db.models import Case, CharField, Count, DateTimeField, ExpressionWrapper, F, Q, Value, When
from django.utils import timezone

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.audit.remembered import remembered
from catalog.domains.models import Domain
from catalog.domains.selectors import Branch, branches, tree_of
from catalog.products.models import DataProduct, Lifecycle
from catalog.trust.marks import FAIR_QUALITY, GOOD_QUALITY

# Marks judge the rounded score, and Python rounds halves to even: 59.5 reads 60, 84.5 reads 84.
POOR_BELOW = FAIR_QUALITY - 0.5
GOOD_ABOVE = GOOD_QUALITY - 0.5
FRESH_UNTIL = ExpressionWrapper(F("trust__fresh_at") + F("trust__freshness_promise"), DateTimeField())


def domain_branches(user: User, within: Domain | None = None) -> list[Branch]:
    """The visible domains as a tree (or what is below `within`) with counts and health; two queries."""
    domains: Iterable[Domain] = tree_of(user)
    if within is not None:
        domains = [item for item in domains if item.path.startswith(within.path) and item.pk != within.pk]
    counts = health_by_domain(user)
    top = branches(domains, {pk: sum(found.values()) for pk, found in counts.items()})
    for branch in top:
        _fill(branch, counts)
    return top


def health_by_domain(user: User) -> dict[int, dict[str, int]]:
    """domain id -> meaning -> how many visible, not retired products of it are in that state."""
    counts: dict[int, dict[str, int]] = {}
    for domain_id, state, found in remembered(
        "domain-health", kernel.scope(user), lambda: list(_states_by_domain(user))
    ):
        counts.setdefault(domain_id, {})[state] = found
    return counts


def _states_by_domain(user: User) -> Iterable[tuple[int, str, int]]:
    rows: Iterable[tuple[int, str, int]] = (
        DataProduct.objects.visible_to(user)
        .exclude(lifecycle=Lifecycle.RETIRED)
        .annotate(fresh_until=FRESH_UNTIL)
        .annotate(state=state_of_products())
        .order_by()
        .values_list("domain_id", "state")
        .annotate(found=Count("pk"))
    )
    return rows


def state_of_products() -> Case:
    """A product's worst mark as an expression of SQL: what `worst_meaning(marks(...))` says, for any number of them.

    A test compares the two over every combination of measurements.
    """
    now = timezone.now()
    valid = Q(trust__measured_at__isnull=False, trust__valid_until__gte=now)
    promised = Q(trust__fresh_at__isnull=False, trust__freshness_promise__isnull=False)
    owned = Q(trust__has_owner=True) | Q(trust__isnull=True, team__isnull=False)
    late = promised & Q(fresh_until__lt=F("trust__measured_at"))
    promised_slo = Q(trust__slo_status__isnull=False) & ~Q(trust__slo_status="")
    current_slo = Q(trust__slo_valid_until__gte=now)
    missed = current_slo & Q(trust__slo_status="bad")
    at_risk = current_slo & Q(trust__slo_status="warning")
    kept = ~promised_slo | (current_slo & Q(trust__slo_status="good"))
    agreed = Q(trust__contract_status__isnull=False) & ~Q(trust__contract_status="")
    honoured = ~agreed | (valid & Q(trust__contract_status="kept"))
    unread, drifted = Q(trust__is_reachable=False), Q(trust__contract_status="drifted")
    scored_poor = Q(trust__quality__lt=POOR_BELOW)
    bad = ~owned | missed | (valid & (unread | drifted | scored_poor | late))
    overdue = promised & Q(fresh_until__lt=now)
    warning = at_risk | (valid & (Q(trust__quality__lte=GOOD_ABOVE) | overdue))
    good = kept & honoured & valid & promised & ~unread & Q(trust__quality__gt=GOOD_ABOVE)
    return Case(
        When(bad, then=Value("bad")),
        When(warning, then=Value("warning")),
        When(good, then=Value("good")),
        default=Value("unknown"),
        output_field=CharField(),
    )


def _fill(branch: Branch, counts: dict[int, dict[str, int]]) -> None:
    branch.health = dict(counts.get(branch.domain.pk, {}))
    for child in branch.children:
        _fill(child, counts)
        for meaning, found in child.health.items():
            branch.health[meaning] = branch.health.get(meaning, 0) + found
