"""What the provisioners of database servers share: reaching the server, comparing, and what is said where it fails."""

from collections.abc import Iterator
from contextlib import contextmanager

from catalog.access.stores import CannotProvision, Grant, Reader, Stored
from catalog.connections.connectors.base import CrawlContext
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.servers import pinned_address
from catalog.connections.context import make_context

SECONDS = 30
MOST_READERS = 1_000
EVERYBODY = "PUBLIC"
PLAIN = (
    "The portal grants reading the table or single columns of it here: plain values, nothing is masked. "
    "Masked values are offered by a port of its own, on a view that masks."
)
NOT_ALLOWED = "The connection's account may not grant this. "
NO_SUCH_COLUMN = "The table has no such column any more."


@contextmanager
def reached(grant: Stored) -> Iterator[tuple[str, CrawlContext]]:
    """The checked address of the grant's server and the limits of one visit. What the server refuses becomes
    CannotProvision with the connector's sentence."""
    context = make_context(seconds=SECONDS)
    try:
        yield pinned_address(grant.config, context), context
    except SourceError as error:
        raise CannotProvision(str(error)) from error


def table_of(grant: Stored) -> str:
    """The table the port is tied to. Raises CannotProvision where it is tied to none."""
    table = str(grant.address.get("table", ""))
    if not table:
        raise CannotProvision("The port is tied to no table. Connect it to one first.")
    return table


def principal_of(grant: Grant) -> str:
    """The consumer's name in the store. Raises CannotProvision where nobody has said it."""
    if not grant.principal:
        raise CannotProvision("Nobody has said which database role the consumer has.")
    return grant.principal


def difference(there: set[str], agreed: set[str]) -> str:
    """How the columns granted differ from those agreed, in a sentence; "" where they do not."""
    if lacking := sorted(agreed - there):
        return f"Not granted: {', '.join(lacking)}."
    if surplus := sorted(there - agreed):
        return f"Granted outside the agreement: {', '.join(surplus)}."
    return ""


def reads_more(who: str) -> str:
    """The drift of one who was granted single columns and reads all of them."""
    return f"{who} can read the whole table, not only the columns agreed."


def still_reads(who: str) -> str:
    """What is left of one whose grant was taken away and who reads by another way."""
    return f"{who} can still read it: granted outside the portal, to PUBLIC or another role."


def reader(names: tuple[str, ...], through: tuple[str, ...], is_whole: bool) -> Reader:
    """One who can read, with the sentence that says how."""
    what = "the table" if is_whole else "single columns of the table"
    who = "Everybody" if names[0] == EVERYBODY else names[0]
    how = f"through the role {through[0]}" if through else "by a grant of its own"
    return Reader(names, f"{who} can read {what} {how}.", through)
