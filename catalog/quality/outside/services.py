"""Taking results of other tools: their checks are declared on the ports they are about, their results recorded."""

import contextlib
import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.utils import timezone

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.common.errors import Invalid, NotAllowed, NotFound, PortalError, Problem
from catalog.products.models import OutputPort
from catalog.quality import storing
from catalog.quality.declaring import DeclaredCheck, declare_checks
from catalog.quality.models import QualityCheck, WaitingResults
from catalog.quality.outside import dbt, waiting
from catalog.quality.outside.findings import Dataset, Finding, Reading
from catalog.quality.outside.places import NO_PORT, NOT_ALLOWED, Place, place_all
from catalog.quality.services import AHEAD, MOST_RESULTS, record_results
from catalog.quality.storing import NewResult

MOST_PROBLEMS = 100  # shown of one file
_KEY = 300  # characters of a check's key


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of one file: `results` are on `ports` now, `waiting` are kept until their contract has a port;
    `unplaced` are left out, `problems` say why and where."""

    tool: str
    version: str
    run: str
    results: int
    ports: tuple[str, ...]
    unplaced: int
    waiting: int
    problems: tuple[Problem, ...]
    name: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "tool": self.tool,
            "version": self.version,
            "run": self.run,
            "results": self.results,
            "ports": list(self.ports),
            "unplaced": self.unplaced,
            "waiting": self.waiting,
            "problems": [problem.as_dict() for problem in self.problems],
        }


@transaction.atomic
def take_results(
    *,
    actor: User | None,
    reading: Reading,
    name: str = "",
    port: OutputPort | None = None,
    now: dt.datetime | None = None,
) -> Taken:
    """Record what a tool found, on `port` or where each finding's dataset is; the same file twice changes nothing.

    What cannot be placed is told and left out. Raises Invalid for more results than are taken at once, NotAllowed or
    NotFound when not one could be placed: then nothing was stored.
    """
    now = now or timezone.now()
    if len(reading.findings) > MOST_RESULTS:
        words = (
            f"At most {MOST_RESULTS:,} results at once; these are {len(reading.findings):,}. Split the file."
        )
        raise Invalid("There are too many results.", "Nothing was stored.", "", [Problem("$", "size", words)])
    problems = list(reading.problems)
    timed = [found for found in reading.findings if _is_timely(found, now, problems)]
    places = _places(actor, timed, port)
    placed = [(found, places[found.dataset].ports) for found in timed if places[found.dataset].ports]
    for place in _by_port(placed):
        _record(actor, reading, place, [found for found, ports in placed if place in ports], now)
    refused = [_left_out(found, places[found.dataset]) for found in timed if not places[found.dataset].ports]
    kept = _keep(
        actor, reading, [found for found in timed if places[found.dataset].rule == NO_PORT], now, problems
    )
    problems += refused
    taken = Taken(
        tool=reading.tool, version=reading.version, run=reading.run, results=len(placed), waiting=kept,
        unplaced=len(reading.findings) - len(placed) - kept, problems=tuple(problems[:MOST_PROBLEMS]), name=name,
        ports=tuple(f"{item.product.key}/{item.name}/{item.version}" for item in _by_port(placed)),
    )  # fmt: skip
    if refused and not placed:
        _refuse(taken, refused)
    return taken


@transaction.atomic
def take_waiting(*, contract_key: str, now: dt.datetime | None = None) -> None:
    """Record what waited for a port under this contract, as those who sent it. What they may not is forgotten."""
    rows = WaitingResults.objects.select_for_update(of=("self",)).select_related("sent_by")
    for row in rows.filter(contract_key=contract_key).order_by("received_at"):
        waits = False
        if row.sent_by is None or row.sent_by.is_active:
            with contextlib.suppress(PortalError):
                waits = take_results(actor=row.sent_by, reading=waiting.read(row), now=now).waiting > 0
        if not waits:
            row.delete()


def _keep(
    actor: User | None,
    reading: Reading,
    findings: Sequence[Finding],
    now: dt.datetime,
    problems: list[Problem],
) -> int:
    """How many findings wait now; a file speaks of one contract."""
    if not findings:
        return 0
    problem = waiting.keep(actor=actor, reading=reading, findings=findings, now=now)
    problems += [problem] if problem else []
    return 0 if problem else len(findings)


def _is_timely(found: Finding, now: dt.datetime, problems: list[Problem]) -> bool:
    at, words = found.measured_at, ""
    if at is None:
        rule, words = "no-time", "It does not say when it was measured."
    elif at > now + AHEAD:
        rule, words = "future", "It was measured in the future."
    elif at < storing.oldest_allowed(now):
        rule, words = "too-late", "It is older than results are kept here."
    if words:
        problems.append(Problem(found.path, rule, words, "warning"))
    return not words


def _places(actor: User | None, findings: Sequence[Finding], port: OutputPort | None) -> dict[Dataset, Place]:
    """Where each dataset is; ports the actor may not send results for are taken out."""
    datasets = {found.dataset for found in findings}
    places = dict.fromkeys(datasets, Place((port,))) if port else place_all(actor, datasets)
    allowed = _allowed(actor, [item for place in places.values() for item in place.ports])
    return {dataset: _within(place, allowed) for dataset, place in places.items()}


def _within(place: Place, allowed: set[int]) -> Place:
    ports = tuple(item for item in place.ports if item.product_id in allowed)
    if ports or not place.ports:
        return replace(place, ports=ports)
    return Place(rule=NOT_ALLOWED, reason=f"You may not send results for {place.ports[0].product.key}.")


def _left_out(found: Finding, place: Place) -> Problem:
    return Problem(found.path, place.rule, place.reason, "info" if place.rule == NO_PORT else "warning")


def _allowed(actor: User | None, ports: Sequence[OutputPort]) -> set[int]:
    products = {port.product_id: port.product for port in ports}
    return {
        pk for pk, product in products.items() if actor is None or kernel.can(actor, "check.measure", product)
    }


def _by_port(placed: Sequence[tuple[Finding, tuple[OutputPort, ...]]]) -> list[OutputPort]:
    """The ports something was placed on, in the order in which every writer locks them."""
    found = {port.pk: port for _, ports in placed for port in ports}
    return [found[pk] for pk in sorted(found)]


def _record(
    actor: User | None, reading: Reading, port: OutputPort, findings: Sequence[Finding], now: dt.datetime
) -> None:
    told = _checks_of_contract(port, findings)
    source = QualityCheck.Source.DBT if reading.tool == dbt.TOOL else QualityCheck.Source.OUTSIDE
    keys = {found.path: _key(reading.tool, found.key) for found in findings if found.path not in told}
    known = dict(
        port.checks.filter(source=source, source_key__startswith=f"{reading.tool} ").values_list(
            "source_key", "severity"
        )
    )
    declared = [
        _declared(reading.tool, found, keys[found.path], known) for found in findings if found.path in keys
    ]
    checks = declare_checks(
        actor=actor, port=port, source=source, declared=declared, ends_others=False,
        reason=f"{reading.tool} {reading.run}".strip(),
    )  # fmt: skip
    ids = told | {path: checks[key].pk for path, key in keys.items()}
    results = [_result(reading, found, ids[found.path]) for found in findings]
    record_results(actor=actor, results=results, now=now)


def _checks_of_contract(port: OutputPort, findings: Sequence[Finding]) -> dict[str, int]:
    """Findings of rules that a contract already made checks of, by their path: one rule is one check, whoever measures.

    The key of such a check is the field and the rule's own id (see `contracts.quality_rules`).
    """
    if not any(found.rule for found in findings):
        return {}
    rows = port.checks.active().filter(source=QualityCheck.Source.CONTRACT)
    by_rule: dict[str, list[tuple[str, int]]] = {}
    for key, pk in rows.values_list("source_key", "pk"):
        element, _, rule = key.partition(": ")
        by_rule.setdefault(rule, []).append((element, pk))
    told = {}
    for found in findings:
        same = by_rule.get(found.rule, []) if found.rule else []
        meant = same if len(same) == 1 else [item for item in same if item[0] == found.element]
        if len(meant) == 1:
            told[found.path] = meant[0][1]
    return told


def _key(tool: str, key: str) -> str:
    """The check's identity on its port: the tool and its own key; a long one by its beginning and a digest."""
    whole = f"{tool} {key}"
    if len(whole) <= _KEY:
        return whole
    return f"{whole[: _KEY - 33]} {hashlib.sha256(whole.encode()).hexdigest()[:32]}"


