"""Every finding says where it is, which rule it breaks and how to mend it; unknown members are warnings only."""

from typing import Any

import pytest

from catalog.contracts import odcs_schema
from catalog.contracts.detect import identify
from catalog.contracts.services.importing import judge
from catalog.contracts.validation import _FREE_TEXTS, validate
from tests.catalog.contracts.documents import as_yaml, contract, product


def found(data: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {problem.path: (problem.rule, problem.severity) for problem in judge(as_yaml(data)).problems}


def with_schema(**changes: Any) -> dict[str, Any]:
    return contract(schema=[{"name": "t", "properties": [{"name": "a", "logicalType": "string", **changes}]}])


A = "$.schema[0].properties[0]"


def test_our_own_documents_are_without_problems() -> None:
    assert found(contract()) == {}
    assert found(product()) == {}


@pytest.mark.parametrize(
    ("data", "path", "rule", "severity"),
    [
        (contract(id=None), "$.id", "type", "error"),
        (contract(apiVersion="v9.0.0"), "$.apiVersion", "version", "error"),
        (contract(kind="Wrong"), "$.kind", "enum", "error"),
        (contract(mine=1), "$.mine", "unknown-member", "warning"),
        (contract(id=" "), "$.id", "empty", "error"),
        (contract(price={"priceAmount": 1}), "$.price.priceCurrency", "required", "error"),
        (contract(team={"name": "T", "boss": "x"}), "$.team.boss", "unknown-member", "warning"),
        (with_schema(logicalType="strange"), f"{A}.logicalType", "enum", "error"),
        (with_schema(required="yes"), f"{A}.required", "type", "error"),
        (with_schema(mine=1), f"{A}.mine", "unknown-member", "warning"),
        (with_schema(quality=[{"type": "library"}]), f"{A}.quality[0].metric", "required", "error"),
        (with_schema(quality=[{}]), f"{A}.quality[0]", "empty", "error"),
        (
            with_schema(quality=[{"type": "sql", "query": " ", "mustBe": 0}]),
            f"{A}.quality[0].query",
            "empty",
            "error",
        ),
        (
            with_schema(quality=[{"metric": "rowCount", "mustBe": 1, "scheduler": "cron"}]),
            f"{A}.quality[0].schedule",
            "required",
            "error",
        ),
        (
            with_schema(
                quality=[{"metric": "rowCount", "mustBe": 1, "scheduler": "cron", "schedule": "at eight"}]
            ),
            f"{A}.quality[0].schedule",
            "cron",
            "warning",
        ),
        (
            with_schema(quality=[{"metric": "rowCount", "mustBeBetween": [9, 1]}]),
            f"{A}.quality[0].mustBeBetween",
            "order",
            "error",
        ),
        (
            with_schema(relationships=[{"to": "x.y"}]),
            f"{A}.relationships[0].to",
            "dangling-reference",
            "warning",
        ),
        (contract(slaProperties=[{"property": "latency"}]), "$.slaProperties[0].value", "required", "error"),
        (
            contract(
                slaProperties=[{"property": "latency", "value": 1, "element": "sessions.user_id, plays.x"}]
            ),
            "$.slaProperties[0].element",
            "dangling-reference",
            "warning",
        ),
        (contract(servers=[{"server": "a", "type": "nonsense"}]), "$.servers[0].type", "enum", "error"),
        (product(kind="DataProduct", status=None), "$.status", "type", "error"),
        (product(outputPorts=[{"version": "1"}]), "$.outputPorts[0].name", "required", "error"),
        (product(mine=1), "$.mine", "unknown-member", "warning"),
    ],
)
def test_problem_is_found_where_it_is(data: dict[str, Any], path: str, rule: str, severity: str) -> None:
    assert found(data).get(path) == (rule, severity), found(data)


@pytest.mark.parametrize(
    "element",
    [
        "sessions",
        "SESSIONS.user_id",
        "user_id",
        "shop.public.sessions.user_id",
        "sessions, user_id",
        "${TABLE}.x",
        "#/x",
    ],
)
def test_promises_about_what_is_there_are_no_problem(element: str) -> None:
    assert found(contract(slaProperties=[{"property": "latency", "value": 1, "element": element}])) == {}


def test_messages_carry_the_line_and_what_a_later_version_allows() -> None:
    data = contract(apiVersion="v3.0.2", servers=[])
    data["schema"][0]["properties"][0]["logicalType"] = "timestamp"
    messages = [problem.message for problem in judge(as_yaml(data)).problems if problem.severity == "error"]
    assert len(messages) == 1
    assert messages[0].startswith("Line ")
    assert messages[0].endswith("A later version allows it: write apiVersion: v3.2.0.")


def test_document_with_thousands_of_problems_is_answered_with_a_hundred() -> None:
    data = contract(
        schema=[{"name": "t", "properties": [{"name": f"c{n}", "required": 1} for n in range(2_000)]}]
    )
    assert len(judge(as_yaml(data)).problems) == 100


@pytest.mark.parametrize(
    ("data", "kind", "version"),
    [
        ({"kind": "DataContract", "apiVersion": "v3.0.0"}, "odcs", "v3.0.0"),
        ({"apiVersion": "v3.1.0", "id": "a", "version": "1", "kind": "Wrong"}, "odcs", "v3.1.0"),
        ({"apiVersion": "v1", "kind": "Pod"}, "unknown", ""),
        ({"apiVersion": "v1.0.0", "kind": "DataProduct"}, "odps", "v1.0.0"),
        ({"dataContractSpecification": "1.2.1"}, "dcs", "1.2.1"),
        ({"dataProductDescriptor": "1.0.0"}, "dpds", "1.0.0"),
        ({"schema": "https://opendataproducts.org/v4", "version": 4.1, "product": {}}, "odps-lf", "4.1"),
        ({"Name": "a", "Description": "b", "ManagedBy": "c", "Resources": []}, "registry", ""),
        (["a"], "unknown", ""),
        (None, "unknown", ""),
    ],
)
def test_kind_and_version_are_found_by_content(data: Any, kind: str, version: str) -> None:
    assert (identify(data).kind, identify(data).version) == (kind, version)


def test_wide_table_is_judged_as_if_field_by_field() -> None:
    fields: list[dict[str, Any]] = [
        {"name": f"c{n}", "logicalType": "string", "description": f"Column {n}"} for n in range(300)
    ]
    data = contract(schema=[{"name": "wide", "properties": fields}])
    identity = identify(data)
    assert validate(data, identity) == []
    fields[150]["logicalType"] = "strange"
    fields[200]["name"] = 7
    fields[250]["odd"] = True
    found = {(problem.path, problem.severity) for problem in validate(data, identity)}
    assert found == {
        ("$.schema[0].properties[150].logicalType", "error"),
        ("$.schema[0].properties[200].name", "error"),
        ("$.schema[0].properties[250].odd", "warning"),
    }


@pytest.mark.parametrize("version", odcs_schema.VERSIONS)
def test_texts_left_out_of_a_shape_may_hold_anything(version: str) -> None:
    """What `_by_shape` takes for alike must not be judged by the schema but for being text."""
    schema = odcs_schema.schema_of(version)
    for holder in ("SchemaElement", "SchemaBaseProperty", "SchemaProperty"):
        known = schema["$defs"][holder].get("properties", {})
        for name in _FREE_TEXTS & set(known):
            assert known[name].get("type") == "string", (holder, name)
            assert not {"pattern", "minLength", "maxLength", "enum", "const", "format", "$ref"} & set(
                known[name]
            )
