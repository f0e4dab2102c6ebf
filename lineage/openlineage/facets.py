"""What facets say, read leniently: a member of the wrong kind says nothing, the rest counts. Pure.

Everything was read from JSON, so objects are dicts; to ask for a Mapping instead would cost several times as much.

The members are those of the facets' published schemas; older forms that clients still send are read as well.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.schemas.shape import FieldShape
from lineage.datasets.naming import DatasetName
from lineage.openlineage.newest import is_deleted

Data = Mapping[str, Any]
MOST_FIELDS = 10_000
LONGEST_PATH = 400
_MOST_SPREAD = 2_000  # links made of inputs that decide over a whole dataset
_TYPES = {
    "integer": ("tinyint", "smallint", "mediumint", "int", "integer", "bigint", "hugeint", "int2", "int4", "int8",
                "int16", "int32", "int64", "long", "short", "byte", "serial", "bigserial"),
    "number": ("float", "double", "real", "decimal", "numeric", "number", "float4", "float8", "float32", "float64",
               "double precision", "bignumeric"),
    "string": ("string", "varchar", "char", "text", "character varying", "character", "nvarchar", "str", "uuid",
               "bpchar"),
    "boolean": ("bool", "boolean", "bit"),
    "date": ("date",),
    "time": ("time", "timetz"),
    "timestamp": ("timestamp", "timestamptz", "datetime", "timestamp_ntz", "timestamp_ltz", "timestamp_tz", "datetime2",
                  "timestamp with time zone", "timestamp without time zone"),
    "binary": ("binary", "bytes", "bytea", "blob", "varbinary"),
    "array": ("array", "list"),
    "object": ("struct", "record", "row", "object", "json", "jsonb", "variant", "super"),
    "map": ("map",),
}  # fmt: skip
_LOGICAL = {name: logical for logical, names in _TYPES.items() for name in names}


@dataclass(frozen=True, slots=True)
class Link:
    """One column makes, or decides over, another; by the names the document used."""

    upstream: DatasetName
    upstream_path: str
    downstream: DatasetName
    downstream_path: str
    is_direct: bool
    how: str


@dataclass(frozen=True, slots=True)
class Made:
    """What facets say a dataset is made from. `is_told`: they said it, so that the event's inputs say no more."""

    upstreams: tuple[DatasetName, ...] = ()
    links: tuple[Link, ...] = ()
    is_told: bool = False


def mapping(data: Any, name: str) -> Data:
    """A member that is an object and was not taken away; else an empty one."""
    value = data.get(name) if isinstance(data, dict) else None
    return value if isinstance(value, dict) and not is_deleted(value) else {}


def members(data: Any, name: str) -> list[Data]:
    """The objects of a member that is a list."""
    value = data.get(name) if isinstance(data, dict) else None
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def word(data: Data, *names: str) -> str:
    """The first of these members that is a text with something in it."""
    for name in names:
        value = data.get(name)
        if isinstance(value, str) and (text := value.strip()):
            return text
    return ""


def dataset_name(data: Any) -> DatasetName | None:
    """Namespace and name of a dataset that something points to."""
    if not isinstance(data, dict):
        return None
    namespace, name = word(data, "namespace"), word(data, "name")
    return DatasetName(namespace, name) if namespace and name else None


def schema_fields(facets: Data) -> list[FieldShape] | None:
    """The fields of the schema facet, nested ones by their paths; None where there is no schema."""
    facet = mapping(facets, "schema")
    if not isinstance(facet.get("fields"), list):
        return None
    found: dict[str, FieldShape] = {}
    for shape in _shapes(facet, "", ""):
        if len(found) >= MOST_FIELDS:
            break
        found.setdefault(shape.path, shape)
    return list(found.values())


def _shapes(holder: Data, above: str, kind: str) -> Iterator[FieldShape]:
    for item in members(holder, "fields"):
        name, physical = word(item, "name"), word(item, "type")
        if not name:
            continue
        path = f"{above}[]" if kind == "array" and name in ("_element", "element") else _joined(above, name)
        logical = logical_type(physical)
        if len(path) <= LONGEST_PATH:
            yield FieldShape(
                path=path, logical_type=logical, physical_type=physical[:300],
                comment=word(item, "description")[:4_000],
            )  # fmt: skip
            yield from _shapes(item, path, logical)


def _joined(above: str, name: str) -> str:
    return f"{above}.{name}" if above else name


def logical_type(physical: str) -> str:
    """The portal's type of a store's own: `varchar(20)` and `array<int>` by the word before the bracket."""
    return _LOGICAL.get(physical.lower().split("(")[0].split("<")[0].strip(), "unknown")


