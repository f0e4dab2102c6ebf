"""One-time codes of the time (RFC 6238, on HOTP of RFC 4226): six digits, steps of 30 seconds, SHA-1. Pure.

Those are the only parameters every authenticator app reads.
"""

import base64
import hashlib
import hmac
import secrets
import struct
from urllib.parse import quote, urlencode

STEP_SECONDS = 30
DIGITS = 6
DRIFT = 1  # steps before and after that count too: clocks differ and people type slowly


def new_secret() -> str:
    """160 random bits (RFC 4226, 4) in base32 without padding."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def code_at(secret: str, step: int) -> str:
    """The code of a time step (seconds since 1970 divided by 30)."""
    key = base64.b32decode(secret)
    digest = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4]) & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def step_of(secret: str, code: str, *, now: float, after: int) -> int | None:
    """The step a code belongs to, within DRIFT of `now` (seconds since 1970); None for a wrong code.

    Steps up to `after` are used up: a code read over somebody's shoulder does not open twice.
    """
    present = int(now // STEP_SECONDS)
    found = None
    for step in range(max(0, present - DRIFT), present + DRIFT + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), code.encode()) and step > after:
            found = step
    return found


def address_of(secret: str, *, account: str, issuer: str) -> str:
    """The `otpauth://` address an app reads from a QR code."""
    label = quote(f"{issuer}:{account}")
    return f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': issuer}, quote_via=quote)}"
