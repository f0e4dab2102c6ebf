"""Whom a notice concerns: owners, consumers and watchers of a product, and who of them may see it."""

import datetime as dt
from collections.abc import Collection, Iterable

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from catalog.access.deciders import Asking, panel_of
from catalog.access.models import Agreement, RequestStage
from catalog.access.states import DecisionState
from catalog.accounts import kernel
from catalog.accounts.models import Membership, Role, Team, User
from catalog.connections.models import Connection
from catalog.domains.models import Domain
from catalog.notifications.models import Notice, Notification, Subscription
from catalog.products import reach
from catalog.products.models import DataProduct, OutputPort, Stewardship
from catalog.products.permissions import OWNING_ROLES, audience

Reason = Notification.Reason
Audience = Notice.Audience
BESIDES = "+"  # in the key of a notice, before the beginning of another's
JUST_NOW = dt.timedelta(hours=1)


def recipients(notice: Notice) -> dict[int, str]:
    """Person -> why they are told; only people who may see what it is about, without the one who did it.

    A fixed number of queries, whatever the number of people.
    """
    if notice.recipient_id is not None:
        found = {notice.recipient_id: Reason.RECIPIENT.value}
    elif notice.agreement is not None:
        found = _of_agreement(notice, notice.agreement)
    elif notice.term_id is not None:
        found = dict.fromkeys(_readers(notice.term_id), Reason.WATCHER.value)
    elif notice.product is not None:
        found = _of_product(notice, notice.product)
    elif notice.connection is not None:
        found = dict.fromkeys(_of_team(notice.connection.team), Reason.OWNER.value)
    else:
        found = {}
    if notice.actor_id is not None:
        found.pop(notice.actor_id, None)
    seeing = _who_sees(notice, found) - _told_besides(notice)
    return {person: reason for person, reason in found.items() if person in seeing}


def _told_besides(notice: Notice) -> set[int]:
    """Who heard the same a moment ago by another notice, which the key of this one names after BESIDES."""
    _, has_other, other = notice.key.partition(BESIDES)
    if not has_other:
        return set()
    told = Notification.objects.filter(
        notice__key__startswith=f"{other}:", notice__created_at__gt=notice.created_at - JUST_NOW
    )
    return set(told.values_list("recipient_id", flat=True))


def _of_agreement(notice: Notice, agreement: Agreement) -> dict[int, str]:
    """Those who decide its open request now, those who answer for the port, or those the access is for: who asked on
    their behalf is among these."""
    if notice.audience == Audience.DECIDERS:
        return dict.fromkeys(_deciders(agreement, notice.stage_id), Reason.DECIDER.value)
    if notice.audience == Audience.OWNERS:
        return dict.fromkeys(_owners(agreement.port.product), Reason.OWNER.value)
    if agreement.user_id is not None:
        people = {agreement.user_id}
    elif agreement.team_id is not None:
        people = _ids(Membership.objects.filter(team=agreement.team_id))
    else:
        people = owners_of([agreement.product] if agreement.product else [])
    return dict.fromkeys(people, Reason.PARTY.value)


def _deciders(agreement: Agreement, stage_id: int | None) -> set[int]:
    """Those whose word is still wanted at the open stages, or at one of them."""
    stages = RequestStage.objects.filter(
        request__agreement=agreement, request__decision=DecisionState.SUBMITTED, closed_at=None,
        step=F("request__step"),
    ).select_related("request", "team", "person").prefetch_related("decisions")  # fmt: skip
    if stage_id is not None:
        stages = stages.filter(pk=stage_id)
    found: set[int] = set()
    for stage in stages:
        asking = Asking(agreement.port.product, stage.request.requested_by_id, agreement.consumer)
        panel = panel_of(stage, asking, timezone.localdate())
        spoken = {pk for said in stage.decisions.all() for pk in (said.decided_by_id, said.decided_for_id)}
        found |= {person.pk for person in panel.people if person.pk not in spoken}
        found |= {pk for pk, away in panel.in_place_of.items() if not {pk, away.pk} & spoken}
    return found


