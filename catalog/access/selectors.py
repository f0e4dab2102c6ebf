"""Reads of agreements and requests for pages and the API; a fixed number of queries whatever their number."""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from catalog.access import terms
from catalog.access.deciders import Asking, Consumer, Panel, panel_of
from catalog.access.models import (
    AccessRequest,
    AccessRequestQuerySet,
    Agreement,
    AgreementQuerySet,
    ApprovalRule,
    PortTerms,
    RequestStage,
    Stage,
)
from catalog.access.provisioners import plain_words
from catalog.access.routing import Route, is_personal, route_of
from catalog.access.seen import products_edited, stages_open_to
from catalog.access.services.writing import JOINS
from catalog.access.states import DecisionState, Verdict
from catalog.access.terms import Accepted, Mode
from catalog.accounts import kernel
from catalog.accounts.models import Team, User
from catalog.common import humanise
from catalog.common.errors import NotFound
from catalog.products.models import DataProduct, OutputPort
from catalog.vocabulary.models import Purpose

LOOKED_AT = 50  # decided requests the usual time is made of
MOST_CHOICES = 200
SHOWN_HELD = 3


def agreements_for(user: User) -> AgreementQuerySet:
    """Those `user` may see, with what every list shows."""
    rows: AgreementQuerySet = Agreement.objects.visible_to(user).select_related(*JOINS)
    return rows


def requests_for(user: User) -> AccessRequestQuerySet:
    """Those `user` may see, with what every list shows."""
    joins = (f"agreement__{join}" for join in JOINS)
    rows: AccessRequestQuerySet = AccessRequest.objects.visible_to(user)
    return rows.select_related("requested_by", *joins)


def agreement_or_404(user: User, pk: int) -> Agreement:
    found = agreements_for(user).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such agreement, or you may not see it.")
    return found


def request_or_404(user: User, pk: int) -> AccessRequest:
    found = requests_for(user).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such request, or you may not see it.")
    return found


def held_by(consumer: Consumer) -> Q:
    """Agreements of that person, team or product itself."""
    kind = "user" if isinstance(consumer, User) else "team" if isinstance(consumer, Team) else "product"
    return Q(**{kind: consumer})


def of_consumer(user: User) -> Q:
    """Agreements of the person themselves, their teams and the products they may edit."""
    return Q(user=user) | Q(team__in=kernel.standing(user).team_ids) | _own_products(user)


def _own_products(user: User) -> Q:
    """Platform admins may edit every product; theirs are only those they are named on."""
    if kernel.standing(user).is_platform_admin:
        return Q(product__stewardships__user=user)
    return products_edited(user, "product__")


@dataclass(frozen=True, slots=True)
class Line:
    """An agreement as a list shows it, judged now."""

    agreement: Agreement
    verdict: Verdict


def lines_of(agreements: Iterable[Agreement], now: dt.datetime) -> list[Line]:
    return [Line(agreement, agreement.verdict(now)) for agreement in agreements]


def consumers_for(user: User) -> list[tuple[str, str]]:
    """For whom the person may ask, as choices: themselves, their teams, the products they may edit."""
    who = kernel.standing(user)
    found = [(f"person:{user.pk}", f"Myself ({user})")]
    teams = Team.objects.filter(pk__in=who.team_ids).order_by("name")[:MOST_CHOICES]
    found += [(f"team:{team.pk}", f"The team {team.name}") for team in teams]
    products = DataProduct.objects.filter(products_edited(user, "")).distinct().order_by("name")
    return found + [(f"product:{item.pk}", f"The product {item.name}") for item in products[:MOST_CHOICES]]


def consumer_named(key: str) -> Consumer | None:
    """The consumer of a choice such as `team:7`; whether one may ask for it, the services judge."""
    kind, _, number = key.partition(":")
    models: dict[str, Any] = {"person": User, "team": Team, "product": DataProduct}
    if kind not in models or not number.isdecimal() or len(number) > 18:
        return None
    found: Consumer | None = models[kind]._default_manager.filter(pk=int(number)).first()
    return found


@dataclass(frozen=True, slots=True)
class StageShown:
    """A stage with those who may decide it."""

    stage: Stage
    panel: Panel


@dataclass(frozen=True, slots=True)
class Prospect:
    """What somebody who asks is told before: the terms, who would decide, by which rules, how long it takes."""

    port: OutputPort
    terms: PortTerms
    contract: Accepted | None
    modes: list[Mode]
    plain: str
    columns: list[str]
    route: Route
    stages: list[StageShown]
    usual: str
    is_personal: bool


