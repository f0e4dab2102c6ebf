"""The form by which a person reports trouble."""

from typing import Any

from django import forms

from catalog.common.text_area import TextArea
from catalog.incidents.models import Incident
from catalog.incidents.services import Report
from catalog.incidents.timeline import LONGEST
from catalog.products.models import DataProduct, OutputPort


class ReportForm(forms.Form):
    """`product` says which ports there are to choose from."""

    port = forms.ModelChoiceField(
        OutputPort.objects.none(), required=False, empty_label="the whole product", label="What is affected"
    )
    title = forms.CharField(
        label="What is wrong", max_length=200, help_text="In one line, as you would tell it."
    )
    summary = forms.CharField(
        label="What you know",
        widget=TextArea(attrs={"rows": 5}),
        max_length=LONGEST,
        required=False,
        help_text="Since when, what you expected, what you saw. Everybody who sees the product reads it.",
    )
    severity = forms.ChoiceField(
        choices=[("", "as the portal judges by the consumers hit"), *Incident.Severity.choices],
        required=False,
    )

    def __init__(self, *args: Any, product: DataProduct, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["port"].queryset = product.output_ports.order_by("name", "-version")  # type: ignore[attr-defined]

    def report(self) -> Report:
        data = self.cleaned_data
        return Report(data["title"], data["summary"], data["severity"], data["port"])
