"""Signatures on what the portal sends, so that whoever receives it knows who wrote it, when, and that it is whole.

The scheme is that of Standard Webhooks (https://www.standardwebhooks.com): HMAC-SHA256 over `id.timestamp.body`,
in base64 behind `v1,`. The timestamp is part of what is signed, so that an old message cannot be sent again as new.
"""

import base64
import datetime as dt
import hmac
from collections.abc import Iterable

TOLERANCE = dt.timedelta(minutes=5)


def signed_headers(secret: str, message_id: str, at: dt.datetime, body: bytes) -> dict[str, str]:
    """The headers that go with `body`."""
    return headers([secret.encode()], message_id, int(at.timestamp()), body)


def headers(keys: Iterable[bytes], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers of a message signed with each of `keys`, at `timestamp` in seconds since 1970."""
    signatures = [f"v1,{signature(key, message_id, str(timestamp), body)}" for key in keys]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def signature(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    """The signature of one message, in base64."""
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    return base64.b64encode(hmac.digest(key, signed, "sha256")).decode("ascii")


def is_genuine(
    secret: str, message_id: str, timestamp: str, given: str, body: bytes, *, now: dt.datetime
) -> bool:
    """Whether one of the signatures in `given` (separated by blanks) is right and the message is not old."""
    if not timestamp.isdecimal() or abs(now.timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
        return False
    expected = f"v1,{signature(secret.encode(), message_id, timestamp, body)}"
    return any(hmac.compare_digest(expected, one) for one in given.split())
