"""Who may have events sent, and who may stop that."""

from typing import Any

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.connections.services import register_holder_of_secrets
from catalog.notifications.webhooks.models import Webhook
from catalog.products.permissions import OWNING_ROLES


def can_create_webhook(user: User, _nothing: Any) -> bool:
    """Every member of the mesh, for what they may see themselves."""
    return kernel.standing(user).is_member


def can_edit_webhook(user: User, webhook: Webhook) -> bool:
    """Its creator, in whose name it sends."""
    return webhook.created_by_id == user.pk


def can_stop_webhook(user: User, webhook: Webhook) -> bool:
    """Its creator; of a team's webhook also those with an owning role in the team, and platform admins."""
    return can_edit_webhook(user, webhook) or (
        webhook.team_id is not None and kernel.standing(user).has_role(webhook.team_id, *OWNING_ROLES)
    )


register_holder_of_secrets(Webhook, "secret", "previous_secret")
kernel.register("webhook.create", can_create_webhook, on="")
kernel.register("webhook.edit", can_edit_webhook)
kernel.register("webhook.stop", can_stop_webhook)