def _of_product(notice: Notice, product: DataProduct) -> dict[int, str]:
    found: dict[int, str] = {}
    if notice.audience in (Audience.EVERYBODY, Audience.DOWNSTREAM, Audience.OWNERS_AND_WATCHERS):
        found |= dict.fromkeys(_watchers(product), Reason.WATCHER.value)
    if notice.audience == Audience.DOWNSTREAM:
        found |= dict.fromkeys(_downstream(notice, product), Reason.DOWNSTREAM.value)
    if notice.audience in (Audience.EVERYBODY, Audience.DOWNSTREAM):
        found |= dict.fromkeys(_consumers(notice, product), Reason.CONSUMER.value)
    return found | dict.fromkeys(_owners(product), Reason.OWNER.value)


def _owners(product: DataProduct) -> set[int]:
    """The people in charge and the owners in its team; never nobody: else whoever is next above."""
    return (
        owners_of([product])
        or (_of_team(product.team) if product.team else set())
        or _of_team(product.domain.team, Role.DOMAIN_ADMIN)
        or _ids(Membership.objects.filter(role=Role.PLATFORM_ADMIN))
    )


def owners_of(products: Iterable[DataProduct]) -> set[int]:
    """Active people in charge of the products, and those with an owning role in the very teams of them."""
    listed = list(products)
    teams = {product.team_id for product in listed if product.team_id is not None}
    named = Stewardship.objects.filter(product__in=[product.pk for product in listed], user__is_active=True)
    people: set[int] = set(named.order_by().values_list("user_id", flat=True))
    return people | _ids(Membership.objects.filter(team__in=teams, role__in=OWNING_ROLES))


def _of_team(team: Team, *roles: Role) -> set[int]:
    """Who holds one of the roles (the owning ones) in the team, or in the nearest team above where anybody does."""
    held = Membership.objects.filter(
        role__in=roles or (*OWNING_ROLES, Role.DOMAIN_ADMIN),
        team__path__in=[team.path[:end] for end in range(Team.steplen, len(team.path) + 1, Team.steplen)],
        user__is_active=True,
    )
    rows = list(held.values_list("team__depth", "user_id"))
    nearest = max((depth for depth, _ in rows), default=0)
    return {person for depth, person in rows if depth == nearest}


def _consumers(notice: Notice, product: DataProduct) -> set[int]:
    """Who answers for what reads from it, and the people and teams that have access themselves."""
    ports = _ports(notice, product)
    standing = Agreement.objects.standing(timezone.now()).filter(port__in=[port.pk for port in ports])
    people = {pk for pk in standing.order_by().values_list("user_id", flat=True) if pk is not None}
    people |= _ids(Membership.objects.filter(team__in=standing.filter(team__isnull=False).values("team")))
    return people | owners_of(reached.product for reached in reach.consumers_of(*ports).products)


def _downstream(notice: Notice, product: DataProduct) -> set[int]:
    """Who answers for what is made of it, however many steps away."""
    return owners_of(reached.product for reached in reach.downstream_of(*_ports(notice, product)).products)


def _ports(notice: Notice, product: DataProduct) -> list[OutputPort]:
    return [notice.port] if notice.port else list(OutputPort.objects.filter(product=product))


def _watchers(product: DataProduct) -> set[int]:
    path, step = product.domain.path, Domain.steplen
    above = [path[:end] for end in range(step, len(path) + 1, step)]
    wanted = Q(product=product) | Q(domain__path__in=above)
    rows = Subscription.objects.filter(wanted, user__is_active=True).order_by()
    return set(rows.values_list("user_id", flat=True))


def _readers(term_id: int) -> set[int]:
    rows = Subscription.objects.filter(term=term_id, user__is_active=True).order_by()
    return set(rows.values_list("user_id", flat=True))


def _ids(memberships: QuerySet[Membership]) -> set[int]:
    rows = memberships.filter(user__is_active=True).order_by()
    return set(rows.values_list("user_id", flat=True))


def _who_sees(notice: Notice, people: Collection[int]) -> set[int]:
    chosen = User.objects.filter(pk__in=list(people), is_active=True)
    if notice.product is not None:
        chosen = chosen.filter(kernel.holders(audience(notice.product)))
    if notice.term is not None:
        chosen = chosen.filter(kernel.holders(frozenset({"mesh"} if notice.term.is_published else ())))
    if notice.connection is not None:
        chosen = chosen.filter(kernel.holders(_audience_of_store(notice.connection)))
    return set(chosen.values_list("pk", flat=True))


def _audience_of_store(connection: Connection) -> frozenset[str]:
    """As `Connection.objects.visible_to`."""
    return frozenset({f"team:{connection.team_id}"})
