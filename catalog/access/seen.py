"""Which agreements and requests somebody may know of, as conditions on a query."""

from django.apps import apps
from django.db.models import Q
from django.utils import timezone

from catalog.accounts import kernel
from catalog.accounts.models import Role, Team, User
from catalog.products.permissions import OWNING_ROLES


def products_edited(user: User, prefix: str) -> Q:
    """Products `user` may edit (`catalog.products.permissions.can_edit_product` in SQL); `prefix` leads there."""
    who = kernel.standing(user)
    if who.is_platform_admin:
        return Q(**{f"{prefix.removesuffix('__')}__isnull": False}) if prefix else Q()
    teams = frozenset().union(*(who.teams_by_role.get(role, frozenset()) for role in OWNING_ROLES))
    domains = who.teams_by_role.get(Role.DOMAIN_ADMIN, frozenset())
    stewarded = apps.get_model("catalog", "Stewardship").objects.filter(user_id=user.pk).values("product_id")
    return (
        Q(**{f"{prefix}team_id__in": teams})
        | Q(**{f"{prefix}domain__team_id__in": domains})
        | Q(**{f"{prefix}pk__in": stewarded})
    )


def acting_for(user: User) -> list[User]:
    """The person, and everybody who asked them to decide in their place today."""
    today = timezone.now().date()
    away = User.objects.active().filter(
        delegations__delegate=user, delegations__starts_on__lte=today, delegations__ends_on__gte=today
    )
    return [user, *away.distinct()]


def stages_decided(people: list[User], prefix: str = "") -> Q:
    """Stages of requests that any of `people` may decide by their place; who has a part in a request may not, see
    `catalog.access.deciders`. `prefix` leads to the stage."""
    found = Q(pk__in=[])
    for person in people:
        found |= _decided_by(person, prefix)
    return found


def _decided_by(person: User, prefix: str) -> Q:
    who = kernel.standing(person)

    def stage(**conditions: object) -> Q:
        return Q(**{f"{prefix}{name}": value for name, value in conditions.items()})

    product = f"{prefix}request__agreement__port__product__"
    by_team = who.teams_by_role
    stewarded = (
        apps.get_model("catalog", "Stewardship").objects.filter(user_id=person.pk).values("product_id")
    )
    owned = frozenset().union(*(by_team.get(role, frozenset()) for role in OWNING_ROLES))
    owns = Q(**{f"{product}team_id__in": owned}) | Q(**{f"{product}pk__in": stewarded})
    rules_domain = Q(**{f"{product}domain__team_id__in": by_team.get(Role.DOMAIN_ADMIN, frozenset())})
    found = (stage(approvers="owners") & owns) | stage(approvers="person", person_id=person.pk)
    found |= (
        stage(approvers="domain_admins") | stage(escalated_at__isnull=False) | ~stage(falls_to="")
    ) & rules_domain
    found |= stage(approvers="team", team_id__in=by_team.get(Role.APPROVER, frozenset()))
    if who.is_governance:
        found |= stage(approvers="governance")
    if who.is_platform_admin:
        found |= stage(approvers="platform_admins") | stage(escalated_at__isnull=False)
        found |= stage(falls_to="platform")
    return found


def may_not_decide(person: User, prefix: str = "") -> Q:
    """Stages of requests `person` has a part in (`catalog.access.deciders.barred_ids`, seen from the person)."""
    agreement = f"{prefix}request__agreement__"
    memberships = apps.get_model("catalog", "Membership").objects.filter(user=person, team__isnull=False)
    paths = {
        path[:end]
        for path in memberships.values_list("team__path", flat=True)
        for end in range(Team.steplen, len(path) + 1, Team.steplen)
    }
    by_team = kernel.standing(person).teams_by_role
    owned = frozenset().union(*(by_team.get(role, frozenset()) for role in OWNING_ROLES))
    stewarded = (
        apps.get_model("catalog", "Stewardship").objects.filter(user_id=person.pk).values("product_id")
    )
    return (
        Q(**{f"{prefix}request__requested_by_id": person.pk, f"{prefix}request__requested_by__isnull": False})
        | Q(**{f"{agreement}user_id": person.pk, f"{agreement}user__isnull": False})
        | Q(**{f"{agreement}team__path__in": paths, f"{agreement}team__isnull": False})
        | Q(**{f"{agreement}product__isnull": False})
        & (Q(**{f"{agreement}product__team_id__in": owned}) | Q(**{f"{agreement}product_id__in": stewarded}))
    )


def stages_open_to(user: User) -> Q:
    """Stages `user` may decide, by themselves or in the place of somebody who is away."""
    stages = apps.get_model("catalog", "RequestStage").objects
    found = Q(pk__in=[])
    for person in acting_for(user):
        barred = stages.filter(may_not_decide(person)).values("pk")
        found |= _decided_by(person, "") & ~Q(pk__in=barred)
    return found & ~Q(pk__in=stages.filter(may_not_decide(user)).values("pk"))


def agreements_seen(user: User) -> Q:
    """Agreements `user` may know of: see `AgreementQuerySet.visible_to`. What is only drafted is nobody's business."""
    who = kernel.standing(user)
    if who.user_id is None:
        return Q(pk__in=[])
    asked = Q(asked_at__isnull=False)
    if who.sees_everything:
        return asked
    stages = apps.get_model("catalog", "RequestStage").objects.filter(stages_decided(acting_for(user)))
    return asked & (
        Q(user=user)
        | Q(team_id__in=who.team_ids)
        | products_edited(user, "product__")
        | products_edited(user, "port__product__")
        | Q(pk__in=stages.values("request__agreement_id"))
    )


def requests_seen(user: User) -> Q:
    """Requests `user` may know of; a draft is its writer's alone."""
    who = kernel.standing(user)
    if who.user_id is None:
        return Q(pk__in=[])
    mine = Q(requested_by=user)
    if who.sees_everything:
        return mine | ~Q(decision="draft")
    agreements = apps.get_model("catalog", "Agreement").objects.filter(agreements_seen(user))
    return mine | (~Q(decision="draft") & Q(agreement__in=agreements.values("pk")))
