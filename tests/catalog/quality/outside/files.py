"""Small files of results of our own, as each tool writes them."""

from typing import Any

AT = "2026-11-18T15:00:00+00:00"
TEST = "test.mesh.not_null_plays_play_id.1a2b"


def dbt_run(*results: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {
        "metadata": {
            "dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json",
            "dbt_version": "1.11.0", "generated_at": AT, "invocation_id": "run-1", **metadata,
        },
        "results": list(results) or [dbt_test()],
        "elapsed_time": 1.0,
    }  # fmt: skip


def dbt_test(status: str = "pass", **members: Any) -> dict[str, Any]:
    return {
        "unique_id": TEST, "status": status, "failures": 0, "message": None, "thread_id": "Thread-1",
        "timing": [{"name": "compile", "completed_at": "2026-11-18T14:59:00Z"},
                   {"name": "execute", "completed_at": "2026-11-18T14:59:30Z"}],
        "compiled_code": 'select play_id from "lake"."main"."plays" where play_id is null',
        **members,
    }  # fmt: skip


def dbt_manifest(**config: Any) -> dict[str, Any]:
    return {
        "metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json"},
        "nodes": {
            TEST: {
                "resource_type": "test", "column_name": "play_id", "attached_node": "model.mesh.plays",
                "test_metadata": {"name": "not_null", "kwargs": {"column_name": "play_id"}},
                "config": {"severity": "ERROR", **config},
            },
            "model.mesh.plays": {"name": "plays", "relation_name": '"lake"."main"."plays"'},
        },
        "sources": {"source.mesh.raw.plays": {"relation_name": "`lake`.`raw`.`plays`"}},
    }  # fmt: skip


def dbt_sources(status: str) -> dict[str, Any]:
    return {
        "metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/sources/v3.json", "invocation_id": "run-2"},
        "results": [{
            "unique_id": "source.mesh.raw.plays", "status": status, "snapshotted_at": AT,
            "max_loaded_at": "2026-11-18T14:00:00Z", "max_loaded_at_time_ago_in_s": 3600.0,
            "criteria": {"warn_after": {"count": 12, "period": "hour"}, "error_after": {"count": None}},
        }],
    }  # fmt: skip


def expectation(success: Any = True, **members: Any) -> dict[str, Any]:
    return {
        "success": success,
        "expectation_config": {
            "type": "expect_column_values_to_not_be_null",
            "kwargs": {"column": "play_id", "batch_id": "today", "mostly": 0.9}, "meta": {}, "severity": "warning",
        },
        "result": {"element_count": 10, "unexpected_count": 2, "partial_unexpected_list": ["private value"]},
        "exception_info": {"raised_exception": False, "exception_message": None},
        **members,
    }  # fmt: skip


def validation(*results: dict[str, Any]) -> dict[str, Any]:
    return {
        "success": False,
        "results": list(results) or [expectation()],
        "suite_name": "plays_suite",
        "statistics": {"evaluated_expectations": 1},
        "meta": {
            "great_expectations_version": "1.4.0",
            "active_batch_definition": {"data_asset_name": "plays"},
            "batch_spec": {"schema_name": "main", "table_name": "plays"},
            "run_id": {"run_name": None, "run_time": AT},
            "validation_time": AT,
        },
    }


def old_validation() -> dict[str, Any]:
    """As 0.x writes it, inside a checkpoint's result."""
    config = {
        "expectation_type": "expect_table_row_count_to_be_between",
        "kwargs": {"min_value": 1},
        "meta": {},
    }
    inner = {
        "success": True,
        "statistics": {"evaluated_expectations": 1},
        "results": [{"success": True, "expectation_config": config, "result": {"observed_value": 5}}],
        "meta": {
            "great_expectations.__version__": "0.11.8", "expectation_suite_name": "basic",
            "run_id": {"run_name": "nightly", "run_time": AT}, "validation_time": "20261118T150000.250000Z",
            "batch_kwargs": {"table": "plays", "schema": "main"},
        },
    }  # fmt: skip
    return {"run_results": {'ValidationResultIdentifier::"basic"': {"validation_result": inner}}}


def scan(outcome: Any = "pass", **members: Any) -> dict[str, Any]:
    return {
        "definitionName": "nightly", "defaultDataSource": "lake", "scanStartTimestamp": AT, "scanEndTimestamp": AT,
        "hasFailures": False,
        "checks": [{
            "identity": "old", "identities": {"v1": "older", "v3": "abc123"}, "name": "missing_count(play_id) = 0",
            "definition": "checks for plays:\n  missing_count(play_id) = 0", "table": "plays", "column": "play_id",
            "resourceAttributes": [{"name": "dimension", "value": "validity"}], "outcome": outcome,
            "diagnostics": {"value": 3, "blocks": [{"type": "failedRowsAnalysis", "totalFailingRows": 3}]},
            **members,
        }],
    }  # fmt: skip


def contract_run(contract: str, result: str = "passed", **members: Any) -> dict[str, Any]:
    return {
        "runId": "0ba3a68a-ca4d-4df3-b000-223056b0e47b", "datacontractCliVersion": "1.2.8", "dataContractId": contract,
        "dataContractVersion": "1.0.0", "server": "production", "timestampStart": AT, "timestampEnd": AT,
        "result": result, "dryRun": False,
        "checks": [{
            "id": "new in every run", "key": "plays__play_id__field_required", "category": "schema",
            "type": "field_required", "name": "Check that field play_id has no missing values", "model": "plays",
            "field": "play_id", "dimension": "completeness", "result": result, "reason": "1 was missing",
            "diagnostics": {"metric": "missing_count", "value": 1}, "failedNumber": 1, "totalNumber": 10,
            "failedSamples": ["private value"],
        }],
        "logs": [],
        **members,
    }  # fmt: skip


def odcs_results(contract: str) -> dict[str, Any]:
    """Results of rules of a contract by some engine."""
    return {
        "contractId": contract,
        "version": "1.0.0",
        "id": "run-7",
        "results": [
            {"ruleId": "plays_enough", "schema": "plays", "status": "success", "measuredAt": AT, "value": 12,
             "dimension": "coverage", "severity": "critical", "engine": "house"},
            {"ruleId": "no_gaps", "schema": "plays", "property": "play_id", "status": "skipped", "measuredAt": AT},
        ],
    }  # fmt: skip
