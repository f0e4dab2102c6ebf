"""The form of a pasted query."""

from typing import Any

from django import forms

from catalog.accounts.models import User
from catalog.common.errors import PortalError
from catalog.products.models import OutputPort
from catalog.quality.outside.named_port import find_port
from lineage.sql import dialects

LONGEST = 100_000


class QueryForm(forms.Form):
    """A text, its dialect, and the port whose table it makes, where it is for one."""

    sql = forms.CharField(
        label="Query", max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false"})
    )
    dialect = forms.ChoiceField(label="Dialect", required=False, choices=list(dialects.LABELS.items()))
    port = forms.CharField(
        label="For the port", required=False, max_length=400,
        help_text="domain/product/port: the port this query fills. Its store says dialect and schema.",
    )  # fmt: skip

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        self.found: OutputPort | None = None

    def clean_port(self) -> str:
        named = str(self.cleaned_data["port"]).strip()
        if named:
            try:
                self.found = find_port(self.person, named)
            except PortalError as error:
                words = error.problems[0].message if error.problems else error.message
                raise forms.ValidationError(words) from error
        return named
