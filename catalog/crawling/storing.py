"""Storing finished crawls: one transaction for all that are there, in bulk, nothing written twice.

The runs' claims are checked first, under lock: a worker that was thought dead and comes back stores nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from django.db import transaction

from catalog.assets import services as assets
from catalog.common import bulk
from catalog.connections.connectors.observations import ObservedAsset
from catalog.crawling import cleaning, judging, knowledge, measuring
from catalog.crawling.gathering import Gathered
from catalog.crawling.models import CrawlItem, CrawlRun
from catalog.crawling.reconcile import Key, Outcome, Reconciliation, Seen, reconcile
from catalog.products.models import OutputPort
from catalog.schemas import recording as schemas
from catalog.schemas.diff import Change
from catalog.schemas.fingerprint import fingerprint
from catalog.schemas.shape import FieldShape


@dataclass(frozen=True, slots=True)
class Finished:
    """A crawl that is over and not stored yet; `links` are ports and the assets found where they said."""

    run_id: int
    claim: str
    task: knowledge.Task
    gathered: Gathered
    links: Mapping[int, Key]


@dataclass
class Storing:
    """What storing one crawl works on; `ids` grows with the assets that are new."""

    run: CrawlRun
    task: knowledge.Task
    gathered: Gathered
    links: Mapping[int, Key]
    known: dict[Key, knowledge.KnownAsset] = field(default_factory=dict)
    found: Reconciliation = field(default_factory=lambda: Reconciliation({}))
    ids: dict[Key, int] = field(default_factory=dict)
    shapes: dict[Key, list[FieldShape]] = field(default_factory=dict)

    @cached_property
    def merged(self) -> dict[Key, ObservedAsset]:
        """Every asset that was seen, as it was read in full where it was.

        Of an asset that is read in full at other times the listing's fields are left out: the two may differ in
        detail, and a run that ran out of time must not make a schema version of that.
        """
        listed, read = self.gathered.listed, self.gathered.read
        claimed = {item.key for item in self.task.claimed}
        merged = {
            key: replace(asset, fields=None) if key in claimed and key not in read else asset
            for key, asset in listed.items()
        }
        return merged | read

    @cached_property
    def keys(self) -> set[Key]:
        """Every asset the crawl says anything of."""
        return {*self.merged, *self.gathered.readings, *(item.key for item in self.task.claimed)}

    @cached_property
    def present(self) -> set[Key]:
        """Every asset that was seen."""
        return self.merged.keys() | self.gathered.unchanged

    def touched(self) -> set[int]:
        """Assets of which something was measured, or tried to be."""
        keys = {*self.gathered.readings, *(item.key for item in self.task.claimed)}
        return {self.ids[key] for key in keys if key in self.ids}


@transaction.atomic
def store_crawls(finished: Iterable[Finished], now: datetime) -> dict[int, tuple[CrawlRun, Reconciliation]]:
    """Write everything the crawls found; the caller settles the runs themselves in the same transaction.

    Returns run id -> the run (locked) and what its crawl meant, of those whose claim still holds; nothing is written
    for the others.
    """
    listed = list(finished)
    runs = held_runs({item.run_id: item.claim for item in listed})
    works = [
        Storing(runs[item.run_id], item.task, item.gathered, item.links)
        for item in listed
        if item.run_id in runs
    ]
    for group in _apart(works):
        _store(group, now)
    return {work.run.pk: (work.run, work.found) for work in works}


def held_runs(claims: Mapping[int, str]) -> dict[int, CrawlRun]:
    """The runs, locked, of which these claims (by run id) still hold."""
    rows = (
        CrawlRun.objects.select_for_update(of=("self",))
        .select_related("connection", "port__product", "requested_by")
        .filter(pk__in=list(claims), status=CrawlRun.Status.RUNNING)
        .order_by("pk")
    )
    return {run.pk: run for run in rows if run.claim == claims[run.pk]}


def _apart(works: Sequence[Storing]) -> list[list[Storing]]:
    """Groups in which no asset comes twice: two connections may lead to one store."""
    groups: list[list[Storing]] = []
    for work in works:
        apart = (group for group in groups if all(other.keys.isdisjoint(work.keys) for other in group))
        group = next(apart, None)
        if group is None:
            groups.append([work])
        else:
            group.append(work)
    return groups


def _store(works: Sequence[Storing], now: datetime) -> None:
    known = knowledge.known_assets(
        {work.run.connection_id for work in works}, set().union(*(work.keys for work in works))
    )
    by_connection: dict[int | None, list[Key]] = {}
    for key, item in known.items():
        by_connection.setdefault(item.connection_id, []).append(key)
    for work in works:
        mine = work.keys.union(by_connection.get(work.run.connection_id, ()))
        work.known = {key: known[key] for key in mine if key in known}
        work.found = _reconciled(work, now)
    _write_assets(works, now)
    linked = [port_id for work in works for port_id in _link_ports(work)]
    changes = _write_schemas(works, now)
    redefined = _write_definitions(works, now)
    measuring.write_readings(works, now)
    measuring.write_profiles(works, now)
    measuring.write_checks(works, now)
    _write_items(works)
    touched = {pk: work.run.pk for work in works for pk in work.touched()}
    seen = {work.ids[key]: work.run.pk for work in works for key in work.found.verdicts if key in work.ids}
    judging.judge_ports(
        asset_ids={*touched, *changes, *redefined},
        linked=linked,
        changes=changes,
        redefined=redefined,
        runs=seen | touched,
        now=now,
    )
    for work in works:
        measuring.write_tls(work, now)
    _keep_digests(works)


def _reconciled(work: Storing, now: datetime) -> Reconciliation:
    seen = _seen(work)
    scope = {key: item.known for key, item in work.known.items() if _in_scope(work, key, item)}
    is_complete = work.gathered.is_complete and work.run.port_id is None
    return reconcile(scope, seen, is_complete=is_complete, now=now)


def _in_scope(work: Storing, key: Key, item: knowledge.KnownAsset) -> bool:
    """What this connection brought (all of it when listed, else what was asked for), and what was seen again."""
    if work.run.port_id is None and item.connection_id == work.run.connection_id:
        return True
    return key in work.gathered.listed or key in work.gathered.readings or key in work.gathered.read


def _seen(work: Storing) -> dict[Key, Seen]:
    unchanged = work.gathered.unchanged
    found = {key: _as_seen(work, key, asset) for key, asset in work.merged.items() if key not in unchanged}
    for key in unchanged:
        if item := work.known.get(key):
            was = item.known
            found[key] = Seen(was.kind, was.comment, was.address, was.fingerprint or None, was.definition)
    for key, reading in work.gathered.readings.items():
        if reading.error is None:
            continue
        if reading.error.code == "gone":
            found[key] = Seen(is_gone=True)
        else:
            found[key] = Seen(error=reading.error.message)
    return found


def _as_seen(work: Storing, key: Key, asset: ObservedAsset) -> Seen:
    shapes = None
    if asset.fields is not None:
        shapes = work.shapes[key] = [cleaning.shape(item) for item in asset.fields]
    return Seen(
        kind=asset.kind,
        comment=asset.comment,
        address=asset.address,
        fingerprint=None if shapes is None else fingerprint(shapes),
        definition=assets.digest(asset.definition),
    )


def _write_assets(works: Sequence[Storing], now: datetime) -> None:
    written = {
        key: work
        for work in works
        for key, verdict in work.found.verdicts.items()
        if key in work.present and _is_written(work, key, verdict.outcome)
    }
    assets.write_assets(seen=[_seen_asset(work, key) for key, work in written.items()], now=now)
    for work in works:
        work.ids = {key: item.pk for key, item in work.known.items()}
    new = {key: work for key, work in written.items() if key not in work.ids}
    for key, pk in knowledge.ids_of(new).items() if new else ():
        new[key].ids[key] = pk
    assets.touch_assets(
        ids=[
            work.ids[key]
            for work in works
            for key in work.keys & work.found.verdicts.keys()
            if key not in written
            and key in work.ids
            and (key in work.merged or key in work.gathered.unchanged)
        ],
        now=now,
    )
    missing = {
        work.ids[key]: (verdict.missing_since, verdict.outcome)
        for work in works
        for key, verdict in work.found.verdicts.items()
        if key not in work.present and verdict.missing_since
    }
    assets.mark_missing(
        since={pk: since for pk, (since, _) in missing.items() if since},
        vanished=[pk for pk, (_, outcome) in missing.items() if outcome is Outcome.VANISHED],
        now=now,
    )


def _seen_asset(work: Storing, key: Key) -> assets.SeenAsset:
    if key in work.merged and key not in work.gathered.unchanged:
        asset = work.merged[key]
        kind, address, comment = str(asset.kind), asset.address, asset.comment
    else:
        was = work.known[key].known
        kind, address, comment = was.kind, was.address, was.comment
    return assets.SeenAsset(
        connection_id=work.run.connection_id,
        namespace=key.namespace,
        name=key.name,
        kind=kind,
        address=address,
        comment=comment,
    )


def _is_written(work: Storing, key: Key, outcome: str) -> bool:
    """New and changed assets; one that could not be read is written only when nobody knew it."""
    if outcome in (Outcome.NEW, Outcome.CHANGED):
        return True
    return outcome == Outcome.FAILED and key not in work.known


def _link_ports(work: Storing) -> list[int]:
    """Give ports that named a place the asset that was found there."""
    linked = []
    for port_id, key in work.links.items():
        if key in work.ids:
            rows = OutputPort.objects.filter(pk=port_id, asset=None)
            linked += [port_id] * rows.update(asset=work.ids[key])
    return linked


def _write_schemas(works: Sequence[Storing], now: datetime) -> dict[int, tuple[Change, ...]]:
    new = [
        schema
        for work in works
        for key, verdict in work.found.verdicts.items()
        if verdict.is_new_schema and (schema := _new_schema(work, key)) is not None
    ]
    return schemas.write_versions(schemas=new, now=now) if new else {}


def _new_schema(work: Storing, key: Key) -> schemas.NewSchema | None:
    fields = work.merged[key].fields if key in work.merged else None
    if fields is None:
        return None
    known = work.known.get(key)
    return schemas.NewSchema(
        asset_id=work.ids[key],
        fields=work.shapes[key],
        places={item.path: (item.name, item.parent_path) for item in fields},
        previous_id=known.schema_id if known else None,
        number=known.schema_number if known else 0,
    )


def _write_definitions(works: Sequence[Storing], now: datetime) -> set[int]:
    """The SQL of views that is new or worded anew; returns the assets whose SQL was another before."""
    new = []
    for work in works:
        for key, verdict in work.found.verdicts.items():
            if verdict.is_new_definition and key in work.merged:
                known = work.known.get(key)
                number = known.definition_number if known else 0
                sql = work.merged[key].definition
                new.append(assets.NewDefinition(asset_id=work.ids[key], sql=sql, number=number))
    assets.write_definitions(definitions=new, now=now)
    return {item.asset_id for item in new if item.number}


def _write_items(works: Sequence[Storing]) -> None:
    """One row per asset something happened to; unchanged ones are only counted."""
    rows = (
        (work.run.pk, work.ids[key], str(verdict.outcome), verdict.message, _remedy(work, key))
        for work in works
        for key, verdict in work.found.verdicts.items()
        if verdict.outcome is not Outcome.UNCHANGED and key in work.ids
    )
    bulk.insert(CrawlItem, ("run_id", "asset_id", "outcome", "message", "remedy"), rows)


def _remedy(work: Storing, key: Key) -> str:
    reading = work.gathered.readings.get(key)
    return reading.error.remedy if reading and reading.error else ""


def _keep_digests(works: Sequence[Storing]) -> None:
    """Last of all: what was written above made them void."""
    assets.keep_digests(
        digests={
            work.ids[key]: digest
            for work in works
            for key, digest in work.gathered.digests.items()
            if key in work.ids and work.found.verdicts[key].outcome is not Outcome.FAILED
        }
    )
