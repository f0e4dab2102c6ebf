"""The forms of certifying a product and of taking it back."""

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone

from catalog.common.text_area import TextArea
from catalog.products.models import DataProduct, OutputPort

YEAR = dt.timedelta(days=365)


class CertifyForm(forms.Form):
    """`product` says which ports there are; without one the product as a whole is certified."""

    port = forms.ModelChoiceField(
        OutputPort.objects.none(),
        required=False,
        empty_label="The product with all its present ports",
        label="What",
    )
    reason = forms.CharField(
        widget=TextArea(attrs={"rows": 3}),
        max_length=2_000,
        help_text="What was looked at, and why others may rely on it.",
    )
    expires_at = forms.DateField(
        label="Last day",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="It ends by itself after this day; two years at most.",
    )

    def __init__(self, *args: Any, product: DataProduct, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["port"]
        field.queryset = product.output_ports.order_by("name", "-version")  # type: ignore[attr-defined]
        self.fields["expires_at"].initial = timezone.localdate() + YEAR

    def clean_expires_at(self) -> dt.datetime:
        """The moment after the last day, where the portal is."""
        day: dt.date = self.cleaned_data["expires_at"]
        if day.year > 9000:
            raise forms.ValidationError("That is too far away.")
        return timezone.make_aware(dt.datetime.combine(day + dt.timedelta(days=1), dt.time()))


class WithdrawForm(forms.Form):
    reason = forms.CharField(widget=TextArea(attrs={"rows": 2}), max_length=2_000, label="Why")
