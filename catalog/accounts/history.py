"""What happened to an account, in sentences, for administrators."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalog.accounts.models import Role, User
from catalog.audit.models import AuditEvent

SENTENCES = {
    "person.invited": "invited them",
    "person.made_first_admin": "made them the first administrator",
    "person.link_made": "made a one-time link for them",
    "person.password_set": "set a password by a one-time link",
    "person.password_changed": "changed the password",
    "person.signed_in": "signed in",
    "person.service_account_made": "made this service account",
    "person.came": "came through the identity provider for the first time",
    "person.linked": "linked them to an account of the identity provider",
    "person.unlinked": "cut the link to the identity provider",
    "person.provisioned": "took the account over SCIM",
    "person.second_factor_added": "set a second factor up",
    "person.second_factor_removed": "removed the second factor",
    "person.recovery_codes_renewed": "made new recovery codes",
    "person.recovery_code_used": "used a recovery code",
    "person.kept_last_admin": "kept the role of the last administrator against the provider's groups",
    "person.deactivated": "deactivated the account",
    "person.reactivated": "reactivated the account",
}


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the timeline component."""

    at: datetime
    actor: str
    sentence: str
    url: str = ""
    detail: str = ""


def history_of(person: User, limit: int = 20) -> list[Event]:
    """The latest events about `person`, newest first."""
    events = AuditEvent.objects.about("person", person.pk)[:limit]
    return [Event(event.at, event.actor_name, sentence_of(event)) for event in events]


def sentence_of(event: AuditEvent) -> str:
    """What was done, to be read after the actor's name."""
    detail: dict[str, Any] = event.detail
    if event.verb in SENTENCES:
        return SENTENCES[event.verb]
    if event.verb in ("person.role_granted", "person.role_revoked"):
        word = "gave" if event.verb.endswith("granted") else "revoked"
        role = detail.get("role", "")
        label = Role(role).label if role in Role.values else role
        return f"{word} the role {label} in {detail.get('team') or 'the whole mesh'}"
    if event.verb == "person.edited":
        return f"changed {', '.join(name.replace('_', ' ') for name in event.changes)}"
    if event.verb == "person.handed_over":
        return f"handed {detail.get('count', 0)} over to {detail.get('receiver', '')}"
    return event.verb.partition(".")[2].replace("_", " ")
