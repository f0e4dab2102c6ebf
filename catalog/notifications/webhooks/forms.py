"""Forms about webhooks. They shape what was typed; the services judge it."""

from collections.abc import Collection
from typing import Any

from django import forms

from catalog.accounts import kernel
from catalog.accounts.models import Team, User
from catalog.domains.models import Domain
from catalog.events.types import TYPES
from catalog.notifications.webhooks.models import Webhook
from catalog.products.models import DataProduct

KINDS = {
    "product": "Products: published, edited, deprecated, in other hands",
    "port": "Ports and their versions",
    "schema": "Changes of schemas that crawls saw",
    "contract": "Contracts",
    "incident": "Incidents",
    "slo": "Objectives missed, burning, kept again",
    "access": "Access: asked for, decided, granted, ending, ended",
}


class WebhookForm(forms.Form):
    """Where to send what."""

    name = forms.CharField(max_length=100, help_text="For you, such as “Tickets”.")
    url = forms.CharField(
        label="Address", max_length=1000, widget=forms.URLInput, help_text="It begins with https://"
    )
    kinds = forms.MultipleChoiceField(
        label="What",
        choices=list(KINDS.items()),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="None chosen means everything.",
    )
    product = forms.CharField(
        label="Of one product", required=False, max_length=300, help_text="Its address: domain/product"
    )
    domain = forms.ModelChoiceField(
        label="Of one domain", queryset=Domain.objects.none(), required=False, empty_label="All I may see"
    )
    team = forms.ModelChoiceField(
        label="Together with a team",
        queryset=Team.objects.none(),
        required=False,
        empty_label="Mine alone",
        help_text="Its owners see the log and can stop it.",
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        teams = Team.objects.filter(pk__in=kernel.standing(user).team_ids).order_by("name")
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]
        domains = Domain.objects.visible_to(user).order_by("name")
        self.fields["domain"].queryset = domains  # type: ignore[attr-defined]

    def clean_product(self) -> DataProduct | None:
        return product_named(self.user, self.cleaned_data["product"].strip())

    def types(self, before: Collection[str] = ()) -> list[str]:
        """The events of the kinds chosen; of a kind of which only some were asked for `before`, these."""
        kinds = set(self.cleaned_data["kinds"])
        found = []
        for kind in kinds:
            whole = [name for name in TYPES if name.split(".")[0] == kind]
            found += [name for name in whole if name in before] or whole
        return sorted(found)


def as_typed(webhook: Webhook) -> dict[str, Any]:
    """What the form shows of a webhook there is."""
    return {
        "name": webhook.name, "url": webhook.url, "kinds": sorted({name.split(".")[0] for name in webhook.types}),
        "product": webhook.product.key if webhook.product else "", "domain": webhook.domain, "team": webhook.team,
    }  # fmt: skip


def product_named(user: User, key: str) -> DataProduct | None:
    """The product of a key, with the eyes of `user`; None for an empty one. Raises ValidationError."""
    if not key:
        return None
    domain, _, slug = key.partition("/")
    products = DataProduct.objects.visible_to(user).select_related("domain").prefetch_related("stewardships")
    found = products.filter(domain__slug=domain, slug=slug).first()
    if found is None:
        raise forms.ValidationError("There is no such product, or you may not see it.")
    return found


class SinceForm(forms.Form):
    """From when on everything is sent again."""

    since = forms.DateTimeField(widget=forms.DateTimeInput(attrs={"type": "datetime-local"}))
