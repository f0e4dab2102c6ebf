"""Results of other tools find their ports, twice is once, and say nothing of what one may not see."""

import datetime as dt
import json
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from catalog.audit.models import AuditEvent
from catalog.common.errors import Invalid, NotAllowed, NotFound
from catalog.contracts.models import DataContract, PortContract
from catalog.contracts.services import import_document
from catalog.products.models import OutputPort
from catalog.quality.declaring import DeclaredCheck, declare_checks
from catalog.quality.models import CheckResult, CheckState, QualityCheck, WaitingResults
from catalog.quality.outside import waiting
from catalog.quality.outside.findings import Dataset
from catalog.quality.outside.places import place_all
from catalog.quality.outside.reading import read_data
from catalog.quality.outside.services import take_results, take_waiting
from tests import factories as make
from tests.catalog.contracts.documents import as_yaml, contract, product
from tests.catalog.quality.outside import files
from tests.catalog.quality.outside.sending import KEY, NOW, post, take
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("data", "source", "tool"),
    [
        (files.dbt_run(), "dbt", "dbt"),
        (files.dbt_sources("pass"), "outside", "dbt-sources"),
        (files.validation(), "outside", "great-expectations"),
        (files.scan(), "outside", "soda"),
    ],
)
def test_results_are_found_by_the_table_they_are_about(
    cast: Cast, plays: OutputPort, data: Any, source: str, tool: str
) -> None:
    taken = take(data, cast.owner)
    assert (taken.results, taken.unplaced, taken.ports) == (1, 0, ("listening/play-events/plays/1.0.0",))
    check = plays.checks.get()
    assert (check.source, check.kind, check.parameters["tool"]) == (source, "external", tool)
    result = check.results.get()
    assert (result.source, result.outcome) == (tool, "passed")
    assert CheckState.objects.get(quality_check=check).status == "passed"
    assert result.sample == []


@pytest.mark.parametrize("data", [files.contract_run(KEY), files.odcs_results(KEY)])
def test_results_of_a_contract_are_on_the_port_it_is_in_force_on(
    cast: Cast, sessions: OutputPort, data: Any
) -> None:
    taken = take(data, cast.owner)
    assert taken.ports == ("listening/play-events/sessions/1.0.0",)
    assert sessions.checks.count() == taken.results == len(data.get("checks") or data["results"])


def test_same_file_twice_is_taken_once(cast: Cast, plays: OutputPort) -> None:
    take(files.scan("fail"), cast.owner)
    before = AuditEvent.objects.count()
    take(files.scan("fail"), cast.owner)
    assert (QualityCheck.objects.count(), CheckResult.objects.count()) == (1, 1)
    assert AuditEvent.objects.count() == before


def test_skipped_test_is_no_failure(cast: Cast, plays: OutputPort) -> None:
    take(files.dbt_run(), cast.owner)
    later = {**files.dbt_test("skipped"), "timing": [{"completed_at": "2026-11-18T15:20:00Z"}]}
    take(files.dbt_run(later), cast.owner)
    state = CheckState.objects.get()
    assert (state.status, CheckResult.objects.count()) == ("passed", 2)


def test_warning_stays_the_severity_while_a_tool_does_not_say_another(cast: Cast, plays: OutputPort) -> None:
    take(files.scan("warn"), cast.owner)
    take(files.scan("pass"), cast.owner)
    assert plays.checks.get().severity == "warning"


def test_check_with_a_long_key_is_one_check(cast: Cast, plays: OutputPort) -> None:
    long = files.expectation()
    long["expectation_config"]["kwargs"]["value_set"] = [f"value {number}" for number in range(200)]
    for _ in range(2):
        take(files.validation(long, files.expectation()), cast.owner)
    assert plays.checks.count() == 2
    assert max(len(key) for key in plays.checks.values_list("source_key", flat=True)) == 300


