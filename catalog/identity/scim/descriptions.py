"""What the portal's SCIM says of itself: its abilities, its kinds of resources, their attributes (RFC 7643, 5 to 7)."""

from typing import Any

from catalog.identity.scim.documents import ENTERPRISE, GROUP, USER

MOST_RESULTS = 200


def abilities() -> dict[str, Any]:
    """ServiceProviderConfig."""
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": True},
        "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": MOST_RESULTS},
        "changePassword": {"supported": False},
        "sort": {"supported": False},
        "etag": {"supported": True},
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "Bearer token",
                "description": "A token of the portal with the scope scim.",
                "primary": True,
            }
        ],
    }


def resource_types(base: str) -> list[dict[str, Any]]:
    """ResourceTypes."""
    return [
        {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": name,
            "name": name,
            "endpoint": f"/{name}s",
            "schema": schema,
            "schemaExtensions": [{"schema": ENTERPRISE, "required": False}] if name == "User" else [],
            "meta": {"resourceType": "ResourceType", "location": f"{base}/ResourceTypes/{name}"},
        }
        for name, schema in (("User", USER), ("Group", GROUP))
    ]


def schemas(base: str) -> list[dict[str, Any]]:
    """Schemas: the attributes the portal acts upon; others of a person are kept and told back."""
    person = [
        _attribute("userName", required=True, unique="server"),
        _attribute("externalId", exact=True),
        _attribute("displayName"),
        _attribute(
            "name",
            kind="complex",
            below=[_attribute("formatted"), _attribute("givenName"), _attribute("familyName")],
        ),
        _attribute("active", kind="boolean"),
        _attribute(
            "emails",
            kind="complex",
            many=True,
            below=[_attribute("value"), _attribute("primary", kind="boolean")],
        ),
        _attribute(
            "groups",
            kind="complex",
            many=True,
            writes="readOnly",
            below=[_attribute("value"), _attribute("display")],
        ),
    ]
    group = [
        _attribute("displayName", required=True, unique="server"),
        _attribute("externalId", exact=True),
        _attribute("members", kind="complex", many=True, below=[_attribute("value"), _attribute("display")]),
    ]
    return [
        {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": schema,
            "name": name,
            "attributes": attributes,
            "meta": {"resourceType": "Schema", "location": f"{base}/Schemas/{schema}"},
        }
        for name, schema, attributes in (("User", USER, person), ("Group", GROUP, group))
    ]


def _attribute(
    name: str,
    *,
    kind: str = "string",
    many: bool = False,
    required: bool = False,
    exact: bool = False,
    unique: str = "none",
    writes: str = "readWrite",
    below: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    told = {
        "name": name,
        "type": kind,
        "multiValued": many,
        "required": required,
        "caseExact": exact,
        "mutability": writes,
        "returned": "default",
        "uniqueness": unique,
    }
    return told | ({"subAttributes": below} if below else {})
