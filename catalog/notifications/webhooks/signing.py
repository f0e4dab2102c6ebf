"""Secrets of webhooks as Standard Webhooks 1.0.0 has them (github.com/standard-webhooks/standard-webhooks, `spec`).

A message is signed with each valid secret, so that receivers can change theirs. Pure.
"""

import base64
import secrets
from collections.abc import Iterable

from catalog.common import signing

PREFIX = "whsec_"
BYTES = 32


def new_secret() -> str:
    """A secret as receivers configure it: 256 random bits in base64 behind the prefix."""
    return PREFIX + base64.b64encode(secrets.token_bytes(BYTES)).decode()


def headers(valid: Iterable[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of a message; `valid` are the secrets it is signed with."""
    keys = [base64.b64decode(secret.removeprefix(PREFIX)) for secret in valid]
    return signing.headers(keys, message_id, timestamp, body)
