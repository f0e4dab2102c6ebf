"""The type of a request that has passed the sign-in wall, and what several pages of this feature need."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.forms import Form
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.common.errors import Conflict, NotAllowed, PortalError
from catalog.common.validation import show_on_form


class PersonRequest(HttpRequest):
    """LoginRequiredMiddleware lets nobody else through."""

    user: User


View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def requires(action: str, words: str) -> Callable[[View], View]:
    """Decorator: 403 with `words` for those who may not do `action`, which has no object."""

    def wrap(view: View) -> View:
        @wraps(view)
        def inner(request: PersonRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not kernel.can(request.user, action):
                raise NotAllowed(words, remedy="Ask a platform administrator.")
            return view(request, *args, **kwargs)

        return cast(View, inner)

    return wrap


def show_conflict(form: Form, error: PortalError, revision: int) -> None:
    """Put a service's complaint on the form. After a conflict the form carries the present `revision`: what was
    typed stays, and saving once more is then a decision made knowing of the other change."""
    show_on_form(form, error)
    if isinstance(error, Conflict):
        data = QueryDict(mutable=True)
        data.update(form.data)
        data["revision"] = str(revision)
        form.data = data
