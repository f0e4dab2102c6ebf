"""Rotating keys so that at every moment each stored credential can be read with a key that is kept.

The order is: the new key is written in front of the old ones; every credential is encrypted anew in one transaction;
only then are the old ones dropped. Killed in between, the next run goes on from there. Older signing keys are kept for
as long as a session may live, so that nobody is signed out.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings

from catalog.connections import services
from meshportal import keys


@dataclass(frozen=True)
class Plan:
    """What a rotation would do. `in_folder`: whether a key of the data folder would change."""

    in_folder: bool
    sentences: list[str]


def examine() -> Plan:
    """Look, and change nothing. Raises CannotDecrypt when a credential cannot be read with any key."""
    counts = services.count_secrets_by_key()
    signing, encryption = keys.are_in_folder(keys.SIGNING), keys.are_in_folder(keys.ENCRYPTION)
    newest, *older = counts
    sentences = [
        f"{newest + sum(older)} credentials are stored, {sum(older)} of them under older keys.",
        "The encryption key is kept in the data folder: a new one would be made, the others dropped."
        if encryption
        else "The encryption keys stand in MESHPORTAL_ENCRYPTION_KEYS: credentials would be brought under the first.",
        "The signing key is kept in the data folder: a new one would be made; sessions live on."
        if signing
        else "The signing key stands in MESHPORTAL_SECRET_KEY and would not be touched.",
    ]
    return Plan(signing or encryption, sentences)


def rotate(*, sign_everybody_out: bool) -> list[str]:
    """Do it; returns what was done, in sentences. Raises CannotDecrypt, with the old keys still kept."""
    said = []
    data = settings.DATA_DIR
    if keys.are_in_folder(keys.ENCRYPTION):
        settings.ENCRYPTION_KEYS = [keys.new_encryption_key(), *settings.ENCRYPTION_KEYS]
        keys.write(data, keys.ENCRYPTION, settings.ENCRYPTION_KEYS)
        count = services.rotate_secrets(actor=None)
        settings.ENCRYPTION_KEYS = settings.ENCRYPTION_KEYS[:1]
        keys.write(data, keys.ENCRYPTION, settings.ENCRYPTION_KEYS)
        said.append(f"{count} credentials are under a new key; the older keys are dropped.")
    else:
        count = services.rotate_secrets(actor=None)
        said.append(
            f"{count} credentials are under the first of MESHPORTAL_ENCRYPTION_KEYS; the others may be taken out "
            "once every process was started with it."
        )
    if keys.are_in_folder(keys.SIGNING):
        kept = [] if sign_everybody_out else _still_believed()
        keys.write(data, keys.SIGNING, [keys.new_signing_key(), *kept])
        said.append(
            "The signing key is new; everybody signs in again."
            if sign_everybody_out
            else "The signing key is new; sessions signed with the one before live on."
        )
    return said


def _still_believed() -> list[str]:
    """The present signing key, and those retired no longer ago than a session may live."""
    times = keys.retired_at(settings.DATA_DIR, keys.SIGNING)
    since = datetime.now(UTC) - timedelta(seconds=settings.SESSION_COOKIE_AGE)
    older = [key for key in settings.SECRET_KEY_FALLBACKS if times.get(key, since) >= since]
    return [settings.SECRET_KEY, *older]
