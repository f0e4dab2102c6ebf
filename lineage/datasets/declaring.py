"""Names that ports and their contracts declare: kept in rows, so that an event about one finds the port."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from catalog.assets.models import Asset
from catalog.audit import services as audit
from catalog.common.announcing import announce
from catalog.common.documents import read_document
from catalog.common.errors import PortalError
from catalog.contracts import detect, odcs
from catalog.contracts.models import PortContract
from catalog.products.models import OutputPort
from catalog.products.signals import products_changed
from lineage.datasets.finding import resolved, slices
from lineage.datasets.models import DatasetMerge, DeclaredName
from lineage.datasets.naming import DatasetName, Known, chosen, fitted, match_key
from lineage.datasets.places import names_of_location, names_of_server
from lineage.datasets.proposing import propose_merges
from lineage.edges.deriving import follow_claims

_MOST_NAMES = 20  # of one port


@transaction.atomic
def sync_declared_names(port_ids: Iterable[int], *, now: datetime | None = None) -> int:
    """Make the declared names of ports what their locations and contracts say now; returns how many changed.

    A port without an asset gets the one an event told of before, if nobody else claims it. One that has another asset
    is proposed to be merged with it.
    """
    now = now or timezone.now()
    changed = 0
    for part in slices(set(port_ids)):
        joined = OutputPort.objects.select_related("product", "contract_in_force__version")
        ports = list(joined.filter(pk__in=part))
        wanted = {(port.pk, name) for port in ports for name in declared_names(port)}
        rows = DeclaredName.objects.filter(port__in=part)
        known = {
            (port, DatasetName(space, name)): pk
            for pk, port, space, name in rows.values_list("pk", "port_id", "namespace", "name")
        }
        stale = [pk for key, pk in known.items() if key not in wanted]
        new = sorted(wanted - known.keys(), key=lambda item: (item[0], str(item[1])))
        if stale:
            DeclaredName.objects.filter(pk__in=stale).delete()
        if new:
            DeclaredName.objects.bulk_create(
                [
                    DeclaredName(
                        port_id=port, namespace=name.namespace, name=name.name, match_key=match_key(name)
                    )
                    for port, name in new
                ],
                ignore_conflicts=True,
            )
            _meet(ports, new, now)
        changed += len(stale) + len(new)
    return changed


def declared_names(port: OutputPort) -> list[DatasetName]:
    """The names a port's own location and the contract it is offered under give its data."""
    found = list(names_of_location(port.location))
    joint: PortContract | None = getattr(port, "contract_in_force", None)
    if joint is not None and joint.version is not None:
        try:
            data = read_document(bytes(joint.version.original)).data
            contract = odcs.parse(data) if detect.identify(data).kind == detect.ODCS else None
        except (PortalError, ValueError, TypeError, AttributeError, KeyError):
            contract = None  # an old document that is read no more says nothing
        if contract is not None:
            found += _of_contract(contract, port)
    return list(dict.fromkeys(fitted(name) for name in found))[:_MOST_NAMES]


def _of_contract(contract: odcs.Contract, port: OutputPort) -> list[DatasetName]:
    item = contract.object_for(port.name)
    if item is None:
        return []
    names = []
    for server in contract.servers:
        environment = server.environment.casefold()
        if not environment or not port.environment or environment[:4] == port.environment.casefold()[:4]:
            names += names_of_server(server.type, server.members, item.source_name)
    return names


def claimed_by_declaration(names: Iterable[DatasetName]) -> dict[DatasetName, DeclaredName]:
    """Of names that are no dataset yet, those that a port declares; where several products do, none of them has it."""
    listed = list(names)
    by_key: dict[str, list[DeclaredName]] = {}
    for keys in slices({match_key(name) for name in listed}):
        for row in DeclaredName.objects.filter(match_key__in=keys).select_related("port").order_by("pk"):
            by_key.setdefault(row.match_key, []).append(row)
    found = {}
    for name in listed:
        rows = by_key.get(match_key(name), [])
        place = chosen(name, [Known(DatasetName(row.namespace, row.name)) for row in rows])
        if len({row.port.product_id for row in rows}) == 1 and (place is not None or len(rows) > 1):
            found[name] = rows[place or 0]
    return found


def link_ports(assets: Mapping[int, int]) -> None:
    """Give ports (port -> asset) without one the asset they declared; it must be nobody else's."""
    linked = [
        port
        for port, asset in sorted(assets.items())
        if OutputPort.objects.filter(pk=port, asset=None).update(asset=asset)
    ]
    if not linked:
        return
    for item in OutputPort.objects.filter(pk__in=linked).select_related("product"):
        detail = {"asset": item.asset_id}
        audit.record(
            actor=None, verb="port.dataset_found", obj=item, product_id=item.product_id, detail=detail
        )
    announce(products_changed, sender=OutputPort, product_ids=[], port_ids=linked)
    follow_claims(linked)


def _meet(ports: Collection[OutputPort], new: Iterable[tuple[int, DatasetName]], now: datetime) -> None:
    """What events told of before the port declared it."""
    by_id = {port.pk: port for port in ports}
    declared = list(new)
    found, _ = resolved({name for _, name in declared})
    owners = dict(
        OutputPort.objects.filter(asset__in=set(found.values())).values_list("asset_id", "product_id")
    )
    free = _unconnected(set(found.values()))
    links: dict[int, int] = {}
    doubles: set[tuple[int, int]] = set()
    for port_id, name in declared:
        port, asset = by_id[port_id], found.get(name)
        if asset is None or asset not in free or owners.get(asset, port.product_id) != port.product_id:
            continue
        if port.asset_id is None:
            links.setdefault(port_id, asset)
        elif port.asset_id != asset and asset not in owners:
            doubles.add((port.asset_id, asset))
    link_ports(links)
    propose_merges(doubles, reason=DatasetMerge.Reason.DECLARED, at=now)


def _unconnected(ids: Collection[int]) -> set[int]:
    return set(Asset.objects.filter(pk__in=ids, connection=None).values_list("pk", flat=True))
