"""Credentials at rest: encrypted with the newest of the portal's keys, read with any of them."""

import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class CannotDecrypt(Exception):
    """None of the configured keys opens the token: the keys were changed or the data comes from elsewhere."""


def _box() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.ENCRYPTION_KEYS])


def encrypt(secret: dict[str, Any]) -> str:
    """A Fernet token of `secret` as JSON. The empty dictionary gives the empty string."""
    if not secret:
        return ""
    return _box().encrypt(json.dumps(secret, sort_keys=True).encode()).decode("ascii")


def decrypt(token: str, *, max_age_seconds: int | None = None) -> dict[str, Any]:
    """The dictionary inside a token; `max_age_seconds` refuses older ones (for payloads in transit).

    Raises CannotDecrypt. Call in workers only: what is decrypted must not reach a request.
    """
    if not token:
        return {}
    try:
        opened: dict[str, Any] = json.loads(_box().decrypt(token.encode("ascii"), ttl=max_age_seconds))
    except (InvalidToken, ValueError) as error:
        raise CannotDecrypt("The stored credentials cannot be read with the present keys.") from error
    return opened


def rotate(token: str) -> str:
    """The same secret under the newest key. Raises CannotDecrypt."""
    if not token:
        return ""
    try:
        return _box().rotate(token.encode("ascii")).decode("ascii")
    except (InvalidToken, ValueError) as error:
        raise CannotDecrypt("The stored credentials cannot be read with the present keys.") from error


def key_of(token: str) -> int:
    """Which of the keys opens a token, 0 for the newest. Raises CannotDecrypt."""
    for number, key in enumerate(settings.ENCRYPTION_KEYS):
        try:
            Fernet(key).decrypt(token.encode("ascii"))
        except (InvalidToken, ValueError):
            continue
        return number
    raise CannotDecrypt("The stored credentials cannot be read with the present keys.")
