"""Which rules decide a request, and through which stages it goes."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from catalog.access.models import ApprovalRule, ApprovalStage, Approvers, Stage
from catalog.domains.models import Domain
from catalog.products.models import OutputPort
from catalog.schemas.models import FieldAnnotation
from catalog.vocabulary.models import Purpose

BY_DEFAULT = "the portal's default: the people in charge decide"


@dataclass(frozen=True, slots=True)
class Route:
    """`stages` in the order of their steps, without gaps; none: it is approved by itself. `words` name the rules."""

    stages: tuple[Stage, ...]
    words: str

    @property
    def is_automatic(self) -> bool:
        return not self.stages


def route_of(port: OutputPort, purposes: Collection[Purpose], columns: Collection[str] = ()) -> Route:
    """The rule of the nearest place (port, its domain or one above, the mesh), and after it the stages that the
    classifications of what is asked for and its purposes add. A place can never take these away."""
    base = _of_place(port)
    stages = list(_copies(base.stages.all())) if base else [_default()]
    words = [f"the rule {base}"] if base else [BY_DEFAULT]
    for rule in _added(port, purposes, columns):
        last = max((stage.step for stage in stages), default=0)
        more = list(_copies(rule.stages.all(), after=last))
        stages += more
        if more:
            words.append(f"the rule {rule}")
    return Route(tuple(_numbered(stages)), " and ".join(words)[:400])


def is_personal(port: OutputPort, columns: Collection[str] = ()) -> bool:
    """Whether what is asked for is classified as data about people."""
    product = port.product
    if product.classification is not None and product.classification.is_personal:
        return True
    return _annotated(port, columns).filter(classification__is_personal=True).exists()


def _of_place(port: OutputPort) -> ApprovalRule | None:
    path: str = port.product.domain.path
    above = [path[:end] for end in range(Domain.steplen, len(path) + 1, Domain.steplen)]
    anywhere = Q(port=None, domain=None, classification=None, purpose=None)
    rules = ApprovalRule.objects.filter(Q(port=port) | Q(domain__path__in=above) | anywhere)
    found = list(rules.select_related("domain").prefetch_related("stages"))

    def nearness(rule: ApprovalRule) -> int:
        if rule.port_id is not None:
            return 1_000
        return len(rule.domain.path) if rule.domain else 0

    return max(found, key=nearness, default=None)


def _added(port: OutputPort, purposes: Collection[Purpose], columns: Collection[str]) -> list[ApprovalRule]:
    classified = set(
        _annotated(port, columns).exclude(classification=None).values_list("classification_id", flat=True)
    )
    if port.product.classification_id is not None:
        classified.add(port.product.classification_id)
    rules = ApprovalRule.objects.filter(Q(classification__in=classified) | Q(purpose__in=list(purposes)))
    found = rules.select_related("classification").prefetch_related("stages")
    return sorted(found, key=_place_in_row)


def _place_in_row(rule: ApprovalRule) -> tuple[bool, int, str]:
    """Classifications before purposes, the mildest first."""
    return rule.classification is None, rule.classification.rank if rule.classification else 0, rule.name


def _annotated(port: OutputPort, columns: Collection[str]) -> QuerySet[FieldAnnotation]:
    if port.asset_id is None:
        return FieldAnnotation.objects.none()
    rows = FieldAnnotation.objects.filter(asset_id=port.asset_id)
    if not columns:
        return rows
    wanted = Q(path__in=list(columns))
    for column in columns:  # what is nested in a chosen column comes with it
        wanted |= Q(path__startswith=f"{column}.") | Q(path__startswith=f"{column}[")
    return rows.filter(wanted)


def _copies(stages: Iterable[ApprovalStage], after: int = 0) -> Iterable[Stage]:
    for stage in stages:
        yield ApprovalStage(
            step=after + stage.step,
            name=stage.name,
            approvers=stage.approvers,
            team_id=stage.team_id,
            person_id=stage.person_id,
            quorum=stage.quorum,
            escalate_days=stage.escalate_days,
            remind_days=stage.remind_days,
        )


def _default() -> Stage:
    return ApprovalStage(step=1, name="Owners", approvers=Approvers.OWNERS)


def _numbered(stages: list[Stage]) -> list[Stage]:
    """Steps 1, 2, … without gaps: the number of a step says how many are before it."""
    steps = sorted({stage.step for stage in stages})
    for stage in stages:
        stage.step = steps.index(stage.step) + 1
    return sorted(stages, key=lambda stage: stage.step)
