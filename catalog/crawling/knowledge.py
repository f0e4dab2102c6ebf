"""What the portal knows before a crawl: assets in its scope, which to read, whose values may be kept."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Max, OuterRef, Q, Subquery
from django.utils import timezone

from catalog.assets.models import Asset, ViewDefinition
from catalog.connections.connectors.base import Connector, Wanted
from catalog.connections.connectors.config import Config
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.observations import AssetKey, ObservedAsset
from catalog.crawling import checking
from catalog.crawling.digest import said_of
from catalog.crawling.gathering import Stored
from catalog.crawling.models import CrawlRun
from catalog.crawling.reconcile import Key, Known
from catalog.products.models import Lifecycle, OutputPort
from catalog.products.value_discretion import discretion
from catalog.schemas.selectors import Discretion, newest_observed

_JUDGED = ("kind", "comment", "address", "fingerprint", "definition", "missing_since", "vanished_at")
_NUMBERS = ("schema_id", "schema_number", "definition_number")
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class KnownAsset:
    """An asset's row as reconciliation needs it, with the newest observed schema."""

    pk: int
    connection_id: int | None  # the one that brought it
    known: Known
    schema_id: int | None
    schema_number: int
    definition_number: int


def known_assets(connection_ids: Collection[int], keys: Collection[Key]) -> dict[Key, KnownAsset]:
    """The assets of connections and those with `keys`, whoever brought them."""
    namespaces = {key.namespace for key in keys}
    newest = newest_observed("pk")
    wording = ViewDefinition.objects.filter(asset=OuterRef("pk")).order_by("-number")
    rows = (
        Asset.objects.filter(Q(connection__in=connection_ids) | Q(namespace__in=namespaces))
        .order_by()
        .annotate(
            schema_id=Subquery(newest.values("pk")[:1]),
            schema_number=Subquery(newest.values("number")[:1]),
            fingerprint=Subquery(newest.values("fingerprint")[:1]),
            definition=Subquery(wording.values("digest")[:1]),
            definition_number=Subquery(wording.values("number")[:1]),
        )
        .values("pk", "connection_id", "namespace", "name", *_NUMBERS, *_JUDGED)
    )
    found = {}
    for row in rows.iterator(chunk_size=2_000):
        key = Key(row["namespace"], row["name"])
        if row["connection_id"] in connection_ids or key in keys:
            words = {name: row[name] or "" for name in ("fingerprint", "definition")}
            found[key] = KnownAsset(
                pk=row["pk"],
                connection_id=row["connection_id"],
                known=Known(**{name: row[name] for name in _JUDGED} | words),
                schema_id=row["schema_id"],
                schema_number=row["schema_number"] or 0,
                definition_number=row["definition_number"] or 0,
            )
    return found


def ids_of(keys: Collection[Key]) -> dict[Key, int]:
    """The ids of assets by their names."""
    rows = Asset.objects.filter(
        namespace__in={key.namespace for key in keys}, name__in={k.name for k in keys}
    )
    found = (
        (Key(namespace, name), pk) for pk, namespace, name in rows.values_list("pk", "namespace", "name")
    )
    return {key: pk for key, pk in found if key in keys}


@dataclass(frozen=True, slots=True)
class Claimed:
    """An asset some port offers: it is read in full. `last_read_at` lets the longest unread go first."""

    pk: int
    key: Key
    address: Mapping[str, object]
    last_read_at: datetime


@dataclass(frozen=True, slots=True)
class Unlinked:
    """A port that names a place in this connection's store, and no asset is known for it yet."""

    port_id: int
    location: str


@dataclass(frozen=True, slots=True)
class Task:
    """What a run is to do: list the store or not, and what to read."""

    is_whole: bool
    claimed: tuple[Claimed, ...]
    unlinked: tuple[Unlinked, ...]
    discretion: Mapping[int, Discretion]  # by asset id, of the claimed
    checks: Mapping[int, tuple[checking.DueCheck, ...]]  # by asset id, of the claimed
    digests: Mapping[
        Key, str
    ]  # of what is stored of the claimed, and in a whole run of all the connection brought

    @property
    def stored(self) -> Stored:
        said = {item.key: said_of(self.discretion[item.pk]) for item in self.claimed}
        return Stored(self.digests, said)


def task_of(run: CrawlRun) -> Task:
    """What one run is to do; see `tasks_of`."""
    return tasks_of([run])[run.pk]


