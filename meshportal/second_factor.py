"""Where a second factor is required, a session without one gets no further than the page that sets it up."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from catalog.accounts.models import User
from catalog.common.errors import NotAllowed
from catalog.identity import gate
from meshportal import errors


class SecondFactorMiddleware:
    """Stands below AuthenticationMiddleware. Requests with a token carry no session and are not held up: tokens are
    made in a session that passed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: object) -> HttpResponse | None:
        """A page leads to the setting up; the API and the rest answer 403."""
        if settings.SECOND_FACTOR == "optional" or not isinstance(request.user, User):
            return None
        if gate.has_passed(request.session) or not gate.is_required_of(request.user):
            return None
        open_pages = (
            reverse("identity:second_factor"),
            reverse("identity:challenge"),
            reverse("accounts:logout"),
        )
        if request.path_info.startswith(open_pages) or request.path_info == reverse("accounts:login"):
            return None
        if request.method in ("GET", "HEAD") and not request.path_info.startswith("/api/"):
            return redirect("identity:challenge" if gate.has_one(request.user) else "identity:second_factor")
        words = "A second factor is required of you."
        return errors.answer(
            request, NotAllowed(words, "Nothing was changed.", "Set it up under My account.")
        )
