"""Whom the provider's account belongs to here: the linked person, one to be linked, a new one, or nobody."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from catalog.accounts.kernel import require, standing
from catalog.accounts.models import ApiToken, Invitation, Session, User
from catalog.audit import services as audit
from catalog.common.errors import Conflict, Invalid, NotFound, Problem
from catalog.common.validation import clean
from catalog.identity.models import ProviderAccount, ProvisionedPerson, RecoveryCode, SecondFactor
from catalog.identity.oidc.claims import groups_of, name_of, username_from, verified_email
from catalog.identity.oidc.errors import SignInRefused
from catalog.identity.services.groups import follow_groups

ADMINISTER = "Only platform administrators link accounts."


@transaction.atomic
def person_of(claims: dict[str, Any]) -> User:
    """The person of proven `claims`, with the roles their groups give. Raises SignInRefused when there is nobody.

    In this order: the account that is linked; the one the provider provisioned under this very id; where settings
    allow it the one with the same verified e-mail address; where settings allow it a new one.
    """
    issuer, subject = settings.OIDC.issuer, claims["sub"]
    account = ProviderAccount.objects.select_related("user").filter(issuer=issuer, subject=subject).first()
    if account is None:
        person = _provisioned(claims) or _same_email(claims) or _newcomer(claims)
        if person is None:
            raise SignInRefused(
                "nobody",
                "The identity provider knows you, but there is no account for you here.",
                "Ask a platform administrator for one, and tell them the number below.",
                403,
                subject,
            )
        account = ProviderAccount(user=person, issuer=issuer, subject=subject)
        clean(account, exclude=["user"])
        account.save()
        audit.record(
            actor=None, verb="person.linked", obj=person, detail={"subject": subject, "issuer": issuer}
        )
    person = account.user
    if not person.is_active or person.is_service:
        raise SignInRefused(
            "closed", "Your account here is closed.", "Ask a platform administrator.", 403, subject
        )
    groups = groups_of(claims, settings.OIDC.groups_claim)
    if groups is not None:
        account.groups = groups
    account.last_login_at = timezone.now()
    account.save()
    follow_groups(person=person)
    return person


def _free(people: Any) -> User | None:
    """The one active person among `people` who has no account at the provider yet."""
    found = list(
        people.filter(is_active=True, team=None).exclude(provider_accounts__issuer=settings.OIDC.issuer)[:2]
    )
    return found[0] if len(found) == 1 else None


def _provisioned(claims: dict[str, Any]) -> User | None:
    """Provisioned under the provider's own unchanging id (`sub`, or `oid` as Entra calls it): nobody chooses those."""
    ids = {value for name in ("sub", "oid") if isinstance(value := claims.get(name), str) and value}
    known = ProvisionedPerson.objects.filter(external_id__in=ids, removed_at=None)
    return _free(User.objects.filter(pk__in=known.values("user")))


def _same_email(claims: dict[str, Any]) -> User | None:
    """Linked by e-mail address: verified there, one person's only here, no platform role.

    People write their own address here, so somebody may have put a stranger's: whatever opened the account before
    (password, links, sessions, tokens, second factor) is void from now on.
    """
    email = verified_email(claims)
    if not settings.OIDC.links_by_email or not email or User.objects.filter(email__iexact=email).count() != 1:
        return None
    person = _free(User.objects.filter(email__iexact=email))
    if person is None or standing(person).sees_everything:
        return None
    now = timezone.now()
    person.set_unusable_password()
    person.save(update_fields=["password", "updated_at"])
    Session.objects.filter(user=person).delete()
    ApiToken.objects.filter(user=person, revoked_at=None).update(revoked_at=now)
    Invitation.objects.usable().filter(user=person).update(expires_at=now)
    SecondFactor.objects.filter(user=person).delete()
    RecoveryCode.objects.filter(user=person).delete()
    return person


def _newcomer(claims: dict[str, Any]) -> User | None:
    base = username_from(claims, settings.OIDC.username_claim)
    if not settings.OIDC.creates_accounts or not base:
        return None
    names = [base, *(f"{base}-{number}" for number in range(2, 100))]
    taken = set(User.objects.filter(username__in=names).values_list("username", flat=True))
    username = next((name for name in names if name not in taken and name != "invite"), "")
    person = User(username=username, name=name_of(claims), email=verified_email(claims))
    person.set_unusable_password()
    clean(person, exclude=["password"])
    person.save()
    audit.record(actor=None, verb="person.came", obj=person, detail={"username": person.username})
    return person


@transaction.atomic
def link_account(*, actor: User | None, person: User, subject: str) -> ProviderAccount:
    """Say by hand which account of the provider a person has. NotAllowed, Invalid, Conflict when it is taken."""
    require(actor, "identity.administer", None, ADMINISTER)
    issuer, subject = settings.OIDC.issuer, subject.strip()
    if not issuer:
        raise Conflict(
            "There is no identity provider.", "Nothing was changed.", "Set MESHPORTAL_OIDC_ISSUER."
        )
    if person.is_service or not person.is_active:
        raise Conflict(f"{person} cannot sign in.", "Nothing was changed.")
    taken = ProviderAccount.objects.filter(issuer=issuer, subject=subject).select_related("user").first()
    if taken is not None and taken.user_id != person.pk:
        problem = Problem("subject", "taken", f"This is the account of {taken.user}.")
        raise Invalid("The account was not linked.", "Nothing was changed.", "", [problem])
    if taken is not None:
        return taken
    account = ProviderAccount.objects.filter(issuer=issuer, user=person).first()
    account = account or ProviderAccount(issuer=issuer, user=person)
    account.subject, account.groups = subject, []
    clean(account, exclude=["user"])
    account.save()
    follow_groups(person=person)
    audit.record(actor=actor, verb="person.linked", obj=person, detail={"subject": subject, "issuer": issuer})
    return account


@transaction.atomic
def unlink_account(*, actor: User | None, person: User) -> None:
    """Cut a person off from the provider: sessions end, roles that came from there too. NotAllowed, NotFound."""
    require(actor, "identity.administer", None, ADMINISTER)
    if not ProviderAccount.objects.filter(user=person).delete()[0]:
        raise NotFound(f"{person} is not linked.")
    Session.objects.filter(user=person).delete()
    follow_groups(person=person)
    audit.record(actor=actor, verb="person.unlinked", obj=person)
