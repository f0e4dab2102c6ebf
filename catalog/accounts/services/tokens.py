"""Tokens for machines: made once, shown once, kept as a digest."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from catalog.accounts.kernel import require, standing
from catalog.accounts.models import ApiToken, User
from catalog.accounts.services.checks import require_visible
from catalog.audit import services as audit
from catalog.common.errors import Invalid, Problem
from catalog.common.validation import clean

PREFIX = "mesh_"  # lets secret scanners, and people, recognise a token
DEFAULT_DAYS = 90
MAXIMUM_DAYS = 730


def digest_of(secret: str) -> str:
    """SHA-256 in hexadecimal. The secrets are 256 random bits, so a slow password hash would add nothing."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


@transaction.atomic
def create_token(
    *,
    actor: User | None,
    person: User,
    name: str,
    days: int = DEFAULT_DAYS,
    scopes: Sequence[str] = (ApiToken.Scope.READ,),
) -> tuple[ApiToken, str]:
    """A token that acts as `person`, and its secret, which is not kept and cannot be shown again.

    `days`: until it expires, 1 to 730. `scopes`: of `read`, `write` (which includes read), and those that open one
    thing and, alone, nothing else: `lineage` (sends lineage events), `metrics` (`/metrics`; for platform admins) and
    `scim` (`/scim/v2/`; for platform admins, who may make one for a service account too). Raises NotAllowed for
    somebody else's account and Invalid for a wrong name, time or scope.
    """
    require(actor, "token.create", person, "A token can be made for one's own account only.")
    problems = []
    if not 1 <= days <= MAXIMUM_DAYS:
        problems.append(Problem("days", "range", f"Choose 1 to {MAXIMUM_DAYS} days."))
    wanted = set(scopes)
    if not wanted or not wanted <= set(ApiToken.Scope.values):
        problems.append(Problem("scopes", "choice", "Choose read, or read and write."))
    if ApiToken.Scope.METRICS in wanted and not standing(person).is_platform_admin:
        problems.append(Problem("scopes", "role", "The scope metrics is for platform admins."))
    if ApiToken.Scope.SCIM in wanted and not _may_provision(actor, person):
        problems.append(Problem("scopes", "role", "The scope scim is given by platform admins."))
    if not person.is_active:
        problems.append(Problem("person", "inactive", f"{person} is deactivated."))
    if problems:
        raise Invalid("The token was not made.", "", "", problems)
    if ApiToken.Scope.WRITE in wanted:
        wanted.add(ApiToken.Scope.READ)
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        user=person,
        name=name.strip(),
        prefix=secret[: len(PREFIX) + 6],
        digest=digest_of(secret),
        scopes=sorted(wanted),
        expires_at=timezone.now() + timedelta(days=days),
    )
    clean(token)
    token.save()
    audit.record(
        actor=actor,
        verb="token.created",
        obj=token,
        detail={
            "person": person.username,
            "scopes": token.scopes,
            "expires_at": token.expires_at.isoformat(),
        },
    )
    return token, secret


def _may_provision(actor: User | None, person: User) -> bool:
    if person.is_service:
        return actor is None or standing(actor).is_platform_admin
    return standing(person).is_platform_admin


@transaction.atomic
def revoke_token(*, actor: User | None, token: ApiToken) -> ApiToken:
    """End a token at once. Revoking it again changes nothing. Raises NotFound for somebody else's token."""
    require_visible(actor, "token.revoke", token.user)
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at", "updated_at"])
        audit.record(actor=actor, verb="token.revoked", obj=token, detail={"person": token.user.username})
    return token
