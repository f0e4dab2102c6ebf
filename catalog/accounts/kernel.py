"""The permission kernel: who somebody is in the mesh, `visible_to`, and `can`.

Every surface asks here: pages, REST, search, lineage, exports. It knows no other feature. Visibility is expressed
by *audience tokens*: a person holds tokens (`held_tokens`), an object lists tokens (`catalog.products.permissions
.audience`), and the object is visible when the two sets meet. `audience_filter` is the same rule in SQL.

Tokens: `mesh` (any membership), `team:<id>` (member there or above), `domain_admin:<id>` (domain admin there or
above), `user:<id>`, and `all` (platform admin, governance).
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, Q

from catalog.accounts.models import Membership, Role, Team, User
from catalog.common.errors import NotAllowed
from catalog.common.prepared import Prepared

Predicate = Callable[[User, Any], bool]
EVERYTHING = "all"


@dataclass(frozen=True, slots=True)
class Action:
    """Something that can be done; `kind` is what it is done to (`product`), "" where there is no object."""

    name: str
    predicate: Predicate
    kind: str

    @property
    def sentence(self) -> str:
        """The first paragraph of the predicate's docstring: who may."""
        return " ".join((self.predicate.__doc__ or "").split("\n\n")[0].split())


_actions: dict[str, Action] = {}


@dataclass(frozen=True, slots=True)
class Standing:
    """A person's roles, resolved once per request: role -> ids of the teams where it holds (with those below)."""

    user_id: int | None
    is_member: bool
    is_platform_admin: bool
    is_governance: bool
    teams_by_role: dict[str, frozenset[int]]

    @property
    def sees_everything(self) -> bool:
        return self.is_platform_admin or self.is_governance

    @property
    def team_ids(self) -> frozenset[int]:
        """Every team the person belongs to in any role."""
        return frozenset().union(*self.teams_by_role.values())

    def has_role(self, team_id: int | None, *roles: Role) -> bool:
        """Whether one of `roles` holds in the team; platform admins hold every role everywhere."""
        if self.is_platform_admin:
            return True
        return team_id is not None and any(team_id in self.teams_by_role.get(role, ()) for role in roles)


NOBODY = Standing(None, False, False, False, {})


def standing(user: User | AnonymousUser) -> Standing:
    """The person's standing, cached on the user object (one request). Inactive and anonymous have none."""
    if not isinstance(user, User) or not user.is_active:
        return NOBODY
    cached: Standing | None = getattr(user, "_standing", None)
    if cached is None:
        cached = _read_standing(user)
        user._standing = cached  # type: ignore[attr-defined]
    return cached


def forget_standing(user: User) -> None:
    """Drop the cached standing after memberships changed within a request."""
    user.__dict__.pop("_standing", None)


def _read_standing(user: User) -> Standing:
    rows = _MEMBERSHIPS.rows(user.pk)
    roles = {role for role, _ in rows}
    paths = {role: [path for r, path in rows if r == role and path] for role in roles}
    below: dict[str, int] = {}
    if any(paths.values()):
        tops = frozenset(path for held in paths.values() for path in held)
        below = dict(_TEAMS.rows(given=(tops,), under=tops))
    return Standing(
        user_id=user.pk,
        is_member=bool(rows),
        is_platform_admin=Role.PLATFORM_ADMIN in roles,
        is_governance=Role.GOVERNANCE in roles,
        teams_by_role={
            role: frozenset(pk for path, pk in below.items() if path.startswith(tuple(held)))
            for role, held in paths.items()
            if held
        },
    )


def _memberships(user_id: int) -> Any:
    return Membership.objects.filter(user_id=user_id).values_list("role", "team__path")


def _teams_below(tops: frozenset[str]) -> Any:
    wanted = Q()
    for path in sorted(tops):
        wanted |= Q(path__startswith=path)
    return Team.objects.filter(wanted).order_by().values_list("path", "pk")


_MEMBERSHIPS: Final = Prepared(Membership, _memberships)
_TEAMS: Final = Prepared(Team, _teams_below)


def held_tokens(user: User | AnonymousUser) -> frozenset[str]:
    """The audience tokens a person holds; holders of `all` need no other."""
    who = standing(user)
    if who.user_id is None:
        return frozenset()
    if who.sees_everything:
        return frozenset({EVERYTHING})
    tokens = {f"user:{who.user_id}"}
    if who.is_member:
        tokens.add("mesh")
    tokens.update(f"team:{pk}" for pk in who.team_ids)
    tokens.update(f"domain_admin:{pk}" for pk in who.teams_by_role.get(Role.DOMAIN_ADMIN, ()))
    return frozenset(tokens)


