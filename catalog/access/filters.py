"""What lists of agreements and requests can be narrowed by in the API."""

from typing import Any

import django_filters as filters
from django.utils import timezone

from catalog.access.models import AccessRequest, Agreement
from catalog.access.selectors import of_consumer, open_stages

STANDING = (("standing", "In force or scheduled"), ("in_force", "In force"), ("ended", "Ended"))


class AgreementFilter(filters.FilterSet):  # type: ignore[misc]  # untyped base
    """`?holds=in_force&product=listening/play-events&mine=true&provisioning=waiting`"""

    holds = filters.ChoiceFilter(choices=STANDING, method="that_hold", label="At the time of asking")
    provisioning = filters.MultipleChoiceFilter(
        choices=[choice for choice in Agreement.ProvisioningChoice.choices if choice[0]]
    )
    product = filters.CharFilter(method="of_product", label="Product, as domain/slug", max_length=300)
    mine = filters.BooleanFilter(method="of_mine", label="Of myself, my teams and my products")

    class Meta:
        model = Agreement
        fields: list[str] = []

    def that_hold(self, rows: Any, _name: str, value: str) -> Any:
        return getattr(rows, value)(timezone.now())

    def of_product(self, rows: Any, _name: str, value: str) -> Any:
        domain, _, slug = value.partition("/")
        return rows.filter(port__product__domain__slug=domain, port__product__slug=slug)

    def of_mine(self, rows: Any, _name: str, value: bool | None) -> Any:
        own = Agreement.objects.filter(of_consumer(self.request.user)).values("pk")
        return rows.filter(pk__in=own) if value else rows.exclude(pk__in=own)


class RequestFilter(filters.FilterSet):  # type: ignore[misc]  # untyped base
    """`?decision=submitted&to_decide=true&mine=true&agreement=7`"""

    decision = filters.MultipleChoiceFilter(choices=AccessRequest.DecisionChoice.choices)
    kind = filters.MultipleChoiceFilter(choices=AccessRequest.Kind.choices)
    agreement = filters.NumberFilter(field_name="agreement_id", max_value=2**62)
    mine = filters.BooleanFilter(method="of_mine", label="Asked by me")
    to_decide = filters.BooleanFilter(method="for_me", label="Waiting for my decision")

    class Meta:
        model = AccessRequest
        fields: list[str] = []

    def of_mine(self, rows: Any, _name: str, value: bool | None) -> Any:
        own = {"requested_by": self.request.user}
        return rows.filter(**own) if value else rows.exclude(**own)

    def for_me(self, rows: Any, _name: str, value: bool | None) -> Any:
        waiting = open_stages(self.request.user).order_by().values("request_id")
        return rows.filter(pk__in=waiting) if value else rows.exclude(pk__in=waiting)
