"""Who may see and do what with products and ports."""

from catalog.accounts import kernel
from catalog.accounts.models import Role, User
from catalog.connections.models import Connection
from catalog.domains.models import Domain
from catalog.products.models import DataProduct, Visibility

OWNING_ROLES = (Role.STEWARD, Role.TECHNICAL_OWNER, Role.BUSINESS_OWNER)


def audience(product: DataProduct) -> frozenset[str]:
    """The audience tokens of a product (see `catalog.accounts.kernel`); needs domain and stewardships loaded."""
    tokens = {f"domain_admin:{product.domain.team_id}"}
    if product.team_id is not None:
        tokens.add(f"team:{product.team_id}")
    tokens.update(f"user:{item.user_id}" for item in product.stewardships.all())
    if product.is_published and product.visibility == Visibility.MESH:
        tokens.add("mesh")
    if product.is_published and product.visibility == Visibility.DOMAIN:
        tokens.add(f"team:{product.domain.team_id}")
    return frozenset(tokens)


def can_view_product(user: User, product: DataProduct) -> bool:
    """Its own people and team always; once published, its domain or every member as its visibility says."""
    held = kernel.held_tokens(user)
    return kernel.EVERYTHING in held or not held.isdisjoint(audience(product))


def can_create_product(user: User, domain: Domain | None) -> bool:
    """Owners and domain admins of the domain's team; with no domain given: of any team."""
    who = kernel.standing(user)
    roles = (*OWNING_ROLES, Role.DOMAIN_ADMIN)
    if domain is None:
        return who.is_platform_admin or any(who.teams_by_role.get(role) for role in roles)
    return who.has_role(domain.team_id, *roles)


def can_edit_product(user: User, product: DataProduct) -> bool:
    """The product's people, owners in its team, the domain's admins, platform admins."""
    who = kernel.standing(user)
    return (
        who.has_role(product.team_id, *OWNING_ROLES)
        or who.has_role(product.domain.team_id, Role.DOMAIN_ADMIN)
        or any(item.user_id == user.pk for item in product.stewardships.all())
    )


def can_publish_product(user: User, product: DataProduct) -> bool:
    """As editing, but stewards describe and do not publish."""
    who = kernel.standing(user)
    return (
        who.has_role(product.team_id, Role.TECHNICAL_OWNER, Role.BUSINESS_OWNER)
        or who.has_role(product.domain.team_id, Role.DOMAIN_ADMIN)
        or any(
            item.user_id == user.pk and item.role in (Role.TECHNICAL_OWNER, Role.BUSINESS_OWNER)
            for item in product.stewardships.all()
        )
    )


def can_connect_port(user: User, connection: Connection) -> bool:
    """Offering what is in a store: owners and stewards of the team that runs it, and its domain admins."""
    return kernel.standing(user).has_role(connection.team_id, *OWNING_ROLES, Role.DOMAIN_ADMIN)


def can_claim_datasets(user: User, nothing: object = None) -> bool:
    """Owners, stewards and domain admins of any team, platform admins: they see datasets in quarantine."""
    who = kernel.standing(user)
    roles = (*OWNING_ROLES, Role.DOMAIN_ADMIN)
    return who.is_platform_admin or any(who.teams_by_role.get(role) for role in roles)


kernel.register("product.view", can_view_product)
kernel.register("product.create", can_create_product, on="domain")
kernel.register("product.edit", can_edit_product)
kernel.register("product.publish", can_publish_product)
kernel.register("port.connect", can_connect_port, on="connection")
kernel.register("dataset.claim", can_claim_datasets, on="")