def test_what_cannot_be_placed_is_told_and_the_rest_taken(cast: Cast, plays: OutputPort) -> None:
    other = files.dbt_test(unique_id="test.mesh.other.1", compiled_code="select 1 from lake.main.orders")
    old = files.dbt_test(unique_id="test.mesh.old.1", timing=[{"completed_at": "2001-01-01T00:00:00Z"}])
    ahead = files.dbt_test(unique_id="test.mesh.new.1", timing=[{"completed_at": "2026-11-19T00:00:00Z"}])
    taken = take(files.dbt_run(files.dbt_test(), other, old, ahead), cast.owner)
    assert (taken.results, taken.unplaced) == (1, 3)
    assert {(problem.path, problem.rule) for problem in taken.problems} == {
        ("$.results[1]", "unknown-port"), ("$.results[2]", "too-late"), ("$.results[3]", "future"),
    }  # fmt: skip


def test_table_of_two_products_is_ambiguous_until_the_file_or_the_caller_says_more(
    cast: Cast, plays: OutputPort
) -> None:
    asset = make.make_asset(make.make_connection("Other"), "warehouse.public.plays")
    other = make.make_port(cast.play_events, "plays copy", asset=asset)
    with pytest.raises(NotFound) as told:
        take(files.scan(), cast.owner)
    assert told.value.problems[0].rule == "ambiguous-port"
    assert take(files.scan(table="public.plays"), cast.owner).ports[0].endswith("plays copy/1.0.0")
    assert take(files.scan(), cast.owner, port=other).results == 1


def test_versions_of_one_port_over_one_table_all_get_the_result(cast: Cast, plays: OutputPort) -> None:
    make.make_port(cast.play_events, "plays", version="2.0.0", asset=plays.asset)
    assert len(take(files.scan(), cast.owner).ports) == 2


@pytest.mark.parametrize(
    ("dataset", "names"),
    [
        (Dataset(database="LAKE", schema="main", table="Plays"), ["plays"]),
        (Dataset(schema="main", table="plays"), ["plays"]),
        (Dataset(schema="other", table="plays"), []),
        (Dataset(table="sessions"), ["sessions"]),
        (Dataset(database="lake", schema="main", table="sessions"), ["sessions"]),
        (Dataset(), []),
        (Dataset(contract=KEY), ["sessions"]),
        (Dataset(contract="urn:nothing"), []),
    ],
)
def test_places(
    cast: Cast, plays: OutputPort, sessions: OutputPort, dataset: Dataset, names: list[str]
) -> None:
    place = place_all(cast.owner, {dataset})[dataset]
    assert [port.name for port in place.ports] == names
    assert bool(place.reason) is not bool(names)


def test_others_may_not_send_results_and_learn_nothing_of_private_ports(
    cast: Cast, plays: OutputPort
) -> None:
    with pytest.raises(NotAllowed):
        take(files.scan(), cast.consumer)
    cast.play_events.visibility = "private"
    cast.play_events.save()
    with pytest.raises(NotFound) as told:
        take(files.scan(), cast.steward)
    assert "listening" not in str(told.value) + str(told.value.problems)
    assert not QualityCheck.objects.exists()


