"""A manifest's nodes as plain values: what each is called, what it is made from, what is said of it. Pure."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.common.errors import Problem
from catalog.quality.outside.findings import Data, items, mapping, member, text

MODEL, SOURCE, SEED, SNAPSHOT, EXPOSURE = "model", "source", "seed", "snapshot", "exposure"
_TABLES = (MODEL, SEED, SNAPSHOT)
MOST_NODES = 50_000
_MOST_COLUMNS, _LONGEST = 2_000, 4_000
Parts = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What is said of a column, by the catalog and by the project."""

    name: str
    type: str = ""
    description: str = ""
    tests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """`parts` name its table (database, schema, table, as far as said), empty where it has none: ephemeral models,
    exposures. `upstream` are the unique ids it depends on."""

    unique_id: str
    kind: str
    name: str
    parts: Parts = ()
    upstream: tuple[str, ...] = ()
    sql: str = ""
    is_view: bool = False
    description: str = ""
    columns: tuple[Column, ...] = ()  # in the order of the catalog, else of the project
    is_complete: bool = False  # all its columns are known
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Of everything said of it."""
        said: list[Any] = [
            self.kind,
            self.name,
            self.parts,
            self.upstream,
            self.sql,
            self.description,
            dict(self.facts),
        ]
        said.append([[one.name, one.type, one.description, one.tests] for one in self.columns])
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What a manifest says of the project as a whole."""

    name: str
    adapter: str
    dbt_version: str
    schema_version: str
    generated_at: str


def read_project(manifest: Data) -> Project:
    metadata = mapping(manifest, "metadata")
    named = text(metadata.get("project_name")) or _commonest_package(manifest)
    return Project(
        name=named[:200],
        adapter=text(metadata.get("adapter_type")).lower()[:60],
        dbt_version=text(metadata.get("dbt_version"))[:60],
        schema_version=text(metadata.get("dbt_schema_version"))[:200],
        generated_at=text(metadata.get("generated_at") or manifest.get("generated_at"))[:60],
    )


def _commonest_package(manifest: Data) -> str:
    """Manifests before version 10 do not name their project; most models are its own."""
    counted: dict[str, int] = {}
    for node in mapping(manifest, "nodes").values():
        package = text(member(node, "package_name"))
        if package and member(node, "resource_type") == MODEL:
            counted[package] = counted.get(package, 0) + 1
    return max(sorted(counted), key=lambda name: counted[name], default="") or "project"


def read_nodes(manifest: Data, catalog: Data, problems: list[Problem]) -> list[Node]:
    """Every model, source, seed, snapshot and exposure, by unique id; what is no node is told and left out."""
    tests = _tests_of(manifest)
    found: dict[str, Node] = {}
    for section in ("nodes", "sources", "exposures"):
        for key, node in _section(manifest, section, problems):
            kind = text(node.get("resource_type")).lower() or _kind_by_id(key, section)
            if kind not in (*_TABLES, SOURCE, EXPOSURE):
                continue  # tests, analyses, operations, metrics: no tables
            unique_id = (text(node.get("unique_id")) or text(key))[:400]
            if unique_id and unique_id not in found and len(found) < MOST_NODES:
                known = mapping(mapping(catalog, "sources" if kind == SOURCE else "nodes"), key)
                found[unique_id] = _node(unique_id, kind, node, known, tests.get(unique_id, {}))
    return sorted(found.values(), key=lambda node: node.unique_id)


def _section(manifest: Data, section: str, problems: list[Problem]) -> Iterable[tuple[str, Data]]:
    for key, node in mapping(manifest, section).items():
        if isinstance(node, Mapping):
            yield key, node
        elif isinstance(node, list) and node and isinstance(node[0], Mapping):
            yield key, node[0]  # several versions of one disabled node
        else:
            problems.append(Problem(f"$.{section}.{key}"[:300], "type", "It is no object.", "warning"))


def _kind_by_id(key: str, section: str) -> str:
    return {"sources": SOURCE, "exposures": EXPOSURE}.get(section, key.partition(".")[0])


def _node(unique_id: str, kind: str, node: Data, known: Data, tests: Mapping[str, tuple[str, ...]]) -> Node:
    config = mapping(node, "config")
    materialized = text(config.get("materialized"))
    has_table = kind in (*_TABLES, SOURCE) and materialized not in ("ephemeral", "test")
    columns, is_complete = _columns(node, known, tests)
    return Node(
        unique_id=unique_id,
        kind=kind,
        name=(text(member(node, "name", "label")) or unique_id.rpartition(".")[2])[:300],
        parts=_parts(node, known) if has_table else (),
        upstream=_upstream(node),
        sql=_sql(node),
        is_view=materialized in ("view", "materialized_view", "materializedview"),
        description=text(node.get("description"))[:_LONGEST],
        columns=columns,
        is_complete=is_complete,
        facts=_facts(kind, node, config, materialized, tests),
    )  # fmt: skip


