"""What several ports offer those who ask, read for all of them at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from catalog.access.models import PortTerms
from catalog.access.provisioners import plain_words
from catalog.access.terms import MOST_COLUMNS, Accepted, Mode, modes_of
from catalog.contracts.models import PortContract
from catalog.products.models import OutputPort
from catalog.schemas.models import Field
from catalog.schemas.selectors import newest_observed_ids


@dataclass(frozen=True, slots=True)
class Offer:
    """One port with its terms; no `columns` where it is offered as a whole."""

    port: OutputPort
    terms: PortTerms
    contract: Accepted | None
    modes: tuple[Mode, ...]
    columns: tuple[str, ...]
    plain: str


def offers_of(ports: Sequence[OutputPort]) -> list[Offer]:
    """The offers of `ports`, in their order, in five queries whatever their number."""
    held = {row.port_id: row for row in PortTerms.objects.filter(port__in=ports)}
    contracts = {
        row.port_id: Accepted(row.version, str(row.version)[:400], row.version.digest)
        for row in PortContract.objects.filter(port__in=ports).select_related("version__contract")
        if row.version is not None
    }
    choosing = [port for port in ports if port.pk in held and held[port.pk].may_choose_columns]
    columns = _columns(choosing)
    found = []
    for port in ports:
        terms, contract = held.get(port.pk) or PortTerms(port=port), contracts.get(port.pk)
        modes = tuple(modes_of(terms, contract))
        found.append(Offer(port, terms, contract, modes, columns.get(port.pk, ()), plain_words(terms)))
    return found


def _columns(ports: Sequence[OutputPort]) -> dict[int, tuple[str, ...]]:
    """The fields of the top level by port: as declared, else as last observed."""
    observed = newest_observed_ids(port.asset_id for port in ports if port.asset_id is not None)
    schemas = {port.pk: port.declared_schema_id or observed.get(port.asset_id or 0) for port in ports}
    rows = Field.objects.filter(schema__in=[pk for pk in schemas.values() if pk], parent_path="")
    names: dict[int, list[str]] = {}
    for schema_id, name in rows.order_by("schema_id", "ordinal").values_list("schema_id", "name"):
        names.setdefault(schema_id, []).append(name)
    return {pk: tuple(names.get(schema or 0, ())[:MOST_COLUMNS]) for pk, schema in schemas.items()}
