"""The one door: every way of signing in ends in `enter`, which asks the gates before there is a session.

Accounts knows passwords and one-time links. Other ways (an identity provider) show themselves on the sign-in page,
and gates (a second factor) stand between a proven person and the session; both register here at start-up.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from catalog.accounts.models import User

HOW = "_signed_in_by"  # in the session: password, link, provider, demo
BACKEND = "django.contrib.auth.backends.ModelBackend"


@dataclass(frozen=True, slots=True)
class Way:
    """A button of the sign-in page; `url` takes `?next=`. `notice` says why it may not work just now."""

    label: str
    url: str
    notice: str = ""


Gate = Callable[[HttpRequest, User, str, str], HttpResponse | None]
_ways: list[Callable[[HttpRequest], Way | None]] = []
_gates: list[Gate] = []


def register_way(way: Callable[[HttpRequest], Way | None]) -> None:
    """A feature offers another way of signing in; None while it is not configured."""
    if way not in _ways:
        _ways.append(way)


def register_gate(gate: Gate) -> None:
    """A feature may hold a proven person up: `gate(request, person, how, after)` answers with a page, or None."""
    if gate not in _gates:
        _gates.append(gate)


def ways(request: HttpRequest) -> list[Way]:
    return [way for make in _ways if (way := make(request)) is not None]


@dataclass(frozen=True, slots=True)
class Farewell:
    """A link shown after signing out here, while `key` is in the session: out of the other side as well."""

    key: str
    label: Callable[[], str]
    url_name: str


_farewells: dict[str, Farewell] = {}


def register_farewell(farewell: Farewell) -> None:
    _farewells[farewell.key] = farewell


def farewells(request: HttpRequest) -> list[Farewell]:
    return [item for item in _farewells.values() if item.key in request.session]


def kept_on_leaving(request: HttpRequest) -> dict[str, Any]:
    """What of a session outlives signing out, so that a farewell can be said."""
    return {item.key: request.session[item.key] for item in farewells(request)}


def may_use_password(username: str) -> bool:
    """Whether this account may sign in by password: everybody, or, where that is switched off, those kept for need."""
    return settings.PASSWORD_LOGIN or username in settings.BREAK_GLASS


def enter(request: HttpRequest, person: User, *, how: str, after: str) -> HttpResponse:
    """Sign a proven person in and go to `after` (already checked to be ours), or answer with what a gate asks for.

    `how` is how they proved who they are: `password`, `link` or `provider`.
    """
    for gate in _gates:
        if (answer := gate(request, person, how, after)) is not None:
            return answer
    admit(request, person, how=how)
    return HttpResponseRedirect(after)


def admit(request: HttpRequest, person: User, *, how: str, **marks: Any) -> None:
    """Make the session, after all gates; `how` and `marks` are kept in it."""
    login(request, person, backend=BACKEND)
    request.session.set_expiry(None)  # what was kept for signing in alone was to end soon
    request.session.update({HOW: how, **marks})
