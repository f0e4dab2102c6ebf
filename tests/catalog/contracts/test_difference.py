"""The difference between contracts: what breaks, what may not hide, and which version it asks for."""
# ruff: noqa: E501  # tables of cases, one a line

from copy import deepcopy
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.contracts.changes import by_name
from catalog.contracts.difference import difference, suggested_version, version_problem
from tests.catalog.contracts.documents import contract


def changed(edit: Any) -> dict[str, Any]:
    data = contract(
        roles=[{"role": "reader"}], price={"priceAmount": 5, "priceCurrency": "EUR", "priceUnit": "month"}
    )
    properties = data["schema"][0]["properties"]
    properties[1]["enum"] = [{"value": "a"}, {"value": "b"}]
    properties[1]["physicalType"] = "varchar(20)"
    properties[1]["quality"] = [{"id": "q", "metric": "nullValues", "mustBeLessThan": 5}]
    before = deepcopy(data)
    edit(data, data["schema"][0], properties)
    found = difference(before, data)
    return {(change.path, change.aspect): str(change.severity) for change in found.changes}


CASES: list[tuple[str, Any, dict[tuple[str, str], str]]] = [
    ("field removed", lambda d, o, p: p.pop(1), {("sessions.user_id", "field"): "breaking"}),
    ("field added", lambda d, o, p: p.append({"name": "x"}), {("sessions.x", "field"): "compatible"}),
    ("with its inner fields", lambda d, o, p: p.pop(2), {("sessions.device", "field"): "breaking"}),
    ("inner field removed", lambda d, o, p: p[2].update(properties=[]), {("sessions.device.os", "field"): "breaking"}),
    ("renamed", lambda d, o, p: (p[0].update(description="Key"),), {("sessions.session_id", "description"): "neutral"}),
    ("logical type", lambda d, o, p: p[1].update(logicalType="integer"), {("sessions.user_id", "type"): "breaking"}),
    ("widened", lambda d, o, p: p[1].update(physicalType="varchar(40)"), {("sessions.user_id", "physical type"): "compatible"}),
    ("narrowed", lambda d, o, p: p[1].update(physicalType="varchar(9)"), {("sessions.user_id", "physical type"): "breaking"}),
    ("same type", lambda d, o, p: p[0].update(physicalType="text"), {("sessions.session_id", "physical type"): "neutral"}),
    ("may be empty", lambda d, o, p: p[0].update(required=False), {("sessions.session_id", "required"): "breaking"}),
    ("never empty", lambda d, o, p: p[1].update(required=True), {("sessions.user_id", "required"): "compatible"}),
    ("not unique", lambda d, o, p: p[0].pop("unique"), {("sessions.session_id", "unique"): "breaking"}),
    ("key", lambda d, o, p: p[1].update(primaryKey=True), {("sessions", "key"): "breaking"}),
    ("value added", lambda d, o, p: p[1]["enum"].append({"value": "c"}), {("sessions.user_id", "values"): "breaking"}),
    ("values free", lambda d, o, p: p[1].pop("enum"), {("sessions.user_id", "values"): "breaking"}),
    ("check dropped", lambda d, o, p: p[1].pop("quality"), {("sessions.user_id", "quality q"): "breaking"}),
    ("check weaker", lambda d, o, p: p[1]["quality"][0].update(mustBeLessThan=9), {("sessions.user_id", "quality q"): "breaking"}),
    ("check stronger", lambda d, o, p: p[1]["quality"][0].update(mustBeLessThan=1), {("sessions.user_id", "quality q"): "compatible"}),
    ("classification", lambda d, o, p: p[1].update(classification="public"), {("sessions.user_id", "classification"): "neutral"}),
    ("object removed", lambda d, o, p: d.update(schema=[]), {("sessions", "object"): "breaking"}),
    ("slower", lambda d, o, p: d["slaProperties"][0].update(value=1, unit="d"), {("slaProperties.latency", "service level"): "breaking"}),
    ("faster", lambda d, o, p: d["slaProperties"][0].update(value=30, unit="min"), {("slaProperties.latency", "service level"): "compatible"}),
    ("same delay", lambda d, o, p: d["slaProperties"][0].update(value=360, unit="min"), {("slaProperties.latency", "service level"): "neutral"}),
    ("promise dropped", lambda d, o, p: d.pop("slaProperties"), {("slaProperties.latency", "service level"): "breaking"}),
    ("terms", lambda d, o, p: d.update(description={"limitations": "No."}), {("description.limitations", "terms"): "compatible"}),
    ("server moved", lambda d, o, p: d["servers"][0].update(schema="other"), {("servers.lake", "schema"): "breaking"}),
    ("dearer", lambda d, o, p: d["price"].update(priceAmount=6), {("price", "price"): "breaking"}),
    ("role gone", lambda d, o, p: d.pop("roles"), {("roles.reader", "role"): "breaking"}),
    ("retired", lambda d, o, p: d.update(status="retired"), {("status", "status"): "breaking"}),
    ("drafted", lambda d, o, p: d.update(status="Draft"), {("status", "status"): "breaking"}),
    ("deprecated", lambda d, o, p: d.update(status="deprecated"), {("status", "status"): "neutral"}),
    ("words", lambda d, o, p: d.update(tags=["x"]), {("contract", "tags"): "neutral"}),
    ("only the version", lambda d, o, p: d.update(version="9.0.0"), {}),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_each_change_is_found_and_judged(edit: Any, expected: dict[tuple[str, str], str]) -> None:
    assert changed(edit) == expected


def test_renamed_field_is_one_breaking_change() -> None:
    before, after = contract(), contract()
    before["schema"][0]["properties"][1]["id"] = after["schema"][0]["properties"][1]["id"] = "user"
    after["schema"][0]["properties"][1]["name"] = "listener_id"
    [change] = difference(before, after).changes
    assert (change.aspect, change.before, change.after) == (
        "name",
        "sessions.user_id",
        "sessions.listener_id",
    )
    assert change.severity == "breaking"


PHYSICAL = st.sampled_from(
    ["", "int", "int(11)", "bigint", "smallint", "varchar(20)", "varchar(40)", "text", "STRING", "numeric(10,2)",
     "numeric(12,4)", "decimal", "real", "double", "timestamp(3) with time zone", "timestamp with time zone", "odd type"]
)  # fmt: skip
LEVEL = st.fixed_dictionaries(
    {
        "property": st.sampled_from(["latency", "retention", "other"]),
        "value": st.sampled_from([1, 2, 24, "2", "x", "2030-01-01"]),
    },
    optional={"unit": st.sampled_from(["d", "h", "percent"])},
)
RULE = st.fixed_dictionaries(
    {"id": st.sampled_from(["a", "b"])},
    optional={
        "mustBeLessThan": st.integers(1, 3),
        "mustBeGreaterThan": st.integers(1, 3),
        "metric": st.sampled_from(["m", "n"]),
    },
)
FIELD = st.fixed_dictionaries(
    {"name": st.sampled_from(["a", "b", "c"])},
    optional={
        "logicalType": st.sampled_from(["string", "integer", "number"]), "physicalType": PHYSICAL,
        "required": st.booleans(), "unique": st.booleans(), "primaryKey": st.booleans(),
        "description": st.sampled_from(["x", "y"]), "id": st.sampled_from(["i", "j"]),
        "enum": st.lists(st.sampled_from(["1", "2", "3"]), unique=True).map(lambda vs: [{"value": v} for v in vs]),
        "logicalTypeOptions": st.dictionaries(st.sampled_from(["maximum", "minimum", "pattern"]), st.integers(1, 3)),
        "quality": st.lists(RULE, max_size=2),
    },
)  # fmt: skip
FIELDS = st.lists(FIELD, max_size=3, unique_by=lambda item: item["name"])
NESTED = st.builds(lambda outer, inner: [*({**f, "properties": inner} for f in outer)], FIELDS, FIELDS)
CONTRACT = st.fixed_dictionaries(
    {
        "id": st.just("c"), "version": st.just("1.0.0"),
        "schema": st.lists(st.builds(lambda name, ps: {"name": name, "properties": ps}, st.sampled_from(["t", "u"]), NESTED),
                           max_size=2, unique_by=lambda item: item["name"]),
        "slaProperties": st.lists(LEVEL, max_size=2),
    },
    optional={
        "status": st.sampled_from(["active", "retired"]),
        "price": st.fixed_dictionaries({"priceAmount": st.integers(0, 3), "priceCurrency": st.sampled_from(["EUR", "USD"])}),
        "roles": st.lists(st.sampled_from([{"role": "r"}, {"role": "w"}]), unique_by=lambda item: item["role"]),
        "servers": st.lists(st.fixed_dictionaries({"server": st.sampled_from(["s", "t"])}, optional={"host": st.sampled_from(["1", "2"])}),
                            max_size=2, unique_by=lambda item: item["server"]),
        "description": st.dictionaries(st.sampled_from(["usage", "purpose"]), st.sampled_from(["x", "y"])),
    },
)  # fmt: skip


@given(CONTRACT)
def test_same_contract_has_no_difference(data: dict[str, Any]) -> None:
    found = difference(data, deepcopy(data))
    assert found.changes == ()
    assert (found.bump, version_problem("1.0.0", "1.0.0", found)) == ("", "")


@given(CONTRACT, CONTRACT)
def test_facts_are_symmetric(one: dict[str, Any], other: dict[str, Any]) -> None:
    def facts(changes: Any, *, turned: bool = False) -> set[tuple[str, str, str, str]]:
        told = {(c.path, c.aspect, c.before, c.after) for c in changes}
        if not turned:
            return told
        return {(a if aspect == "name" and "." in a else path, aspect, a, b) for path, aspect, b, a in told}

    assert facts(difference(one, other).changes) == facts(difference(other, one).changes, turned=True)


@given(CONTRACT, CONTRACT, CONTRACT)
def test_small_steps_never_hide_a_breaking_change(
    a: dict[str, Any], b: dict[str, Any], c: dict[str, Any]
) -> None:
    if difference(a, c).is_breaking:
        assert difference(a, b).is_breaking or difference(b, c).is_breaking


@given(CONTRACT, CONTRACT)
def test_suggested_version_is_always_accepted_and_a_smaller_step_never(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    found = difference(one, other)
    if not found.bump:
        return
    assert version_problem("1.4.2", suggested_version("1.4.2", found), found) == ""
    too_small = {"major": ["1.5.0", "1.4.3"], "minor": ["1.4.3"], "patch": []}[found.bump]
    for version in (*too_small, "1.4.2", "1.0.0"):
        assert version_problem("1.4.2", version, found)


def test_two_thousand_columns_are_compared_quickly() -> None:
    def wide(kind: str) -> dict[str, Any]:
        properties = [
            {
                "name": f"c{n}",
                "logicalType": "string",
                "physicalType": kind,
                "required": True,
                "description": f"Column {n}",
            }
            for n in range(2_000)
        ]
        return contract(schema=[{"name": "wide", "properties": properties}])

    before, after = wide("varchar(20)"), wide("varchar(40)")
    after["schema"][0]["properties"].pop()
    started = perf_counter()
    found = difference(before, after)
    spent = perf_counter() - started
    assert (len(found.breaking), len(found.compatible)) == (1, 1_999)
    assert spent < 5  # seconds; well below one on an idle machine (docs/performance.md)


def test_thousands_of_one_name_are_compared_in_linear_time() -> None:
    """Counted in calls, not in seconds: each of 20,000 is named once."""
    asked = 0

    def name_of(item: Any) -> str:
        nonlocal asked
        asked += 1
        return "latency"

    found = by_name([{}] * 20_000, name_of)
    assert asked == len(found) == 20_000
    assert list(found)[:2] == ["latency", "latency (2)"]
    assert list(found)[-1] == "latency (20000)"
    assert list(by_name([{"n": "a (2)"}, {"n": "a"}, {"n": "a"}], lambda item: str(item["n"]))) == [
        "a (2)",
        "a",
        "a (3)",
    ]


@given(CONTRACT, st.randoms(use_true_random=False))
def test_order_in_the_document_means_nothing(data: dict[str, Any], random: Any) -> None:
    shuffled = deepcopy(data)
    for item in shuffled["schema"]:
        random.shuffle(item["properties"])
    random.shuffle(shuffled["schema"])
    assert not difference(data, shuffled).is_breaking


@given(CONTRACT, st.data())
def test_taking_a_field_away_breaks_and_giving_one_does_not(
    data: dict[str, Any], draw: st.DataObject
) -> None:
    filled = [item for item in data["schema"] if item["properties"]]
    if not filled or data.get("status") == "retired":
        return
    smaller = deepcopy(data)
    place = draw.draw(st.integers(0, len(filled) - 1))
    name = draw.draw(st.sampled_from([field["name"] for field in filled[place]["properties"]]))
    [item] = [item for item in smaller["schema"] if item["name"] == filled[place]["name"]]
    [gone] = [field for field in item["properties"] if field["name"] == name]
    item["properties"].remove(gone)
    assert difference(data, smaller).bump == "major"
    if "'primaryKey': True" not in str(gone):  # a key of more columns is another key
        assert difference(smaller, data).bump == "minor"


VERSIONS = st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4))


@given(CONTRACT, CONTRACT, VERSIONS, VERSIONS)
def test_version_is_judged_by_the_step_and_nothing_else(
    one: dict[str, Any], other: dict[str, Any], old: tuple[int, int, int], new: tuple[int, int, int]
) -> None:
    """A version is right exactly when the part the change asks for, or one before it, was raised."""
    found = difference(one, other)
    if not found.bump:
        return
    parts = ("major", "minor", "patch").index(found.bump) + 1
    is_right = new[:parts] > old[:parts]
    said = version_problem(".".join(map(str, old)), ".".join(map(str, new)), found)
    assert (said == "") == is_right


@given(CONTRACT, CONTRACT, CONTRACT)
def test_suggested_versions_of_small_steps_reach_at_least_that_of_the_whole(
    a: dict[str, Any], b: dict[str, Any], c: dict[str, Any]
) -> None:
    """Whoever goes by way of another version never ends below the major version the whole change asks for."""
    first = suggested_version("1.0.0", difference(a, b))
    by_steps = suggested_version(first, difference(b, c))
    at_once = suggested_version("1.0.0", difference(a, c))
    assert int(by_steps.split(".")[0]) >= int(at_once.split(".")[0])
