"""What each version of ODPS (Open Data Product Standard, Bitol) requires, as JSON Schema written from the standard.

Versions differ in few places: 0.9 knows a team as a list of members and fewer members of ports, 1.0 brings the team
with a name, 1.1 makes versions and contract ids of ports optional and adds synonyms, context and stable ids.
"""

from functools import cache
from typing import Any

VERSIONS = ("v0.9.0", "v1.0.0", "v1.1.0")
NEWEST = VERSIONS[-1]

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
_DEFINITION_TYPES_0_9 = ["businessDefinition", "transformationImplementation", "videoTutorial", "tutorial",
                         "implementation"]  # fmt: skip


def _record(members: Schema, *required: str) -> Schema:
    """An object of exactly these members."""
    return {
        "type": "object",
        "properties": members,
        "required": list(required),
        "additionalProperties": False,
    }


def _listed(name: str) -> Schema:
    return {"type": "array", "items": {"$ref": f"#/$defs/{name}"}}


def _texts(*names: str) -> Schema:
    return dict.fromkeys(names, TEXT)


_TAGS: Schema = {"type": "array", "items": TEXT}
_DEFINITIONS = _listed("AuthoritativeDefinition")
_CUSTOM = _listed("CustomProperty")
_ANNOTATED: Schema = {"tags": _TAGS, "customProperties": _CUSTOM, "authoritativeDefinitions": _DEFINITIONS}


@cache
def schema_of(version: str) -> Schema:
    """The schema documents of `version` (one of VERSIONS) must meet."""
    is_0_9, is_1_1 = version == "v0.9.0", version == "v1.1.0"
    members: Schema = {
        **_texts("apiVersion", "id", "name", "version", "status", "domain", "tenant", "productCreatedTs"),
        "apiVersion": {"enum": list(VERSIONS[: VERSIONS.index(version) + 1])},
        "kind": {"enum": ["DataProduct"]},
        "authoritativeDefinitions": _DEFINITIONS,
        "description": {"$ref": "#/$defs/Description"},
        "customProperties": _CUSTOM,
        "tags": _TAGS,
        "inputPorts": _listed("InputPort"),
        "outputPorts": _listed("OutputPort"),
        "managementPorts": _listed("ManagementPort"),
        "support": _listed("Support"),
        "team": _listed("TeamMember") if is_0_9 else {"$ref": "#/$defs/Team"},
    }
    if is_1_1:
        members |= {
            "deprecated": FLAG,
            "type": TEXT,
            "synonyms": _listed("Synonym"),
            "context": {"$ref": "#/$defs/Context"},
        }
    required = ("apiVersion", "kind", "id") if is_1_1 else ("apiVersion", "kind", "id", "status")
    return {
        "$schema": "https://json-schema.org/draft/2019-09/schema",
        "$defs": {**_shared(is_0_9, is_1_1), **_ports(is_0_9, is_1_1)},
        **_record(members, *required),
    }


def _shared(is_0_9: bool, is_1_1: bool) -> Schema:
    stable = {"id": TEXT} if is_1_1 else {}
    kind = {"type": "string", "enum": _DEFINITION_TYPES_0_9} if is_0_9 else TEXT
    custom = {**stable, "property": TEXT, "value": {}, "description": TEXT}
    member = _texts("username", "name", "description", "role", "dateIn", "dateOut", "replacedByUsername")
    return {
        "Description": _record(
            {
                **_texts("purpose", "limitations", "usage"),
                "authoritativeDefinitions": _DEFINITIONS,
                "customProperties": _CUSTOM,
            }
        ),
        "CustomProperty": _record(custom | ({"vendor": TEXT} if is_1_1 else {}), "property", "value"),
        "AuthoritativeDefinition": _record(
            {**stable, "type": kind, **_texts("url", "description")}, "type", "url"
        ),
        "Team": _record({**_texts("name", "description"), "members": _listed("TeamMember"), **_ANNOTATED}),
        "TeamMember": _record({**stable, **member, **_ANNOTATED}, *(() if is_0_9 else ("username",))),
        "Support": _record(
            {
                **stable,
                **_texts("channel", "url", "description", "tool", "scope", "invitationUrl"),
                **_ANNOTATED,
            },
            "channel",
            "url",
        ),
        "Synonym": _record(
            {
                **_texts("id", "synonym", "description", "locale", "source", "status"),
                "customProperties": _CUSTOM,
            },
            "synonym",
        ),
        "Context": _record(
            {
                "instructions": TEXT,
                "verifiedStatements": _listed("VerifiedStatement"),
                "constraints": _listed("Constraint"),
            }
        ),
        "VerifiedStatement": _record({**_texts("id", "question", "answer"), **_ANNOTATED}, "question"),
        "Constraint": _record({**_texts("id", "constraint"), **_ANNOTATED}, "constraint"),
    }


def _ports(is_0_9: bool, is_1_1: bool) -> Schema:
    newer: Schema = {"id": TEXT, "deprecated": FLAG} if is_1_1 else {}
    annotated = {} if is_0_9 else _ANNOTATED
    output: Schema = {
        **newer,
        **_texts("name", "description", "type", "version", "contractId"),
        "sbom": _listed("SBOM"),
        "inputContracts": _listed("InputContract"),
        **annotated,
    }
    if is_1_1:
        output |= {"synonyms": _listed("Synonym"), "context": {"$ref": "#/$defs/Context"}}
    sbom = {**_texts("type", "url"), **({"id": TEXT, **_ANNOTATED} if is_1_1 else {})}
    return {
        "InputPort": _record(
            {**newer, **_texts("name", "version", "contractId"), **annotated},
            *(("name",) if is_1_1 else ("name", "version", "contractId")),
        ),
        "OutputPort": _record(output, *(("name",) if is_1_1 else ("name", "version"))),
        "SBOM": _record(sbom, *(() if is_1_1 else ("url",))),
        "InputContract": _record(_texts("id", "version"), "id", "version"),
        "ManagementPort": _record(
            {**newer, **_texts("name", "content", "type", "url", "channel", "description"), **_ANNOTATED},
            "name",
            "content",
        ),
    }
