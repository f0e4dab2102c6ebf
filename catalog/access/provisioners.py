"""How access gets into a store: by nobody, by hand, by the portal, or by a plugin.

A package offers a provisioner by an entry point in the group `meshportal.provisioners` that names a class without
arguments. A broken one is logged and skipped; a port whose provisioner is not installed is granted by hand.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Protocol, runtime_checkable

from catalog.access.mariadb import MariaDbProvisioner
from catalog.access.models import PortTerms
from catalog.access.orders import HttpProvisioner, Order
from catalog.access.postgresql import PostgresProvisioner
from catalog.access.stores import Grant

GROUP = "meshportal.provisioners"
BY_HAND = "manual"
logger = logging.getLogger(__name__)


@runtime_checkable
class Provisioner(Protocol):
    """How the access of a port is given.

    `needs_work`: something has to be in the store before one can read. `kinds`: the kinds of connections it works
    with, empty for any port.
    """

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def needs_work(self) -> bool: ...

    @property
    def kinds(self) -> tuple[str, ...]: ...


@runtime_checkable
class Automatic(Provisioner, Protocol):
    """A provisioner that the portal's workers use. Every method may be called again after it was cut off in the
    middle, and raises `stores.CannotProvision` with a sentence and no secret."""

    def grant(self, grant: Grant) -> None:
        """Put exactly what `grant` says into the store, whatever of it was there before."""

    def missing(self, grant: Grant) -> str:
        """Look: how the store differs from `grant`, in a sentence; "" where it is exactly there."""

    def revoke(self, grant: Grant) -> None:
        """Take it out of the store."""

    def left(self, grant: Grant) -> str:
        """Look: what the consumer can still read, in a sentence; "" where it is gone."""


@runtime_checkable
class Counting(Automatic, Protocol):
    """A provisioner whose store counts what a consumer does."""

    @property
    def counted_by(self) -> str: ...

    def uses(self, grant: Grant) -> int | None:
        """How often the consumer has used it since the store began to count; None where it does not count."""


@runtime_checkable
class Ordered(Provisioner, Protocol):
    """A provisioner that tells another system what to do; that system reports back through the API."""

    def send(self, order: Order) -> None:
        """Deliver it; it may come again under the same id. Raises `stores.CannotProvision` where it was not taken."""


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


@cache
def provisioners() -> Mapping[str, Provisioner]:
    """Every usable provisioner by its name, the portal's own first."""
    own: list[Provisioner] = [
        ByHand(), NotNeeded(), PostgresProvisioner(), MariaDbProvisioner(), HttpProvisioner()
    ]  # fmt: skip
    found: dict[str, Provisioner] = {item.name: item for item in own}
    for item in load(entry_points(group=GROUP)):
        found.setdefault(item.name, item)
    return found


def load(points: Iterable[EntryPoint]) -> list[Provisioner]:
    """The provisioners of installed packages; one that cannot be used is logged and left out."""
    found = []
    for point in points:
        try:
            made: Any = point.load()()
        except Exception:
            logger.exception("The provisioner %s cannot be loaded.", point.name)
            continue
        if isinstance(made, Provisioner) and isinstance(made.name, str) and made.name:
            found.append(made)
        else:
            logger.error("The provisioner %s lacks name, title, needs_work or kinds.", point.name)
    return found


def provisioner_of(terms: PortTerms) -> Provisioner:
    """The one the terms name; by hand where it is not installed (any more)."""
    known = provisioners()
    return known.get(terms.provisioner, known[BY_HAND])
