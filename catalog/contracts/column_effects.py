"""What breaking changes of fields mean column by column: who reads the column, or that nobody is known to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.accounts.models import User
from catalog.contracts import odcs
from catalog.contracts.changes import Difference
from catalog.products import reach
from catalog.products.models import DataProduct, OutputPort


@dataclass(frozen=True, slots=True)
class ColumnEffect:
    """A field that breaks. `readers` are products the caller may see whose columns come from it; `hidden` counts others
    (None where the house rules keep even the number); `unknown` counts direct consumers of which nobody knows which
    columns they read."""

    path: str
    readers: tuple[DataProduct, ...]
    hidden: int | None
    unknown: int

    @property
    def is_unread(self) -> bool:
        """Nobody reads it: known of every direct consumer, not only of those who were asked."""
        return not self.readers and self.hidden == 0 and not self.unknown

    @property
    def words(self) -> str:
        if self.readers or self.hidden:
            count = len(self.readers) + (self.hidden or 0)
            return f"Read by {count} product{'' if count == 1 else 's'} downstream."
        if self.unknown:
            some = f"{self.unknown} direct consumer{'' if self.unknown == 1 else 's'}"
            return f"No reader is known, but of {some} nobody knows which columns they read."
        if self.hidden is None:
            return "No product that you may see reads it."
        return "Nobody downstream reads it."

    def as_dict(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "readers": [product.key for product in self.readers],
            "hidden_readers": self.hidden,
            "unknown_consumers": self.unknown,
            "is_unread": self.is_unread,
            "words": self.words,
        }


def column_effects(
    user: User | None,
    ports: Sequence[OutputPort],
    before: Mapping[str, Any],
    found: Difference,
    *,
    counts: bool,
) -> tuple[tuple[ColumnEffect, ...], tuple[str, ...]]:
    """One effect for each field that breaks, and the providers that spoke; nothing where none is registered.

    `counts`: whether the caller may know how many they may not see."""
    places = _places(ports, odcs.parse(before), found)
    if not places:
        return (), ()
    answer = reach.readers_of_columns({place for some in places.values() for place in some})
    if not answer.providers:
        return (), ()
    direct = {item.product.pk for item in reach.consumers_of(*ports).products}
    asked = {port_id for some in places.values() for port_id, _ in some}
    covered = {product for port, product in answer.covered if port in asked}
    ids = {pk for some in answer.readers.values() for pk in some}
    rows = DataProduct.objects.filter(pk__in=ids).select_related("domain").order_by("name", "pk")
    visible = rows if user is None else rows.filter(pk__in=DataProduct.objects.visible_to(user).values("pk"))
    seen = {product.pk: product for product in visible}
    effects = []
    for path, some in places.items():
        readers = {pk for place in some for pk in answer.readers.get(place, ())}
        shown = tuple(product for pk, product in seen.items() if pk in readers)
        unknown = len(direct - covered - readers)
        effects.append(ColumnEffect(path, shown, len(readers) - len(shown) if counts else None, unknown))
    return tuple(effects), answer.providers


def _places(
    ports: Sequence[OutputPort], contract: odcs.Contract, found: Difference
) -> dict[str, list[reach.Place]]:
    """Path of a breaking field as people call it -> the column of each port that offers it."""
    places: dict[str, list[reach.Place]] = {}
    for change in found.breaking:
        for port in ports:
            for path in _column_of(contract, port, change.path):
                place = (port.pk, path)
                if place not in places.setdefault(change.path, []):
                    places[change.path].append(place)
    return {path: some for path, some in places.items() if some}


def _column_of(contract: odcs.Contract, port: OutputPort, path: str) -> Iterator[str]:
    """The column a field of the contract is in a port; none for a whole object, or for another port's."""
    item = contract.object_for(port.name)
    if item is None:
        if any(path.startswith(f"{each.name}.") for each in contract.objects):
            yield path
    elif path.startswith(f"{item.name}."):
        yield path.removeprefix(f"{item.name}.")
