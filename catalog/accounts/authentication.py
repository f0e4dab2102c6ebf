"""How machines say who they are: `Authorization: Bearer TOKEN` or `x-api-key: TOKEN`; and what a token may do."""

from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from catalog.accounts.models import ApiToken, User
from catalog.accounts.services.tokens import digest_of

USED_EVERY = timedelta(minutes=1)  # "last used" is written no more often
REFUSED = "This token is not known here, was revoked, or has expired."


class TokenAuthentication(BaseAuthentication):
    """Must stand first among the authentication classes: its header is what makes a refusal 401 and not 403."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """The token's person and the token; None without a token. Raises AuthenticationFailed for a bad one."""
        secret = _secret_of(request)
        if secret is None:
            return None
        token = ApiToken.objects.usable().select_related("user").filter(digest=digest_of(secret)).first()
        if token is None:
            raise AuthenticationFailed(REFUSED)
        _note_use(token)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


def _secret_of(request: Request) -> str | None:
    scheme, _, bearer = request.META.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
    given = {request.META["HTTP_X_API_KEY"].strip()} if "HTTP_X_API_KEY" in request.META else set()
    if scheme.lower() == "bearer":
        given.add(bearer.strip())
    if len(given) > 1:
        raise AuthenticationFailed("Two different tokens were sent; send one.")
    return given.pop() if given else None


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    if token.last_used_at is not None and now - token.last_used_at < USED_EVERY:
        return
    stale = Q(last_used_at=None) | Q(last_used_at__lte=now - USED_EVERY)
    ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
    token.last_used_at = now


class TokenScope(BasePermission):
    """A token without the scope `write` reads only. Sessions are not limited by scopes, nor are rights widened."""

    message = "This token may only read; make one with the scope write."

    def has_permission(self, request: Request, view: Any) -> bool:
        if not isinstance(request.auth, ApiToken):
            return True
        scopes = request.auth.scopes
        if request.method in SAFE_METHODS:
            return ApiToken.Scope.READ in scopes
        return ApiToken.Scope.WRITE in scopes


class SessionOnly(BasePermission):
    """For what a token must not do, such as making another token."""

    message = "Sign in with a browser for this; a token may not."

    def has_permission(self, request: Request, view: Any) -> bool:
        return not isinstance(request.auth, ApiToken)
