"""Who may bring documents in. What each document may change is asked again while it is applied."""

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.contracts.models import DataContract
from catalog.products.models import Stewardship


def may_import(user: User) -> bool:
    """Those who may make products somewhere, and those in charge of one."""
    return kernel.can(user, "product.create", None) or Stewardship.objects.filter(user=user).exists()


def can_edit_contract(user: User, contract: DataContract) -> bool:
    """Those who may edit its product; of a contract without a product, those who may make products."""
    if contract.product is None:
        return kernel.can(user, "product.create", None)
    return kernel.can(user, "product.edit", contract.product)


def can_publish_contract(user: User, contract: DataContract) -> bool:
    """Those who may publish its product; of a contract without a product, those who may make products."""
    if contract.product is None:
        return kernel.can(user, "product.create", None)
    return kernel.can(user, "product.publish", contract.product)


def can_edit_contract_template(user: User, _template: object) -> bool:
    """The governance group and platform admins."""
    return kernel.standing(user).sees_everything


kernel.register("contract_template.edit", can_edit_contract_template, on="")
kernel.register("contract.edit", can_edit_contract)
kernel.register("contract.publish", can_publish_contract)
