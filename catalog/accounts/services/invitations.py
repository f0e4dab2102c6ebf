"""One-time links by which people set their password: invitations and resets. They work without e-mail."""

import secrets
from datetime import timedelta

from axes.utils import reset as forget_failures
from django.db import transaction
from django.utils import timezone

from catalog.accounts.kernel import require
from catalog.accounts.models import Invitation, Session, User
from catalog.accounts.services.checks import check_password
from catalog.accounts.services.tokens import digest_of
from catalog.audit import services as audit
from catalog.common.errors import Conflict, Invalid, NotFound
from catalog.common.validation import clean

LIFETIME = {Invitation.Purpose.INVITE: timedelta(days=7), Invitation.Purpose.RESET: timedelta(hours=24)}
UNUSABLE = "This link was used already, has expired, or is not complete."
ASK_AGAIN = "Ask a platform administrator for a new one."


@transaction.atomic
def invite_person(
    *, actor: User | None, username: str, name: str = "", email: str = "", time_zone: str = "UTC"
) -> tuple[User, str]:
    """A new account that cannot sign in yet, and the secret of the link that lets its person set a password.

    The secret is shown once and kept as a digest; the link is good for seven days. Raises Invalid for a username
    that is taken (in any capitals) or malformed.
    """
    require(actor, "person.administer", None, "Only platform administrators may invite people.")
    person = User(username=username.strip(), name=name.strip(), email=email.strip(), time_zone=time_zone)
    person.set_unusable_password()
    clean(person, exclude=["password"])
    person.save()
    audit.record(actor=actor, verb="person.invited", obj=person, detail={"username": person.username})
    return person, _make_link(actor, person, Invitation.Purpose.INVITE)


@transaction.atomic
def reset_password_link(*, actor: User | None, person: User) -> str:
    """The secret of a new link for a person who cannot sign in; links made before are void.

    The old password stays good until the link is used: a reset nobody asked for does not shut anybody out.
    """
    require(actor, "person.administer", None, "Only platform administrators may make a link for somebody.")
    if person.is_service:
        raise Conflict(f"{person} is a service account.", "No link was made.", "Make a token for it instead.")
    if not person.is_active:
        raise Conflict(f"{person} is deactivated.", "No link was made.", "Reactivate the account first.")
    fresh = person.last_login is None and not person.has_usable_password()
    purpose = Invitation.Purpose.INVITE if fresh else Invitation.Purpose.RESET
    secret = _make_link(actor, person, purpose)
    audit.record(actor=actor, verb="person.link_made", obj=person, detail={"purpose": purpose.value})
    return secret


def find_invitation(secret: str) -> Invitation:
    """The open invitation of a link. Raises NotFound, in the same words whatever is wrong with it."""
    found = (
        Invitation.objects.usable()
        .filter(digest=digest_of(secret), user__is_active=True)
        .select_related("user")
        .first()
    )
    if found is None:
        raise NotFound(UNUSABLE, "", ASK_AGAIN)
    return found


@transaction.atomic
def accept_invitation(*, secret: str, password: str) -> User:
    """Set the password of the link's person and use the link up; all sessions of the person end.

    Raises NotFound when the link is not good (also when somebody else was quicker), Invalid for a weak password.
    """
    invitation = find_invitation(secret)
    person = invitation.user
    check_password(password, person)
    now = timezone.now()
    if not Invitation.objects.usable().filter(pk=invitation.pk).update(used_at=now, updated_at=now):
        raise NotFound(UNUSABLE, "", ASK_AGAIN)
    person.set_password(password)
    person.save(update_fields=["password", "updated_at"])
    Session.objects.filter(user=person).delete()
    forget_failures(username=person.username)  # a lockout has found its remedy
    audit.record(actor=person, verb="person.password_set", obj=person, detail={"by": invitation.purpose})
    return person


def _make_link(actor: User | None, person: User, purpose: Invitation.Purpose) -> str:
    if not person.is_active:
        raise Invalid(f"{person} is deactivated.")
    now = timezone.now()
    Invitation.objects.usable().filter(user=person).update(expires_at=now, updated_at=now)
    secret = secrets.token_urlsafe(32)
    Invitation.objects.create(
        user=person,
        purpose=purpose,
        digest=digest_of(secret),
        created_by=actor,
        expires_at=now + LIFETIME[purpose],
    )
    return secret
