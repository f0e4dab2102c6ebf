"""The form of a connection: what every connection has, and the settings its connector declares."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.forms.boundfield import BoundField

from catalog.accounts import kernel
from catalog.accounts.models import Team, User
from catalog.common.text_area import TextArea
from catalog.connections.connectors.base import Connector
from catalog.connections.connectors.config import ConfigField
from catalog.connections.models import Connection, ConnectionCheck, Schedule
from catalog.connections.permissions import MANAGING_ROLES

PREFIX = "config_"
SECRET_HELP = "Never shown again. Left empty, the one entered before is kept as long as the address stays."  # noqa: S105
ENVIRONMENTS = (
    ("production", "Production"),
    ("staging", "Staging"),
    ("test", "Test"),
    ("development", "Development"),
)


def teams_for(user: User) -> QuerySet[Team]:
    """The teams a person may enter connections for."""
    who = kernel.standing(user)
    if who.is_platform_admin:
        return Team.objects.order_by("name")  # type: ignore[no-any-return]  # treebeard is untyped
    held = frozenset[int]().union(*(who.teams_by_role.get(role, frozenset()) for role in MANAGING_ROLES))
    return Team.objects.filter(pk__in=held).order_by("name")  # type: ignore[no-any-return]


class ConnectionForm(forms.Form):
    """`connector` declares the settings; `kept` says that secrets may be left empty."""

    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)
    check_id = forms.IntegerField(widget=forms.HiddenInput, required=False)
    name = forms.CharField(max_length=120, help_text="How people will recognise the store.")
    team = forms.ModelChoiceField(
        Team.objects.none(),
        empty_label="Choose a team",
        help_text="Runs the store; its people see the connection.",
    )
    environment = forms.ChoiceField(choices=ENVIRONMENTS, initial="production")
    schedule = forms.ChoiceField(choices=Schedule.choices, initial=Schedule.DAILY, label="Crawl")
    description = forms.CharField(widget=TextArea(attrs={"rows": 3}), max_length=2_000, required=False)

    def __init__(
        self, user: User, connector: Connector, *args: Any, kept: bool = False, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.connector = connector
        team = self.fields["team"]
        assert isinstance(team, forms.ModelChoiceField)  # noqa: S101 - declared above
        team.queryset = teams_for(user)
        for declared in connector.config_fields:
            self.fields[PREFIX + declared.name] = _field(declared, kept)

    @property
    def settings(self) -> Iterator[BoundField]:
        """The connector's settings, in its order."""
        return (self[PREFIX + declared.name] for declared in self.connector.config_fields)

    @property
    def config(self) -> dict[str, Any]:
        """The raw configuration; the service checks it again."""
        names = (declared.name for declared in self.connector.config_fields)
        return {name: self.cleaned_data.get(PREFIX + name) for name in names}

    @property
    def draft(self) -> dict[str, Any]:
        """What is saved beside team and configuration, as JSON values."""
        names = ("name", "environment", "schedule", "description")
        draft = {name: self.cleaned_data[name] for name in names}
        revision = self.cleaned_data.get("revision")
        return draft if revision is None else {**draft, "revision": revision}


def _field(declared: ConfigField, kept: bool) -> forms.Field:
    options: dict[str, Any] = {
        "label": declared.label,
        "help_text": declared.help,
        "required": declared.required and not (declared.secret and kept),
        "initial": declared.default,
    }
    if declared.secret:
        widget = forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"})
        help_text = " ".join(part for part in (declared.help, SECRET_HELP if kept else "") if part)
        return forms.CharField(**{**options, "widget": widget, "help_text": help_text, "strip": False})
    if declared.kind == "integer":
        return forms.IntegerField(min_value=declared.minimum, max_value=declared.maximum, **options)
    if declared.kind == "boolean":
        return forms.BooleanField(**{**options, "required": False})
    if declared.kind == "choice":
        return forms.ChoiceField(choices=declared.choices, **options)
    if declared.kind == "lines":
        return forms.CharField(widget=TextArea(attrs={"rows": 3}), max_length=4_000, **options)
    return forms.CharField(max_length=declared.maximum or 4_000, **options)


def initial_of(source: Connection | ConnectionCheck) -> dict[str, Any]:
    """What a form starts with: a saved connection, or the draft of a test. Secrets are in neither."""
    config: Mapping[str, Any] = source.config
    filled = {
        PREFIX + name: "\n".join(value) if isinstance(value, list) else value
        for name, value in config.items()
    }
    if isinstance(source, ConnectionCheck):
        return {**source.draft, "check_id": source.pk, **filled}
    names = ("name", "team", "environment", "schedule", "description", "revision")
    return {**{name: getattr(source, name) for name in names}, **filled}
