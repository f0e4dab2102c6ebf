"""Who may see, report, discuss and handle incidents."""

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.incidents.models import Incident
from catalog.products.models import DataProduct
from catalog.products.permissions import can_edit_product, can_publish_product, can_view_product


def can_view_incident(user: User, incident: Incident) -> bool:
    """Everybody who may see the product."""
    return can_view_product(user, incident.product)


def can_report_incident(user: User, product: DataProduct) -> bool:
    """Everybody who may see the product: consumers often notice first."""
    return can_view_product(user, product)


def can_comment_incident(user: User, incident: Incident) -> bool:
    """Everybody who may see the product."""
    return can_view_product(user, incident.product)


def can_handle_incident(user: User, incident: Incident) -> bool:
    """Everybody who may edit the product, and whoever the incident is assigned to."""
    if can_edit_product(user, incident.product):
        return True
    return incident.assignee_id == user.pk and can_view_product(user, incident.product)


def can_publish_status(user: User, product: DataProduct) -> bool:
    """Those who may publish the product; it counts only where the platform allows public status pages."""
    return can_publish_product(user, product)


kernel.register("incident.view", can_view_incident)
kernel.register("incident.report", can_report_incident, on="product")
kernel.register("incident.comment", can_comment_incident)
kernel.register("incident.handle", can_handle_incident)
kernel.register("product.publish_status", can_publish_status)
