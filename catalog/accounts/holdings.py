"""What a person holds: a registry that features fill, read when somebody leaves and things must be handed over.

Accounts knows no product; `catalog.products.holdings` registers stewardships here. A provider's rows carry a key
that is unique among all providers (`stewardship:17`).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Protocol

from catalog.accounts.models import User


@dataclass(frozen=True, slots=True)
class Holding:
    """One thing in a person's hands: `label` says what, `role` in which capacity, `url` leads there."""

    key: str
    kind: str
    label: str
    role: str
    url: str = ""


class Provider(Protocol):
    """What a feature tells about people in charge of its things."""

    kind: str  # begins every key; one per provider
    title: str  # heading on the page, plural

    def held_by(self, person: User, viewer: User) -> list[Holding]:
        """What `person` holds among what `viewer` may know of."""

    def already_held(self, keys: Collection[str], receiver: User) -> set[str]:
        """Those of `keys` that `receiver` holds in the same capacity: handing them over only takes them away."""

    def hand_over(self, *, actor: User | None, keys: Collection[str], person: User, receiver: User) -> int:
        """Move the holdings of `keys` from one to the other inside the caller's transaction; how many moved."""

    def named_before(self, viewer: User, people: Collection[int]) -> set[int]:
        """Those of `people` (ids) who are named as in charge on something `viewer` sees."""


_providers: dict[str, Provider] = {}


def register(provider: Provider) -> None:
    """Features register once, at start-up. Raises ValueError for a kind taken by another provider."""
    if provider.kind in _providers and type(_providers[provider.kind]) is not type(provider):
        raise ValueError(f"Holdings of kind {provider.kind} are registered twice.")
    _providers[provider.kind] = provider


def providers() -> Iterable[Provider]:
    """All providers, in the order of their kinds."""
    return [_providers[kind] for kind in sorted(_providers)]


def held_by(person: User, viewer: User) -> dict[str, list[Holding]]:
    """Title of the provider -> what the person holds; providers with nothing are left out."""
    found = {provider.title: provider.held_by(person, viewer) for provider in providers()}
    return {title: holdings for title, holdings in found.items() if holdings}


def named_before(viewer: User, people: Collection[int]) -> set[int]:
    """Those of `people` (ids) whose reach `viewer` may know, being named on something visible to them."""
    return set().union(*(provider.named_before(viewer, people) for provider in providers()))
