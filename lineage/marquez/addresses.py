"""Identifiers and paths that join names without escaping them: every way to take them apart, likeliest first. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lineage.datasets.naming import DatasetName

_VERSION = re.compile(r"#[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_WITHIN = {
    "jobs": re.compile(r"(?P<name>.+)/(?P<within>runs)(?P<version>)", re.DOTALL),
    "datasets": re.compile(r"(?P<name>.+)/(?P<within>versions)(?:/(?P<version>[^/]+))?", re.DOTALL),
}
_MOST = 40  # ways to read one identifier that are tried
DATASET: Final = "dataset"
FIELD: Final = "datasetField"
JOB: Final = "job"
_KINDS: Final = (DATASET, FIELD, JOB)


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read an identifier; `field` only of a column."""

    name: DatasetName
    field: str = ""


def node_id(kind: str, name: DatasetName, field: str = "") -> str:
    """`dataset:{namespace}:{name}`, as clients write it."""
    return ":".join(part for part in (kind, name.namespace, name.name, field) if part)


def readings(text: str) -> tuple[str, list[Reading]]:
    """The kind of an identifier (`dataset`, `datasetField`, `job`; "" when it is none) and the ways to read the rest.

    Namespaces hold colons nearly always (`postgres://host:5432`), names seldom: the last colon parts first.
    """
    kind, _, rest = _VERSION.sub("", text).partition(":")
    if kind not in _KINDS or not rest:
        return "", []
    if kind == FIELD:
        found = (
            Reading(DatasetName(*pair), field) for whole, field in _parted(rest) for pair in _parted(whole)
        )
    else:
        found = (Reading(DatasetName(*pair)) for pair in _parted(rest))
    return kind, [reading for reading, _ in zip(found, range(_MOST), strict=False)]


def _parted(text: str) -> Iterator[tuple[str, str]]:
    place = text.rfind(":")
    while place > 0:
        yield text[:place], text[place + 1 :]
        place = text.rfind(":", 0, place)


@dataclass(frozen=True, slots=True)
class Place:
    """What a path below /namespaces/ asks for: `what` is "", "datasets" or "jobs"; without a name, the list of them.

    `within` it, the "runs" of a job or the "versions" of a dataset, or the one `version` of these."""

    namespace: str
    what: str = ""
    name: str = ""
    within: str = ""
    version: str = ""


def places(path: str) -> list[Place]:
    """The ways to read a path below /namespaces/, the shortest namespace first.

    Clients encode slashes in names, servers decode them before anybody asks; so what a slash means is found by trying.
    """
    path = path.removesuffix("/")
    found = []
    for what in ("datasets", "jobs"):
        for match in re.finditer(f"/{what}/", path):
            namespace, name = path[: match.start()], path[match.end() :]
            inner = _WITHIN[what].fullmatch(name)
            if namespace and inner:
                found.append(Place(namespace, what, inner["name"], inner["within"], inner["version"] or ""))
            if namespace and name:
                found.append(Place(namespace, what, name))
        if path.endswith(f"/{what}") and len(path) > len(what) + 1:
            found.append(Place(path.removesuffix(f"/{what}"), what))
    found.sort(key=lambda place: len(place.namespace))
    return [*found[:_MOST], Place(path)]
