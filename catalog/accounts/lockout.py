"""What counts as the same account when wrong passwords are counted."""

from typing import Any

from django.http import HttpRequest

from catalog.accounts.models import User, fold_username

LONGEST = User._meta.get_field(
    "username"
).max_length  # what is longer is nobody, and would not fit the counter


def attempted_username(request: HttpRequest, credentials: dict[str, Any] | None) -> str | None:
    """The folded username of an attempt, so that `Owner` and `OWNER` share one counter."""
    given = (credentials or {}).get("username") or request.POST.get("username")
    return fold_username(given)[:LONGEST] if isinstance(given, str) else None
