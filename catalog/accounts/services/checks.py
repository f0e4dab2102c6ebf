"""What several services of this feature check before they write."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import models

from catalog.accounts import kernel
from catalog.accounts.models import Membership, Role, User
from catalog.common.errors import Conflict, Invalid, NotFound, Problem


def require_visible(actor: User | None, action: str, obj: models.Model) -> None:
    """Raise NotFound when `actor` may not know of `obj`: what is invisible is not told apart from what is not there."""
    if actor is not None and not kernel.can(actor, action, obj):
        raise NotFound("There is no such thing here, or not for you.")


def check_password(password: str, person: User, field: str = "password") -> None:
    """Raise Invalid when the password is too weak for `person` (AUTH_PASSWORD_VALIDATORS)."""
    try:
        validate_password(password, person)
    except ValidationError as error:
        problems = [Problem(field, "weak", message) for message in error.messages]
        raise Invalid("Choose a stronger password.", "Nothing was changed.", "", problems) from error


def keep_one_admin(person: User) -> None:
    """Raise Conflict when `person` is the only active platform administrator left; call inside the transaction.

    The rows of all active administrators are locked first and counted afterwards by a statement of its own, so that
    of two administrators who leave at the same moment the second one sees that the first has gone. (SQLite has one
    writer at a time and ignores the lock.)
    """
    admins = User.objects.filter(
        is_active=True, pk__in=Membership.objects.filter(role=Role.PLATFORM_ADMIN).values("user")
    )
    list(admins.order_by("pk").select_for_update().values_list("pk", flat=True))
    left = set(admins.order_by("pk").values_list("pk", flat=True))
    if left == {person.pk}:
        raise Conflict(
            f"{person} is the last active platform administrator.",
            "Nothing was changed.",
            "Make somebody else platform administrator first.",
        )
