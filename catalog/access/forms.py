"""Forms about access. They shape what was typed; the services judge it."""

from typing import Any

from django import forms

from catalog.access.models import LONGEST_DAYS, Approvers
from catalog.access.provisioners import provisioners
from catalog.access.selectors import Prospect
from catalog.accounts.models import Team
from catalog.common.text_area import TextArea
from catalog.vocabulary.models import Purpose

MOST_BOXES = 200


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class SharedWishes(forms.Form):
    """What a request says whatever port it is about: for whom, what for, how long."""

    consumer = forms.ChoiceField(label="For whom")
    purpose = forms.CharField(
        label="What for",
        widget=TextArea(attrs={"rows": 4}),
        max_length=5_000,
        required=False,
        help_text="Those who decide read this first.",
    )
    purposes = forms.ModelMultipleChoiceField(
        Purpose.objects.none(),
        label="Purposes",
        widget=forms.CheckboxSelectMultiple,
        required=False,
        to_field_name="slug",
    )
    starts_on = forms.DateField(
        label="First day", widget=DateInput, required=False, help_text="Empty: as soon as it is approved."
    )
    ends_on = forms.DateField(label="Last day", widget=DateInput, required=False)
    days = forms.IntegerField(
        label="Or for so many days", required=False, min_value=1, max_value=LONGEST_DAYS
    )

    def __init__(self, *args: Any, consumers: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["consumer"].choices = consumers
        fields["purposes"].queryset = Purpose.objects.offered()
        if not Purpose.objects.offered().exists():
            del fields["purposes"]

    def wishes(self) -> Any:
        """The fields of the request."""
        names = ("purpose", "purposes", "mode", "columns", "starts_on", "ends_on", "days")
        return {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}


class AskForm(SharedWishes):
    """A request for one port. What the port does not offer is not asked."""

    kind = forms.CharField(widget=forms.HiddenInput, required=False)
    mode = forms.ChoiceField(label="Access", widget=forms.RadioSelect, required=False)
    columns = forms.MultipleChoiceField(
        label="Columns",
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="None chosen means all of them.",
    )
    digest = forms.CharField(widget=forms.HiddenInput, required=False)
    accepts_terms = forms.BooleanField(required=False)

    def __init__(
        self, *args: Any, prospect: Prospect, consumers: list[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, consumers=consumers, **kwargs)
        fields: dict[str, Any] = self.fields
        if "purposes" in fields and prospect.is_personal:
            fields["purposes"].help_text = "The data is about people: name at least one."
        if prospect.modes:
            fields["mode"].choices = [
                (mode.name, f"{mode.name}: {mode.words}" if mode.words else mode.name)
                for mode in prospect.modes
            ]
        else:
            del fields["mode"]
        if prospect.columns:
            fields["columns"].choices = [(name, name) for name in prospect.columns[:MOST_BOXES]]
        else:
            del fields["columns"]
        longest = prospect.terms.longest_days
        fields["ends_on"].help_text = (
            f"At most {longest} days."
            if longest
            else "Empty: without end, until it is revoked or given back."
        )
        if prospect.contract is not None:
            fields["accepts_terms"].label = f"I accept the terms of {prospect.contract.words}"
        else:
            del fields["accepts_terms"], fields["digest"]

    @property
    def accepted_digest(self) -> str:
        """The digest of the contract whose terms were ticked."""
        given = self.cleaned_data
        return str(given.get("digest", "")) if given.get("accepts_terms") else ""


class ReleaseForm(forms.Form):
    reason = forms.CharField(
        label="Why", widget=TextArea(attrs={"rows": 2}), max_length=2_000, required=False
    )
    ends_on = forms.DateField(label="Last day", widget=DateInput, required=False, help_text="Empty: at once.")

    def __init__(self, *args: Any, notice: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if notice:
            days = f"{notice} {'day' if notice == 1 else 'days'}"
            self.fields["ends_on"].help_text = f"Empty: in {days}, the notice the owners ask for."


class RevokeForm(forms.Form):
    reason = forms.CharField(
        label="Why", widget=TextArea(attrs={"rows": 2}), max_length=2_000, help_text="The consumer is told."
    )
    at_once = forms.BooleanField(label="At once, without notice", required=False)


class MarkForm(forms.Form):
    """What was done or seen in the store."""

    event = forms.ChoiceField(
        choices=(("start", "Begun"), ("succeed", "Granted"), ("fail", "Failed"), ("removed", "Removed"))
    )
    note = forms.CharField(max_length=2_000, required=False)


class PrincipalForm(forms.Form):
    principal = forms.CharField(
        label="Role of the consumer in the store", max_length=200, required=False,
        help_text="Such as its database role. The portal grants to it where it grants by itself.",
    )  # fmt: skip


class CommentForm(forms.Form):
    text = forms.CharField(label="Say something", widget=TextArea(attrs={"rows": 3}), max_length=5_000)


class TermsForm(forms.Form):
    """What a port offers those who ask."""

    longest_days = forms.IntegerField(
        label="An agreement lasts at most so many days", min_value=1, max_value=LONGEST_DAYS, required=False,
        help_text="Empty: it needs no end.",
    )  # fmt: skip
    notice_days = forms.IntegerField(
        label="Days of notice before a revocation takes effect", min_value=0, max_value=LONGEST_DAYS
    )
    release_notice_days = forms.IntegerField(
        label="Days of notice when a consumer gives it back", min_value=0, max_value=LONGEST_DAYS
    )
    provisioner = forms.ChoiceField(label="How access gets into the store")
    hook_url = forms.CharField(
        label="Address of the other system", max_length=500, required=False,
        help_text="Told by signed requests, where another system grants. It reports back through the API.",
    )  # fmt: skip
    hook_secret = forms.CharField(
        label="Key for signatures", max_length=200, required=False, strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="24 characters or more. Never shown again; empty keeps it as long as the address stays the same.",
    )  # fmt: skip
    modes = forms.CharField(
        label="Modes of access", widget=TextArea(attrs={"rows": 3}), required=False, max_length=5_000,
        help_text="One a line, beside the roles of the contract. Such as: masked.",
    )  # fmt: skip
    known_readers = forms.CharField(
        label="Roles that need no agreement", widget=TextArea(attrs={"rows": 3}), required=False, max_length=20_000,
        help_text="One a line, as the store calls them, such as backup@%: not shown as granted outside the portal.",
    )  # fmt: skip
    may_choose_columns = forms.BooleanField(label="Single columns may be asked for", required=False)
    instructions = forms.CharField(
        label="What those who ask should know", widget=TextArea(attrs={"rows": 4}), required=False, max_length=5_000,
        help_text="Markdown, shown on the form.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = [(name, item.title) for name, item in provisioners().items()]
        self.fields["provisioner"].choices = choices  # type: ignore[attr-defined]


class RuleForm(forms.Form):
    name = forms.CharField(max_length=100)
    place = forms.ChoiceField(label="For")
    is_automatic = forms.BooleanField(
        label="Without any stage: approve by itself, nobody decides", required=False
    )  # said, not left out: an empty form must not open a mesh


class StageForm(forms.Form):
    """One stage of a rule; without a choice of approvers the row counts for nothing."""

    approvers = forms.ChoiceField(
        label="Who decides",
        choices=[("", "nobody: leave this stage out"), *Approvers.choices],
        required=False,
    )
    name = forms.CharField(label="Called", max_length=100, required=False)
    step = forms.IntegerField(label="Step", min_value=1, max_value=20, initial=1, required=False)
    quorum = forms.IntegerField(label="How many", min_value=1, max_value=10, initial=1, required=False)
    escalate_days = forms.IntegerField(
        label="Days until it escalates", min_value=1, max_value=LONGEST_DAYS, initial=5, required=False
    )
    remind_days = forms.IntegerField(
        label="Days until they are reminded", min_value=0, max_value=LONGEST_DAYS, initial=2, required=False,
        help_text="0: never.",
    )  # fmt: skip
    team = forms.ModelChoiceField(
        Team.objects.all(), label="Team", required=False, to_field_name="slug", empty_label="none"
    )
    person = forms.CharField(label="Person (username)", required=False, max_length=150)


StageFormSet = forms.formset_factory(StageForm, extra=3, max_num=10, validate_max=True)


class DelegationForm(forms.Form):
    delegate = forms.CharField(label="Who decides in my place", max_length=150, help_text="Their username.")
    starts_on = forms.DateField(label="First day", widget=DateInput)
    ends_on = forms.DateField(label="Last day", widget=DateInput)
