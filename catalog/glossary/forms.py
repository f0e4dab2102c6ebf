"""Forms of terms and their links. They check shapes; the services save."""

from typing import Any

from django import forms

from catalog.accounts import kernel
from catalog.accounts.models import Team, User
from catalog.common.text_area import TextArea
from catalog.domains.models import Domain
from catalog.glossary.models import LONGEST_NAME, GlossaryTerm, kept_teams
from catalog.products.models import DataProduct, OutputPort


class LinesField(forms.CharField):
    """Several names, one a line."""

    widget = TextArea(attrs={"rows": 3})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return [line.strip() for line in (super().to_python(value) or "").splitlines() if line.strip()]

    def validate(self, value: Any) -> None:
        """The model does, item by item."""


class TermForm(forms.Form):
    """A term: what it is called, what it means, where it holds, who answers for it."""

    revision = forms.IntegerField(min_value=0, widget=forms.HiddenInput, required=False)
    name = forms.CharField(label="Term", max_length=LONGEST_NAME)
    domain = forms.ModelChoiceField(
        label="Holds in",
        queryset=Domain.objects.none(),
        required=False,
        help_text="A domain's own word, or one for everybody.",
    )
    definition = forms.CharField(
        max_length=20_000, required=False, widget=TextArea(attrs={"rows": 8}), help_text="Markdown."
    )
    synonyms = LinesField(required=False, help_text="Other names, one a line. Search finds products by them.")
    abbreviation = forms.CharField(max_length=40, required=False)
    state = forms.ChoiceField(
        choices=GlossaryTerm.State.choices, help_text="Drafts are read by those who keep the glossary only."
    )
    successor = forms.CharField(
        label="Use instead",
        max_length=LONGEST_NAME,
        required=False,
        help_text="Of a deprecated term: the name or address of the one that takes its place.",
    )
    team = forms.ModelChoiceField(label="Owner", queryset=Team.objects.none(), required=False)
    steward = forms.CharField(
        label="Steward", max_length=150, required=False, help_text="User name of the person to ask."
    )
    related = LinesField(
        label="Related terms", required=False, help_text="Their names or addresses, one a line."
    )

    def __init__(self, *args: Any, user: User, term: GlossaryTerm | None = None, **kwargs: Any) -> None:
        if term is not None:
            kwargs.setdefault("initial", self.initial_of(term, user))
        super().__init__(*args, **kwargs)
        self._user, self._term = user, term
        place: Any = self.fields["domain"]
        place.queryset = self._domains(term)
        place.empty_label = "The whole mesh" if self._may_keep_all(term) else "Choose a domain"
        place.required = not self._may_keep_all(term)
        teams: Any = self.fields["team"]
        teams.queryset = Team.objects.visible_to(user)

    def _may_keep_all(self, term: GlossaryTerm | None) -> bool:
        return kernel.can(self._user, "term.create", None) or (term is not None and term.domain_id is None)

    def _domains(self, term: GlossaryTerm | None) -> Any:
        """Those the person keeps the terms of, and the one the term is in."""
        rows = Domain.objects.visible_to(self._user)
        if kernel.standing(self._user).sees_everything:
            return rows
        kept = rows.filter(team__in=kept_teams(self._user))
        return kept | rows.filter(pk=term.domain_id) if term is not None and term.domain_id else kept

    @staticmethod
    def initial_of(term: GlossaryTerm, user: User) -> dict[str, Any]:
        """The term as the form shows it; drafts the person may not read are not named."""
        names = ("name", "definition", "synonyms", "abbreviation", "state", "revision")
        others = GlossaryTerm.objects.visible_to(user)
        successor = others.filter(pk=term.successor_id or 0).first()
        return {name: getattr(term, name) for name in names} | {
            "domain": term.domain_id,
            "team": term.team_id,
            "steward": term.steward.username if term.steward else "",
            "successor": successor.slug if successor else "",
            "related": [item.slug for item in term.related.filter(pk__in=others.values("pk"))],
        }

    def clean_successor(self) -> GlossaryTerm | None:
        name = self.cleaned_data["successor"].strip()
        return self._found(name) if name else None

    def clean_related(self) -> list[GlossaryTerm]:
        """Those written, and those the person may not see and so cannot have meant to take away."""
        found = [self._found(name) for name in self.cleaned_data["related"][:100]]
        if self._term is not None:
            seen = GlossaryTerm.objects.visible_to(self._user).values("pk")
            found += list(self._term.related.exclude(pk__in=seen))
        return found

    def clean_steward(self) -> User | None:
        name = self.cleaned_data["steward"].strip()
        if not name:
            return None
        person: User | None = (
            User.objects.visible_to(self._user).filter(is_active=True, username__iexact=name).first()
        )
        if person is None:
            raise forms.ValidationError("There is no active person of this user name.")
        return person

    def _found(self, name: str) -> GlossaryTerm:
        visible = GlossaryTerm.objects.visible_to(self._user)
        found = list(visible.filter(slug=name)[:1]) or list(visible.named([name])[:2])
        if len(found) != 1:
            several = "Several terms are" if found else "No term is"
            raise forms.ValidationError(f"{several} called {name[:80]}. Write the address of one.")
        return found[0]


class LinkForm(forms.Form):
    """A term for a product, one of its ports, or a column. `slug` is that of a term that was proposed."""

    slug = forms.CharField(max_length=LONGEST_NAME, required=False, widget=forms.HiddenInput)
    term = forms.CharField(
        max_length=LONGEST_NAME, help_text="Its name, a synonym or its address, as the glossary has it."
    )
    port = forms.ModelChoiceField(
        label="On", queryset=OutputPort.objects.none(), required=False, empty_label="The whole product"
    )
    column = forms.CharField(
        max_length=500,
        required=False,
        help_text="Of the port, as its schema spells it. Empty: the whole port.",
    )

    def __init__(self, *args: Any, product: DataProduct, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ports: Any = self.fields["port"]
        ports.queryset = product.output_ports.all()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("column") and not cleaned.get("port") and "port" not in self.errors:
            self.add_error("port", "A column belongs to a port: choose it.")
        return cleaned


class GlossaryFileForm(forms.Form):
    """A file of terms; nothing is written while `is_dry_run`."""

    document = forms.FileField(label="File", help_text="YAML or JSON: kind Glossary, and a list of terms.")
    is_dry_run = forms.BooleanField(label="Only show what would happen", required=False, initial=True)
