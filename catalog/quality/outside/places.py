"""Which ports of the mesh another tool's dataset is: by its contract, or by as much of its table's name as it says."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from catalog.accounts.models import User
from catalog.products.models import OutputPort
from catalog.quality.outside.findings import Dataset

NOT_ALLOWED, NO_PORT = "not-allowed", "no-port"


@dataclass(frozen=True, slots=True)
class Under:
    """The ports under a contract, and whether the sender may leave results for those still to come."""

    ports: Sequence[OutputPort]
    may_wait: bool


ContractPorts = Callable[[User | None, Dataset], Under | None]
_providers: list[ContractPorts] = []
_QUALIFIERS = 2  # database and schema


@dataclass(frozen=True, slots=True)
class Place:
    """The ports a dataset is (versions of one port that read the same table), or why it is none."""

    ports: tuple[OutputPort, ...] = ()
    rule: str = ""
    reason: str = ""


def register_contracts(provider: ContractPorts) -> None:
    """Announce who knows which ports are offered under a contract: None for a contract the person may not know of."""
    _providers.append(provider)


def place_all(actor: User | None, datasets: Collection[Dataset]) -> dict[Dataset, Place]:
    """Find each dataset among the ports `actor` may see; the number of queries depends on the contracts alone."""
    by_contract = {dataset for dataset in datasets if dataset.contract}
    found = {dataset: _under_contract(actor, dataset) for dataset in by_contract}
    found |= _by_table(actor, {dataset for dataset in datasets if dataset not in by_contract})
    return found


def _under_contract(actor: User | None, dataset: Dataset) -> Place:
    for provider in _providers:
        under = provider(actor, dataset)
        if under is not None and under.ports:
            return Place(tuple(under.ports))
        if under is not None and under.may_wait:
            return Place(
                rule=NO_PORT, reason="No port is offered under this contract yet; kept until one is."
            )
        if under is not None:
            return Place(rule=NOT_ALLOWED, reason="You may not send results for this contract.")
    return Place(rule="unknown-contract", reason="There is no such contract here, or none you may see.")


def _by_table(actor: User | None, datasets: set[Dataset]) -> dict[Dataset, Place]:
    named = {dataset for dataset in datasets if dataset.table}
    candidates = _candidates(actor, {dataset.table.lower() for dataset in named}) if named else {}
    chosen = {dataset: _best(dataset, candidates.get(dataset.table.lower(), ())) for dataset in named}
    ports = OutputPort.objects.select_related("product__domain").in_bulk(
        {pk for pks in chosen.values() for pk in pks}
    )
    found = {dataset: _place([ports[pk] for pk in pks]) for dataset, pks in chosen.items()}
    nameless = Place(rule="no-table", reason="It does not say which table it is about. Name the port.")
    return found | dict.fromkeys(datasets - named, nameless)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A name a port's table has, split at its dots; none where only the port's own name fits, a weaker sign."""

    port_id: int
    parts: tuple[str, ...]


def _candidates(actor: User | None, tables: Collection[str]) -> dict[str, list[_Candidate]]:
    ports = OutputPort.objects.all() if actor is None else OutputPort.objects.visible_to(actor)
    found: dict[str, list[_Candidate]] = {}
    rows = ports.order_by().values_list("pk", "name", "location", "asset__name")
    for pk, name, location, asset_name in rows.iterator(chunk_size=2_000):
        known = [tuple(_parts(said)) for said in (asset_name, location) if said]
        for parts in known:
            if parts[-1] in tables:
                found.setdefault(parts[-1], []).append(_Candidate(pk, parts))
        own = name.lower()
        if own in tables and all(parts[-1] != own for parts in known):
            found.setdefault(own, []).append(_Candidate(pk, ()))
    return found


def _parts(name: str) -> Iterable[str]:
    return (part.strip("\"'`[] ").lower() for part in name.split("."))


def _best(dataset: Dataset, candidates: Iterable[_Candidate]) -> list[int]:
    """The ports whose names agree most with the dataset's; nothing it says may be contradicted."""
    ranked: dict[int, int] = {}
    for candidate in candidates:
        rank = _rank(dataset, candidate)
        if rank is not None:
            ranked[candidate.port_id] = max(rank, ranked.get(candidate.port_id, rank))
    best = max(ranked.values(), default=0)
    return sorted(pk for pk, rank in ranked.items() if rank == best)


def _rank(dataset: Dataset, candidate: _Candidate) -> int | None:
    if not candidate.parts:
        return -1
    rank = 0
    qualifiers = [None, None, *candidate.parts[:-1]][-_QUALIFIERS:]
    for said, known in zip((dataset.database, dataset.schema), qualifiers, strict=True):
        if said and known is not None:
            if said.lower() != known:
                return None
            rank += 1
    return rank


def _place(ports: Sequence[OutputPort]) -> Place:
    """Answers do not repeat the names that were sent: the path of the problem says which result is meant."""
    offers = {(port.product_id, port.name) for port in ports}
    if not offers:
        return Place(rule="unknown-port", reason="No port you may see is this table. Name the port.")
    if len(offers) > 1:
        several = f"{len(offers)} ports you may see could be this table. Name the port."
        return Place(rule="ambiguous-port", reason=several)
    return Place(tuple(ports))
