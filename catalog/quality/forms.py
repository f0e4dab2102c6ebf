"""The form of a check: one field for each thing any kind asks, turned into the parameters of the kind."""

import datetime as dt
from typing import Any

from django import forms

from catalog.common.text_area import TextArea
from catalog.products.models import DataProduct, OutputPort
from catalog.quality.models import QualityCheck
from catalog.quality.parameters import OPERATORS

Kind = QualityCheck.Kind
HOUR = 3_600
KINDS = [(value, label) for value, label in Kind.choices if value != Kind.EXTERNAL]


class CheckForm(forms.Form):
    """`product` says which ports there are to choose from."""

    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)
    port = forms.ModelChoiceField(OutputPort.objects.none(), empty_label=None)
    kind = forms.ChoiceField(choices=KINDS, label="What is asked")
    element = forms.CharField(
        label="Field", max_length=500, required=False, help_text="Its path, such as customer.email."
    )
    name = forms.CharField(max_length=200, required=False, help_text="Left empty, the kind names it.")
    values = forms.CharField(
        label="Accepted values",
        widget=TextArea(attrs={"rows": 4}),
        max_length=50_000,
        required=False,
        help_text="One a line.",
    )
    missing_values = forms.CharField(
        label="Also empty", widget=TextArea(attrs={"rows": 2}), max_length=5_000, required=False,
        help_text="Not empty: texts that mean nothing, one a line, such as N/A.",
    )  # fmt: skip
    fields_together = forms.CharField(
        label="Fields that are unique together",
        max_length=2_000,
        required=False,
        help_text="With commas between them.",
    )
    at_least = forms.CharField(
        label="At least", max_length=40, required=False, help_text="Range: a number or date. Change: %."
    )
    at_most = forms.CharField(
        label="At most", max_length=40, required=False, help_text="Range: a number or date. Change: %."
    )
    pattern = forms.CharField(
        label="Regular expression",
        max_length=500,
        required=False,
        strip=False,
        help_text="Such as ^[A-Z]{2}[0-9]+$.",
    )
    max_age_hours = forms.FloatField(
        label="Greatest age in hours", required=False, min_value=0.01, max_value=87_600
    )
    table = forms.CharField(label="Table it refers to", max_length=500, required=False)
    table_field = forms.CharField(label="Field it refers to", max_length=500, required=False)
    query = forms.CharField(
        widget=TextArea(attrs={"rows": 4, "spellcheck": "false"}), max_length=10_000, required=False,
        help_text="One SELECT that gives one number. ${object} is the port's table, ${property} the field.",
    )  # fmt: skip
    operator = forms.ChoiceField(
        choices=[("", "none may fail"), *OPERATORS.items()],
        required=False,
        label="Passed when",
        help_text="Of the failing rows, of the number of rows, or of the query's answer.",
    )
    first = forms.FloatField(label="Number", required=False)
    second = forms.FloatField(label="and", required=False, help_text="For between.")
    unit = forms.ChoiceField(choices=[("rows", "rows"), ("percent", "% of the rows")], required=False)
    severity = forms.ChoiceField(choices=QualityCheck.Severity.choices, initial="error")
    dimension = forms.ChoiceField(
        choices=[("", "as the kind says"), *QualityCheck.Dimension.choices], required=False
    )
    every_hours = forms.FloatField(
        label="At most every so many hours", required=False, min_value=0.02, max_value=8_760,
        help_text="Left empty: by every crawl.",
    )  # fmt: skip
    schedule = forms.CharField(
        label="Or on a schedule", max_length=100, required=False,
        help_text="A line of cron in UTC, such as 0 20 * * 1-5: the first crawl from then on asks.",
    )  # fmt: skip
    description = forms.CharField(widget=TextArea(attrs={"rows": 3}), max_length=2_000, required=False)

    def __init__(self, *args: Any, product: DataProduct, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["port"].queryset = product.output_ports.order_by("name", "-version")  # type: ignore[attr-defined]

    def fields_given(self) -> dict[str, Any]:
        """The fields of the check."""
        data = self.cleaned_data
        names = ("kind", "element", "name", "severity", "dimension", "schedule", "description")
        hours = data["every_hours"]
        return {
            **{name: data[name] for name in names},
            "every": dt.timedelta(hours=hours) if hours else None,
            "parameters": {
                name: value for name, value in self._parameters().items() if value not in (None, "", [])
            },
        }

    def _parameters(self) -> dict[str, Any]:
        data, kind = self.cleaned_data, self.cleaned_data["kind"]
        found: dict[str, Any] = {}
        if kind == Kind.NOT_NULL:
            found = {"missing_values": _lines(data["missing_values"])}
        elif kind == Kind.UNIQUE:
            found = {"fields": [part.strip() for part in data["fields_together"].split(",") if part.strip()]}
        elif kind == Kind.ACCEPTED_VALUES:
            found = {"values": [_typed(line) for line in _lines(data["values"])]}
        elif kind in (Kind.RANGE, Kind.ROW_COUNT_CHANGE):
            found = {"at_least": _typed(data["at_least"]), "at_most": _typed(data["at_most"])}
        elif kind == Kind.PATTERN:
            found = {"pattern": data["pattern"]}
        elif kind == Kind.FRESHNESS and data["max_age_hours"]:
            found = {"max_age_seconds": data["max_age_hours"] * HOUR}
        elif kind == Kind.REFERENTIAL:
            found = {"table": data["table"], "field": data["table_field"]}
        elif kind == Kind.CUSTOM_SQL:
            found = {"query": data["query"]}
        if data["operator"] and kind not in (Kind.ROW_COUNT_CHANGE, Kind.FRESHNESS, Kind.TEXT):
            found["bound"] = self._bound()
        return found

    def _bound(self) -> dict[str, Any]:
        data = self.cleaned_data
        numbers = [data["first"], data["second"]] if data["operator"].endswith("between") else [data["first"]]
        bound = {"operator": data["operator"], "values": [number for number in numbers if number is not None]}
        counted = data["kind"] not in (Kind.ROW_COUNT, Kind.CUSTOM_SQL)
        return bound | ({"unit": "percent"} if data["unit"] == "percent" and counted else {})


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _typed(text: str) -> Any:
    """Numbers as numbers, everything else as it stands."""
    try:
        number = float(text)
    except ValueError:
        return text
    if text.strip() != text or not abs(number) < 1e18:
        return text
    return int(number) if number.is_integer() and "." not in text and "e" not in text.lower() else number


def initial_of(check: QualityCheck) -> dict[str, Any]:
    """What the form starts with."""
    given = check.parameters
    bound = given.get("bound") or {}
    numbers = [*bound.get("values", []), None, None]
    names = (
        "revision",
        "port",
        "kind",
        "element",
        "name",
        "severity",
        "dimension",
        "schedule",
        "description",
    )
    return {
        **{name: getattr(check, name) for name in names},
        "values": "\n".join(str(value) for value in given.get("values", [])),
        "missing_values": "\n".join(str(value) for value in given.get("missing_values", [])),
        "fields_together": ", ".join(given.get("fields", [])),
        **{name: given.get(name) for name in ("at_least", "at_most", "pattern", "table", "query")},
        "table_field": given.get("field"),
        "max_age_hours": given["max_age_seconds"] / HOUR if "max_age_seconds" in given else None,
        "operator": bound.get("operator", ""),
        "first": numbers[0],
        "second": numbers[1],
        "unit": bound.get("unit", "rows"),
        "every_hours": None if check.every is None else round(check.every.total_seconds() / HOUR, 4),
    }


_PATHS = {
    "parameters.values": "values",
    "parameters.missing_values": "missing_values",
    "parameters.fields": "fields_together",
    "parameters.at_least": "at_least", "parameters.at_most": "at_most", "parameters.pattern": "pattern",
    "parameters.max_age_seconds": "max_age_hours", "parameters.table": "table", "parameters.field": "table_field",
    "parameters.query": "query", "parameters.bound": "operator", "parameters.bound.operator": "operator",
    "parameters.bound.values": "first", "parameters.bound.unit": "unit", "every": "every_hours",
}  # fmt: skip


def path_in_form(path: str) -> str:
    """The form's field for a problem's path."""
    return _PATHS.get(path, path)