def prospect_of(
    user: User,
    port: OutputPort,
    *,
    consumer: Consumer | None = None,
    purposes: Collection[Purpose] = (),
    columns: Collection[str] = (),
) -> Prospect:
    """What would come of asking for `port`."""
    held, contract = terms.terms_of(port), terms.contract_of(port)
    route = route_of(port, purposes, columns)
    asking = Asking(port.product, user.pk, consumer or user)
    today = timezone.now().date()
    return Prospect(
        port=port,
        terms=held,
        contract=contract,
        modes=terms.modes_of(held, contract),
        plain=plain_words(held),
        columns=terms.columns_of(port) if held.may_choose_columns else [],
        route=route,
        stages=[StageShown(stage, panel_of(stage, asking, today)) for stage in route.stages],
        usual=usual_time(port.product),
        is_personal=is_personal(port, columns),
    )


def usual_time(product: DataProduct) -> str:
    """How long decisions about this product usually took, in words; "" where none was made yet."""
    rows = AccessRequest.objects.filter(
        agreement__port__product=product,
        decision__in=(DecisionState.APPROVED.value, DecisionState.DENIED.value),
        stages__isnull=False,
    ).distinct()
    times = [
        (decided - submitted).total_seconds()
        for submitted, decided in rows.order_by("-decided_at").values_list("submitted_at", "decided_at")[
            :LOOKED_AT
        ]
        if submitted and decided
    ]
    if not times:
        return ""
    return f"{humanise.span(median(times))} (median of {len(times)})"


def stages_of(request: AccessRequest) -> list[StageShown]:
    """The stages of a request with those who may decide them today."""
    asking = Asking(request.agreement.port.product, request.requested_by_id, request.agreement.consumer)
    today = timezone.now().date()
    rows = request.stages.select_related("team", "person").prefetch_related(
        "decisions__decided_by", "decisions__decided_for"
    )
    return [StageShown(stage, panel_of(stage, asking, today)) for stage in rows]


def open_stages(user: User) -> QuerySet[RequestStage]:
    """What waits for `user` to decide, the most urgent first."""
    joins = (f"request__agreement__{join}" for join in JOINS)
    rows = RequestStage.objects.filter(
        stages_open_to(user),
        closed_at=None,
        request__decision=DecisionState.SUBMITTED.value,
        step=F("request__step"),
    ).exclude(decisions__decided_by=user)
    return rows.select_related("request__requested_by", "request__agreement__port__product__classification", *joins
    ).prefetch_related("request__purposes").order_by("due_at", "pk")  # fmt: skip


def waiting_for(user: User) -> int:
    """How many requests wait for the person's decision."""
    return open_stages(user).count()


@dataclass(frozen=True, slots=True)
class InboxRow:
    """A stage to decide, with what its consumer already has, as far as the reader may see the ports."""

    stage: RequestStage
    held: list[Agreement]
    more: int

    @property
    def request(self) -> AccessRequest:
        return self.stage.request


def inbox_rows(user: User, stages: Sequence[RequestStage], now: dt.datetime) -> list[InboxRow]:
    """The rows of a page of the inbox, in a fixed number of queries, with the first of what each consumer has."""
    agreements = [stage.request.agreement for stage in stages]
    ids = {
        name: {getattr(item, f"{name}_id") for item in agreements} - {None}
        for name in ("user", "team", "product")
    }
    theirs = Q(user__in=ids["user"]) | Q(team__in=ids["team"]) | Q(product__in=ids["product"])
    ports = OutputPort.objects.visible_to(user).values("pk")
    rows = Agreement.objects.standing(now).filter(theirs, port__in=ports)
    stand = set(rows.filter(pk__in=[item.pk for item in agreements]).values_list("pk", flat=True))
    consumer = [F("user"), F("team"), F("product")]
    first = rows.annotate(
        place=Window(RowNumber(), partition_by=consumer, order_by="pk"),
        count=Window(Count("pk"), partition_by=consumer),
    ).filter(place__lte=SHOWN_HELD + 1)  # one of them may be what is asked for
    by_consumer: dict[tuple[int | None, ...], list[Any]] = {}
    for row in first.select_related("port__product__domain").order_by("pk"):
        by_consumer.setdefault((row.user_id, row.team_id, row.product_id), []).append(row)
    found = []
    for stage, agreement in zip(stages, agreements, strict=True):
        known = by_consumer.get((agreement.user_id, agreement.team_id, agreement.product_id), [])
        held = [item for item in known if item.pk != agreement.pk][:SHOWN_HELD]
        others = (known[0].count if known else 0) - (agreement.pk in stand)
        found.append(InboxRow(stage, held, others - len(held)))
    return found


def visible_rules(user: User) -> QuerySet[ApprovalRule]:
    """Rules whose place `user` may know of."""
    rows = ApprovalRule.objects.select_related(
        "port__product__domain", "port__product__team", "domain", "classification", "purpose"
    ).prefetch_related("stages__team", "stages__person")
    if not kernel.standing(user).is_member:
        return rows.none()
    ports = OutputPort.objects.visible_to(user).values("pk")
    return rows.filter(port=None) | rows.filter(port__in=ports)