def _declared(tool: str, found: Finding, key: str, known: dict[str, str]) -> DeclaredCheck:
    return DeclaredCheck(
        key=key,
        kind=QualityCheck.Kind.EXTERNAL,
        name=found.name[:200],
        element=found.element[:500],
        parameters={**found.extra, "tool": tool},
        dimension=found.dimension,
        severity=found.severity or known.get(key, QualityCheck.Severity.ERROR.value),
    )


def _result(reading: Reading, found: Finding, check_id: int) -> NewResult:
    if found.measured_at is None:
        raise ValueError(f"{found.path} has no time and was not left out")
    result = NewResult(
        check_id=check_id, measured_at=found.measured_at, outcome=found.outcome, source=reading.tool[:40],
        value=found.value, message=found.message, run_key=reading.run[:200],
    )  # fmt: skip
    return replace(result, failed_rows=found.failed_rows, total_rows=found.total_rows)


def _refuse(taken: Taken, refused: Sequence[Problem]) -> None:
    """Nothing found its port: that is an answer of its own, unless the port is only not there yet."""
    rules = {problem.rule for problem in refused}
    if NOT_ALLOWED in rules:
        raise NotAllowed(
            "You may not send results for these ports.", "Nothing was stored.", "Ask their owners.",
            list(taken.problems),
        )  # fmt: skip
    if NO_PORT not in rules:
        raise NotFound(
            "Nothing these results are about is here, or you may see none of it.", "Nothing was stored.",
            "Name the port, or crawl the tables first.", list(taken.problems),
        )  # fmt: skip
