"""What a port offers those who ask: its terms, the contract in force, modes, columns."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from catalog.access.models import Agreement, PortTerms
from catalog.access.provisioners import plain_words
from catalog.contracts.models import ContractVersion, PortContract
from catalog.contracts.parts import text
from catalog.contracts.reading import working_data
from catalog.products.models import OutputPort
from catalog.schemas.models import Field
from catalog.schemas.selectors import newest_observed_ids

MOST_COLUMNS = 2_000


def terms_of(port: OutputPort) -> PortTerms:
    """The owner's terms, or the defaults in a row that is not saved."""
    return PortTerms.objects.filter(port=port).first() or PortTerms(port=port)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The contract a request accepts: which version of which document, by its digest."""

    version: ContractVersion
    words: str
    digest: str


def contract_of(port: OutputPort) -> Accepted | None:
    """The contract in force on the port, if its document is here."""
    held = PortContract.objects.filter(port=port).select_related("version__contract").first()
    if held is None or held.version is None:
        return None
    return Accepted(held.version, str(held.version)[:400], held.version.digest)


@dataclass(frozen=True, slots=True)
class Mode:
    """A way to use a port: a role of its contract, or one its owner named."""

    name: str
    words: str = ""


def modes_of(terms: PortTerms, contract: Accepted | None) -> list[Mode]:
    """Those among which one can choose: none where all of them would be granted the same."""
    return [] if plain_words(terms) else modes_named(terms, contract)


def modes_named(terms: PortTerms, contract: Accepted | None) -> list[Mode]:
    """The roles of the contract first, then the owner's own; without any, there is one way and nothing to choose."""
    found: dict[str, Mode] = {}
    if contract is not None:
        for role in working_data(bytes(contract.version.original)).get("roles") or []:
            if isinstance(role, Mapping) and text(role, "role"):
                name = text(role, "role")[:100]
                words = " · ".join(filter(None, (text(role, "access"), text(role, "description"))))
                found.setdefault(name, Mode(name, words[:300]))
    for item in terms.modes:
        found.setdefault(str(item)[:100], Mode(str(item)[:100]))
    return list(found.values())


def columns_of(port: OutputPort) -> list[str]:
    """The fields of the port's top level: as declared, else as last observed."""
    schema_id = port.declared_schema_id
    if schema_id is None and port.asset_id is not None:
        schema_id = newest_observed_ids([port.asset_id]).get(port.asset_id)
    if schema_id is None:
        return []
    rows = Field.objects.filter(schema=schema_id, parent_path="").order_by("ordinal")
    return list(rows.values_list("name", flat=True)[:MOST_COLUMNS])


def first_moment(day: dt.date) -> dt.datetime:
    """Midnight (UTC) at which an agreement that begins on `day` begins."""
    return dt.datetime.combine(day, dt.time(), dt.UTC)


def last_moment(day: dt.date) -> dt.datetime:
    """The end of an agreement whose last day is `day`: the midnight after it (UTC)."""
    return first_moment(day) + dt.timedelta(days=1)


def period(
    agreement: Agreement,
    *,
    kind: str,
    starts_on: dt.date | None,
    ends_on: dt.date | None,
    days: int | None,
    now: dt.datetime,
) -> tuple[dt.datetime, dt.datetime | None]:
    """From when until when an agreement would hold if what was asked were approved at `now`.

    A change keeps the period. A renewal keeps the start of what still stands and never shortens it. Days count from
    the start, in a renewal from now.
    """
    stands = agreement.starts_at is not None and not agreement.is_over(now)
    if kind == "change" and stands and agreement.starts_at is not None:
        return agreement.starts_at, agreement.ends_at
    start = max(now, first_moment(starts_on)) if starts_on else now
    counted_from = start
    if kind == "renew" and stands and agreement.starts_at is not None:
        start, counted_from = agreement.starts_at, now
    if ends_on is not None:
        return start, last_moment(ends_on)
    return start, counted_from + dt.timedelta(days=days) if days else None
