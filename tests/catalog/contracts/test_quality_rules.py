"""What a contract says under `quality` becomes checks, follows its versions, and is never lost."""

from typing import Any

import pytest

from catalog.contracts import odcs
from catalog.contracts.quality_rules import checks_of
from catalog.contracts.services import import_document
from catalog.products.models import OutputPort
from catalog.quality.parameters import problems
from tests.catalog.contracts.documents import as_yaml, contract, product

LEAST = {"operator": "more_than", "values": [0]}


def derived(rule: dict[str, Any], *, of_object: bool = False) -> list[Any]:
    field: dict[str, Any] = {"name": "isrc", "logicalType": "string"}
    table: dict[str, Any] = {"name": "plays", "properties": [field]}
    (table if of_object else field)["quality"] = [rule]
    return checks_of(odcs.parse({"schema": [table]}), "plays")


@pytest.mark.parametrize(
    ("scheduler", "line", "schedule"),
    [
        ("cron", "0 20 * * *", "0 20 * * *"),
        ("CRON", "@daily", "@daily"),
        ("cron", "0 0 12 * * ?", ""),
        ("airflow", "0 20 * * *", ""),
        (None, "0 20 * * *", ""),
    ],
)
def test_schedules_of_cron_are_followed(scheduler: str | None, line: str, schedule: str) -> None:
    rule = {"metric": "nullValues", "mustBe": 0, "scheduler": scheduler, "schedule": line}
    (found,) = derived({name: value for name, value in rule.items() if value})
    assert found.schedule == schedule


@pytest.mark.parametrize(
    ("rule", "kind", "parameters"),
    [
        ({"metric": "nullValues", "mustBe": 0}, "not_null", {"bound": {"operator": "equal", "values": [0]}}),
        ({"rule": "nullCheck"}, "not_null", {}),
        ({"metric": "nullValues", "mustBeLessThan": 5, "unit": "percent"}, "not_null",
         {"bound": {"operator": "less_than", "values": [5], "unit": "percent"}}),
        ({"metric": "missingValues", "arguments": {"missingValues": [None, "", "N/A"]}, "mustBe": "0"}, "not_null",
         {"missing_values": ["", "N/A"], "bound": {"operator": "equal", "values": [0.0]}}),
        ({"type": "library", "metric": "invalidValues", "arguments": {"validValues": ["a", "b"]}, "mustBe": 0},
         "accepted_values", {"values": ["a", "b"], "bound": {"operator": "equal", "values": [0]}}),
        ({"metric": "invalidValues", "arguments": {"pattern": "^x"}, "mustBeLessOrEqualTo": 3}, "pattern",
         {"pattern": "^x", "bound": {"operator": "at_most", "values": [3]}}),
        ({"metric": "duplicateValues", "mustBeBetween": [0, 2]}, "unique",
         {"bound": {"operator": "between", "values": [0, 2]}}),
        ({"type": "sql", "query": "SELECT 1 FROM ${object}", "mustBeGreaterThan": 0}, "custom_sql",
         {"query": "SELECT 1 FROM ${object}", "bound": LEAST}),
        ({"type": "custom", "engine": "soda", "implementation": "checks: []"}, "external",
         {"engine": "soda", "implementation": "checks: []"}),
        ({"type": "text", "description": "All good. Always."}, "text", {}),
        ({"type": "sql", "query": "SELECT 1"}, "text", {}),  # nothing to hold the answer against
        ({"metric": "invalidValues", "mustBe": 0}, "text", {}),  # nobody says what is invalid
        ({"metric": "somethingElse", "mustBe": 0}, "text", {}),
        ({"metric": "nullValues", "mustBe": "few"}, "text", {}),
        ({"metric": "invalidValues", "arguments": {"pattern": {"a": 1}}}, "text", {}),
    ],
)  # fmt: skip
def test_rules_of_a_field_become_checks(rule: dict[str, Any], kind: str, parameters: dict[str, Any]) -> None:
    (found,) = derived(rule)
    assert (found.kind, found.parameters, found.element) == (kind, parameters, "isrc")
    assert found.contract_path == "$.schema[0].properties[0].quality[0]"
    assert problems(found.kind, found.element, found.parameters) == []


@pytest.mark.parametrize(
    ("rule", "kind", "parameters"),
    [
        ({"metric": "rowCount", "mustBeGreaterThan": 0}, "row_count", {"bound": LEAST}),
        ({"metric": "duplicateValues", "arguments": {"properties": ["a", "plays.b"]}, "mustBe": 0}, "unique",
         {"fields": ["a", "b"], "bound": {"operator": "equal", "values": [0]}}),
        ({"metric": "rowCount"}, "text", {}),
        ({"metric": "nullValues"}, "text", {}),  # of which field?
    ],
)  # fmt: skip
def test_rules_of_an_object_become_checks(
    rule: dict[str, Any], kind: str, parameters: dict[str, Any]
) -> None:
    (found,) = derived(rule, of_object=True)
    assert (found.kind, found.parameters, found.element) == (kind, parameters, "")


def test_two_bounds_are_two_checks_and_words_are_mapped() -> None:
    rule = {
        "name": "Enough", "metric": "rowCount", "mustBeGreaterThan": 1, "mustBeLessThan": 9, "severity": "warn",
        "dimension": "validity", "description": "Enough rows.",
    }  # fmt: skip
    found = derived(rule, of_object=True)
    assert [(item.key, item.name) for item in found] == [
        (": Enough", "Enough"),
        (": Enough (2)", "Enough (2)"),
    ]
    assert (found[0].severity, found[0].dimension, found[0].description) == (
        "warning",
        "conformity",
        "Enough rows.",
    )


def test_nested_fields_and_equal_rules_keep_apart() -> None:
    rule = {"metric": "nullValues"}
    inner = {"name": "city", "quality": [rule, rule]}
    table = {
        "name": "plays",
        "properties": [{"name": "home", "physicalName": "HOME", "properties": [inner]}, 5],
        "quality": ["no rule", {}],
    }
    found = checks_of(odcs.parse({"schema": [table, {"name": "other", "quality": [rule]}]}), "plays")
    assert [(item.element, item.key) for item in found] == [
        ("HOME.city", "HOME.city: nullValues"),
        ("HOME.city", "HOME.city: nullValues #2"),
    ]
    assert checks_of(odcs.parse({"schema": [table, {"name": "other"}]}), "neither") == []


@pytest.mark.django_db
def test_checks_follow_the_versions_of_the_contract() -> None:
    def with_rules(version: str, *rules: dict[str, Any]) -> None:
        schema = contract()["schema"]
        schema[0]["quality"] = list(rules)
        assert import_document(actor=None, raw=as_yaml(contract(version=version, schema=schema))).status in (
            "imported",
            "unchanged",
        )

    rows, sql = (
        {"metric": "rowCount", "mustBeGreaterThan": 0},
        {"type": "sql", "query": "SELECT 1", "mustBe": 1},
    )
    import_document(actor=None, raw=as_yaml(product()))
    with_rules("1.0.0", rows, sql)
    port = OutputPort.objects.get(checks__kind="row_count")
    assert set(port.checks.values_list("kind", "source")) == {
        ("row_count", "contract"),
        ("custom_sql", "contract"),
    }
    with_rules("2.0.0", {**rows, "mustBeGreaterThan": 100})
    assert port.checks.active().get().parameters["bound"]["values"] == [100]
    assert port.checks.count() == 2
