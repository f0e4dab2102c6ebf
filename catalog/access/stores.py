"""What a provisioner is, what it is told about an access, and how it says that it could not give it. No Django."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from catalog.access.orders import Order


class CannotProvision(Exception):
    """The store could not be changed or looked at; the message is a sentence for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What a port offers, in the words of the store. `config` holds the connection's settings with its secrets,
    `address` is that of the port's asset (`{"schema": …, "table": …}`)."""

    config: Mapping[str, Any]
    address: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant(Stored):
    """What is agreed. `principal` is the consumer's name in the store (a database role); no `columns` means all."""

    agreement_id: int
    principal: str
    mode: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody the store lets read what is offered, whoever said so, and by which way.

    `names`: what an agreement may call them, the first is shown. `through`: the role that gives it, with its names;
    empty where it was given to themselves. `words` say it in a sentence.
    """

    names: tuple[str, ...]
    words: str
    through: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.names[0]


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
    middle, and raises `CannotProvision` with a sentence and no secret."""

    def grant(self, grant: Grant) -> None:
        """Put exactly what `grant` says into the store, whatever of it was there before."""

    def missing(self, grant: Grant) -> str:
        """Look: how the store differs from `grant`, in a sentence; "" where it is exactly there."""

    def revoke(self, grant: Grant) -> None:
        """Take it out of the store."""

    def left(self, grant: Grant) -> str:
        """Look: what the consumer can still read, in a sentence; "" where it is gone."""


@runtime_checkable
class Plain(Automatic, Protocol):
    """A provisioner that grants one thing, plain values: it masks nothing and knows no modes of access. Ports it grants
    offer none, and nothing is granted where one was agreed."""

    @property
    def grants_plain(self) -> str:
        """What it grants whatever is asked for, and what an owner can do instead, in a sentence or two."""


@runtime_checkable
class Counting(Automatic, Protocol):
    """A provisioner whose store counts what a consumer does."""

    @property
    def counted_by(self) -> str: ...

    def uses(self, grant: Grant) -> int | None:
        """How often the consumer has used it since the store began to count; None where it does not count."""


@runtime_checkable
class Surveying(Automatic, Protocol):
    """A provisioner whose store can be asked who reads what a port offers, granted by the portal or not."""

    def readers(self, stored: Stored) -> Sequence[Reader]:
        """Everybody who can read it, but those who administer the store and the portal's own account."""


@runtime_checkable
class Ordered(Provisioner, Protocol):
    """A provisioner that tells another system what to do; that system reports back through the API."""

    def send(self, order: "Order") -> None:
        """Deliver it; it may come again under the same id. Raises `CannotProvision` where it was not taken."""
