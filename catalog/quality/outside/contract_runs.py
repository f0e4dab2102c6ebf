"""Results of the rules of a data contract: runs of datacontract-cli, and of any engine in the same words. Pure.

ODCS says what is checked and not how results are written. So results of ODCS rules are read by the members engines
use for them: the contract's id, and `checks` or `results` that name a rule (`qualityId`), where it stands, and how it
ended.
"""

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
    severity_of,
    text,
    warned,
    wrong,
)

TOOL, ODCS_TOOL = "datacontract-cli", "odcs"
_CONTRACT = ("dataContractId", "contractId", "data_contract_id")
_RULE = ("qualityId", "quality_id", "qualityReference", "ruleId")
_WHEN = ("measuredAt", "timestamp", "timestampEnd", "executedAt")
_ELEMENT = ("field", "property", "column", "element")
_MODEL = ("model", "schema", "object", "table")
_OUTCOME = ("result", "outcome", "status")
_FAILED = ("failedNumber", "failedRows", "failed_rows")
_TOTAL = ("totalNumber", "totalRows", "total_rows")
_KNOWN = frozenset({
    "id", "key", "name", "description", "reason", "message", "dimension", "severity", "value", "diagnostics",
    "failedSamples", "failed_samples", "implementation", "qualityDefinition", "qualityCheckDefinition",
    *_RULE, *_WHEN, *_ELEMENT, *_MODEL, *_OUTCOME, *_FAILED, *_TOTAL,
})  # fmt: skip


def is_contract_run(data: Any) -> bool:
    """Results that name their contract."""
    return bool(text(member(data, *_CONTRACT))) and isinstance(member(data, "checks", "results"), list | None)


def read_contract_run(data: Data) -> Reading:
    """The checks of a run; a plan that asserts nothing (`dryRun`) has none."""
    version = text(data.get("datacontractCliVersion"))
    problems: list[Problem] = []
    findings: tuple[Finding, ...] = ()
    if data.get("dryRun") is True:
        problems.append(wrong("$.dryRun", "A dry run measured nothing.", "dry-run", "info"))
    else:
        findings = tuple(_findings(data, problems))
    return Reading(
        tool=TOOL if version or "runId" in data else ODCS_TOOL,
        version=version,
        run=text(member(data, "runId", "id")),
        findings=findings,
        problems=tuple(problems),
    )


def _findings(data: Data, problems: list[Problem]) -> Iterator[Finding]:
    name = "checks" if items(data, "checks") else "results"
    at = [data.get(member_name) for member_name in ("timestampEnd", *_WHEN, "timestampStart")]
    seen: dict[str, int] = {}
    for place, check in enumerate(items(data, name)):
        path = f"$.{name}[{place}]"
        key = _key(check)
        if not key:
            problems.append(wrong(path, "It is no result: it names no check."))
            continue
        seen[key] = seen.get(key, 0) + 1
        yield _finding(data, check, key if seen[key] == 1 else f"{key} ({seen[key]})", path, at)


def _finding(data: Data, check: Data, key: str, path: str, run_at: list[Any]) -> Finding:
    diagnostics, outcome = mapping(check, "diagnostics"), member(check, *_OUTCOME)
    element, model, kind = (
        text(member(check, *_ELEMENT)),
        text(member(check, *_MODEL)),
        text(check.get("type")),
    )
    return Finding(
        key=key,
        name=_name(check, kind, element or model),
        outcome=outcome_of(outcome),
        path=path,
        dataset=_dataset(data, model),
        measured_at=first_moment(*(check.get(name) for name in _WHEN), *run_at),
        element=element,
        dimension=dimension_of(check.get("dimension"), kind),
        severity=warned(outcome) or severity_of(check.get("severity")),
        failed_rows=count(member(check, *_FAILED)),
        total_rows=count(member(check, *_TOTAL)),
        value=number(member(check, "value") if "value" in check else diagnostics.get("value")),
        message=text(member(check, "reason", "message")),
        rule=_rule(check),
        extra={**({"qualityId": _rule(check)} if _rule(check) else {}), **extra(check, _KNOWN)},
    )


def _key(check: Any) -> str:
    """What stays the same from run to run: the engine's key, else rule and place; ids of runs are new each time."""
    told = text(member(check, "key"))
    if told:
        return told
    named = text(member(check, *_RULE) or member(check, "name", "type", "id"))
    parts = (text(member(check, *_MODEL)), text(member(check, *_ELEMENT)), text(member(check, "type")), named)
    return " ".join(part for part in parts if part) if named else ""


def _rule(check: Data) -> str:
    """The id the contract gives the rule."""
    return text(member(check, *_RULE))


def _name(check: Data, kind: str, where: str) -> str:
    said, rule = text(member(check, "name", "description")), text(member(check, *_RULE))
    if said and said != "Quality Check":  # what datacontract-cli calls every rule without a name
        return said
    return " ".join(part for part in (where, (rule or kind or said).replace("_", " ")) if part)


def _dataset(data: Data, model: str) -> Dataset:
    product, _, port = text(data.get("server")).rpartition("/")  # `product/port` names what was tested
    return Dataset(
        contract=text(member(data, *_CONTRACT)),
        contract_version=text(member(data, "dataContractVersion", "contractVersion", "version")),
        product=text(member(data, "dataProductId")) or product,
        port=text(member(data, "outputPortId")) or (port if product else ""),
        table=model,
    )
