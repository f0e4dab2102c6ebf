"""Great Expectations: validation results of 0.x and 1.x, alone, several, or inside a checkpoint's result. Pure.

Values a validation found wrong are never read: they may be personal.
"""

import json
from collections.abc import Iterator
from typing import Any

from catalog.common.errors import Problem
from catalog.quality.outside.findings import (
    ERROR,
    FAILED,
    PASSED,
    UNKNOWN,
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
    parts_of,
    severity_of,
    text,
    wrong,
)

TOOL = "great-expectations"
_BATCH = (
    "batch_id",
    "result_format",
    "include_config",
    "catch_exceptions",
)  # of the run, not of the expectation


def is_validation(data: Any) -> bool:
    """One validation result, or a checkpoint's with several."""
    if mapping(data, "run_results") or _validates(data):
        return True
    return isinstance(data, list) and bool(data) and all(_validates(part) for part in data)


def _validates(data: Any) -> bool:
    first = next(iter(items(data, "results")), None)
    if first is None:
        return isinstance(data, dict) and "results" in data and "statistics" in data
    return isinstance(first, dict) and "expectation_config" in first


def read_validation(data: Any) -> Reading:
    """Every expectation of every validation in the file."""
    problems: list[Problem] = []
    found: list[Finding] = []
    run = version = ""
    for path, validation in _validations(data):
        meta = mapping(validation, "meta")
        run = run or text(meta.get("validation_id")) or text(mapping(meta, "run_id").get("run_time"))
        version = version or text(
            member(meta, "great_expectations_version", "great_expectations.__version__")
        )
        found += _findings(validation, path, problems)
    return Reading(tool=TOOL, version=version, run=run, findings=tuple(found), problems=tuple(problems))


def _validations(data: Any) -> Iterator[tuple[str, Data]]:
    if isinstance(data, list):
        for place, part in enumerate(data):
            yield f"$[{place}]", part
    elif mapping(data, "run_results"):
        for name, part in mapping(data, "run_results").items():
            inner = mapping(part, "validation_result")
            path = f"$.run_results[{json.dumps(str(name)[:200])}]"
            yield (f"{path}.validation_result", inner) if inner else (path, part)
    else:
        yield "$", data


def _findings(validation: Any, base: str, problems: list[Problem]) -> Iterator[Finding]:
    meta = mapping(validation, "meta")
    dataset, suite = _dataset(meta), _suite(validation, meta)
    run = mapping(meta, "run_id")
    at = first_moment(
        meta.get("validation_time"), run.get("run_time"), mapping(meta, "batch_markers").get("ge_load_time"),
        meta.get("run_id"),
    )  # fmt: skip
    seen: dict[str, int] = {}
    for place, result in enumerate(items(validation, "results")):
        path, config = f"{base}.results[{place}]", mapping(result, "expectation_config")
        kind = text(member(config, "type", "expectation_type"))
        if not kind:
            problems.append(wrong(path, "It names no expectation."))
            continue
        kwargs = {name: value for name, value in mapping(config, "kwargs").items() if name not in _BATCH}
        key = f"{dataset.table} {suite} {kind} {json.dumps(kwargs, sort_keys=True, default=str)}"
        seen[key] = seen.get(key, 0) + 1
        if seen[key] > 1:
            key = f"{key} ({seen[key]})"
        numbers = mapping(result, "result")
        column = text(member(kwargs, "column", "column_A"))
        yield Finding(
            key=key,
            name=_name(kind, config),
            outcome=_outcome(result),
            path=path,
            dataset=dataset,
            measured_at=at,
            element=column,
            dimension=dimension_of(mapping(config, "meta").get("dimension"), kind),
            severity=severity_of(config.get("severity")),
            failed_rows=count(numbers.get("unexpected_count")),
            total_rows=count(numbers.get("element_count")),
            value=number(numbers.get("observed_value")),
            message=_message(result),
            extra={"expectation": kind, "suite": suite, **extra(kwargs, ())},
        )


def _outcome(result: Any) -> str:
    if _exceptions(result):
        return ERROR
    success = result.get("success")
    return {True: PASSED, False: FAILED}.get(success, UNKNOWN) if isinstance(success, bool) else UNKNOWN


def _exceptions(result: Any) -> list[str]:
    """What was raised: in 0.x one object says it, in 1.x each metric that could not be computed has one of its own."""
    info = mapping(result, "exception_info")
    told = [info, *(part for part in info.values() if isinstance(part, dict))]
    return [text(part.get("exception_message")) for part in told if part.get("raised_exception") is True]


def _message(result: Any) -> str:
    raised = _exceptions(result)
    if raised:
        return raised[0]
    numbers = mapping(result, "result")
    wrong_rows, rows = count(numbers.get("unexpected_count")), count(numbers.get("element_count"))
    if wrong_rows is None or rows is None:
        return ""
    return f"{wrong_rows:,} of {rows:,} values were not as expected."


def _name(kind: str, config: Data) -> str:
    described = text(config.get("description"))
    if described:
        return described
    column = text(member(mapping(config, "kwargs"), "column", "column_A"))
    words = kind.removeprefix("expect_").replace("_", " ")
    return f"{column}: {words}" if column else words[:1].upper() + words[1:]


def _suite(validation: Any, meta: Data) -> str:
    return text(member(validation, "suite_name") or member(meta, "expectation_suite_name"))


def _dataset(meta: Data) -> Dataset:
    """The data asset that was validated."""
    active, kwargs = mapping(meta, "active_batch_definition"), mapping(meta, "batch_kwargs")
    spec = mapping(meta, "batch_spec")
    table = member(spec, "table_name") or member(active, "data_asset_name")
    named = table or member(kwargs, "table", "data_asset_name") or member(meta, "data_asset_name")
    database, schema, last = parts_of(named if isinstance(named, str) else "")
    schema = text(member(spec, "schema_name") or member(kwargs, "schema")) or schema
    return Dataset(database=database, schema=schema, table=last)
