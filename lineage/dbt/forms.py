"""The form artifacts of dbt are sent by."""

from typing import Any

from django import forms

from catalog.accounts.models import User
from catalog.connections.models import Connection
from lineage.dbt.services import possible_teams


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """One or several files; they are read from the request, in pieces."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        listed = data if isinstance(data, list | tuple) else [data]
        return [super(FilesField, self).clean(one, initial) for one in listed]


class ImportForm(forms.Form):
    """Files, and whose project it is."""

    artifacts = FilesField(
        label="Files", widget=FilesInput(attrs={"multiple": True}),
        help_text="manifest.json from dbt's target folder; catalog.json, run_results.json and sources.json with it.",
    )  # fmt: skip
    team = forms.ChoiceField(label="Team", help_text="The team that runs the project.")
    connection = forms.ChoiceField(
        label="Store",
        required=False,
        help_text="Where dbt writes to, so that its tables are those that were crawled.",
    )
    namespace = forms.CharField(
        label="Namespace", required=False, max_length=400,
        help_text="Instead of a store: how OpenLineage names it, like postgres://db.example.org:5432.",
    )  # fmt: skip

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stores = Connection.objects.visible_to(person).order_by("name")[:500]
        choices = {
            "team": [(team.slug, team.name) for team in possible_teams(person)],
            "connection": [("", "find it, or none"), *((store.slug, store.name) for store in stores)],
        }
        for name, listed in choices.items():
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = listed
