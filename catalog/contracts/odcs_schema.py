"""The JSON Schema of each version of ODCS (Open Data Contract Standard, Bitol, Apache-2.0).

The newest schema comes in the package `open-data-contract-standard`; older versions are made from it by taking back
what later versions brought, as listed here (source: the standard's change log and its schemas v3.0.0 to v3.2.0).
"""

import json
from copy import deepcopy
from functools import cache
from importlib.resources import files
from typing import Any

VERSIONS = ("v3.0.0", "v3.0.1", "v3.0.2", "v3.1.0", "v3.2.0")
NEWEST = VERSIONS[-1]

Schema = dict[str, Any]

_SERVERS_OF_3_2 = {
    "btrieve", "exasol", "fastobjects", "hana", "iceberg", "ingres", "poet", "teradata", "vectorwise", "versant",
}  # fmt: skip
_SERVERS_OF_3_1 = {"hive", "impala", "zen"}
_OPEN_IN_3_0 = ("DataQuality", "Pricing", "Role", "Server", "ServiceLevelAgreementProperty", "SupportItem")
_OPERATORS = ("mustBeGreaterThan", "mustBeGreaterOrEqualTo", "mustBeLessThan", "mustBeLessOrEqualTo")
_BETWEEN = {"type": "array", "minItems": 2, "maxItems": 2, "uniqueItems": True, "items": {"type": "number"}}


@cache
def schema_of(version: str) -> Schema:
    """The schema documents of `version` (one of VERSIONS) must meet."""
    if version == NEWEST:
        text = files("open_data_contract_standard").joinpath("schema.json").read_text(encoding="utf-8")
        newest: Schema = json.loads(text)
        _correct(newest["$defs"])
        return newest
    later = VERSIONS[VERSIONS.index(version) + 1]
    schema = deepcopy(schema_of(later))
    _TAKE_BACK[later](schema, schema["$defs"])
    return schema


def _correct(defs: Schema) -> None:
    """What the standard corrected in v3.2.0 after the package was made.

    Without it a property that states no logical type would have to be a map and a vector.
    """
    name = r"[^\s.#/\\@!%&^]+"
    defs["StableId"]["pattern"] = f"^{name}$"
    defs["FullyQualifiedReference"]["pattern"] = (
        r"^(?:(?:https?:\/\/)?[A-Za-z0-9._\-\/]+\.ya?ml#)?\/?[A-Za-z_][A-Za-z0-9_]*\/"
        rf"{name}(?:\/[A-Za-z_][A-Za-z0-9_]*\/{name})*$"
    )
    kinds = defs["SchemaObject"]["properties"]["logicalType"]["enum"]
    kinds.extend({"blob"} - set(kinds))
    for rule in defs["SchemaBaseProperty"]["allOf"]:
        kind = rule.get("if", {}).get("properties", {}).get("logicalType", {}).get("const")
        if kind in ("map", "vector"):
            rule["if"]["required"] = ["logicalType"]
        if kind == "vector":
            rule["then"]["required"] = ["logicalTypeOptions"]


def _take_back_3_2(schema: Schema, defs: Schema) -> None:
    schema["required"].append("status")
    defs["Port"]["type"] = "integer"
    defs["StableId"]["pattern"] = "^[A-Za-z0-9_-]+$"
    defs["ShorthandReference"]["pattern"] = r"^[A-Za-z_][A-Za-z0-9_]*\.[A-Za-z_][A-Za-z0-9_]*$"
    defs["FullyQualifiedReference"]["pattern"] = (
        r"^(?:(?:https?:\/\/)?[A-Za-z0-9._\-\/]+\.yaml#)?\/?[A-Za-z_][A-Za-z0-9_]*\/[A-Za-z0-9_-]+"
        r"(?:\/[A-Za-z_][A-Za-z0-9_]*\/[A-Za-z0-9_-]+)*$"
    )
    _drop(schema, "context")
    _drop(defs["SchemaObject"], "context")
    _drop(defs["SchemaElement"], "deprecated", "synonyms")
    _drop(defs["SchemaBaseProperty"], "enum", "semanticType")
    _drop(defs["CustomProperty"], "vendor")
    _drop(defs["RelationshipBase"], "id")
    _drop(defs["ServiceLevelAgreementProperty"], "authoritativeDefinitions", "customProperties")
    _drop_values(defs["SchemaBaseProperty"], "logicalType", {"map", "vector"})
    _drop_values(defs["SchemaObject"], "logicalType", {"blob"})
    _drop_values(defs["Server"], "type", _SERVERS_OF_3_2)
    _drop_rules(defs["SchemaBaseProperty"], "logicalType", {"map", "vector"})
    for source in defs["ServerSource"].values():
        _drop(source, "encoding")
    athena = defs["ServerSource"]["AthenaServer"]
    _drop(athena, "workgroup")
    athena["required"] = [*athena.get("required", []), "stagingDir"]


