"""Files of other tools: found by content, read leniently, never a personal value taken."""

import datetime as dt
import gzip
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.common.errors import Invalid
from catalog.quality.outside.documents import MAX_BYTES
from catalog.quality.outside.findings import Dataset, Finding, Reading, moment, parts_of, text
from catalog.quality.outside.reading import read_data, read_files
from tests.catalog.quality.outside import files

ALL = (
    files.dbt_run(),
    files.dbt_sources("warn"),
    files.validation(),
    files.old_validation(),
    files.scan(),
    files.contract_run("urn:a"),
    files.odcs_results("urn:a"),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=20,
)


def only(reading: Reading) -> Finding:
    (finding,) = reading.findings
    return finding


@pytest.mark.parametrize(
    ("data", "tool"),
    list(
        zip(
            ALL,
            (
                "dbt",
                "dbt-sources",
                "great-expectations",
                "great-expectations",
                "soda",
                "datacontract-cli",
                "odcs",
            ),
            strict=True,
        )
    ),
)
def test_format_is_found_by_content_alone(data: Any, tool: str) -> None:
    assert read_data(data).tool == tool


def test_format_that_was_named_is_the_only_one_tried() -> None:
    assert read_data(files.scan(), "soda").tool == "soda"
    with pytest.raises(Invalid, match="no results to take"):
        read_data(files.scan(), "dbt")
    with pytest.raises(Invalid) as told:
        read_data(files.scan(), "excel")
    assert told.value.problems[0].path == "kind"


def test_dbt_test_with_its_manifest_says_column_table_and_severity() -> None:
    raw = json.dumps(files.dbt_run(files.dbt_test("fail", failures=3, message="Got 3 results"))).encode()
    manifest = json.dumps(files.dbt_manifest(severity="WARN")).encode()
    ((name, reading),) = read_files([("manifest.json", manifest), ("run_results.json", gzip.compress(raw))])
    found = only(reading)
    assert (name, reading.run, reading.version) == ("run_results.json", "run-1", "1.11.0")
    assert (found.name, found.element, found.dimension) == ("not_null play_id", "play_id", "completeness")
    assert (found.outcome, found.severity, found.failed_rows, found.message) == (
        "failed",
        "warning",
        3,
        "Got 3 results",
    )
    assert found.dataset == Dataset(database="lake", schema="main", table="plays")
    assert found.measured_at == dt.datetime(2026, 11, 18, 14, 59, 30, tzinfo=dt.UTC)


def test_dbt_test_without_its_manifest_is_placed_by_its_query() -> None:
    found = only(read_data(files.dbt_run()))
    assert found.dataset == Dataset(database="lake", schema="main", table="plays")
    assert (found.name, found.element) == ("not null plays play id", "")


@pytest.mark.parametrize(
    ("status", "outcome", "severity"),
    [
        ("pass", "passed", ""), ("success", "passed", ""), ("fail", "failed", ""), ("warn", "failed", "warning"),
        ("error", "error", ""), ("skipped", "skipped", ""), ("new in 2030", "unknown", ""), (None, "unknown", ""),
    ],
)  # fmt: skip
def test_dbt_words_for_outcomes(status: Any, outcome: str, severity: str) -> None:
    found = only(read_data(files.dbt_run(files.dbt_test(status))))
    assert (found.outcome, found.severity) == (outcome, severity)


def test_dbt_counts_no_rows_where_the_test_counts_something_else() -> None:
    run = files.dbt_run(files.dbt_test("fail", failures=7))
    found = only(read_data(run, manifest=files.dbt_manifest(fail_calc="max(days)")))
    assert (found.failed_rows, found.value) == (None, 7.0)


def test_dbt_models_are_no_checks_and_strangers_are_told() -> None:
    model = {"unique_id": "model.mesh.plays", "status": "error"}
    reading = read_data(files.dbt_run(model, {"status": "pass"}, files.dbt_test()))
    assert [found.path for found in reading.findings] == ["$.results[2]"]
    assert [problem.path for problem in reading.problems] == ["$.results[1]"]


@pytest.mark.parametrize(
    ("status", "outcome", "severity"),
    [
        ("pass", "passed", ""),
        ("warn", "failed", "warning"),
        ("error", "failed", ""),
        ("runtime error", "error", ""),
    ],
)
def test_dbt_source_that_is_too_old_failed(status: str, outcome: str, severity: str) -> None:
    found = only(read_data(files.dbt_sources(status), manifest=files.dbt_manifest()))
    assert (found.outcome, found.severity, found.value) == (outcome, severity, 3600.0)
    assert found.dataset == Dataset(database="lake", schema="raw", table="plays")
    assert found.extra["warn_after"] == "12 hour"
    assert "error_after" not in found.extra


def test_expectation_of_1_x() -> None:
    found = only(read_data(files.validation()))
    assert (found.element, found.outcome, found.severity) == ("play_id", "passed", "warning")
    assert (found.failed_rows, found.total_rows) == (2, 10)
    assert found.dataset == Dataset(schema="main", table="plays")
    assert found.extra["mostly"] == 0.9
    assert "batch_id" not in found.extra


def test_validations_of_0_x_inside_a_checkpoint() -> None:
    found = only(read_data(files.old_validation()))
    assert (found.value, found.outcome, found.dataset.table) == (5.0, "passed", "plays")
    assert found.measured_at == dt.datetime(2026, 11, 18, 15, 0, 0, 250_000, tzinfo=dt.UTC)
    assert found.path.startswith('$.run_results["ValidationResultIdentifier::')


