"""The form of an objective: bounds in the units people use, turned into those that are kept."""

import datetime as dt
from typing import Any

from django import forms

from catalog.common.text_area import TextArea
from catalog.products.models import DataProduct, OutputPort
from catalog.slos.models import ServiceLevelObjective

Kind = ServiceLevelObjective.Kind
HOUR = 3_600


class SloForm(forms.Form):
    """`product` says which ports there are to choose from."""

    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)
    port = forms.ModelChoiceField(OutputPort.objects.none(), empty_label=None)
    kind = forms.ChoiceField(choices=Kind.choices, label="What is promised")
    name = forms.CharField(max_length=200, required=False, help_text="Left empty, the kind names it.")
    target = forms.FloatField(
        label="Target in %",
        min_value=50,
        max_value=99.999,
        initial=99,
        help_text="The share of measurements that must be good.",
    )
    at_least = forms.FloatField(
        label="Good from",
        required=False,
        help_text="Filled in: % of the rows. Volume: rows. Quality: points. Custom: its unit.",
    )
    at_most = forms.FloatField(
        label="Good up to",
        required=False,
        help_text="Freshness: hours. Latency: milliseconds. Volume: rows. Custom: its unit.",
    )
    element = forms.CharField(
        label="Field",
        max_length=500,
        required=False,
        help_text="For completeness; left empty, all required fields.",
    )
    unit = forms.CharField(max_length=40, required=False, help_text="Of a custom value.")
    window = forms.ChoiceField(choices=ServiceLevelObjective.WindowChoice.choices, initial="rolling")
    window_days = forms.IntegerField(label="Days of a rolling window", min_value=1, max_value=90, initial=28)
    time_zone = forms.CharField(max_length=64, initial="UTC", help_text="Such as Europe/Berlin.")
    criticality = forms.ChoiceField(choices=ServiceLevelObjective.Criticality.choices, initial="medium")
    expected_hours = forms.FloatField(
        label="Measured every so many hours",
        required=False,
        min_value=0.02,
        max_value=8_760,
        help_text="For custom ones: silent for twice as long, it is unknown.",
    )
    description = forms.CharField(widget=TextArea(attrs={"rows": 3}), max_length=2_000, required=False)

    def __init__(self, *args: Any, product: DataProduct, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["port"].queryset = product.output_ports.order_by("name", "-version")  # type: ignore[attr-defined]

    def fields_given(self) -> dict[str, Any]:
        """The fields of the objective, in the units that are kept."""
        data = dict(self.cleaned_data)
        kind = data["kind"]
        hours = data.pop("expected_hours")
        for name in ("revision", "port"):
            data.pop(name)
        data["target"] = round(data["target"] / 100, 7)
        data["expected_every"] = dt.timedelta(hours=hours) if hours else None
        if kind == Kind.FRESHNESS and data["at_most"] is not None:
            data["at_most"] *= HOUR
        if kind == Kind.COMPLETENESS and data["at_least"] is not None:
            data["at_least"] /= 100
        return data


def initial_of(slo: ServiceLevelObjective) -> dict[str, Any]:
    """What the form starts with, in the units people use."""
    names = (
        "revision", "port", "kind", "name", "at_least", "at_most", "element", "unit", "window", "window_days",
        "time_zone", "criticality", "description",
    )  # fmt: skip
    initial = {name: getattr(slo, name) for name in names}
    initial["target"] = round(slo.target * 100, 5)
    if slo.kind == Kind.FRESHNESS and slo.at_most is not None:
        initial["at_most"] = round(slo.at_most / HOUR, 4)
    if slo.kind == Kind.COMPLETENESS and slo.at_least is not None:
        initial["at_least"] = round(slo.at_least * 100, 5)
    if slo.expected_every is not None:
        initial["expected_hours"] = round(slo.expected_every.total_seconds() / HOUR, 4)
    return initial


def path_in_form(path: str) -> str:
    """The form's field for a problem's path."""
    return {"expected_every": "expected_hours"}.get(path, path)
