"""Roles that follow the provider's groups: rules say which, and every sign-in or provisioning applies them."""

from collections.abc import Collection, Iterable

from django.db import transaction

from catalog.accounts import kernel, services
from catalog.accounts.kernel import require
from catalog.accounts.models import PLATFORM_ROLES, Membership, Role, Team, User
from catalog.audit import services as audit
from catalog.common.errors import Conflict, Invalid, NotFound, Problem
from catalog.common.validation import clean
from catalog.identity.models import GroupRule, ProviderAccount, ProvisionedGroup

ADMINISTER = "Only platform administrators decide which roles follow the provider's groups."


@transaction.atomic
def create_group_rule(*, actor: User | None, group: str, role: str, team: Team | None = None) -> GroupRule:
    """Let a role follow a group, from now on and for those known to be in it at once. NotAllowed, Invalid."""
    require(actor, "identity.administer", None, ADMINISTER)
    if role in Role.values and (role in PLATFORM_ROLES) != (team is None):
        words = (
            "This role needs a team."
            if team is None
            else "This role holds in the whole mesh, without a team."
        )
        raise Invalid("The rule was not made.", problems=[Problem("team", "fit", words)])
    rule = GroupRule(group=group.strip(), role=role, team=team)
    clean(rule)
    rule.save()
    audit.record(actor=actor, verb="group_rule.created", obj=rule, detail=_told(rule))
    _apply_to(_known_in({rule.group}))
    return rule


@transaction.atomic
def delete_group_rule(*, actor: User | None, rule: GroupRule) -> None:
    """End a rule; the roles it alone gave end with it. NotAllowed, NotFound when it is gone."""
    require(actor, "identity.administer", None, ADMINISTER)
    pk, told, name = rule.pk, _told(rule), str(rule)
    if not GroupRule.objects.filter(pk=pk).delete()[0]:
        raise NotFound("This rule is gone already.")
    rule.pk = pk
    audit.record(actor=actor, verb="group_rule.deleted", obj=rule, name=name, detail=told)
    _apply_to(_known_in({rule.group}))


def _told(rule: GroupRule) -> dict[str, str | None]:
    return {"group": rule.group, "role": rule.role, "team": rule.team.slug if rule.team else None}


def _known_in(groups: Collection[str]) -> list[User]:
    """The people whom the provider said to be in one of the groups."""
    accounts = ProviderAccount.objects.values_list("user_id", "groups")
    people = {pk for pk, told in accounts.iterator(chunk_size=2000) if not groups.isdisjoint(told)}  # type: ignore[attr-defined]
    provisioned = ProvisionedGroup.objects.filter(name__in=groups) | ProvisionedGroup.objects.filter(
        external_id__in=groups
    )
    people |= set(provisioned.exclude(members=None).values_list("members", flat=True))
    return list(User.objects.filter(pk__in=people, is_active=True).order_by("pk"))


def _apply_to(people: Iterable[User]) -> None:
    for person in people:
        follow_groups(person=person)


@transaction.atomic
def follow_groups(*, person: User) -> list[Membership]:
    """Make the roles that the person's groups give and end those they no longer give; what now follows them.

    Roles given by hand stay as they are. The last platform administrator keeps that role, and the audit trail says so.
    """
    wanted = {(rule.role, rule.team_id): rule for rule in _rules_for(person)}
    held = {
        (item.role, item.team_id): item
        for item in Membership.objects.filter(user=person).select_related("team", "user")
    }
    for key, item in held.items():
        if item.is_from_provider and key not in wanted:
            _end(item)
    for key, rule in wanted.items():
        if key not in held and person.is_active:
            made = services.grant_role(actor=None, person=person, role=rule.role, team=rule.team)
            Membership.objects.filter(pk=made.pk).update(is_from_provider=True)
    kernel.forget_standing(person)
    return list(Membership.objects.filter(user=person, is_from_provider=True))


def _rules_for(person: User) -> list[GroupRule]:
    groups = set(person.provisioned_groups.values_list("name", flat=True))
    groups |= set(person.provisioned_groups.exclude(external_id="").values_list("external_id", flat=True))
    for told in person.provider_accounts.values_list("groups", flat=True):
        groups.update(told)
    return list(GroupRule.objects.filter(group__in=groups).select_related("team")) if groups else []


def _end(membership: Membership) -> None:
    try:
        with transaction.atomic():
            services.revoke_role(actor=None, membership=membership)
    except Conflict:
        person = membership.user
        audit.record(actor=None, verb="person.kept_last_admin", obj=person, detail={"role": membership.role})
