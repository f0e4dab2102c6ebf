"""Forms of people and teams: shape and words; services decide and write."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth.forms import AuthenticationForm, UsernameField
from django.core.validators import MaxLengthValidator

from catalog.accounts import entrance, kernel
from catalog.accounts.models import PLATFORM_ROLES, ApiToken, Role, Team, User
from catalog.accounts.services.tokens import DEFAULT_DAYS, MAXIMUM_DAYS
from catalog.common.text_area import TextArea

STRENGTH = "At least 12 characters; not like your name, not a common password."


class SignInForm(AuthenticationForm):
    """Django's, with our sentence: it says the same for a wrong password, an unknown name and a closed account."""

    username = UsernameField(
        validators=[MaxLengthValidator(150)],
        widget=forms.TextInput(attrs={"autofocus": True, "maxlength": 150}),
    )
    error_messages = {
        "invalid_login": "That username and password do not fit together. Capitals matter in the password only.",
        "inactive": "That username and password do not fit together. Capitals matter in the password only.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name: Any = self.fields["username"]
        name.max_length = None  # no counter beside it; the validator and the widget keep the limit

    def confirm_login_allowed(self, user: Any) -> None:
        super().confirm_login_allowed(user)
        if not entrance.may_use_password(user.username):
            raise self.get_invalid_login_error()


def _zones() -> list[tuple[str, str]]:
    return [(zone, zone.replace("_", " ")) for zone in sorted(available_timezones())]


class ProfileForm(forms.Form):
    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    name = forms.CharField(max_length=150, required=False, help_text="As colleagues know you.")
    email = forms.EmailField(required=False, label="E-mail")
    time_zone = forms.ChoiceField(choices=_zones, help_text="Times are shown in this zone and kept in UTC.")


class PasswordForm(forms.Form):
    """One's own password; `new` twice."""

    current = forms.CharField(
        label="Current password",
        strip=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label="New password",
        strip=False,
        max_length=500,
        help_text=STRENGTH,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label="New password again",
        strip=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "new" in data and "again" in data and data["new"] != data["again"]:
            self.add_error("again", "This is not the same as above.")
        return data


class FirstPasswordForm(PasswordForm):
    """For a one-time link: nothing to prove but the link itself."""

    current = None  # type: ignore[assignment]  # Django's way to take an inherited field out


class TokenForm(forms.Form):
    name = forms.CharField(max_length=120, help_text="What will use it: “nightly dbt run”.")
    scope = forms.ChoiceField(
        choices=[
            choice
            for choice in ApiToken.Scope.choices
            if choice[0] not in (ApiToken.Scope.METRICS, ApiToken.Scope.SCIM)
        ],
        initial=ApiToken.Scope.READ,
        label="It may",
    )
    days = forms.IntegerField(
        label="Days until it expires", min_value=1, max_value=MAXIMUM_DAYS, initial=DEFAULT_DAYS
    )


class ServiceAccountForm(forms.Form):
    username = forms.CharField(
        max_length=150, help_text="As it stands in lists and in the audit trail: “dbt-nightly”."
    )
    name = forms.CharField(max_length=150, required=False, help_text="What it does.")
    role = forms.ChoiceField(
        choices=[item for item in Role.choices if item[0] not in PLATFORM_ROLES],
        initial=Role.VIEWER,
        label="Its role in the team",
    )


class InvitationForm(forms.Form):
    username = forms.CharField(
        max_length=150, help_text="Letters, digits and . @ + - _ ; capitals do not matter."
    )
    name = forms.CharField(max_length=150, required=False)
    email = forms.EmailField(required=False, label="E-mail", help_text="The portal sends nothing there.")
    time_zone = forms.ChoiceField(choices=_zones, initial="UTC")


class PersonChoice(forms.CharField):
    """A person by username, among those `viewer` may know and who are active."""

    def __init__(self, **options: Any) -> None:
        super().__init__(validators=[MaxLengthValidator(150)], **options)
        self.viewer: User | None = None

    def clean(self, value: Any) -> User | None:
        text = super().clean(value)
        if not text:
            return None
        assert self.viewer is not None  # noqa: S101  # the form sets it
        person: User | None = (
            User.objects.visible_to(self.viewer).filter(username=text, is_active=True).first()
        )
        if person is None:
            raise forms.ValidationError("There is nobody active with this username.", "choice")
        return person


class MemberForm(forms.Form):
    """A role in one team for a person."""

    person = PersonChoice(
        label="Username", widget=forms.TextInput(attrs={"list": "people", "autocomplete": "off"})
    )
    role = forms.ChoiceField(choices=[item for item in Role.choices if item[0] not in PLATFORM_ROLES])

    def __init__(self, viewer: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].viewer = viewer  # type: ignore[attr-defined]


class RoleForm(forms.Form):
    """A role for one person: in a team, or (platform roles) in the mesh."""

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


class ReceiverForm(forms.Form):
    """Who receives what is handed over."""

    receiver = PersonChoice(
        label="Hand over to (username)",
        widget=forms.TextInput(attrs={"list": "people", "autocomplete": "off"}),
    )

    def __init__(self, viewer: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["receiver"].viewer = viewer  # type: ignore[attr-defined]


class TeamForm(forms.Form):
    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0, required=False)
    name = forms.CharField(max_length=120)
    slug = forms.CharField(
        max_length=120,
        required=False,
        label="Address",
        help_text="The last part of the page's address; made of the name when left empty. Old addresses redirect.",
    )
    description = forms.CharField(widget=TextArea, required=False, max_length=5000)
    email = forms.EmailField(required=False, label="E-mail")
    channel = forms.CharField(
        max_length=200, required=False, help_text="Where people ask: a chat channel or the address of a page."
    )


class PlaceForm(forms.Form):
    """Where a team stands in the tree: only places where the person may make teams."""

    parent = forms.ModelChoiceField(
        Team.objects.none(), required=False, to_field_name="slug", empty_label="the top"
    )

    def __init__(self, viewer: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["parent"]
        field.queryset = parents_for(viewer)
        field.required = not kernel.can(viewer, "team.create", None)
        if field.required:
            field.empty_label = None


def parents_for(viewer: User) -> Any:
    """The teams below which `viewer` may make teams."""
    who = kernel.standing(viewer)
    teams = Team.objects.visible_to(viewer)
    return (
        teams if who.is_platform_admin else teams.filter(pk__in=who.teams_by_role.get(Role.DOMAIN_ADMIN, ()))
    )