def tasks_of(runs: Collection[CrawlRun]) -> dict[int, Task]:
    """By run id. A run of a connection lists it and reads what ports claim; a run of one port reads its asset alone.

    A port without a known asset needs the listing to find it. The number of queries does not grow with the runs.
    """
    single = [run.port_id for run in runs if run.port_id is not None]
    listing = [run.connection_id for run in runs if run.port_id is None]
    ports = (
        OutputPort.objects.filter(Q(pk__in=single) | Q(connection__in=listing))
        .exclude(product__lifecycle=Lifecycle.RETIRED)
        .values_list("pk", "connection_id", "location", "asset_id")
    )
    offered = list(ports.order_by("pk"))
    claimed = _claimed({asset_id for *_, asset_id in offered if asset_id is not None})
    said = discretion(claimed)
    digests = _digests(listing)
    due = checking.due_checks(claimed, timezone.now())
    tasks = {}
    for run in runs:
        mine = [
            (pk, location, asset_id)
            for pk, connection_id, location, asset_id in offered
            if connection_id == run.connection_id and run.port_id in (None, pk)
        ]
        items = {asset_id: claimed[asset_id] for _, _, asset_id in mine if asset_id in claimed}
        unlinked = tuple(
            Unlinked(pk, location) for pk, location, asset_id in mine if asset_id is None and location
        )
        own = {item.key: digest for item, digest in items.values()}
        tasks[run.pk] = Task(
            is_whole=run.port_id is None or bool(unlinked),
            claimed=tuple(
                sorted((item for item, _ in items.values()), key=lambda item: (item.last_read_at, item.key))
            ),
            unlinked=unlinked,
            discretion={pk: said[pk] for pk in items},
            checks={pk: due[pk] for pk in items if pk in due},
            digests=digests.get(run.connection_id, {}) | own,
        )
    return tasks


def _claimed(asset_ids: Collection[int]) -> dict[int, tuple[Claimed, str]]:
    """Assets to read in full, each with the digest of what is stored of it."""
    rows = (
        Asset.objects.filter(pk__in=asset_ids)
        .annotate(last_read=Max("readings__read_at"))
        .order_by()
        .values_list("pk", "namespace", "name", "address", "last_read", "observed_digest")
    )
    return {
        pk: (Claimed(pk, Key(namespace, name), address, last_read or _LONG_AGO), digest)
        for pk, namespace, name, address, last_read, digest in rows
    }


def _digests(connection_ids: Collection[int]) -> dict[int, dict[Key, str]]:
    found: dict[int, dict[Key, str]] = {}
    rows = Asset.objects.filter(connection__in=connection_ids).exclude(observed_digest="").order_by()
    for connection_id, namespace, name, digest in rows.values_list(
        "connection_id", "namespace", "name", "observed_digest"
    ):
        if connection_id is not None:
            found.setdefault(connection_id, {})[Key(namespace, name)] = digest
    return found


Choose = Callable[[Mapping[Key, ObservedAsset]], Sequence[Wanted]]


def chooser(task: Task, connector: Connector, config: Config) -> tuple[Choose, dict[int, Key]]:
    """The function that turns a listing into what to read, and (filled by it) the ports it found an asset for."""
    links: dict[int, Key] = {}

    def choose(listed: Mapping[Key, ObservedAsset]) -> Sequence[Wanted]:
        wanted = {item.key: _wanted(item, task) for item in task.claimed}
        if task.unlinked:
            places = _places(listed, connector, config)
            for port in task.unlinked:
                key = places.get(port.location.strip().casefold())
                if key is None:
                    continue
                links[port.port_id] = key
                wanted.setdefault(key, Wanted(asset=AssetKey(*key), address=listed[key].address))
        return list(wanted.values())

    return choose, links


def _wanted(item: Claimed, task: Task) -> Wanted:
    said = task.discretion[item.pk]
    return Wanted(
        asset=AssetKey(*item.key),
        address=item.address,
        released=said.released,
        withheld=said.withheld,
        checks=tuple(check.spec for check in task.checks.get(item.pk, ()) if check.spec),
    )


def _places(
    listed: Mapping[Key, ObservedAsset], connector: Connector, config: Config
) -> dict[str, Key | None]:
    """Every way people write down where an asset is, in small letters; what is ambiguous leads to None."""
    found: dict[str, Key | None] = {}
    for key, asset in listed.items():
        parts = asset.name.split(".")
        words = {asset.name, f"{asset.namespace}/{asset.name}"}
        words.update(".".join(parts[start:]) for start in range(1, len(parts)))
        folders = asset.name.split("/")  # file sets: documents name them by the end of their path
        words.update("/".join(folders[start:]) for start in range(1, len(folders)))
        with suppress(SourceError):
            words.add(connector.facts(config, asset.address).location)
        for word in {item.strip().casefold() for item in words if item}:
            found[word] = key if found.get(word, key) == key else None
    return found
