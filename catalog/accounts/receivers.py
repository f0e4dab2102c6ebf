"""What follows a sign-in: the session learns its browser, the audit trail who came in."""

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from catalog.accounts.models import User
from catalog.accounts.sessions import AGENT_KEY, SIGNED_IN_KEY
from catalog.audit import services as audit


@receiver(user_logged_in, dispatch_uid="catalog.accounts.note_sign_in")
def note_sign_in(sender: Any, request: HttpRequest, user: User, **_: Any) -> None:
    """Both are written with the sign-in itself."""
    request.session[AGENT_KEY] = request.META.get("HTTP_USER_AGENT", "")[:200]
    request.session[SIGNED_IN_KEY] = timezone.now().isoformat()
    audit.record(actor=user, verb="person.signed_in", obj=user)
