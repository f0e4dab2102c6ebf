"""Forms about output and input ports."""

import datetime as dt
from typing import Any

from django import forms

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.assets.models import Asset
from catalog.common.text_area import TextArea
from catalog.connections.models import Connection
from catalog.products.forms.products import RevisionForm
from catalog.products.models import OutputPort

UNITS = {"minutes": 60, "hours": 3600, "days": 86400}


class PortForm(RevisionForm):
    title = forms.CharField(max_length=200)
    name = forms.SlugField(
        max_length=120,
        allow_unicode=True,
        required=False,
        help_text="How machines call it; made of the title when left empty. It stays after publishing.",
    )
    version = forms.CharField(max_length=60, initial="1.0.0", help_text="A semantic version such as 1.0.0.")
    description = forms.CharField(max_length=50_000, required=False, widget=TextArea(attrs={"rows": 5}))
    kind = forms.ChoiceField(choices=OutputPort.Kind.choices)
    modality = forms.ChoiceField(choices=OutputPort.Modality.choices)
    environment = forms.CharField(max_length=40, initial="production")
    location = forms.CharField(
        max_length=1000, required=False, help_text="Where people find it: schema.table, a path, an address."
    )
    connection = forms.ModelChoiceField(
        label="Read through",
        queryset=Connection.objects.none(),
        required=False,
        empty_label="Not crawled",
        help_text="The connection the portal reads it through.",
    )
    asset_name = forms.CharField(
        label="Table or files in it",
        max_length=400,
        required=False,
        help_text="As the list of what was seen in the connection has it.",
    )
    format = forms.CharField(max_length=60, required=False, help_text="parquet, csv, json …")
    platform = forms.CharField(max_length=80, required=False, help_text="postgresql, s3, kafka …")
    region = forms.CharField(max_length=80, required=False)
    encryption_at_rest = forms.ChoiceField(choices=OutputPort.Encryption.choices, required=False)
    freshness = forms.IntegerField(
        label="Freshness promise",
        min_value=1,
        max_value=100_000,
        required=False,
        help_text="The newest data is never older than this.",
    )
    freshness_unit = forms.ChoiceField(
        label="Unit of the promise", choices=[(u, u) for u in UNITS], required=False, initial="hours"
    )
    sunset_at = forms.DateField(
        label="Sunset date", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(
        self,
        *args: Any,
        user: User,
        keeps_identity: bool = False,
        present: Connection | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._offer_connections(user, present)
        if keeps_identity:
            for name in ("name", "version"):
                self.fields[name].disabled = True
                self.fields[name].help_text = "Stays, because the product was published."

    def _offer_connections(self, user: User, present: Connection | None) -> None:
        """Those whose things the person may put on offer; a present one of somebody else is shown and stays."""
        usable = [c.pk for c in Connection.objects.visible_to(user) if kernel.can(user, "port.connect", c)]
        if present is not None and present.pk not in usable:
            usable = [present.pk]
            for name in ("connection", "asset_name"):
                self.fields[name].disabled = True
                self.fields[name].help_text = "Decided by the team that runs the store."
        self.fields["connection"].queryset = Connection.objects.filter(pk__in=usable)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Find the asset by its name in the connection."""
        data = super().clean() or self.cleaned_data
        connection, name = data.get("connection"), (data.get("asset_name") or "").strip()
        data["asset"] = None
        if name and connection is None:
            self.add_error("connection", "Choose the connection it is read through.")
        elif name:
            data["asset"] = (
                Asset.objects.filter(connection=connection, name=name).order_by("namespace").first()
            )
            if data["asset"] is None:
                self.add_error("asset_name", f"Nothing of this name was seen in {connection}.")
        return data

    def fields_for_service(self) -> dict[str, Any]:
        """The cleaned values as the services take them; an untouched name is left to be made of the title."""
        data = {
            k: v
            for k, v in self.cleaned_data.items()
            if k not in {"revision", "freshness", "freshness_unit", "asset_name"}
        }
        amount, unit = self.cleaned_data["freshness"], self.cleaned_data["freshness_unit"] or "hours"
        data["freshness_promise"] = dt.timedelta(seconds=amount * UNITS[unit]) if amount else None
        if data["connection"] is None and not self.initial.get("connection"):
            del data["asset"]  # what is there without a connection, an import for example, stays
        if not data["name"]:
            del data["name"]
        return data

    @staticmethod
    def initial_of(port: OutputPort) -> dict[str, Any]:
        names = [name for name in PortForm.base_fields if not name.startswith(("freshness", "asset"))]
        amount, unit = _in_unit(port.freshness_promise)
        return {name: getattr(port, name) for name in names} | {
            "freshness": amount,
            "freshness_unit": unit,
            "asset_name": port.asset.name if port.asset else "",
        }


class InputForm(forms.Form):
    """A dependency in words, for what is not in the mesh."""

    name = forms.CharField(max_length=200)
    version = forms.CharField(max_length=60, required=False)
    reference = forms.CharField(
        max_length=500, required=False, help_text="What it is: a system, a contract's identifier, an address."
    )
    description = forms.CharField(max_length=10_000, required=False, widget=TextArea(attrs={"rows": 3}))


def _in_unit(promise: dt.timedelta | None) -> tuple[int | None, str]:
    """The largest unit in which the promise is a whole number."""
    if promise is None:
        return None, "hours"
    seconds = int(promise.total_seconds())
    unit = next((u for u in ("days", "hours", "minutes") if seconds % UNITS[u] == 0), "minutes")
    return max(1, round(seconds / UNITS[unit])), unit
