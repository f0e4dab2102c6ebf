"""Who may administer identity: rules of groups, links to the provider's accounts, others' second factors."""

from catalog.accounts import kernel
from catalog.accounts.models import User


def can_administer_identity(user: User, _: object = None) -> bool:
    """Platform admins decide which roles follow the provider's groups, link accounts and take second factors away."""
    return kernel.standing(user).is_platform_admin


kernel.register("identity.administer", can_administer_identity, on="")