def _take_back_3_1(schema: Schema, defs: Schema) -> None:
    schema.pop("unevaluatedProperties", None)
    schema["properties"]["team"] = {"type": "array", "items": {"$ref": "#/$defs/TeamMember"}}
    for name in (*_OPEN_IN_3_0, "TeamMember"):
        defs[name].pop("additionalProperties", None)
        defs[name].pop("unevaluatedProperties", None)
        defs[name]["properties"].pop("id", None)
    for items in (defs["AuthoritativeDefinitions"]["items"], defs["CustomProperty"]):
        items.pop("additionalProperties", None)
        items["properties"].pop("id", None)
        items["properties"].pop("description", None)
    defs["CustomProperty"].pop("required", None)
    defs["TeamMember"].pop("required", None)
    defs["SupportItem"]["required"] = ["channel", "url"]
    defs["SupportItem"]["properties"].pop("customProperties", None)
    for name in ("description", "schedule", "scheduler"):
        defs["ServiceLevelAgreementProperty"]["properties"].pop(name, None)
    _quality_of_3_0(defs)
    _properties_of_3_0(defs)
    _servers_of_3_0(defs)


def _quality_of_3_0(defs: Schema) -> None:
    """A library check was named by `rule`; a check without a type is one too."""
    operators: Schema = {name: {"type": "number"} for name in _OPERATORS}
    operators |= {"mustBeBetween": _BETWEEN, "mustNotBeBetween": _BETWEEN}
    library = {
        "type": "object",
        "properties": {"rule": {"type": "string"}, **operators},
        "required": ["rule"],
    }
    defs["DataQualityLibrary"] = library
    defs["DataQualitySql"].pop("allOf", None)
    for rule in defs["DataQuality"]["allOf"]:
        if rule["then"].get("$ref", "").endswith("/DataQualityLibrary"):
            rule["if"] = {"properties": {"type": {"const": "library"}}}


def _properties_of_3_0(defs: Schema) -> None:
    base = defs["SchemaBaseProperty"]
    base.pop("unevaluatedProperties", None)
    _drop(base, "relationships")
    _drop(defs["SchemaObject"], "relationships")
    _drop(defs["SchemaElement"], "id")
    _drop_values(base, "logicalType", {"timestamp", "time"})
    _drop_rules(base, "logicalType", {"timestamp", "time"})
    for rule in base["allOf"]:
        options = (
            rule.get("then", {}).get("properties", {}).get("logicalTypeOptions", {}).get("properties", {})
        )
        for name in {"exclusiveMaximum", "exclusiveMinimum"} & set(options):
            options[name] = {"type": "boolean"}


def _servers_of_3_0(defs: Schema) -> None:
    sources = defs["ServerSource"]
    _drop_values(defs["Server"], "type", _SERVERS_OF_3_1)
    _drop(sources["CustomServer"], "stream")
    sources["DuckdbServer"]["properties"]["schema"]["type"] = "integer"
    for name in ("AzureServer", "S3Server", "SftpServer"):
        sources[name]["properties"]["format"]["enum"] = ["parquet", "delta", "json", "csv"]
        sources[name]["properties"]["delimiter"]["enum"] = ["new_line", "array"]


def _take_back_3_0_2(_schema: Schema, defs: Schema) -> None:
    _drop(defs["SchemaBaseProperty"], "physicalName")
    for name in ("description", "name"):
        defs["TeamMember"]["properties"].pop(name, None)
    athena = defs["ServerSource"]["AthenaServer"]
    athena["required"] = ["staging_dir" if name == "stagingDir" else name for name in athena["required"]]


def _take_back_3_0_1(schema: Schema, defs: Schema) -> None:
    _drop(schema, "authoritativeDefinitions")
    _drop(schema["properties"]["description"], "authoritativeDefinitions", "customProperties")
    _drop(defs["Role"], "customProperties")


_TAKE_BACK = {
    "v3.2.0": _take_back_3_2,
    "v3.1.0": _take_back_3_1,
    "v3.0.2": _take_back_3_0_2,
    "v3.0.1": _take_back_3_0_1,
}


def _drop(schema: Schema, *names: str) -> None:
    for name in names:
        schema["properties"].pop(name, None)


def _drop_values(schema: Schema, name: str, values: set[str]) -> None:
    member = schema["properties"][name]
    member["enum"] = [value for value in member["enum"] if value not in values]


def _drop_rules(schema: Schema, name: str, values: set[str]) -> None:
    """Take out the `if` rules about `name` being one of `values`."""

    def speaks_of(rule: Schema) -> bool:
        condition = rule.get("if", {})
        cases = condition.get("anyOf", [condition])
        return any(case.get("properties", {}).get(name, {}).get("const") in values for case in cases)

    schema["allOf"] = [rule for rule in schema["allOf"] if not speaks_of(rule)]
