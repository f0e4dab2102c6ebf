"""Roles as holdings: what a person holds in teams and in the mesh, and how it is handed over."""

from collections.abc import Collection

from django.urls import reverse

from catalog.accounts import holdings
from catalog.accounts.holdings import Holding
from catalog.accounts.models import Membership, User
from catalog.accounts.services import grant_role, revoke_role


class RoleHoldings:
    """One holding per membership."""

    kind = "role"
    title = "Roles"

    def held_by(self, person: User, viewer: User) -> list[Holding]:
        return [
            Holding(
                key=f"{self.kind}:{item.pk}",
                kind=self.kind,
                label=item.team.name if item.team else "The whole mesh",
                role=item.get_role_display(),
                url=reverse("accounts:team", args=[item.team.slug]) if item.team else "",
            )
            for item in _memberships(person)
        ]

    def already_held(self, keys: Collection[str], receiver: User) -> set[str]:
        held = {(item.team_id, item.role) for item in _memberships(receiver)}
        return {f"{self.kind}:{item.pk}" for item in _chosen(keys) if (item.team_id, item.role) in held}

    def hand_over(self, *, actor: User | None, keys: Collection[str], person: User, receiver: User) -> int:
        chosen = [item for item in _chosen(keys) if item.user_id == person.pk]
        for item in chosen:
            grant_role(actor=actor, person=receiver, role=item.role, team=item.team)
            revoke_role(actor=actor, membership=item)
        return len(chosen)

    def named_before(self, viewer: User, people: Collection[int]) -> set[int]:
        return set()  # holding a role tells colleagues the name, not the e-mail address


def _memberships(person: User) -> list[Membership]:
    return list(Membership.objects.filter(user=person).select_related("team", "user").order_by("role", "pk"))


def _chosen(keys: Collection[str]) -> list[Membership]:
    ids = [
        int(number)
        for kind, _, number in (key.partition(":") for key in keys)
        if kind == "role" and _is_id(number)
    ]
    return list(Membership.objects.filter(pk__in=ids).select_related("team", "user"))


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


holdings.register(RoleHoldings())