def test_number_of_queries_does_not_grow_with_the_results_of_a_port(
    cast: Cast, plays: OutputPort, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def run(count: int) -> Any:
        tests = [files.dbt_test(unique_id=f"test.mesh.t{count}_{number}.1") for number in range(count)]
        return files.dbt_run(*tests)

    take(run(1), cast.owner)
    for count in (5, 50):
        with django_assert_max_num_queries(45):
            assert take(run(count), cast.owner).results == count


def test_too_many_results_are_refused_whole(cast: Cast, plays: OutputPort) -> None:
    data = files.scan()
    data["checks"] *= 10_001
    with pytest.raises(Invalid, match="too many"):
        take(data, cast.owner)


def test_results_of_a_contract_without_a_port_wait_for_one(
    cast: Cast, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    import_document(actor=cast.owner, raw=as_yaml(contract()))
    for _ in range(2):
        answer = post(cast.owner, files.contract_run(KEY), "/api/test-results")
        assert (answer.status_code, answer.json()["waiting"], answer.json()["results"]) == (200, 1, 0)
    row = WaitingResults.objects.get()
    assert (row.sent_by, row.tool) == (cast.owner, "datacontract-cli")
    assert "private value" not in json.dumps(row.findings)
    with django_capture_on_commit_callbacks(execute=True):
        document = product(
            inputPorts=[], outputPorts=[{"name": "sessions", "version": "1.0.0", "contractId": KEY}]
        )
        assert import_document(actor=cast.owner, raw=as_yaml(document)).status == "imported"
    assert not WaitingResults.objects.exists()
    check = QualityCheck.objects.get(port__name="sessions")
    assert check.results.get().run_key == "0ba3a68a-ca4d-4df3-b000-223056b0e47b"


def test_what_its_sender_may_not_record_is_forgotten_when_the_port_comes(
    cast: Cast, sessions: OutputPort
) -> None:
    reading = read_data(files.contract_run(KEY))
    for sender in (cast.consumer, cast.guest):
        waiting.keep(actor=sender, reading=reading, findings=reading.findings, now=NOW)
        take_waiting(contract_key=KEY, now=NOW)
    assert not WaitingResults.objects.exists()
    assert not QualityCheck.objects.exists()


def test_only_who_may_change_the_contract_leaves_results_and_the_newest_are_kept(cast: Cast) -> None:
    import_document(actor=None, raw=as_yaml(contract()))
    assert post(cast.consumer, files.contract_run(KEY), "/api/test-results").status_code in (403, 404)
    assert not WaitingResults.objects.exists()
    for number in range(waiting.MOST + 2):
        reading = read_data(
            files.contract_run(KEY, runId=str(number), timestampEnd=f"2026-11-18T15:{number:02}:00Z")
        )
        take_results(actor=None, reading=reading, now=NOW + dt.timedelta(seconds=number))
    runs = set(WaitingResults.objects.values_list("run_key", flat=True))
    assert runs == {str(number) for number in range(2, waiting.MOST + 2)}


def test_contract_tab_tells_of_results_that_wait(cast: Cast) -> None:
    import_document(actor=None, raw=as_yaml(contract()))
    DataContract.objects.update(product=cast.play_events)
    take_results(actor=None, reading=read_data(files.contract_run(KEY)), now=NOW)
    client = Client()
    client.force_login(cast.consumer)
    assert b"Results are waiting" in client.get("/products/listening/play-events/contract/").content


def test_rule_of_a_contract_is_one_check_whoever_measures_it(cast: Cast, sessions: OutputPort) -> None:
    def rule(key: str) -> DeclaredCheck:
        return DeclaredCheck(key=key, kind="text", name="In words")

    declared = [rule(": plays_enough"), rule("a: no_gaps"), rule("play_id: no_gaps")]
    made = declare_checks(actor=None, port=sessions, source="contract", declared=declared, ends_others=True)
    taken = take(files.odcs_results(KEY), cast.owner)
    assert (taken.results, sessions.checks.count()) == (2, 3)
    assert [made[key].results.count() for key in (": plays_enough", "a: no_gaps", "play_id: no_gaps")] == [
        1,
        0,
        1,
    ]
    unknown = files.odcs_results(KEY)
    unknown["results"][0]["ruleId"] = "of another contract"
    take(unknown, cast.owner)
    assert sessions.checks.get(source="outside").parameters["qualityId"] == "of another contract"


def test_rule_that_came_with_its_contract_takes_what_any_engine_found(cast: Cast) -> None:
    port = make.make_port(cast.play_events, "sessions")
    PortContract.objects.create(port=port, contract_key=KEY)
    data = contract()
    rule = {"id": "plays_enough", "type": "library", "metric": "rowCount", "mustBeGreaterThan": 1}
    data["schema"][0]["quality"] = [rule]
    assert import_document(actor=None, raw=as_yaml(data)).status == "imported"
    take(files.odcs_results(KEY), cast.owner)
    check = port.checks.get(source="contract")
    assert (check.kind, check.results.get().source) == ("row_count", "odcs")


def test_pages_say_which_tool_measured(cast: Cast, plays: OutputPort) -> None:
    take(files.scan("fail"), cast.owner)
    take(files.validation(), cast.owner)
    client = Client()
    client.force_login(cast.consumer)
    check = plays.checks.get(parameters__tool="soda")
    for address in (
        "/quality/?source=outside",
        "/products/listening/play-events/quality/",
        plays.get_absolute_url(),
    ):
        page = client.get(address).content.decode()
        assert "Measured by Soda." in page
        assert "Measured by Great Expectations." in page
    assert "soda" in client.get(check.get_absolute_url()).content.decode()