def scope(user: User | AnonymousUser) -> list[str]:
    """What everything a person may see depends on: two people of one scope are shown the same mesh."""
    return sorted(held_tokens(user))


def audience_filter(user: User | AnonymousUser, prefix: str = "") -> Q:
    """The visibility of data products as a condition on a query; `prefix` leads to the product.

    Must say the same as `catalog.products.permissions.audience` (a test compares them over all combinations).
    """
    who = standing(user)
    if who.user_id is None:
        return Q(pk__in=[])
    if who.sees_everything:
        return Q()

    def where(**conditions: Any) -> Q:
        return Q(**{f"{prefix}{name}": value for name, value in conditions.items()})

    published = where(lifecycle__in=("active", "deprecated", "retired"))
    allowed = where(team_id__in=who.team_ids) | where(
        domain__team_id__in=who.teams_by_role.get(Role.DOMAIN_ADMIN, frozenset())
    )
    allowed |= where(pk__in=_stewarded(who.user_id))
    if who.is_member:
        allowed |= published & where(visibility="mesh")
    allowed |= published & where(visibility="domain", domain__team_id__in=who.team_ids)
    return allowed


def _stewarded(user_id: int) -> Any:
    from django.apps import apps  # the kernel imports no feature; the model is looked up when asked

    return apps.get_model("catalog", "Stewardship").objects.filter(user_id=user_id).values("product_id")


def register(action: str, predicate: Predicate, *, on: str | None = None) -> None:
    """Features name what can be done (`product.edit`) and who may; each action once.

    The predicate's docstring says in a sentence who may. `on` names the kind of object the predicate takes, by
    default the word before the dot, "" where it takes none; `catalog.accounts.rights` needs a sample of each kind
    for the table of rights.
    """
    known = _actions.get(action)
    if known and known.predicate is not predicate:
        raise ValueError(f"The action {action} is registered twice.")
    _actions[action] = Action(action, predicate, action.split(".", 1)[0] if on is None else on)


def can(user: User | AnonymousUser, action: str, obj: Model | None = None) -> bool:
    """Whether `user` may do `action` to `obj`. Denied unless a registered predicate allows it."""
    if not isinstance(user, User) or not user.is_active:
        return False
    return _actions[action].predicate(user, obj)


def require(actor: User | None, action: str, obj: Model | None = None, message: str = "") -> None:
    """Raise NotAllowed unless `actor` may do `action`; None is the portal itself and may. Services begin with this."""
    if actor is not None and not can(actor, action, obj):
        raise NotAllowed(
            message or "You may not do this.",
            kept="Nothing was changed.",
            remedy="Ask the people in charge of it, or an administrator.",
        )


def actions() -> dict[str, Action]:
    """Every registered action; the table of rights in the documentation is made from it."""
    return dict(sorted(_actions.items()))


def holders(tokens: Collection[str]) -> Q:
    """Who holds one of the audience `tokens`, as a condition on User: `held_tokens` the other way round.

    Asked when many people are told of one thing: a query or two, however many they are.
    """
    everything = Membership.objects.filter(role__in=(Role.PLATFORM_ADMIN, Role.GOVERNANCE))
    found = Q(pk__in=everything.values("user"))
    named = [token.partition(":") for token in tokens]
    people = {int(pk) for kind, _, pk in named if kind == "user"}
    found |= Q(pk__in=people) if people else Q()
    if "mesh" in tokens:
        return Q(is_active=True) & (found | Q(pk__in=Membership.objects.values("user")))
    for kind, only in (("team", {}), ("domain_admin", {"role": Role.DOMAIN_ADMIN})):
        teams = {int(pk) for name, _, pk in named if name == kind and pk.isdigit()}
        if teams:
            held = Membership.objects.filter(team__path__in=_paths_above(teams), **only)
            found |= Q(pk__in=held.values("user"))
    return Q(is_active=True) & found


def _paths_above(team_ids: Collection[int]) -> set[str]:
    """The paths of the teams and of every team above them."""
    step = Team.steplen
    paths = Team.objects.filter(pk__in=team_ids).values_list("path", flat=True)
    return {path[:end] for path in paths for end in range(step, len(path) + 1, step)}
