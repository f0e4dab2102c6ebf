"""From names to assets, in bulk: what is known under a name or another spelling of it."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from catalog.assets.models import Asset
from catalog.common import bulk
from lineage.datasets.models import DatasetAlias, DatasetMerge
from lineage.datasets.naming import DatasetName, Known, chosen, match_key

SLICE = 500  # values per statement: below every database's limit of parameters
_KEYLESS = 5_000  # assets that get their key in one go


@dataclass(frozen=True, slots=True)
class Candidate:
    """An asset under one of its names; `is_alias`: that name is not its own."""

    name: DatasetName
    asset_id: int
    is_literal: bool = False  # a crawl read the name from the store
    is_alias: bool = False

    @property
    def known(self) -> Known:
        return Known(self.name, self.is_literal)


def candidates(names: Collection[DatasetName], *, is_reading: bool = False) -> dict[str, list[Candidate]]:
    """Everything whose name looks like one of `names`, by match key; aliases first, merged assets left out.

    A fixed number of queries per 500 names. Assets that came without a key get it first, unless nothing may be
    written now; those are then found by their exact name only.
    """
    if not is_reading:
        give_keys()
    found: dict[str, list[Candidate]] = {}
    for keys in slices({match_key(name) for name in names}):
        aliases = DatasetAlias.objects.in_force().filter(match_key__in=keys).order_by("pk")
        for namespace, name, asset_id, key in aliases.values_list(
            "namespace", "name", "asset_id", "match_key"
        ):
            found.setdefault(key, []).append(Candidate(DatasetName(namespace, name), asset_id, is_alias=True))
        assets = Asset.objects.filter(_keyed(keys, names if is_reading else ())).order_by("pk")
        for pk, namespace, name, key, brought in assets.exclude(
            pk__in=DatasetMerge.objects.done().values("gone")
        ).values_list("pk", "namespace", "name", "match_key", "connection_id"):
            own = DatasetName(namespace, name)
            found.setdefault(key or match_key(own), []).append(
                Candidate(own, pk, is_literal=brought is not None)
            )
    return found


def _keyed(keys: Collection[str], exactly: Collection[DatasetName]) -> Q:
    wanted = Q(match_key__in=keys)
    if exactly:
        spaces, names = {name.namespace for name in exactly}, {name.name for name in exactly}
        wanted |= Q(match_key="", namespace__in=spaces, name__in=names)
    return wanted


def resolved(
    names: Iterable[DatasetName], *, is_reading: bool = False
) -> tuple[dict[DatasetName, int], dict[DatasetName, int]]:
    """The assets of the names that are known, and of these again those found by their spelling only."""
    listed = list(names)
    by_key = candidates(listed, is_reading=is_reading)
    found: dict[DatasetName, int] = {}
    respelled: dict[DatasetName, int] = {}
    for name in listed:
        known = by_key.get(match_key(name), [])
        place = chosen(name, [item.known for item in known])
        if place is None and len({item.asset_id for item in known}) == 1 and len(known) > 1:
            place = chosen(name, [known[-1].known])  # one asset under several names
        if place is None:
            continue
        found[name] = known[place].asset_id
        if known[place].name != name:
            respelled[name] = found[name]
    return found, respelled


@transaction.atomic
def give_keys() -> int:
    """Compute the key of assets that crawls wrote without one; returns how many got theirs."""
    rows = Asset.objects.filter(match_key="").order_by("pk")
    if not rows.exists():
        return 0
    locked = rows.select_for_update(**_skipping())[:_KEYLESS]
    named: list[tuple[int, str, str]] = list(locked.values_list("pk", "namespace", "name"))
    bulk.update(
        Asset,
        ("match_key",),
        [(pk, match_key(DatasetName(namespace, name))) for pk, namespace, name in named],
    )
    return len(named)


def _skipping() -> Mapping[str, Any]:
    """Rows a crawl is writing are left for the next time, where the database can tell."""
    from django.db import connection

    return {"skip_locked": True} if connection.features.has_select_for_update_skip_locked else {}


def make_assets(named: Mapping[DatasetName, Mapping[str, Any]], seen_at: datetime) -> None:
    """Insert assets nobody claimed and no crawl saw; `named` gives kind and address of each. Existing ones stay."""
    rows = [
        (None, name.namespace, name.name, dict(item["address"]), item["kind"], "", seen_at, seen_at, None, None,
         "", False, match_key(name), seen_at, seen_at)
        for name, item in sorted(named.items(), key=lambda pair: (pair[0].namespace, pair[0].name))
    ]  # fmt: skip
    columns = (
        "connection_id", "namespace", "name", "address", "kind", "comment", "first_seen_at", "last_seen_at",
        "missing_since", "vanished_at", "observed_digest", "is_ignored", "match_key", "created_at", "updated_at",
    )  # fmt: skip
    bulk.upsert(Asset, columns, rows, unique=("namespace", "name"))


def slices(values: Iterable[Any]) -> Iterator[list[Any]]:
    """The values in an order of their own, a statement's worth at a time."""
    listed = sorted(values)
    return (listed[start : start + SLICE] for start in range(0, len(listed), SLICE))
