"""Who keeps the shared words."""

from django.db.models import Model

from catalog.accounts import kernel
from catalog.accounts.models import User


def can_edit_vocabulary(user: User, _word: Model | None) -> bool:
    """The governance group and platform admins."""
    return kernel.standing(user).sees_everything


kernel.register("vocabulary.edit", can_edit_vocabulary, on="")
