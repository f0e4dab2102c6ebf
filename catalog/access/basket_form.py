"""The form of the basket: what is shared stands once, what differs stands with each port."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms

from catalog.access.forms import MOST_BOXES, SharedWishes
from catalog.access.models import LONGEST_DAYS
from catalog.access.offers import Offer
from catalog.access.selectors import Prospect
from catalog.access.services.collecting import Part
from catalog.common.errors import PortalError


@dataclass(frozen=True, slots=True)
class ShownPart:
    """A port with its fields, as the page shows it."""

    offer: Offer
    fields: list[forms.BoundField]
    prospect: Prospect | None
    problem: str = ""


class BasketForm(SharedWishes):
    """Shared fields, and `mode-7`, `columns-7`, `days-7`, `accepts-7`, `digest-7` for the port 7."""

    def __init__(
        self, *args: Any, offers: Sequence[Offer], consumers: list[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, consumers=consumers, **kwargs)
        self.offers = offers
        self.problems: dict[int, str] = {}
        for offer in offers:
            self._add(offer)

    def _add(self, offer: Offer) -> None:
        fields: dict[str, Any] = self.fields
        pk = offer.port.pk
        if offer.modes:
            choices = [(mode.name, mode.name) for mode in offer.modes]
            fields[f"mode-{pk}"] = forms.ChoiceField(label="Access", choices=choices)
        if offer.columns:
            fields[f"columns-{pk}"] = forms.MultipleChoiceField(
                label="Columns",
                choices=[(name, name) for name in offer.columns[:MOST_BOXES]],
                widget=forms.CheckboxSelectMultiple,
                required=False,
                help_text="None chosen means all of them.",
            )
        longest = offer.terms.longest_days
        fields[f"days-{pk}"] = forms.IntegerField(
            label="Other days for this port",
            required=False,
            min_value=1,
            max_value=LONGEST_DAYS,
            help_text=f"At most {longest}." if longest else "",
        )
        if offer.contract is not None:
            fields[f"digest-{pk}"] = forms.CharField(
                widget=forms.HiddenInput, required=False, initial=offer.contract.digest
            )
            fields[f"accepts-{pk}"] = forms.BooleanField(
                label=f"I accept the terms of {offer.contract.words}", required=False
            )

    def parts(self) -> list[Part]:
        """What is asked of each port."""
        return [self._part(offer) for offer in self.offers]

    def _part(self, offer: Offer) -> Part:
        pk, given = offer.port.pk, self.cleaned_data
        wishes: Any = {}
        for name in ("mode", "columns"):
            if f"{name}-{pk}" in given:
                wishes[name] = given[f"{name}-{pk}"]
        if given.get(f"days-{pk}"):
            wishes |= {"days": given[f"days-{pk}"], "ends_on": None}
        digest = str(given.get(f"digest-{pk}", "")) if given.get(f"accepts-{pk}") else ""
        return Part(offer.port, wishes, digest)

    def refuse(self, errors: Mapping[int, PortalError]) -> None:
        """Say beside each port why its request was not sent."""
        for pk, error in errors.items():
            words = [problem.message for problem in error.problems] or [str(error)]
            self.problems[pk] = " ".join(words)

    def shown(self, prospects: Mapping[int, Prospect]) -> list[ShownPart]:
        """The ports with their fields, for the page."""
        names = ("mode", "columns", "days", "digest", "accepts")
        return [
            ShownPart(
                offer,
                [
                    self[f"{name}-{offer.port.pk}"]
                    for name in names
                    if f"{name}-{offer.port.pk}" in self.fields
                ],
                prospects.get(offer.port.pk),
                self.problems.get(offer.port.pk, ""),
            )
            for offer in self.offers
        ]
