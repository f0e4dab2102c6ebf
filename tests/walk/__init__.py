"""The permission walk's examples: who gets which answer from every address of the portal.

Each feature has a module here with `ROUTES: Routes`: the name of a route -> its examples. The walk
(`tests/architecture/test_permission_walk.py`) asks every example as every role of the cast and fails when a route
has no example, when a status differs, or when a body holds a name its reader may not know.

    ROUTES = {
        "products:detail": [
            Example(listed_product, visible()),
            Example(hidden_product, hidden(), conceals=True),
        ],
    }
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.walk.world import World

ROLES = ("owner", "steward", "consumer", "guest", "admin", "anonymous")
LOGIN = 302  # pages send strangers to sign in
Keywords = Callable[[World], dict[str, Any]]


@dataclass(frozen=True)
class Example:
    """One address with the statuses it must answer, role by role.

    `keywords` gives the arguments of the route. `conceals`: the example names something only the admin may know
    of, so that everybody else's answer must equal that for a thing that does not exist.
    """

    keywords: Keywords
    expect: dict[str, int]
    method: str = "GET"
    query: str = ""
    body: Callable[[World], dict[str, Any]] = field(default=lambda world: {})
    headers: dict[str, str] = field(default_factory=dict)
    conceals: bool = False


Routes = dict[str, list[Example]]


def nothing(world: World) -> dict[str, Any]:
    """For routes without arguments."""
    return {}


def each(**by_role: int) -> dict[str, int]:
    """Statuses role by role; every role must be named."""
    missing = set(ROLES) - set(by_role)
    if missing or set(by_role) - set(ROLES):
        raise ValueError(f"Name every role of {ROLES}; got {sorted(by_role)}.")
    return by_role


def page(members: int = 200, **others: int) -> dict[str, int]:
    """A page: `members` for owner, steward and consumer, 404 for the guest, strangers sign in; `others` override."""
    return {
        "owner": members,
        "steward": members,
        "consumer": members,
        "guest": 404,
        "admin": members,
        "anonymous": LOGIN,
        **others,
    }


def api(members: int = 200, **others: int) -> dict[str, int]:
    """The same for the REST API, where strangers get 401."""
    return page(members, **{"anonymous": 401, **others})


def hidden(**others: int) -> dict[str, int]:
    """A page about something only the admin may know of."""
    return page(404, **{"admin": 200, **others})


def hidden_api(**others: int) -> dict[str, int]:
    """The same for the REST API."""
    return api(404, **{"admin": 200, **others})
