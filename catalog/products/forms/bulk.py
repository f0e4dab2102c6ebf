"""The form of a bulk edit: which products, and what to change about them."""

from typing import Any

from django import forms

from catalog.accounts.models import Team, User
from catalog.connections.models import Schedule
from catalog.domains.models import Domain
from catalog.products.forms.products import creatable_domains, split_words
from catalog.products.services import BulkEdit
from catalog.vocabulary.models import Classification

DECLASSIFY = "-"


class BulkForm(forms.Form):
    """Everything optional; what is left empty stays as it is."""

    team = forms.ModelChoiceField(
        label="Accountable team", queryset=Team.objects.none(), required=False, empty_label="Leave as it is"
    )
    domain = forms.ModelChoiceField(
        queryset=Domain.objects.none(), required=False, empty_label="Leave as it is"
    )
    classification = forms.ChoiceField(choices=(), required=False)
    schedule = forms.ChoiceField(
        label="Crawl schedule",
        choices=[("", "Leave as it is"), *Schedule.choices],
        required=False,
        help_text="Of the connections their ports are read through.",
    )
    add_tags = forms.CharField(max_length=2000, required=False, help_text="Separated by commas.")
    remove_tags = forms.CharField(max_length=2000, required=False, help_text="Separated by commas.")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = Team.objects.visible_to(user)  # type: ignore[attr-defined]
        self.fields["domain"].queryset = creatable_domains(user)  # type: ignore[attr-defined]
        words = [(word.slug, word.name) for word in Classification.objects.visible_to(user)]
        self.fields["classification"].choices = [  # type: ignore[attr-defined]
            ("", "Leave as it is"),
            *words,
            (DECLASSIFY, "Not classified"),
        ]

    def edit(self) -> BulkEdit:
        """What the cleaned form asks for."""
        data = self.cleaned_data
        return BulkEdit(
            team=data["team"],
            domain=data["domain"],
            classification=Classification.objects.filter(slug=data["classification"]).first(),
            declassify=data["classification"] == DECLASSIFY,
            add_tags=tuple(split_words(data["add_tags"])),
            schedule=data["schedule"],
            remove_tags=tuple(split_words(data["remove_tags"])),
        )


def selected_revisions(values: list[str]) -> dict[int, int | None]:
    """`["12:4", "13"]` -> `{12: 4, 13: None}`; what is no such pair is dropped."""
    found: dict[int, int | None] = {}
    for value in values:
        key, _, revision = value.partition(":")
        if key.isascii() and key.isdigit() and len(key) < 18:
            known = revision.isascii() and revision.isdigit() and len(revision) < 9
            found[int(key)] = int(revision) if known else None
    return found