def _upstream(node: Data) -> tuple[str, ...]:
    listed = (text(one)[:400] for one in items(mapping(node, "depends_on"), "nodes"))
    return tuple(dict.fromkeys(one for one in listed if one))


def _sql(node: Data) -> str:
    if text(node.get("language")) == "python":
        return ""
    code = member(node, "compiled_code", "compiled_sql")
    return code.replace("\0", " ") if isinstance(code, str) else ""


def _parts(node: Data, known: Data) -> Parts:
    """Database, schema and table as the project names them, the catalog's where the project is silent."""
    metadata = mapping(known, "metadata")
    database = text(node.get("database") or metadata.get("database"))
    schema = text(node.get("schema") or metadata.get("schema"))
    table = text(member(node, "alias", "identifier", "name") or metadata.get("name"))
    return tuple(part[:300] for part in (database, schema, table) if part) if table else ()


def _columns(
    node: Data, known: Data, tests: Mapping[str, tuple[str, ...]]
) -> tuple[tuple[Column, ...], bool]:
    """Columns of the catalog, in its order, with what the project says of them; else those of the project."""
    said: dict[str, Data] = {}
    for key, one in mapping(node, "columns").items():
        if isinstance(one, Mapping):
            said[(text(one.get("name")) or text(key)).lower()] = {"name": text(key), **one}
    listed = [
        one
        for one in mapping(known, "columns").values()
        if isinstance(one, Mapping) and text(one.get("name"))
    ]
    listed.sort(key=_place)
    is_complete = bool(listed) or mapping(node, "contract").get("enforced") is True
    found = [
        _column(text(one["name"]), one, said.get(text(one["name"]).lower(), {}), tests) for one in listed
    ] or [_column(text(one.get("name")) or key, {}, one, tests) for key, one in said.items()]
    named = {one.name: one for one in found[:_MOST_COLUMNS] if one.name}
    return tuple(named.values()), is_complete and bool(named)


def _place(column: Data) -> float:
    index = column.get("index")
    return float(index) if isinstance(index, int | float) and not isinstance(index, bool) else 0.0


def _column(name: str, known: Data, said: Data, tests: Mapping[str, tuple[str, ...]]) -> Column:
    return Column(
        name=name[:300],
        type=text(known.get("type") or said.get("data_type"))[:300],
        description=(text(said.get("description")) or text(known.get("comment")))[:_LONGEST],
        tests=tests.get(name.lower(), ()),
    )


def _facts(
    kind: str, node: Data, config: Data, materialized: str, tests: Mapping[str, tuple[str, ...]]
) -> dict[str, Any]:
    """What is worth showing beside the node; empty members are left out."""
    owner, contract = mapping(node, "owner"), mapping(node, "contract")
    tags = [text(one)[:100] for one in items(node, "tags") if text(one)]
    said: dict[str, Any] = {
        "package": text(node.get("package_name"))[:200],
        "file": text(node.get("original_file_path"))[:400],
        "materialized": materialized[:60],
        "group": text(member(node, "group") or config.get("group"))[:200],
        "access": text(member(node, "access") or config.get("access"))[:40],
        "version": text(node.get("version"))[:40],
        "latest_version": text(node.get("latest_version"))[:40],
        "has_contract": contract.get("enforced") is True
        or mapping(config, "contract").get("enforced") is True,
        "deprecation_date": text(node.get("deprecation_date"))[:40],
        "tags": tags[:50],
        "language": text(node.get("language"))[:20] if text(node.get("language")) != "sql" else "",
        "tests": list(tests.get("", ()))[:100],
    }
    if kind == EXPOSURE:
        said |= {
            "type": text(node.get("type"))[:60],
            "label": text(node.get("label"))[:300],
            "maturity": text(node.get("maturity"))[:40],
            "url": text(node.get("url"))[:1_000],
            "owner": text(owner.get("name"))[:200],
            "email": text(owner.get("email"))[:200],
        }
    if kind == SOURCE:
        said |= {"source": text(node.get("source_name"))[:200], "loader": text(node.get("loader"))[:100]}
    return {name: value for name, value in said.items() if value}


def _tests_of(manifest: Data) -> dict[str, dict[str, tuple[str, ...]]]:
    """Unique id -> column in small letters ("": the whole table) -> names of the tests on it."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for node in mapping(manifest, "nodes").values():
        if not isinstance(node, Mapping) or text(node.get("resource_type")) != "test":
            continue
        metadata = mapping(node, "test_metadata")
        column = text(node.get("column_name") or mapping(metadata, "kwargs").get("column_name")).lower()
        upstream = [text(one) for one in items(mapping(node, "depends_on"), "nodes")]
        tested = text(node.get("attached_node")) or next(reversed(upstream), "")
        name = (text(metadata.get("name")) or text(node.get("name")))[:200]
        if tested and name:
            of_node = found.setdefault(tested, {})
            of_node[column] = (*of_node.get(column, ()), name)[:50]
    return found
