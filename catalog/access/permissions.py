"""Who may ask for access, decide about it, grant it and end it."""

from typing import Any

from django.utils import timezone

from catalog.access.deciders import Asking, Consumer, panel_of, seat_of
from catalog.access.models import Agreement, ApprovalRule, PortTerms, RequestStage
from catalog.accounts import kernel
from catalog.accounts.models import Role, Team, User
from catalog.connections.services import register_holder_of_secrets
from catalog.products.models import OutputPort
from catalog.products.permissions import can_edit_product, can_publish_product, can_view_product


def can_request_access(user: User, port: OutputPort) -> bool:
    """Everybody who may see the product and has a part in the mesh."""
    return kernel.standing(user).is_member and can_view_product(user, port.product)


def may_ask_for(user: User, consumer: Consumer) -> bool:
    """For oneself, for a team one belongs to, for a product one may edit."""
    if isinstance(consumer, User):
        return consumer.pk == user.pk
    if isinstance(consumer, Team):
        return consumer.pk in kernel.standing(user).team_ids
    return can_edit_product(user, consumer)


def can_view_agreement(user: User, agreement: Agreement) -> bool:
    """The consumer (a team's members, a product's people), those who answer for the port's product, governance."""
    return (
        kernel.standing(user).sees_everything
        or can_speak_for_consumer(user, agreement)
        or can_edit_product(user, agreement.port.product)
    )


def can_speak_for_consumer(user: User, agreement: Agreement) -> bool:
    """The consumer: the person, members of the team, people who may edit the consuming product."""
    return may_ask_for(user, agreement.consumer)


def can_end_agreement(user: User, agreement: Agreement) -> bool:
    """Everybody who may edit the port's product: they revoke."""
    return can_edit_product(user, agreement.port.product)


def can_provision_agreement(user: User, agreement: Agreement) -> bool:
    """Everybody who may edit the port's product: they say what is granted in the store, and removed."""
    return can_edit_product(user, agreement.port.product)


def can_decide_stage(user: User, stage: RequestStage) -> bool:
    """Those its rule names, or who stand in for them; those above where these are too few or too slow. Never who
    asked, and nobody who would get the access."""
    request = stage.request
    agreement = request.agreement
    asking = Asking(agreement.port.product, request.requested_by_id, agreement.consumer)
    return seat_of(user, panel_of(stage, asking, timezone.now().date())) is not None


def can_edit_terms(user: User, port: OutputPort) -> bool:
    """Everybody who may publish the product."""
    return can_publish_product(user, port.product)


def can_edit_rule(user: User, rule: ApprovalRule) -> bool:
    """Of a port: who may publish its product. Of a domain: its admins. Of a classification, a purpose or the mesh:
    the governance group. Platform admins all of them."""
    who = kernel.standing(user)
    if rule.port is not None:
        return can_publish_product(user, rule.port.product)
    if rule.domain is not None:
        return who.has_role(rule.domain.team_id, Role.DOMAIN_ADMIN)
    return who.sees_everything


def can_see_rules(user: User, _nothing: Any) -> bool:
    """Every member of the mesh: who decides is no secret."""
    return kernel.standing(user).is_member


register_holder_of_secrets(PortTerms, "secret")
kernel.register("access.request", can_request_access, on="port")
kernel.register("access.edit_terms", can_edit_terms, on="port")
kernel.register("agreement.view", can_view_agreement)
kernel.register("agreement.release", can_speak_for_consumer)
kernel.register("agreement.revoke", can_end_agreement)
kernel.register("agreement.provision", can_provision_agreement)
kernel.register("stage.decide", can_decide_stage)
kernel.register("rule.edit", can_edit_rule)
kernel.register("rule.view", can_see_rules, on="")