def test_expectation_that_raised_could_not_be_measured_in_either_writing() -> None:
    told = {"raised_exception": True, "exception_message": "no such column"}
    for info in (told, {"MetricConfigurationID(x)": told}):
        found = only(read_data(files.validation(files.expectation(False, exception_info=info))))
        assert (found.outcome, found.message) == ("error", "no such column")


def test_same_expectation_twice_in_a_suite_stays_two_checks() -> None:
    keys = [
        found.key for found in read_data(files.validation(files.expectation(), files.expectation())).findings
    ]
    assert len(set(keys)) == 2


@pytest.mark.parametrize(
    ("outcome", "expected", "severity"),
    [("pass", "passed", ""), ("warn", "failed", "warning"), ("FAILED", "failed", ""), (None, "unknown", "")],
)
def test_soda_scan(outcome: Any, expected: str, severity: str) -> None:
    found = only(read_data(files.scan(outcome)))
    assert (found.key, found.outcome, found.severity) == ("abc123", expected, severity)
    assert (found.dimension, found.failed_rows, found.value) == ("conformity", 3, 3.0)


def test_contract_run_keeps_the_key_and_not_the_id_of_the_run() -> None:
    found = only(read_data(files.contract_run("urn:a", "failed")))
    assert found.key == "plays__play_id__field_required"
    assert (found.failed_rows, found.total_rows, found.message) == (1, 10, "1 was missing")
    assert found.dataset == Dataset(contract="urn:a", contract_version="1.0.0", table="plays")
    assert found.extra["category"] == "schema"


def test_server_of_a_run_may_name_product_and_port() -> None:
    found = only(read_data(files.contract_run("urn:a", server="sessions/plays")))
    assert (found.dataset.product, found.dataset.port) == ("sessions", "plays")


def test_rules_of_a_contract_measured_by_any_engine() -> None:
    enough, gaps = read_data(files.odcs_results("urn:a")).findings
    assert (enough.outcome, enough.value, enough.dimension, enough.severity) == (
        "passed",
        12.0,
        "coverage",
        "critical",
    )
    assert enough.extra == {"engine": "house", "qualityId": "plays_enough"}
    assert (gaps.outcome, gaps.element, gaps.name) == ("skipped", "play_id", "play_id no gaps")


def test_dry_run_measured_nothing() -> None:
    reading = read_data(files.contract_run("urn:a", dryRun=True))
    assert (reading.findings, reading.problems[0].rule) == ((), "dry-run")


def test_values_that_failed_are_never_taken() -> None:
    for data in ALL:
        assert "private value" not in repr(read_data(data))


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"), (b"{", "column"), (b"\xff\xfe", "Expecting"), (b"\x80{}", "UTF-8"), (b"\x1f\x8bno", "damaged"),
        (b"[" * 200_000, "nested"), (b"9" * 10_000, "cannot be read"), (gzip.compress(b" " * (MAX_BYTES + 1)), "bytes"),
        (b"{}", "No tool"), (b"[]", "No tool"), (b"7", "No tool"), (b'{"results": [[1]]}', "No tool"),
    ],
)  # fmt: skip
def test_what_nobody_can_read_is_refused_with_its_place(raw: bytes, words: str) -> None:
    with pytest.raises(Invalid) as told:
        read_files([("x.json", raw)])
    assert words in told.value.problems[0].message
    assert told.value.problems[0].path == "$"


def test_manifest_alone_holds_no_results() -> None:
    with pytest.raises(Invalid) as told:
        read_files([("manifest.json", json.dumps(files.dbt_manifest()).encode())])
    assert "run_results.json" in told.value.problems[0].message


def test_numbers_no_json_has_are_nothing() -> None:
    raw = json.dumps(files.validation()).replace('"unexpected_count": 2', '"unexpected_count": NaN')
    ((_, reading),) = read_files([("", raw.encode())])
    assert only(reading).failed_rows is None


@given(JSON, st.sampled_from(range(len(ALL))), st.randoms(use_true_random=False))
@settings(max_examples=200)
def test_no_damage_to_a_file_ever_crashes_the_reader(junk: Any, place: int, draw: Any) -> None:
    data = json.loads(json.dumps(ALL[place]))
    spots = list(_spots(data))
    holder, key = draw.choice(spots)
    holder[key] = junk
    try:
        reading = read_data(data)
    except Invalid:
        return
    for found in reading.findings:
        assert found.key
        assert found.outcome in ("passed", "failed", "error", "skipped", "unknown")
        text(found.message).encode()


def _spots(data: Any) -> Any:
    """Every place in a document that something else could stand in."""
    members = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in list(members):
        yield data, key
        yield from _spots(value)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ('"a"."b"."c"', ("a", "b", "c")), ("`b`.`c`", ("", "b", "c")), ("[c]", ("", "", "c")),
        ("x.a.b.c", ("a", "b", "c")), (None, ("", "", "")),
    ],
)  # fmt: skip
def test_names_of_relations(name: Any, parts: tuple[str, str, str]) -> None:
    assert parts_of(name) == parts


@pytest.mark.parametrize(
    "said", [None, "", "soon", "2026", "99999-01-01T00:00:00", 7, True, "0001-01-01T00:00:00+23:00"]
)
def test_what_is_no_moment_is_none(said: Any) -> None:
    assert moment(said) is None
