"""What every answer to a signed-in person needs: no cache keeps it, and the session is noted as in use."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers

from catalog.accounts.models import User
from catalog.accounts.sessions import SessionStore


class SignedInMiddleware:
    """Stands below AuthenticationMiddleware. What is shown to a person is for them alone: `no-store, private`,
    unless the view has said something about caching itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not isinstance(getattr(request, "user", None), User):
            return response
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        if isinstance(request.session, SessionStore):
            request.session.touch()
        return response
