"""Who may decide a stage: the people its rule names, without anybody who would get the access; never nobody.

Where the rule names too few, the admins of the product's domain may decide as well, then the platform admins; the
same when a stage waits for too long. A colleague somebody named while away decides in their place.
"""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q

from catalog.access.delegations import Delegation
from catalog.access.models import Approvers, RequestStage, Stage
from catalog.accounts.models import Membership, Role, Team, User
from catalog.products.models import DataProduct
from catalog.products.permissions import OWNING_ROLES

Consumer = User | Team | DataProduct


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, for whom, and for what product: all that the choice of deciders depends on."""

    product: DataProduct
    requested_by: int | None
    consumer: Consumer


@dataclass(frozen=True, slots=True)
class Panel:
    """Those who may decide a stage. `in_place_of`: delegate -> whom they stand in for."""

    people: tuple[User, ...]
    falls_to: str
    quorum: int
    in_place_of: dict[int, User]

    @property
    def is_enough(self) -> bool:
        """Whether the quorum can be reached at all; otherwise somebody has to be given the role first."""
        return len(self.people) >= self.quorum


def barred_ids(asking: Asking) -> set[int]:
    """Who may not decide: who asked, and everybody who would get the access, by themselves, their team or product."""
    found = {asking.requested_by} if asking.requested_by else set()
    consumer = asking.consumer
    if isinstance(consumer, User):
        found.add(consumer.pk)
    elif isinstance(consumer, Team):
        within = Membership.objects.filter(team__path__startswith=consumer.path)
        found |= set(within.values_list("user_id", flat=True))
    else:
        found |= {item.user_id for item in consumer.stewardships.all()}
        if consumer.team is not None:
            found |= {person.pk for person in holders(consumer.team, *OWNING_ROLES)}
    return found


def panel_of(stage: Stage, asking: Asking, today: dt.date) -> Panel:
    """Who may decide `stage` today, with those it falls to where the rule names too few."""
    barred = barred_ids(asking)
    people = {person.pk: person for person in named(stage, asking.product) if person.pk not in barred}
    falls_to = RequestStage.FallsTo.NOBODY
    escalated = getattr(stage, "escalated_at", None) is not None
    if len(people) < stage.quorum or escalated:
        falls_to = falls_to if escalated and len(people) >= stage.quorum else RequestStage.FallsTo.DOMAIN
        admins = holders(asking.product.domain.team, Role.DOMAIN_ADMIN)
        people |= {person.pk: person for person in admins if person.pk not in barred}
    if len(people) < stage.quorum or escalated:
        if len(people) < stage.quorum:
            falls_to = RequestStage.FallsTo.PLATFORM
        admins = _platform(Role.PLATFORM_ADMIN)
        people |= {person.pk: person for person in admins if person.pk not in barred}
    delegates = _delegates(people, barred, today)
    return Panel(tuple(people.values()), falls_to.value, stage.quorum, delegates)


def named(stage: Stage, product: DataProduct) -> list[User]:
    """The active people the rule names, whoever asks."""
    match stage.approvers:
        case Approvers.OWNERS:
            people = {item.user_id: item.user for item in product.stewardships.all() if item.user.is_active}
            if product.team is not None:
                people |= {person.pk: person for person in holders(product.team, *OWNING_ROLES)}
            return list(people.values())
        case Approvers.DOMAIN_ADMINS:
            return holders(product.domain.team, Role.DOMAIN_ADMIN)
        case Approvers.TEAM:
            return holders(stage.team, Role.APPROVER) if stage.team else []
        case Approvers.GOVERNANCE:
            return _platform(Role.GOVERNANCE)
        case Approvers.PLATFORM_ADMINS:
            return _platform(Role.PLATFORM_ADMIN)
        case _:
            return [stage.person] if stage.person and stage.person.is_active else []


def holders(team: Team, *roles: Role) -> list[User]:
    """Active people who hold one of `roles` in the team: given there or in a team above."""
    ends = range(Team.steplen, len(team.path) + 1, Team.steplen)
    held = Q(memberships__role__in=roles, memberships__team__path__in=[team.path[:end] for end in ends])
    return list(User.objects.active().filter(held).distinct().order_by("username"))


def _platform(role: Role) -> list[User]:
    held = User.objects.active().filter(memberships__role=role, memberships__team=None)
    return list(held.distinct().order_by("username"))


def _delegates(people: dict[int, User], barred: set[int], today: dt.date) -> dict[int, User]:
    rows = Delegation.objects.filter(
        user__in=people, starts_on__lte=today, ends_on__gte=today, delegate__is_active=True
    ).select_related("delegate", "user")
    return {row.delegate_id: row.user for row in rows if row.delegate_id not in barred}


def seat_of(user: User, panel: Panel) -> User | None:
    """In whose name `user` may decide: their own, that of somebody who is away, or None when they may not."""
    if any(person.pk == user.pk for person in panel.people):
        return user
    return panel.in_place_of.get(user.pk)
