"""dbt's `run_results.json` (v1 to v6) and `sources.json` (v1 to v3), with the manifest where it is given. Pure.

Only tests are checks: models, seeds and snapshots that were built are passed over. Without the manifest a test says
what it looked at by its compiled query alone, and not which column.
"""

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

from catalog.common.errors import Problem
from catalog.quality.outside.findings import (
    ERROR,
    FAILED,
    PASSED,
    SKIPPED,
    WARNING,
    Data,
    Dataset,
    Finding,
    Reading,
    count,
    dimension_of,
    extra,
    first_moment,
    items,
    mapping,
    member,
    number,
    outcome_of,
    parts_of,
    severity_of,
    text,
    warned,
    wrong,
)

TOOL, SOURCES_TOOL = "dbt", "dbt-sources"
_FROM = re.compile(
    r"\b(?:from|join)\s+((?:[\"`\[]?[\w$ -]+[\"`\]]?\.){1,2}[\"`\[]?[\w$-]+[\"`\]]?)", re.IGNORECASE
)
_KNOWN = (
    "status", "timing", "thread_id", "execution_time", "adapter_response", "message", "failures", "unique_id",
    "compiled", "compiled_code", "compiled_sql", "relation_name", "batch_results", "node", "fail", "warn", "skip",
    "error",
)  # fmt: skip


def is_manifest(data: Any) -> bool:
    """Whether this is dbt's manifest, which says what the tests of a run looked at."""
    version = text(mapping(data, "metadata").get("dbt_schema_version"))
    return "/manifest/" in version or (
        isinstance(data, dict) and data.keys() >= {"nodes", "sources", "metadata"} and "results" not in data
    )


def is_run_results(data: Any) -> bool:
    version = text(mapping(data, "metadata").get("dbt_schema_version"))
    if version:
        return "/run-results/" in version
    first = next(iter(items(data, "results")), None)
    return isinstance(first, dict) and "unique_id" in first and "execution_time" in first


def is_sources(data: Any) -> bool:
    version = text(mapping(data, "metadata").get("dbt_schema_version"))
    if version:
        return "/sources/" in version
    first = next(iter(items(data, "results")), None)
    return isinstance(first, dict) and "max_loaded_at" in first


def read_run_results(data: Data, manifest: Data | None = None) -> Reading:
    """The tests of a run."""
    problems: list[Problem] = []
    findings = tuple(_tests(data, manifest or {}, problems))
    return Reading(
        tool=TOOL,
        version=text(mapping(data, "metadata").get("dbt_version")),
        run=text(mapping(data, "metadata").get("invocation_id")),
        findings=findings,
        problems=tuple(problems),
    )


def _tests(data: Data, manifest: Data, problems: list[Problem]) -> Iterator[Finding]:
    generated = member(mapping(data, "metadata"), "generated_at") or data.get("generated_at")
    for place, result in enumerate(items(data, "results")):
        path = f"$.results[{place}]"
        unique_id = text(member(result, "unique_id") or member(mapping(result, "node"), "unique_id"))
        if not unique_id:
            problems.append(wrong(path, "It is no result of dbt: it names no node."))
        elif unique_id.startswith(("test.", "unit_test.")):
            yield _test(result, unique_id, path, manifest, generated)


def _test(result: Data, unique_id: str, path: str, manifest: Data, generated: Any) -> Finding:
    node = mapping(mapping(manifest, "nodes"), unique_id) or mapping(
        mapping(manifest, "unit_tests"), unique_id
    )
    metadata, config = mapping(node, "test_metadata"), mapping(node, "config")
    column = text(node.get("column_name") or mapping(metadata, "kwargs").get("column_name"))
    status, failures = result.get("status"), count(result.get("failures"))
    counts_rows = text(config.get("fail_calc") or "count(*)") == "count(*)"
    kind = text(metadata.get("name"))
    return Finding(
        key=unique_id,
        name=_name(unique_id, kind, column),
        outcome=outcome_of(status),
        path=path,
        dataset=_dataset(result, node, manifest),
        measured_at=_executed(result) or first_moment(generated),
        element=column,
        dimension=dimension_of("", kind or unique_id.split(".")[2 if unique_id.count(".") > 1 else 0]),
        severity=warned(status) or severity_of(config.get("severity")),
        failed_rows=failures if counts_rows else None,
        value=None if failures is None else float(failures),
        message=text(result.get("message")),
        extra={"unique_id": unique_id, **extra(result, _KNOWN)},
    )


