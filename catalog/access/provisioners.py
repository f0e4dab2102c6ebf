"""How access gets into a store: by nobody, by hand, by the portal, or by a plugin.

A package offers a provisioner by an entry point in the group `meshportal.provisioners` that names a class without
arguments. A broken one is logged and skipped; a port whose provisioner is not installed is granted by hand.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from catalog.access.contract import shape_of
from catalog.access.mariadb import MariaDbProvisioner
from catalog.access.models import PortTerms
from catalog.access.orders import HttpProvisioner
from catalog.access.postgresql import PostgresProvisioner
from catalog.access.stores import Automatic, Counting, Ordered, Plain, Provisioner, Surveying
from catalog.connections.connectors.errors import redact
from catalog.connections.connectors.registry import BrokenPlugin

__all__ = [
    "Automatic",
    "Counting",
    "Ordered",
    "Plain",
    "Provisioner",
    "Surveying",
    "found",
    "is_by_hand",
    "plain_words",
    "provisioner_of",
    "provisioners",
]
GROUP = "meshportal.provisioners"
BY_HAND = "manual"
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NotNeeded:
    """The store lets everybody of the mesh in: an agreement is all there is."""

    name: str = "none"
    title: str = "Not needed: whoever has an agreement can read at once"
    needs_work: bool = False
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ByHand:
    """Somebody who answers for the product grants and removes it, and says so here."""

    name: str = BY_HAND
    title: str = "By hand: the owners grant it in the store and mark it here"
    needs_work: bool = True
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """The usable provisioners by their names, and the packages that bring none that can be used."""

    usable: Mapping[str, Provisioner]
    broken: tuple[BrokenPlugin, ...] = ()


def provisioners() -> Mapping[str, Provisioner]:
    """Every usable provisioner by its name, the portal's own first."""
    return found().usable


@cache
def found() -> Found:
    """What this process found, once."""
    return load(entry_points(group=GROUP))


def load(points: Iterable[EntryPoint]) -> Found:
    """The portal's own and those of installed packages; one that cannot be used, or takes a name that is taken, is
    logged, listed with its error, and left out."""
    own: list[Provisioner] = [
        ByHand(), NotNeeded(), PostgresProvisioner(), MariaDbProvisioner(), HttpProvisioner()
    ]  # fmt: skip
    usable = {item.name: item for item in own}
    broken = []
    for point in points:
        try:
            made = _accepted(point.load()(), usable)
        except Exception as error:  # whatever somebody else's code raises
            logger.exception("The provisioner plugin %s cannot be used", point.name)
            package = point.dist.name if point.dist else ""
            broken.append(BrokenPlugin(point.name, package, redact(f"{type(error).__name__}: {error}")))
        else:
            usable[made.name] = made
    return Found(usable, tuple(broken))


def _accepted(made: Any, taken: Mapping[str, Provisioner]) -> Provisioner:
    if problems := list(shape_of(made)):
        raise TypeError("; ".join(problems))
    if made.name in taken:
        raise ValueError(f"a provisioner called {made.name} exists already")
    accepted: Provisioner = made
    return accepted


def provisioner_of(terms: PortTerms) -> Provisioner:
    """The one the terms name; by hand where it is not installed (any more)."""
    known = provisioners()
    return known.get(terms.provisioner, known[BY_HAND])


def is_by_hand(terms: PortTerms) -> bool:
    """Whether people have to grant and remove it: neither the portal nor another system it tells does."""
    provisioner = provisioner_of(terms)
    return provisioner.needs_work and not isinstance(provisioner, Automatic | Ordered)


def plain_words(terms: PortTerms) -> str:
    """Why the port offers no modes of access: what is granted to everybody alike; "" where modes make a difference."""
    provisioner = provisioner_of(terms)
    return provisioner.grants_plain if isinstance(provisioner, Plain) else ""
