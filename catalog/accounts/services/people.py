"""People: the first administrator, one's own account, deactivation."""

import secrets
from collections.abc import Collection
from typing import Any
from zoneinfo import available_timezones

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from catalog.accounts import kernel
from catalog.accounts.kernel import require
from catalog.accounts.models import ApiToken, Invitation, Membership, Role, Session, User
from catalog.accounts.services.checks import check_password, keep_one_admin
from catalog.accounts.signals import person_deactivated
from catalog.audit import services as audit
from catalog.common.concurrency import bump_revision
from catalog.common.errors import Conflict, Invalid, Problem
from catalog.common.validation import clean

PROFILE = ("name", "email", "time_zone")


@transaction.atomic
def create_first_admin(*, username: str = "admin", password: str | None = None) -> tuple[User, str]:
    """The first platform administrator, and their password (a random one when none is given).

    An account of that name made before (by an import) becomes the administrator. Raises Conflict when an active
    administrator exists, so that nobody gets in again this way.
    """
    if Membership.objects.filter(role=Role.PLATFORM_ADMIN, user__is_active=True).exists():
        raise Conflict("There is a platform administrator already.", "", "Ask them for an invitation.")
    password = password or secrets.token_urlsafe(15)
    person = User.objects.filter(username=username).first() or User(username=username, name="Administrator")
    check_password(password, person)
    person.set_password(password)
    person.is_active, person.deactivated_at = True, None
    clean(person)
    person.save()
    Membership.objects.get_or_create(user=person, role=Role.PLATFORM_ADMIN, team=None)
    audit.record(actor=None, verb="person.made_first_admin", obj=person)
    return person, password


@transaction.atomic
def edit_person(
    *, actor: User | None, person: User, expected_revision: int | None = None, **fields: str
) -> User:
    """Change name, email or time_zone (an IANA name). Raises Invalid, NotAllowed, or Conflict on a stale revision."""
    require(actor, "person.edit", person, "You may edit your own account only.")
    unknown = sorted(set(fields) - set(PROFILE))
    if unknown:
        raise Invalid(
            "Unknown fields.", problems=[Problem(name, "unknown", "No such field.") for name in unknown]
        )
    if "time_zone" in fields and fields["time_zone"] not in available_timezones():
        problem = Problem("time_zone", "choice", "Choose a time zone such as Europe/Berlin.")
        raise Invalid("The time zone is unknown.", "Nothing was changed.", "", [problem])
    bump_revision(person, expected_revision)
    changes: dict[str, list[Any]] = {}
    for name, value in fields.items():
        if getattr(person, name) != value.strip():
            changes[name] = [getattr(person, name), value.strip()]
            setattr(person, name, value.strip())
    clean(person, exclude=["password"])
    person.save(update_fields=[*changes, "updated_at"])
    if changes:
        audit.record(actor=actor, verb="person.edited", obj=person, changes=changes)
    return person


@transaction.atomic
def change_password(*, actor: User, current: str, new: str, keep_session: str | None = None) -> User:
    """One's own password; every other session ends (`keep_session` is the key of the one that asks).

    Raises Invalid when the current password is wrong or the new one is weak. Tokens stay: they are listed beside.
    """
    if not actor.check_password(current):
        problem = Problem("current", "wrong", "This is not your current password.")
        raise Invalid("The password was not changed.", "", "", [problem])
    check_password(new, actor, "new")
    actor.set_password(new)
    actor.save(update_fields=["password", "updated_at"])
    end_sessions(actor=actor, person=actor, but=keep_session)
    audit.record(actor=actor, verb="person.password_changed", obj=actor)
    return actor


def end_sessions(
    *, actor: User | None, person: User, but: str | None = None, keys: Collection[str] | None = None
) -> int:
    """End the person's sessions (all, or those of `keys`) except `but`; how many were ended."""
    require(actor, "person.edit", person, "You may end your own sessions only.")
    sessions = Session.objects.filter(user=person)
    if keys is not None:
        sessions = sessions.filter(pk__in=keys)
    if but is not None:
        sessions = sessions.exclude(pk=but)
    return sessions.delete()[0]


def _require_charge(actor: User | None, person: User, message: str) -> None:
    """A service account is in the charge of its team's admins, a person of the platform's."""
    if person.team is not None:
        require(actor, "service_account.administer", person.team, message)
    else:
        require(actor, "person.administer", None, message)


@transaction.atomic
def deactivate_person(*, actor: User | None, person: User) -> User:
    """Shut a person out at once: sessions end, tokens and open links are void, and so is what features end with
    `person_deactivated` (access to data). Roles stay until handed over.

    Raises Conflict for the last active platform administrator. Deactivating twice changes nothing.
    """
    _require_charge(actor, person, "Only platform administrators may deactivate people.")
    if kernel.standing(person).is_platform_admin:
        keep_one_admin(person)
    now = timezone.now()
    if not User.objects.filter(pk=person.pk, is_active=True).update(
        is_active=False, deactivated_at=now, updated_at=now, revision=F("revision") + 1
    ):
        return person
    Session.objects.filter(user=person).delete()
    ApiToken.objects.filter(user=person, revoked_at=None).update(revoked_at=now)
    Invitation.objects.filter(user=person).usable().update(expires_at=now)
    person.refresh_from_db()
    kernel.forget_standing(person)
    audit.record(actor=actor, verb="person.deactivated", obj=person, changes={"is_active": [True, False]})
    person_deactivated.send(sender=User, person_id=person.pk, at=now)
    return person


@transaction.atomic
def reactivate_person(*, actor: User | None, person: User) -> User:
    """Let a person in again, with the roles they still hold; their old tokens and sessions stay void."""
    _require_charge(actor, person, "Only platform administrators may reactivate people.")
    if not User.objects.filter(pk=person.pk, is_active=False).update(
        is_active=True, deactivated_at=None, updated_at=timezone.now(), revision=F("revision") + 1
    ):
        return person
    person.refresh_from_db()
    kernel.forget_standing(person)
    audit.record(actor=actor, verb="person.reactivated", obj=person, changes={"is_active": [False, True]})
    return person
