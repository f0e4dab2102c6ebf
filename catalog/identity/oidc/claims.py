"""Reading what a provider says of a person, in the ways providers write it. Pure."""

import re
import unicodedata
from typing import Any

MOST_GROUPS = 1_000
LONGEST_GROUP = 300
_NOT_IN_A_NAME = re.compile(r"[^\w.@+-]+")


def groups_of(claims: dict[str, Any], claim: str) -> list[str] | None:
    """The groups told by `claim` (a name, or a path such as `realm_access.roles`); None where they are not told whole.

    A claim that is absent means no group: providers leave an empty list out. A provider that has too many to tell
    says so (Entra: `_claim_names`, `hasgroups`), and then nothing is known.
    """
    if not claim:
        return []
    elsewhere = claims.get("_claim_names")
    if (isinstance(elsewhere, dict) and claim in elsewhere) or claims.get("hasgroups") in (True, "true"):
        return None
    found = claims.get(claim, _below(claims, claim))
    if isinstance(found, str):
        found = [found]
    if not isinstance(found, list):
        return []
    names = [item["name"] if isinstance(item, dict) and "name" in item else item for item in found]
    fitting = [item for item in names if isinstance(item, str) and 0 < len(item) <= LONGEST_GROUP]
    return list(dict.fromkeys(item for item in fitting if "\x00" not in item))[:MOST_GROUPS]


def _below(claims: dict[str, Any], path: str) -> Any:
    place: Any = claims
    for part in path.split("."):
        place = place.get(part) if isinstance(place, dict) else None
    return place


def verified_email(claims: dict[str, Any]) -> str:
    """The e-mail address, where the provider says in so many words that it has verified it; else empty."""
    email = claims.get("email")
    return email.strip() if isinstance(email, str) and claims.get("email_verified") in (True, "true") else ""


def name_of(claims: dict[str, Any]) -> str:
    """The person's name for people, at most 150 letters."""
    parts = [claims.get(name) for name in ("given_name", "family_name")]
    joined = " ".join(part for part in parts if isinstance(part, str))
    told = claims.get("name")
    text = told if isinstance(told, str) and told.strip() else joined
    return " ".join(text.replace("\x00", "").split())[:150]


def username_from(claims: dict[str, Any], claim: str) -> str:
    """A username made of what the provider calls the person, of signs a username may have; empty if nothing fits."""
    told = claims.get(claim) or verified_email(claims) or claims.get("sub", "")
    text = unicodedata.normalize("NFKC", told if isinstance(told, str) else "").casefold()
    return _NOT_IN_A_NAME.sub("-", text).strip("-.@+_")[:140]