def _name(unique_id: str, kind: str, column: str) -> str:
    parts = unique_id.split(".")
    if kind:
        return f"{kind} {column}".strip()
    return " ".join((parts[2] if len(parts) > 2 else unique_id).replace("_", " ").split())


def _dataset(result: Data, node: Data, manifest: Data) -> Dataset:
    """What the manifest says the test hangs on, else the first relation its query reads."""
    upstream = [text(name) for name in items(mapping(node, "depends_on"), "nodes")]
    for name in (text(node.get("attached_node")), *reversed(upstream)):  # the tested model stands last
        tested = mapping(mapping(manifest, "nodes"), name) or mapping(mapping(manifest, "sources"), name)
        if tested:
            return _relation(tested)
    code = text(
        member(result, "compiled_code", "compiled_sql") or member(node, "compiled_code", "compiled_sql")
    )
    found = _FROM.search(code)
    database, schema, table = parts_of(found.group(1)) if found else ("", "", "")
    return Dataset(database=database, schema=schema, table=table)


def _relation(node: Data) -> Dataset:
    database, schema, table = parts_of(node.get("relation_name"))
    named = member(node, "alias", "identifier", "name")
    return Dataset(
        database=database or text(node.get("database")),
        schema=schema or text(node.get("schema")),
        table=table or text(named),
    )


def _executed(result: Data) -> dt.datetime | None:
    """When the query of the test ended."""
    ends = [part.get("completed_at") for part in items(result, "timing") if isinstance(part, dict)]
    return first_moment(*reversed(ends))


def read_sources(data: Data, manifest: Data | None = None) -> Reading:
    """The freshness of sources: beyond `warn_after` is a failure of less weight, beyond `error_after` a failure."""
    problems: list[Problem] = []
    found = []
    for place, result in enumerate(items(data, "results")):
        path, unique_id = f"$.results[{place}]", text(member(result, "unique_id"))
        if unique_id:
            found.append(_freshness(result, unique_id, path, manifest or {}))
        else:
            problems.append(wrong(path, "It is no result of dbt: it names no source."))
    metadata = mapping(data, "metadata")
    return Reading(
        tool=SOURCES_TOOL, version=text(metadata.get("dbt_version")), run=text(metadata.get("invocation_id")),
        findings=tuple(found), problems=tuple(problems),
    )  # fmt: skip


def _freshness(result: Data, unique_id: str, path: str, manifest: Data) -> Finding:
    status = text(result.get("status") or result.get("state")).lower()
    outcome = {"pass": PASSED, "warn": FAILED, "error": FAILED, "runtime error": ERROR, "skipped": SKIPPED}
    source = mapping(mapping(manifest, "sources"), unique_id)
    age = number(result.get("max_loaded_at_time_ago_in_s"))
    return Finding(
        key=f"freshness {unique_id}",
        name="Source freshness",
        outcome=outcome.get(status, outcome_of(status)),
        path=path,
        dataset=_relation(source) if source else Dataset(table=unique_id.rpartition(".")[2]),
        measured_at=first_moment(result.get("snapshotted_at"), _executed(result)),
        dimension="timeliness",
        severity=WARNING if status == "warn" else "",
        value=age,
        message=text(result.get("error"))
        or ("" if age is None else f"The newest data was {age:,.0f} s old."),
        extra={"unique_id": unique_id, **_criteria(mapping(result, "criteria"))},
    )


def _criteria(criteria: Data) -> dict[str, str]:
    said = {}
    for name in ("warn_after", "error_after"):
        limit = mapping(criteria, name)
        if limit.get("count") is not None:
            said[name] = f"{text(limit['count'])} {text(limit.get('period'))}".strip()
    return said
