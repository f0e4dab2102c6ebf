"""Second factors: an authenticator app, and codes on paper for when it is lost."""

import secrets
import time
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from catalog.accounts.kernel import require
from catalog.accounts.models import User
from catalog.accounts.services.tokens import digest_of
from catalog.audit import services as audit
from catalog.common import crypto
from catalog.common.errors import Conflict, Invalid, NotFound, Problem
from catalog.identity import totp
from catalog.identity.models import RecoveryCode, SecondFactor

MOST_FAILURES = 5  # wrong codes in a row
CLOSED = timedelta(minutes=5)
LONGEST_CLOSED = timedelta(days=1)
RECOVERY_CODES = 10
WRONG = "This code is not right, or was used already. Wait for the next one and type that."
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another


@transaction.atomic
def begin_second_factor(*, actor: User) -> str:
    """A fresh secret (base32) for one's own app; it counts once `confirm_second_factor` was given its code.

    The same one while it is not confirmed, so that a page loaded twice shows one. Conflict when there is one.
    """
    made, _ = SecondFactor.objects.get_or_create(
        user=actor, defaults={"secret": crypto.encrypt({"secret": totp.new_secret()})}
    )
    if made.confirmed_at is not None:
        raise Conflict("You have a second factor already.", "Nothing was changed.", "Remove it first.")
    return _secret_of(made)


@transaction.atomic
def confirm_second_factor(*, actor: User, code: str) -> list[str]:
    """Take the app into use with its first code; the recovery codes, shown this once. Invalid for a wrong code."""
    factor = SecondFactor.objects.filter(user=actor).first()
    if factor is None or factor.confirmed_at is not None:
        raise Conflict("There is nothing to confirm.", "Nothing was changed.", "Begin again.")
    _use_code(factor, code)
    SecondFactor.objects.filter(pk=factor.pk).update(confirmed_at=timezone.now())
    audit.record(actor=actor, verb="person.second_factor_added", obj=actor)
    return _new_codes(actor)


def check_second_factor(*, person: User, code: str) -> None:
    """Let a code of the app, or a recovery code, count once. Raises Invalid for a wrong one, and for any while too
    many wrong ones close it.

    Not one transaction: a wrong code must be counted although it raises.
    """
    factor = SecondFactor.objects.filter(user=person).exclude(confirmed_at=None).first()
    if factor is None:
        raise NotFound("There is no second factor.")
    plain = "".join(code.split()).lower().replace("-", "")
    if plain.isascii() and plain.isdigit():
        _use_code(factor, plain)
        return
    _require_open(factor)
    used = RecoveryCode.objects.filter(user=person, used_at=None, digest=_digest(person, plain))
    if not used.update(used_at=timezone.now()):
        _count_failure(factor)
        raise _wrong(WRONG)
    SecondFactor.objects.filter(pk=factor.pk).update(failures=0)
    audit.record(actor=person, verb="person.recovery_code_used", obj=person)


def renew_recovery_codes(*, actor: User, code: str) -> list[str]:
    """New recovery codes, shown this once; the old ones are void. Takes a code of the app."""
    check_second_factor(person=actor, code=code)
    with transaction.atomic():
        audit.record(actor=actor, verb="person.recovery_codes_renewed", obj=actor)
        return _new_codes(actor)


def remove_second_factor(*, actor: User | None, person: User, code: str = "") -> None:
    """One's own, by a code; another's by a platform administrator, who has made sure whom they talk to."""
    own = actor is not None and actor.pk == person.pk
    if own:
        check_second_factor(person=person, code=code)
    else:
        require(
            actor,
            "identity.administer",
            None,
            "Only platform administrators take somebody's second factor away.",
        )
    with transaction.atomic():
        if not SecondFactor.objects.filter(user=person).delete()[0]:
            raise NotFound(f"{person} has no second factor.")
        RecoveryCode.objects.filter(user=person).delete()
        audit.record(actor=actor, verb="person.second_factor_removed", obj=person)


def _secret_of(factor: SecondFactor) -> str:
    """Unlike credentials of connections it is read within a request: a code is checked while somebody waits."""
    try:
        return str(crypto.decrypt(factor.secret)["secret"])
    except crypto.CannotDecrypt as error:
        raise Conflict(
            "The secret of the second factor cannot be read with the portal's present keys.",
            "Nobody was signed in.",
            "Ask a platform administrator to remove the second factor, and set it up again.",
        ) from error


def _use_code(factor: SecondFactor, code: str) -> None:
    """Take a code of the app by a conditional UPDATE, so that of two requests with one code the second is refused."""
    _require_open(factor)
    step = totp.step_of(_secret_of(factor), "".join(code.split()), now=time.time(), after=factor.last_step)
    taken = step is not None and SecondFactor.objects.filter(pk=factor.pk, last_step__lt=step).update(
        last_step=step, failures=0
    )
    if not taken:
        _count_failure(factor)
        raise _wrong(WRONG)


def _require_open(factor: SecondFactor) -> None:
    if factor.closed_until is not None and factor.closed_until > timezone.now():
        minutes = int((factor.closed_until - timezone.now()).total_seconds() // 60) + 1
        raise _wrong(f"Too many wrong codes: closed for {minutes} more minutes, also for right ones.")


def _count_failure(factor: SecondFactor) -> None:
    """Every fifth wrong code in a row closes it, each time for twice as long: guessing gets nowhere."""
    SecondFactor.objects.filter(pk=factor.pk).update(failures=F("failures") + 1)
    factor.refresh_from_db(fields=["failures"])
    rounds, rest = divmod(factor.failures, MOST_FAILURES)
    if rest == 0:
        closed = min(CLOSED * 2 ** min(rounds - 1, 20), LONGEST_CLOSED)
        SecondFactor.objects.filter(pk=factor.pk).update(closed_until=timezone.now() + closed)


def _wrong(words: str) -> Invalid:
    return Invalid(words, problems=[Problem("code", "wrong", words)])


def _new_codes(person: User) -> list[str]:
    RecoveryCode.objects.filter(user=person).delete()
    plain = ["".join(secrets.choice(_LETTERS) for _ in range(12)) for _ in range(RECOVERY_CODES)]
    # Without a digit code of the app among them: they always hold a letter.
    plain = [code if not code.isdigit() else "a" + code[1:] for code in plain]
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user=person, digest=_digest(person, code)) for code in plain
    )
    return [f"{code[:4]}-{code[4:8]}-{code[8:]}" for code in plain]


def _digest(person: User, code: str) -> str:
    return digest_of(f"recovery:{person.pk}:{code}")
