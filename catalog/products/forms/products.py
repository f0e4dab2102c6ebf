"""Forms about products: shape and field checks; what they save is decided by the services."""

from collections.abc import Iterable
from typing import Any

from django import forms

from catalog.accounts import kernel
from catalog.accounts.models import Role, Team, User, fold_username
from catalog.common.text_area import TextArea
from catalog.domains.models import Domain
from catalog.products.models import DataProduct, Lifecycle, Stewardship, Visibility
from catalog.products.permissions import OWNING_ROLES
from catalog.vocabulary.models import Classification

NOTHING = [("", "Not said")]


class RevisionForm(forms.Form):
    """A form that knows which revision it was filled from."""

    revision = forms.IntegerField(min_value=0, widget=forms.HiddenInput, required=False)


class ProductStartForm(forms.Form):
    """The first of two steps: what it is called, where it belongs, what it is for."""

    domain = forms.ModelChoiceField(queryset=Domain.objects.none(), empty_label="Choose a domain")
    name = forms.CharField(max_length=200, help_text="As people say it: Play events, Monthly royalties.")
    purpose = forms.CharField(
        max_length=1000,
        required=False,
        widget=TextArea(attrs={"rows": 3}),
        help_text="One or two sentences: what can somebody do with it? It can wait until you publish.",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["domain"].queryset = creatable_domains(user)  # type: ignore[attr-defined]


class BasicsForm(RevisionForm):
    name = forms.CharField(max_length=200)
    team = forms.ModelChoiceField(
        label="Accountable team", queryset=Team.objects.none(), required=False, empty_label="No team"
    )
    visibility = forms.ChoiceField(
        choices=Visibility.choices, help_text="Who may know of it once it is published."
    )
    archetype = forms.ChoiceField(choices=NOTHING + DataProduct.Archetype.choices, required=False)
    version = forms.CharField(max_length=60, help_text="A semantic version such as 1.4.0.")
    classification = forms.ModelChoiceField(
        queryset=Classification.objects.all(), required=False, empty_label="Not classified"
    )
    tags = forms.CharField(max_length=2000, required=False, help_text="Separated by commas.")
    region = forms.CharField(
        max_length=80, required=False, help_text="Where the data lies, for example eu-north."
    )

    def __init__(self, *args: Any, user: User, product: DataProduct, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = givable_teams(user, product)  # type: ignore[attr-defined]
        if not kernel.can(user, "product.publish", product):
            for name in ("team", "visibility"):
                self.fields[name].disabled = True
                self.fields[name].help_text = "Decided by the product's owners."

    def clean_tags(self) -> list[str]:
        return split_words(self.cleaned_data["tags"])

    @staticmethod
    def initial_of(product: DataProduct) -> dict[str, Any]:
        names = ("name", "team", "visibility", "archetype", "version", "classification", "region", "revision")
        return {name: getattr(product, name) for name in names} | {
            "tags": ", ".join(tag.name for tag in product.tags.all())
        }


class DocumentationForm(RevisionForm):
    """Four texts in Markdown."""

    purpose = forms.CharField(
        max_length=4000,
        required=False,
        widget=TextArea(attrs={"rows": 3}),
        help_text="One or two sentences.",
    )
    description = forms.CharField(
        max_length=100_000,
        required=False,
        widget=TextArea(attrs={"rows": 14}),
        help_text="What is in it.",
    )
    usage = forms.CharField(
        max_length=100_000,
        required=False,
        widget=TextArea(attrs={"rows": 8}),
        help_text="How it is meant to be used, with examples.",
    )
    limitations = forms.CharField(
        max_length=100_000,
        required=False,
        widget=TextArea(attrs={"rows": 6}),
        help_text="What it is not fit for, known gaps, delays.",
    )

    @staticmethod
    def initial_of(product: DataProduct) -> dict[str, Any]:
        names = ("purpose", "description", "usage", "limitations", "revision")
        return {name: getattr(product, name) for name in names}


class PeopleField(forms.CharField):
    """Usernames separated by commas; cleans to active people and names every one that is none."""

    def clean(self, value: Any) -> list[User]:
        names = [name.removeprefix("@") for name in split_words(super().clean(value))]
        people = {user.username: user for user in User.objects.active().filter(username__in=names)}
        missing = [name for name in names if fold_username(name) not in people]
        if missing:
            raise forms.ValidationError(f"No active person has the username {', '.join(missing)}.")
        return list(people.values())


class PeopleForm(RevisionForm):
    business_owner = PeopleField(label="Business owner", required=False)
    technical_owner = PeopleField(label="Technical owner", required=False)
    steward = PeopleField(label="Stewards", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in Stewardship.Role.values:
            self.fields[name].help_text = "Usernames, separated by commas."
            self.fields[name].widget.attrs["list"] = "people"
            self.fields[name].widget.attrs["autocomplete"] = "off"

    @staticmethod
    def initial_of(product: DataProduct) -> dict[str, Any]:
        held: dict[str, list[str]] = {}
        for item in product.stewardships.all():
            held.setdefault(item.role, []).append(item.user.username)
        return {role: ", ".join(sorted(names)) for role, names in held.items()} | {
            "revision": product.revision
        }


class LinkForm(forms.Form):
    label = forms.CharField(max_length=200, required=False)
    url = forms.CharField(label="Address", max_length=1000, required=False)


class SupportForm(forms.Form):
    channel = forms.CharField(max_length=200, required=False, help_text="#listening, a mail address, a desk")
    tool = forms.CharField(max_length=60, required=False, help_text="slack, email, teams")
    url = forms.CharField(label="Address", max_length=1000, required=False)


LinkFormSet = forms.formset_factory(LinkForm, extra=2, max_num=30)
SupportFormSet = forms.formset_factory(SupportForm, extra=2, max_num=30)


def filled_rows(formset: Any) -> list[dict[str, str]]:
    """The rows of a link or support formset with something in them, without their empty values."""
    rows = (
        {k: v.strip() for k, v in form.cleaned_data.items() if isinstance(v, str) and v.strip()}
        for form in formset
    )
    return [row for row in rows if row]


class ProductKeyField(forms.CharField):
    """`domain/slug` of a product the person may see; cleans to the product."""

    def __init__(self, *, user: User, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.user = user

    def clean(self, value: Any) -> DataProduct | None:
        key = super().clean(value).strip().strip("/").removeprefix("products/")
        if not key:
            return None
        domain, _, slug = key.partition("/")
        visible = DataProduct.objects.visible_to(self.user).select_related("domain")
        product = visible.filter(domain__slug=domain, slug=slug).first()
        if product is None:
            raise forms.ValidationError(
                "There is no such product. Write it as in its address: domain/product."
            )
        return product


class StepForm(RevisionForm):
    """A step in the product's life, with what it asks for."""

    step = forms.ChoiceField(choices=Lifecycle.choices, widget=forms.HiddenInput)
    sunset_at = forms.DateField(
        label="Sunset date", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    reason = forms.CharField(required=False, max_length=2000, widget=TextArea(attrs={"rows": 3}))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["successor"] = ProductKeyField(
            user=user, required=False, help_text="Its address: domain/product.", max_length=250
        )


class AddressForm(RevisionForm):
    domain = forms.ModelChoiceField(queryset=Domain.objects.none())
    slug = forms.SlugField(
        label="Address",
        max_length=120,
        allow_unicode=True,
        help_text="Letters, digits, hyphens and underscores.",
    )

    def __init__(self, *args: Any, user: User, product: DataProduct, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        domains = creatable_domains(user) | Domain.objects.filter(pk=product.domain_id)
        self.fields["domain"].queryset = domains  # type: ignore[attr-defined]
        if not kernel.can(user, "product.publish", product):
            self.fields["domain"].disabled = True

    @staticmethod
    def initial_of(product: DataProduct) -> dict[str, Any]:
        return {"domain": product.domain, "slug": product.slug, "revision": product.revision}


def split_words(text: str) -> list[str]:
    """Items separated by commas, semicolons or line breaks, tidied; empty ones dropped."""
    return [
        " ".join(part.split())
        for part in text.replace(";", ",").replace("\n", ",").split(",")
        if part.strip()
    ]


def creatable_domains(user: User) -> Any:
    """The domains in which `user` may make products."""
    allowed = [d.pk for d in Domain.objects.visible_to(user) if kernel.can(user, "product.create", d)]
    return Domain.objects.filter(pk__in=allowed)


def givable_teams(user: User, product: DataProduct) -> Any:
    """The teams `user` may give the product to: the domain's, its present one, those where the user has a say."""
    who = kernel.standing(user)
    if who.is_platform_admin:
        return Team.objects.all()
    held: Iterable[int] = {
        pk for role in (*OWNING_ROLES, Role.DOMAIN_ADMIN) for pk in who.teams_by_role.get(role, ())
    }
    return Team.objects.filter(pk__in={*held, product.domain.team_id, product.team_id or 0})
