"""One event taken apart into what it says of jobs, runs, datasets and what is made from what. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lineage.datasets.naming import DatasetName
from lineage.openlineage import facets as facet
from lineage.openlineage.facets import Made, mapping, members, word
from lineage.openlineage.jobs import JobKey, JobSeen

Facets = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetTold:
    """A dataset as one event speaks of it. `is_output` is None where nobody reads or writes it there.

    `is_explicit`: facets say what it is made from, so that it is not taken to be made from all the event's inputs.
    """

    name: DatasetName
    is_output: bool | None
    facets: Facets
    own_facets: Facets = field(default_factory=dict)  # of this reading or writing: inputFacets, outputFacets
    is_explicit: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One event, taken apart."""

    event_at: datetime
    event_type: str
    job: JobSeen | None
    parent: JobSeen | None
    run_key: str
    run_facets: Facets
    datasets: tuple[DatasetTold, ...]
    made: Mapping[DatasetName, Made]

    @property
    def names(self) -> set[DatasetName]:
        """Every dataset it names."""
        found = {dataset.name for dataset in self.datasets}
        for target, made in self.made.items():
            if made.upstreams:
                found |= {target, *made.upstreams}
        return found

    @property
    def symlinks(self) -> set[tuple[DatasetName, DatasetName]]:
        return {pair for one in self.datasets for pair in facet.symlinks(one.name, one.facets)}


def unpack(data: Any, *, kind: str, event_type: str, event_at: datetime, run_key: str) -> Told:
    """Take a stored event apart; its columns were read when it came."""
    job = _job(mapping(data, "job"), event_at) if kind != "dataset" else None
    made: dict[DatasetName, Made] = facet.made_by_job(job.facets) if job else {}
    told_of = {name for name, one in made.items() if one.is_told}
    datasets = []
    for name, is_output, item in _named(data, kind):
        facets = _facets(item, "facets")
        if is_output is not False:
            own = facet.made_from(name, facets)
            made[name] = _both(made.get(name), own)
        is_explicit = is_output is True and (name in told_of or own.is_told)
        datasets.append(
            DatasetTold(
                name=name, is_output=is_output, facets=facets, is_explicit=is_explicit,
                own_facets=_facets(item, "outputFacets" if is_output else "inputFacets"),
            )
        )  # fmt: skip
    run_facets = _facets(mapping(data, "run"), "facets")
    return Told(
        event_at=event_at, event_type=event_type, job=job and _with_parent(job, run_facets),
        parent=_parent(run_facets, event_at), run_key=run_key, run_facets=run_facets, datasets=tuple(datasets),
        made=made,
    )  # fmt: skip


def _job(data: Facets, at: datetime) -> JobSeen:
    facets = _facets(data, "facets")
    kinds = mapping(facets, "jobType")
    return JobSeen(
        namespace=word(data, "namespace"), name=word(data, "name"), seen_at=at,
        integration=word(kinds, "integration"), kind=word(kinds, "jobType"),
        description=word(mapping(facets, "documentation"), "description"), facets=facets,
    )  # fmt: skip


def _with_parent(job: JobSeen, run_facets: Facets) -> JobSeen:
    parent = facet.parent_of(run_facets)
    key: JobKey | None = (
        (parent.namespace, parent.name) if parent and parent.name and parent.namespace else None
    )
    return JobSeen(
        namespace=job.namespace, name=job.name, seen_at=job.seen_at, integration=job.integration, kind=job.kind,
        description=job.description, facets=job.facets, parent=key,
    )  # fmt: skip


def _parent(run_facets: Facets, at: datetime) -> JobSeen | None:
    parent = facet.parent_of(run_facets)
    if parent is None or not (parent.namespace and parent.name):
        return None
    return JobSeen(namespace=parent.namespace, name=parent.name, seen_at=at)


def _named(data: Facets, kind: str) -> Iterator[tuple[DatasetName, bool | None, Facets]]:
    """The datasets of the event, and whether it writes them; None where it only speaks of one."""
    listed: list[tuple[bool | None, Facets]] = [(None, mapping(data, "dataset"))]
    if kind != "dataset":
        listed = [(is_output, item) for member, is_output in _MEMBERS for item in members(data, member)]
    for is_output, item in listed:
        name = facet.dataset_name(item)
        if name is not None:
            yield name, is_output, item


_MEMBERS = (("inputs", False), ("outputs", True))


def _facets(holder: Facets, member: str) -> dict[str, Any]:
    """The facets that are objects, by name; one that is null was never there."""
    found = holder.get(member)
    if not isinstance(found, Mapping):
        return {}
    return {name: value for name, value in found.items() if isinstance(value, Mapping)}


def _both(one: Made | None, other: Made) -> Made:
    if one is None:
        return other
    upstreams = tuple(dict.fromkeys([*one.upstreams, *other.upstreams]))
    return Made(upstreams, (*one.links, *other.links), one.is_told or other.is_told)
