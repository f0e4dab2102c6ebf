"""How identity joins in: the button and the gate of the sign-in page, a part of “My account”."""

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from catalog.accounts import entrance, parts
from catalog.identity import gate
from catalog.identity.oidc import flow


def single_sign_on(request: HttpRequest) -> entrance.Way | None:
    """The provider's button; it is offered without asking whether the provider is there."""
    if not settings.OIDC.is_configured:
        return None
    return entrance.Way(settings.OIDC.label, reverse("identity:login"))


entrance.register_farewell(
    entrance.Farewell(flow.LEAVING, lambda: "Sign out of the identity provider as well", "identity:logout")
)
entrance.register_way(single_sign_on)
entrance.register_gate(gate.hold_up)
parts.register("second_factor", "Second factor", "identity:second_factor")
