"""Checks asked for by people, declared by documents and tools, and their results in any order."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from catalog.audit.models import AuditEvent
from catalog.common.errors import Conflict, Invalid, NotAllowed, StaleRevision
from catalog.products.models import OutputPort
from catalog.quality import services
from catalog.quality.declaring import DeclaredCheck, declare_checks
from catalog.quality.models import CheckResult, CheckState, QualityCheck
from catalog.quality.signals import check_changed, results_recorded
from catalog.quality.storing import NewResult, prune, store_results
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 18, 15, 40, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def port(cast: Cast) -> OutputPort:
    return make.make_port(cast.play_events)


@pytest.fixture
def heard() -> Iterator[list[tuple[str, str, str]]]:
    """(check, before, after) of every change that was told."""
    told: list[tuple[str, str, str]] = []

    def hear(check: QualityCheck, before: str, after: str, **_: Any) -> None:
        told.append((check.name, str(before), str(after)))

    check_changed.connect(hear)
    yield told
    check_changed.disconnect(hear)


def filled(port: OutputPort, actor: Any = None, **fields: Any) -> QualityCheck:
    return services.create_check(actor=actor, port=port, **{"kind": "not_null", "element": "a"} | fields)  # type: ignore[arg-type]


def result(check: QualityCheck, hours: float, outcome: str, **more: Any) -> NewResult:
    at = NOW + hours * HOUR
    return NewResult(check_id=check.pk, measured_at=at, outcome=outcome, source="crawl", **more)


def test_owner_asks_for_a_check_and_it_is_recorded(cast: Cast, port: OutputPort) -> None:
    check = filled(port, cast.owner)
    assert (check.name, check.dimension, check.severity) == ("a is filled", "completeness", "error")
    assert check.state.status == "unknown"
    assert check.history.get().history_user == cast.owner
    event = AuditEvent.objects.get(verb="check.created")
    assert (event.actor, event.product_id) == (cast.owner, port.product_id)


@pytest.mark.parametrize("who", ["consumer", "steward", "guest"])
def test_others_ask_for_nothing_and_change_nothing(cast: Cast, port: OutputPort, who: str) -> None:
    check, person = filled(port), getattr(cast, who)
    with pytest.raises(NotAllowed):
        filled(port, person)
    for change in (services.edit_check, services.end_check, services.resume_check, services.delete_check):
        with pytest.raises(NotAllowed):
            change(actor=person, check=check)
    with pytest.raises(NotAllowed):
        services.record_results(actor=person, results=[result(check, 0, "passed")], now=NOW)
    assert QualityCheck.objects.get() == check
    assert not CheckResult.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "no_such"},
        {"element": ""},
        {"severity": "dreadful"},
        {"dimension": "length"},
        {"every": timedelta(seconds=1)},
        {"parameters": {"bound": 5}},
        {"name": "x" * 201},
    ],
)
def test_meaningless_checks_are_refused_whole(port: OutputPort, fields: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        filled(port, **fields)
    assert not QualityCheck.objects.exists()


def test_second_of_two_editors_is_told(cast: Cast, port: OutputPort) -> None:
    check = filled(port)
    services.edit_check(actor=cast.owner, check=check, expected_revision=1, severity="warning")
    with pytest.raises(StaleRevision):
        services.edit_check(actor=cast.admin, check=check, expected_revision=1, severity="info")
    check.refresh_from_db()
    assert (check.severity, check.revision) == ("warning", 2)


def test_kind_stays_and_contract_speaks_for_itself(port: OutputPort) -> None:
    with pytest.raises(Conflict):
        services.edit_check(actor=None, check=filled(port), kind="unique")
    said = filled(port, origin={"source": "contract", "source_key": "k"})
    for change in (services.edit_check, services.end_check, services.delete_check):
        with pytest.raises(Conflict):
            change(actor=None, check=said, **({"severity": "info"} if change is services.edit_check else {}))


def test_results_in_any_order_and_repeated_leave_the_same(port: OutputPort) -> None:
    check = filled(port)
    dice = random.Random(4)
    outcomes = [dice.choice(["passed", "failed", "error", "skipped"]) for _ in range(60)]
    results = [result(check, -place, outcome, failed_rows=place) for place, outcome in enumerate(outcomes)]
    results += [result(check, -5, "failed", failed_rows=500), result(check, -5, "passed", failed_rows=900)]
    seen = set()
    for _ in range(4):
        shuffled = results + dice.sample(results, 20)
        dice.shuffle(shuffled)
        CheckResult.objects.all().delete()
        CheckState.objects.update(status="unknown", since=None, measured_at=None)
        while shuffled:
            store_results(shuffled[:7])
            del shuffled[:7]
        state = CheckState.objects.get()
        rows = CheckResult.objects.values_list("measured_at", "outcome", "failed_rows")
        seen.add(
            (state.status, state.since, state.is_flapping, state.outcome, state.measured_at, tuple(rows))
        )
    assert len(seen) == 1
    assert CheckResult.objects.count() == 60
    assert CheckResult.objects.get(measured_at=NOW - 5 * HOUR).failed_rows == 500


def test_changes_are_told_once_after_the_commit(
    port: OutputPort, heard: list[tuple[str, str, str]], django_capture_on_commit_callbacks: Any
) -> None:
    check = filled(port)
    with django_capture_on_commit_callbacks(execute=True):
        store_results([result(check, 0, "passed")])
        assert heard == []
    for hours, outcome in (
        (1, "failed"),
        (1, "failed"),
        (2, "failed"),
        (3, "passed"),
        (4, "failed"),
        (5, "passed"),
    ):
        with django_capture_on_commit_callbacks(execute=True):
            store_results([result(check, hours, outcome)])
    with django_capture_on_commit_callbacks(execute=True):
        services.end_check(actor=None, check=check)
    name = check.name
    assert heard == [
        (name, "unknown", "passed"),
        (name, "passed", "failed"),
        (name, "failed", "passed"),
        (name, "passed", "failed"),
        (name, "failed", "unknown"),
    ]


def test_deleted_check_that_failed_is_told_to_be_unknown(
    port: OutputPort, heard: list[tuple[str, str, str]]
) -> None:
    check = filled(port)
    store_results([result(check, 0, "failed")])
    services.delete_check(actor=None, check=check)
    assert heard == [(check.name, "failed", "unknown")]
    assert not CheckResult.objects.exists()


def test_results_from_outside_are_taken_without_samples_and_told(
    cast: Cast, port: OutputPort, django_capture_on_commit_callbacks: Any
) -> None:
    check, told = filled(port), []

    def hear(port_ids: list[int], **_: Any) -> None:
        told.append(port_ids)

    results_recorded.connect(hear)
    try:
        for _ in range(2):
            with django_capture_on_commit_callbacks(execute=True):
                given = [result(check, -1, "failed", sample=("Mary",), failed_rows=3)]
                services.record_results(actor=cast.owner, results=given, now=NOW)
    finally:
        results_recorded.disconnect(hear)
    assert told == [[port.pk]]
    stored = CheckResult.objects.get()
    assert (stored.sample, stored.failed_rows) == ([], 3)


@pytest.mark.parametrize(
    "bad",
    [
        {"hours": 1},
        {"hours": -24 * 500},
        {"outcome": "fine"},
        {"failed_rows": -1},
        {"value": float("nan")},
        {"total_rows": 2**63},
    ],
)
def test_impossible_results_are_refused_and_none_stored(port: OutputPort, bad: dict[str, Any]) -> None:
    check = filled(port)
    worst = result(check, **{"hours": 0, "outcome": "passed"} | bad)
    with pytest.raises(Invalid) as caught:
        services.record_results(actor=None, results=[result(check, 0, "passed"), worst], now=NOW)
    assert caught.value.problems[0].path.startswith("$[1]")
    assert not CheckResult.objects.exists()


def test_old_results_go_and_the_newest_of_each_stays(port: OutputPort) -> None:
    check = filled(port)
    store_results([result(check, -24 * days, "passed") for days in (401, 500, 900)])
    assert prune(now=NOW) == 2
    assert CheckResult.objects.get().measured_at == NOW - timedelta(days=401)


def test_declared_checks_are_made_changed_ended_and_asked_again(
    port: OutputPort, heard: list[tuple[str, str, str]], django_capture_on_commit_callbacks: Any
) -> None:
    def declare(*declared: DeclaredCheck) -> dict[str, QualityCheck]:
        with django_capture_on_commit_callbacks(execute=True):
            return declare_checks(
                actor=None, port=port, source="contract", declared=declared, ends_others=True, reason="v1"
            )

    first = DeclaredCheck(key="a", kind="not_null", element="a")
    made = declare(first, DeclaredCheck(key="b", kind="unique", element="b"))
    assert {key: check.source_key for key, check in made.items()} == {"a": "a", "b": "b"}
    with django_capture_on_commit_callbacks(execute=True):
        store_results([result(made["b"], 0, "failed")])
    declare(DeclaredCheck(key="a", kind="not_null", element="a", severity="warning"))
    again = {check.source_key: check for check in port.checks.all()}
    assert (again["a"].severity, again["a"].revision, again["a"].is_active) == ("warning", 2, True)
    assert again["a"].history.count() == 2
    assert not again["b"].is_active
    declare(first, DeclaredCheck(key="b", kind="unique", element="b"))
    again = {check.source_key: check for check in port.checks.all()}
    assert again["b"].is_active
    assert heard == [("b is unique", "unknown", "failed"), ("b is unique", "failed", "unknown"),
                     ("b is unique", "unknown", "failed")]  # fmt: skip
    declare(first, DeclaredCheck(key="b", kind="not_null", element="b"))
    assert port.checks.get(source_key="b").kind == "not_null"
    assert not CheckResult.objects.exists()
    before = AuditEvent.objects.count()
    declare(first, DeclaredCheck(key="b", kind="not_null", element="b"))
    assert AuditEvent.objects.count() == before
