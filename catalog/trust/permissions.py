"""Who may certify products and their ports."""

from catalog.accounts import kernel
from catalog.accounts.models import Role, User
from catalog.products.models import DataProduct, Stewardship


def can_certify_product(user: User, product: DataProduct) -> bool:
    """Stewards of the product, of its team and of its domain's team; governance and platform admins."""
    who = kernel.standing(user)
    return (
        who.is_governance
        or who.has_role(product.team_id, Role.STEWARD)
        or who.has_role(product.domain.team_id, Role.STEWARD)
        or any(
            item.user_id == user.pk and item.role == Stewardship.Role.STEWARD
            for item in product.stewardships.all()
        )
    )


kernel.register("product.certify", can_certify_product)
