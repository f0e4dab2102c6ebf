"""Artifacts of dbt as plain data: which file is which, read leniently whatever version wrote them. Pure.

Versions 1 to 12 of the manifest differ in names of members more than in what they say; both names are looked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from catalog.common.errors import Invalid, Problem
from catalog.quality.outside import dbt
from catalog.quality.outside.documents import read_results
from catalog.quality.outside.findings import Data, mapping, text

MANIFEST, CATALOG, RUN_RESULTS, SOURCES = "manifest", "catalog", "run_results", "sources"
NAMES = (MANIFEST, CATALOG, RUN_RESULTS, SOURCES)
_DROPPED = frozenset({  # most of a manifest's size, and nothing lineage needs
    "raw_code", "raw_sql", "compiled_path", "macro_sql", "macros", "docs", "block_contents", "patch_path", "child_map",
    "parent_map", "group_map", "exception_traceback", "selectors", "disabled", "semantic_models", "saved_queries",
    "doc_blocks", "original_file_path_checksum", "unrendered_config", "build_path", "extra_ctes",
})  # fmt: skip
LONGEST_SQL = 500_000  # characters of one text that are kept while reading


@dataclass(frozen=True, slots=True)
class Artifacts:
    """What came: the manifest, and the rest where it came along."""

    manifest: Data
    catalog: Data = field(default_factory=dict)
    run_results: Data = field(default_factory=dict)
    sources: Data = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def read_artifacts(files: Sequence[tuple[str, bytes]]) -> Artifacts:
    """The artifacts among files. Raises Invalid where there is no manifest, or a file cannot be read as JSON."""
    found: dict[str, Data] = {}
    problems: list[Problem] = []
    for name, raw in files:
        data = read_results(raw, name, dropped=_DROPPED, longest=LONGEST_SQL)
        for kind, part in _parts(data, name):
            if not kind:
                problems.append(
                    Problem(name or "$", "unknown-kind", "It is none of dbt's artifacts.", "warning")
                )
            elif kind in found:
                problems.append(
                    Problem(name or "$", "twice", f"A second {kind}; the first counts.", "warning")
                )
            else:
                found[kind] = part
    if MANIFEST not in found:
        words = "No manifest.json of dbt is among the files; it says what the project consists of."
        raise Invalid("There is nothing to import.", "Nothing was changed.", "Send target/manifest.json.",
                      [Problem("$", "no-manifest", words), *problems])  # fmt: skip
    _check(found[MANIFEST])
    return Artifacts(
        found[MANIFEST],
        found.get(CATALOG, {}),
        found.get(RUN_RESULTS, {}),
        found.get(SOURCES, {}),
        tuple(problems),
    )


def _parts(data: Any, name: str) -> list[tuple[str, Data]]:
    """A file is one artifact, or an object that holds several by their names."""
    if not isinstance(data, Mapping):
        return [("", {})]
    inside = [(kind, data[kind]) for kind in NAMES if isinstance(data.get(kind), Mapping)]
    if inside and "metadata" not in data:
        return inside
    return [(_kind(data, name), data)]


def _kind(data: Data, name: str) -> str:
    version = text(mapping(data, "metadata").get("dbt_schema_version"))
    if "/catalog/" in version:
        return CATALOG
    if dbt.is_manifest(data) and not _looks_like_catalog(data, version):
        return MANIFEST
    if dbt.is_run_results(data):
        return RUN_RESULTS
    if dbt.is_sources(data):
        return SOURCES
    own = name.rpartition("/")[2].lower()
    return (
        CATALOG
        if _looks_like_catalog(data, version)
        else next((one for one in NAMES if own.startswith(one)), "")
    )


def _looks_like_catalog(data: Data, version: str) -> bool:
    """Where no version is said: a catalog's nodes have columns and metadata, and no type of resource."""
    nodes = [one for one in mapping(data, "nodes").values() if isinstance(one, Mapping)]
    return (
        not version and bool(nodes) and all("metadata" in one and "resource_type" not in one for one in nodes)
    )


def _check(manifest: Data) -> None:
    """A manifest without nodes that are objects is none."""
    nodes = manifest.get("nodes")
    if not isinstance(nodes, Mapping) or (
        nodes and not any(isinstance(one, Mapping) for one in nodes.values())
    ):
        words = "It has no nodes; dbt's manifest lists the project's models, seeds and snapshots there."
        raise Invalid("The manifest is not one of dbt.", "Nothing was changed.",
                      "Send target/manifest.json as dbt wrote it.", [Problem("$.nodes", "type", words)])  # fmt: skip
