"""Soda scan results: the JSON a scan writes (soda-core 3, with the words of 4 for outcomes). Pure."""

from collections.abc import Iterator
from typing import Any

from catalog.common.errors import Problem
from catalog.quality.outside.findings import (
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
    text,
    warned,
    wrong,
)

TOOL = "soda"
_SCAN = {"definitionName", "defaultDataSource", "scanStartTimestamp", "dataTimestamp", "hasFailures"}
_KNOWN = (
    "identity", "identities", "migratedIdentities", "name", "resourceAttributes", "location", "table", "column",
    "metrics", "outcome", "diagnostics",
)  # fmt: skip


def is_scan(data: Any) -> bool:
    return isinstance(data, dict) and isinstance(data.get("checks"), list) and len(_SCAN & data.keys()) >= 2


def read_scan(data: Data) -> Reading:
    """The checks of a scan; metrics and profiles beside them are not results."""
    problems: list[Problem] = []
    findings = tuple(_findings(data, problems))
    run = text(member(data, "scanId", "scan_id")) or " ".join(
        part for part in (text(data.get("definitionName")), text(data.get("scanStartTimestamp"))) if part
    )
    return Reading(tool=TOOL, run=run, findings=findings, problems=tuple(problems))


def _findings(data: Data, problems: list[Problem]) -> Iterator[Finding]:
    at = first_moment(data.get("scanEndTimestamp"), data.get("dataTimestamp"), data.get("scanStartTimestamp"))
    for place, check in enumerate(items(data, "checks")):
        path = f"$.checks[{place}]"
        name = text(member(check, "name", "definition"))
        if not name:
            problems.append(wrong(path, "It is no check of Soda: it has no name."))
            continue
        attributes = {
            text(part.get("name")): part.get("value")
            for part in items(check, "resourceAttributes")
            if isinstance(part, dict)
        }
        table, column = text(check.get("table")), text(check.get("column"))
        diagnostics = mapping(check, "diagnostics")
        value = number(diagnostics.get("value"))
        yield Finding(
            key=_identity(check) or f"{table}.{column} {name}",
            name=name,
            outcome=outcome_of(check.get("outcome")),
            path=path,
            dataset=_dataset(table),
            measured_at=at,
            element=column,
            dimension=dimension_of(attributes.get("dimension"), name, text(check.get("definition"))),
            severity=warned(check.get("outcome")),
            failed_rows=_failing(diagnostics),
            value=value,
            message=text(diagnostics.get("valueLabel")) or _measured(value),
            extra=extra(check, _KNOWN),
        )


def _dataset(table: str) -> Dataset:
    database, schema, name = parts_of(table)
    return Dataset(database=database, schema=schema, table=name)


def _identity(check: Data) -> str:
    """The newest of the identities a check has had; a scan without any is told by its words."""
    told = mapping(check, "identities")
    return text(member(told, *sorted(told, reverse=True)) if told else None) or text(check.get("identity"))


def _failing(diagnostics: Data) -> int | None:
    counted = (
        count(block.get("totalFailingRows"))
        for block in items(diagnostics, "blocks")
        if isinstance(block, dict)
    )
    return next((found for found in counted if found is not None), None)


def _measured(value: float | None) -> str:
    return "" if value is None else f"Measured {value:g}."
