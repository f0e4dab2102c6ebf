"""Forms about domains."""

from typing import Any

from django import forms

from catalog.accounts import kernel
from catalog.accounts.models import Team, User
from catalog.common.text_area import TextArea
from catalog.domains.models import HUES, Domain


class DomainForm(forms.Form):
    """A domain: what it is called, who answers for it, where it hangs in the tree."""

    revision = forms.IntegerField(min_value=0, widget=forms.HiddenInput, required=False)
    name = forms.CharField(max_length=120)
    slug = forms.SlugField(
        label="Address",
        max_length=120,
        allow_unicode=True,
        required=False,
        help_text="Made of the name when left empty. Old addresses redirect.",
    )
    kind = forms.ChoiceField(choices=Domain.Kind.choices)
    team = forms.ModelChoiceField(label="Accountable team", queryset=Team.objects.none())
    parent = forms.ModelChoiceField(
        label="Part of", queryset=Domain.objects.none(), required=False, empty_label="None: at the top"
    )
    hue = forms.TypedChoiceField(
        label="Hue on the map", choices=[("", "The next free one")] + [(n, f"Hue {n}") for n in range(HUES)],
        coerce=int, empty_value=None, required=False,
    )  # fmt: skip
    description = forms.CharField(
        max_length=50_000, required=False, widget=TextArea(attrs={"rows": 5}), help_text="Markdown."
    )

    def __init__(self, *args: Any, user: User, domain: Domain | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        parents = [d.pk for d in Domain.objects.all() if kernel.can(user, "domain.create", d)]
        choices = Domain.objects.filter(pk__in=parents)
        if domain is not None:
            choices = choices.exclude(path__startswith=domain.path)
            above = Domain.objects.get_parent(domain)
            choices = choices | Domain.objects.filter(pk=above.pk if above else None)
        self.fields["parent"].queryset = choices  # type: ignore[attr-defined]
        self.fields["team"].queryset = self._teams(user, domain)  # type: ignore[attr-defined]

    @staticmethod
    def _teams(user: User, domain: Domain | None) -> Any:
        who = kernel.standing(user)
        if who.is_platform_admin:
            return Team.objects.all()
        held = who.teams_by_role.get("domain_admin", frozenset())
        return Team.objects.filter(pk__in={*held, domain.team_id if domain else 0})

    @staticmethod
    def initial_of(domain: Domain) -> dict[str, Any]:
        names = ("name", "slug", "kind", "team", "hue", "description", "revision")
        parent = Domain.objects.get_parent(domain)
        return {name: getattr(domain, name) for name in names} | {"parent": parent}
