"""The gate of the second factor: who proved a password waits there, without a session, until a code is right."""

import time
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from catalog.accounts import entrance, kernel
from catalog.accounts.models import User
from catalog.identity.models import SecondFactor

PASSED = "_second_factor"  # in the session: how the second factor was passed
_WAITING = "_waits_for_second_factor"
WAIT_SECONDS = 600


def is_required_of(person: User) -> bool:
    """Whether the settings require a second factor of them (those who see or run everything, or everybody)."""
    if settings.SECOND_FACTOR == "everybody":
        return True
    return settings.SECOND_FACTOR == "administrators" and kernel.standing(person).sees_everything


def has_one(person: User) -> bool:
    return SecondFactor.objects.filter(user=person).exclude(confirmed_at=None).exists()


def hold_up(request: HttpRequest, person: User, how: str, after: str) -> HttpResponse | None:
    """Registered with the entrance. The provider's own second factor counts unless a setting says otherwise."""
    if how == "provider" and not settings.OIDC.asks_second_factor:
        return None
    if not has_one(person):
        return None
    request.session.cycle_key()
    request.session[_WAITING] = {"person": person.pk, "how": how, "after": after, "at": time.time()}
    return redirect("identity:challenge")


def waiting(session: SessionBase) -> tuple[User, str, str] | None:
    """Who waits in this browser, how they proved the first factor, where they want to go."""
    kept: Any = session.get(_WAITING)
    if not isinstance(kept, dict) or not 0 <= time.time() - kept["at"] < WAIT_SECONDS:
        return None
    person = User.objects.filter(pk=kept["person"], is_active=True).first()
    return (person, kept["how"], kept["after"]) if person else None


def let_in(request: HttpRequest, person: User, how: str) -> None:
    """After the right code."""
    request.session.pop(_WAITING, None)
    entrance.admit(request, person, how=how, **{PASSED: "code"})


def has_passed(session: SessionBase) -> bool:
    """Whether a session holds a second factor: the portal's own, or, where the settings believe it, the provider's."""
    by_provider = session.get(entrance.HOW) == "provider" and not settings.OIDC.asks_second_factor
    return by_provider or PASSED in session