def made_from(dataset: DatasetName, facets: Data) -> Made:
    """What the facets columnLineage and lineage of a dataset say it is made from."""
    column, explicit = mapping(facets, "columnLineage"), mapping(facets, "lineage")
    links = [*_column_links(dataset, column), *_entry_links(dataset, explicit)]
    upstreams = [link.upstream for link in links]
    upstreams += _names(members(explicit, "inputs")) + _names(members(column, "dataset"))
    return Made(tuple(dict.fromkeys(upstreams)), tuple(links), isinstance(explicit.get("inputs"), list))


def made_by_job(facets: Data) -> dict[DatasetName, Made]:
    """What the facet lineage of a job says of the datasets it makes."""
    found: dict[DatasetName, Made] = {}
    for entry in members(mapping(facets, "lineage"), "entries"):
        dataset = dataset_name(entry)
        if dataset is None or word(entry, "type").upper() == "JOB":
            continue
        links = tuple(_entry_links(dataset, entry))
        upstreams = [link.upstream for link in links] + _names(members(entry, "inputs"))
        before = found.get(dataset, Made())
        found[dataset] = Made(
            tuple(dict.fromkeys([*before.upstreams, *upstreams])), (*before.links, *links), True
        )
    return found


def _names(inputs: list[Data]) -> list[DatasetName]:
    named = (dataset_name(item) for item in inputs if word(item, "type").upper() != "JOB")
    return [name for name in named if name is not None]


def _column_links(dataset: DatasetName, facet: Data) -> Iterator[Link]:
    fields = mapping(facet, "fields")
    for path, entry in fields.items():
        old = (word(entry, "transformationType") if isinstance(entry, dict) else "").upper()
        for item in members(entry, "inputFields"):
            yield from _link(dataset, path, item, old)
    yield from _spread(dataset, list(fields), members(facet, "dataset"))


def _entry_links(dataset: DatasetName, entry: Data) -> Iterator[Link]:
    fields = mapping(entry, "fields")
    for path, field in fields.items():
        for item in members(field, "inputs"):
            yield from _link(dataset, path, item, "")
    yield from _spread(dataset, list(fields), members(entry, "inputs"))


def _spread(dataset: DatasetName, paths: list[str], inputs: list[Data]) -> Iterator[Link]:
    """Columns that decide over the whole dataset, as indirect links to each of its columns, while these are few."""
    deciding = [item for item in inputs if word(item, "field")]
    if len(deciding) * len(paths) > _MOST_SPREAD:
        return
    for item in deciding:
        for path in paths:
            yield from _link(dataset, path, item, "INDIRECT")


def _link(dataset: DatasetName, path: str, item: Data, kind: str) -> Iterator[Link]:
    upstream, field = dataset_name(item), word(item, "field")
    if upstream is None or not field or not path or max(len(field), len(path)) > LONGEST_PATH:
        return
    said = members(item, "transformations")
    kinds = {word(one, "type").upper() for one in said}
    is_direct = "DIRECT" in kinds if kinds - {""} else kind != "INDIRECT"
    subtypes = sorted({word(one, "subtype").lower() for one in said} - {""})
    how = ", ".join(subtypes) or kind.lower().replace("indirect", "")
    yield Link(upstream, field, dataset, path, is_direct, how[:60])


def symlinks(dataset: DatasetName, facets: Data) -> list[tuple[DatasetName, DatasetName]]:
    """Pairs of the dataset's name and another name of it: symlinks, and what it was called before it was renamed."""
    others = [dataset_name(item) for item in members(mapping(facets, "symlinks"), "identifiers")]
    change = mapping(facets, "lifecycleStateChange")
    if word(change, "lifecycleStateChange").upper() == "RENAME":
        others.append(dataset_name(change.get("previousIdentifier")))
    return [(dataset, other) for other in others if other is not None and other != dataset]


@dataclass(frozen=True, slots=True)
class Parent:
    """The run and the job that started this one."""

    run_key: str
    namespace: str
    name: str


def parent_of(facets: Data) -> Parent | None:
    """The parent facet, in its present form and in the one before it."""
    facet = mapping(facets, "parent") or mapping(facets, "parentRun")
    run, job = mapping(facet, "run"), mapping(facet, "job")
    key = word(run, "runId") or word(facet, "runId")
    namespace, name = word(job, "namespace"), word(job, "name")
    if not key and not (namespace and name):
        return None
    return Parent(key[:200], namespace, name)
