"""Finding assets for names, and learning other names. The callers are importers: bulk, and without an actor."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog.assets.models import Asset
from lineage.datasets.declaring import claimed_by_declaration, link_ports
from lineage.datasets.finding import make_assets, resolved, slices
from lineage.datasets.merging import join_doubles
from lineage.datasets.models import DatasetAlias
from lineage.datasets.naming import DatasetName, Known, chosen, fitted, kind_of, match_key
from lineage.models import Source

_LONGEST_KEPT = 4_000  # characters of a name that did not fit, kept in the asset's address


@transaction.atomic
def find_or_make_assets(names: Collection[DatasetName], *, seen_at: datetime) -> dict[DatasetName, int]:
    """The asset of each name, found by its aliases, its own name or another spelling of it, or made.

    A made asset has no connection and no port: it is quarantined until somebody claims it. Names that do not fit the
    columns are cut (see `naming.fitted`); the answer is keyed by the names as given. The number of queries does not
    depend on the number of names (but for 500 of them at a time).
    """
    stored = {name: fitted(name) for name in names}
    wanted = set(stored.values())
    found, respelled = resolved(wanted)
    missing = wanted - found.keys()
    declared = claimed_by_declaration(missing) if missing else {}
    told = {name: row.port.asset_id for name, row in declared.items() if row.port.asset_id is not None}
    _remember(told, DatasetAlias.Kind.DECLARED, at=seen_at)
    found |= told
    missing -= told.keys()
    if missing:
        whole = {short: name for name, short in stored.items()}
        make_assets({name: _facts(whole[name]) for name in _apart(missing)}, seen_at)
        more, again = resolved(missing)
        found, respelled = found | more, respelled | again
        for name in missing - found.keys():  # its asset was merged, and nobody knows into what
            found[name] = Asset.objects.values_list("pk", flat=True).get(
                namespace=name.namespace, name=name.name
            )
        link_ports({declared[name].port_id: found[name] for name in missing if name in declared})
    _remember(respelled, DatasetAlias.Kind.SPELLING, at=seen_at)
    _touch(set(found.values()), seen_at)
    return {name: found[short] for name, short in stored.items()}


@transaction.atomic
def add_symlinks(
    pairs: Collection[tuple[DatasetName, DatasetName]], *, source: Source, seen_at: datetime
) -> None:
    """Learn from a machine that the second name of each pair is another name of the first.

    A name nobody knew becomes an alias. Where both are assets already, one of which only machines told of, they are
    merged, so that the order of events does not matter; else it is proposed. What a person took back is not done again.
    """
    stored = [(fitted(one), fitted(other)) for one, other in pairs]
    names = {name for pair in stored for name in pair}
    ids, _ = resolved(names)
    refused = _refused(names)
    strangers = [one for one, other in stored if one not in ids and other not in ids and one != other]
    ids |= find_or_make_assets(strangers, seen_at=seen_at) if strangers else {}
    aliases: dict[DatasetName, int] = {}
    doubles: set[tuple[int, int]] = set()
    for one, other in stored:
        known, unknown = (one, other) if one in ids else (other, one)
        if unknown not in ids and known in ids:
            ids[unknown] = ids[known]
            if unknown not in refused:
                aliases[unknown] = ids[known]
        elif one in ids and ids[one] != ids[other] and not {one, other} & refused:
            doubles.add((ids[one], ids[other]))
    _remember(aliases, DatasetAlias.Kind.SYMLINK, at=seen_at, source=source)
    join_doubles(doubles, at=seen_at)


def _apart(names: Iterable[DatasetName]) -> list[DatasetName]:
    """One of each group of names that are spellings of one another."""
    kept: dict[str, list[Known]] = {}
    for name in sorted(names, key=lambda item: (item.namespace, item.name)):
        others = kept.setdefault(match_key(name), [])
        if chosen(name, others) is None:
            others.append(Known(name))
    return [item.name for group in kept.values() for item in group]


def _facts(name: DatasetName) -> Mapping[str, Any]:
    """What an asset is made with when nothing but its name is known."""
    short = fitted(name)
    whole = {"namespace": name.namespace, "name": name.name}
    cut = {key: fit for key, fit in whole.items() if len(fit) > len(getattr(short, key))}
    address = {key: _plain(text)[:_LONGEST_KEPT] for key, text in cut.items() if key == "name"}
    return {"kind": kind_of(short), "address": address}


def _plain(text: str) -> str:
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _remember(
    names: Mapping[DatasetName, int], kind: DatasetAlias.Kind, *, at: datetime, source: str = ""
) -> None:
    """Write aliases; one that is there already stays."""
    DatasetAlias.objects.bulk_create(
        [
            DatasetAlias(
                namespace=name.namespace,
                name=name.name,
                match_key=match_key(name),
                asset_id=asset_id,
                kind=kind,
                source=source,
                made_at=at,
            )
            for name, asset_id in sorted(names.items(), key=lambda item: (item[0].namespace, item[0].name))
        ],
        ignore_conflicts=True,
        batch_size=200,
    )


def _refused(names: Collection[DatasetName]) -> set[DatasetName]:
    """Names of which a person took an alias back."""
    refused: set[DatasetName] = set()
    for keys in slices({match_key(name) for name in names}):
        rows = DatasetAlias.objects.filter(match_key__in=keys, undone_at__isnull=False)
        refused.update(
            DatasetName(namespace, name) for namespace, name in rows.values_list("namespace", "name")
        )
    return refused & set(names)


def _touch(ids: Collection[int], seen_at: datetime) -> None:
    """Widen the time in which assets without a connection were seen; of the others their crawls say it."""
    for part in slices(ids):
        rows = Asset.objects.filter(pk__in=part, connection=None)
        for stale, value in (
            (rows.filter(last_seen_at__lt=seen_at), {"last_seen_at": seen_at}),
            (rows.filter(first_seen_at__gt=seen_at), {"first_seen_at": seen_at}),
        ):
            ordered = list(stale.order_by("pk").select_for_update().values_list("pk", flat=True))
            if ordered:
                Asset.objects.filter(pk__in=ordered).update(**value)
