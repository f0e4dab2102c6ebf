"""People and groups as SCIM resources (RFC 7643): what is read out of a document, and how one is written."""

from typing import Any

from catalog.accounts.models import User, fold_username, username_validator
from catalog.common.errors import Problem
from catalog.identity.models import ProvisionedGroup, ProvisionedPerson
from catalog.identity.scim.errors import ScimError, bad_value

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
# What is kept of a person as it was said, so that the provider reads back what it wrote; the rest is ignored.
KEPT = {
    name.lower(): name
    for name in (
        "externalId", "userName", "name", "displayName", "nickName", "profileUrl", "title", "userType",
        "preferredLanguage", "locale", "timezone", "active", "emails", "phoneNumbers", "addresses", ENTERPRISE,
    )
}  # fmt: skip
MOST_LETTERS = 50_000  # of a document


def person_document(body: Any) -> dict[str, Any]:
    """The known attributes of what was sent, in the standard's spelling. Raises ScimError (invalidValue)."""
    if not isinstance(body, dict):
        raise ScimError(400, "Send one JSON object.", "invalidSyntax")
    document = {KEPT[key.lower()]: value for key, value in body.items() if key.lower() in KEPT}
    if len(str(document)) > MOST_LETTERS:
        raise ScimError(413, f"A person may have {MOST_LETTERS:,} letters.")
    user_name = document.get("userName")
    if not isinstance(user_name, str) or not user_name.strip() or len(user_name) > 255:
        raise bad_value("userName must be a text of 1 to 255 letters.")
    document["active"] = truth(document.get("active", True))
    external = document.get("externalId") or ""
    if not isinstance(external, str) or len(external) > 255:
        raise bad_value("externalId must be a text of at most 255 letters.")
    for name, kind in (("name", dict), ("emails", list), ("displayName", str)):
        if not isinstance(document.get(name, kind()), kind | None):
            raise bad_value(f"{name} has the wrong shape.")
    return {name: value for name, value in document.items() if value is not None}


def truth(value: Any) -> bool:
    """Entra sends truth values as text."""
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if isinstance(value, bool):
        return value
    raise bad_value("active must be true or false.")


def name_in(document: dict[str, Any]) -> str:
    """The person's name for people."""
    name = document.get("name") or {}
    joined = " ".join(part for key in ("givenName", "familyName") if isinstance(part := name.get(key), str))
    for told in (document.get("displayName"), name.get("formatted"), joined):
        if isinstance(told, str) and told.strip():
            return " ".join(told.split())[:150]
    return ""


def email_in(document: dict[str, Any]) -> str:
    """The primary address, else the first; empty where none is well-formed."""
    found = [item for item in document.get("emails") or [] if isinstance(item, dict)]
    found.sort(key=lambda item: item.get("primary") not in (True, "true", "True"))
    value = found[0].get("value") if found else ""
    return value.strip() if isinstance(value, str) and "@" in value and len(value) <= 254 else ""


def username_of(user_name: str) -> str:
    """The username here; raises ScimError where it has signs that a username may not have."""
    folded = fold_username(user_name)
    try:
        username_validator(folded)
    except Exception as error:
        raise bad_value(
            "userName may hold letters, digits and . @ + - _ only, a letter or digit first."
        ) from error
    if len(folded) > 150:
        raise bad_value("userName may have 150 letters.")
    return folded


def problems_as_error(problems: list[Problem]) -> ScimError:
    return bad_value(
        " ".join(f"{item.path}: {item.message}" for item in problems) or "Something is not valid."
    )


def person_resource(person: ProvisionedPerson, base: str) -> dict[str, Any]:
    """The resource; its user and that user's groups should be loaded."""
    user: User = person.user
    groups = [
        {"value": str(group.pk), "display": group.name, "$ref": f"{base}/Groups/{group.pk}"}
        for group in user.provisioned_groups.all()
    ]
    extended = [ENTERPRISE] if ENTERPRISE in person.document else []
    return {
        **person.document,
        "schemas": [USER, *extended],
        "id": str(person.pk),
        "active": user.is_active,
        "groups": groups,
        "meta": _meta("User", f"{base}/Users/{person.pk}", person),
    }


def group_resource(group: ProvisionedGroup, base: str, *, members: bool = True) -> dict[str, Any]:
    told: dict[str, Any] = {
        "schemas": [GROUP],
        "id": str(group.pk),
        "displayName": group.name,
        "meta": _meta("Group", f"{base}/Groups/{group.pk}", group),
    }
    if group.external_id:
        told["externalId"] = group.external_id
    if members:
        told["members"] = [
            {
                "value": str(user.provisioned.pk),
                "display": str(user),
                "$ref": f"{base}/Users/{user.provisioned.pk}",
            }
            for user in group.members.all()
            if hasattr(user, "provisioned")
        ]
    return told


def tag_of(item: ProvisionedPerson | ProvisionedGroup) -> str:
    return f'W/"{item.revision}"'


def _meta(kind: str, location: str, item: ProvisionedPerson | ProvisionedGroup) -> dict[str, str]:
    return {
        "resourceType": kind,
        "created": item.created_at.isoformat(),
        "lastModified": item.updated_at.isoformat(),
        "location": location,
        "version": tag_of(item),
    }
