"""Forms of identity: shape and words; services decide and write."""

from typing import Any

from django import forms

from catalog.accounts.models import Role, Team, User


class CodeForm(forms.Form):
    """A code of the app, or where it is said a recovery code."""

    code = forms.CharField(
        label="Code",
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "inputmode": "text"}
        ),
    )


class GroupRuleForm(forms.Form):
    """A group of the provider and the role its people hold."""

    group = forms.CharField(max_length=300, help_text="As the provider writes it: a name, or an id.")
    role = forms.ChoiceField(choices=Role.choices)
    team = forms.ModelChoiceField(
        Team.objects.none(),
        required=False,
        to_field_name="slug",
        label="In",
        empty_label="the whole mesh (governance, platform admin)",
    )

    def __init__(self, viewer: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = Team.objects.visible_to(viewer)  # type: ignore[attr-defined]


class SubjectForm(forms.Form):
    """The provider's unchanging name for a person."""

    subject = forms.CharField(
        max_length=255,
        label="Their number at the provider (sub)",
        help_text="As the page that refuses their sign-in shows it, or the provider's console. Not a name.",
    )
