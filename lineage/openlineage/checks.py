"""Assertions and tests that events carry, as results of checks on the ports that offer the dataset."""

from collections.abc import Iterator, Mapping

from django.db import transaction

from catalog.accounts import kernel
from catalog.common.errors import PortalError
from catalog.products.models import OutputPort
from catalog.quality.outside import findings as words
from catalog.quality.outside.findings import Dataset, Finding, Reading
from catalog.quality.outside.findings import extra as left_over
from catalog.quality.outside.services import take_results
from lineage.datasets.naming import DatasetName
from lineage.edges.believing import Rejected
from lineage.openlineage.facets import members, word
from lineage.openlineage.models import LineageEvent
from lineage.openlineage.unpacking import Facets, Told

TOOL = "openlineage"
MOST = 1_000  # results of one event on one dataset
_NOT_SENT = "Results of checks were left out: who sent the event may not send results for"


def take_checks(
    row: LineageEvent,
    told: Told,
    ids: Mapping[DatasetName, int],
    notes: list[str],
    rejected: Rejected,
) -> None:
    """Record what the event says was checked. What may not be, or has no port, is left out; the facets keep it.

    Results count as sent by whoever sent the event. `notes` grows by a sentence for what was refused.
    """
    found = {
        pk: tested for pk, tested in _by_asset(told, ids).items() if (row.sent_by_id, pk) not in rejected
    }
    if not found or row.sent_by is None:
        return
    for port in (
        OutputPort.objects.filter(asset__in=list(found)).select_related("product__domain").order_by("pk")
    ):
        if port.asset_id is None or not kernel.can(row.sent_by, "product.view", port.product):
            continue
        if not kernel.can(row.sent_by, "check.measure", port.product):
            notes.append(f"{_NOT_SENT} {port.product.key}.")
            continue
        reading = Reading(tool=TOOL, run=told.run_key, findings=tuple(found[port.asset_id][:MOST]))
        try:
            with transaction.atomic():
                taken = take_results(actor=row.sent_by, reading=reading, port=port)
        except PortalError as error:
            notes.append(str(error))
        else:
            notes.extend(sorted({problem.message for problem in taken.problems}))


def _by_asset(told: Told, ids: Mapping[DatasetName, int]) -> dict[int, list[Finding]]:
    found: dict[int, dict[str, Finding]] = {}
    for one in told.datasets:
        for facets in (one.facets, one.own_facets):
            for finding in _assertions(told, facets):
                found.setdefault(ids[one.name], {})[finding.key] = finding
    tested = {ids[one.name] for one in told.datasets}
    if len(tested) == 1:  # the facet does not say which dataset it is about; of one it is clear
        for finding in _tests(told):
            found.setdefault(next(iter(tested)), {}).setdefault(finding.key, finding)
    return {pk: list(by_key.values()) for pk, by_key in found.items()}


def _assertions(told: Told, facets: Facets) -> Iterator[Finding]:
    for place, item in enumerate(members(facets.get("dataQualityAssertions"), "assertions")):
        kind, column = word(item, "assertion"), word(item, "column")
        success = item.get("success")
        if not kind or not isinstance(success, bool):
            continue
        name = word(item, "name") or f"{kind} {column}".strip()
        yield _finding(told, item, f"$.dataQualityAssertions[{place}]", f"{kind} {column} {name}", name, kind, column,
                       words.outcome_of(success))  # fmt: skip


def _tests(told: Told) -> Iterator[Finding]:
    for place, item in enumerate(members(told.run_facets.get("test"), "tests")):
        name, kind = word(item, "name"), word(item, "type")
        if name:
            column = word(words.mapping(item, "params"), "column", "column_name")
            yield _finding(told, item, f"$.test[{place}]", f"{kind} {column} {name}", name, kind, column,
                           words.outcome_of(item.get("status")))  # fmt: skip


def _finding(
    told: Told, item: Facets, path: str, key: str, name: str, kind: str, column: str, outcome: str
) -> Finding:
    expected, actual = words.text(item.get("expected")), words.text(item.get("actual"))
    said = f"Expected {expected}, found {actual}." if expected and actual else ""
    return Finding(
        key=key, name=name[:200], outcome=outcome, path=path, dataset=Dataset(), measured_at=told.event_at,
        element=column, dimension=words.dimension_of(None, kind, name),
        severity=words.severity_of(item.get("severity")), message=(said or word(item, "description"))[:500],
        extra=left_over(item, ("assertion", "success", "column", "name", "status", "severity", "description")),
    )  # fmt: skip
