"""Names made to fit their columns, the same each time. Pure."""

import hashlib

LONGEST = 400  # characters
_MOST_BYTES = 1_200  # of UTF-8: two names must fit one row of an index in PostgreSQL
_DIGEST = 16


def fitting(name: str) -> str:
    """`name`, or where it is too long its beginning and a digest of the whole."""
    raw = name.encode("utf-8", "replace")
    if len(name) <= LONGEST and len(raw) <= _MOST_BYTES:
        return name
    beginning = raw[: _MOST_BYTES - _DIGEST - 1].decode("utf-8", "ignore")[: LONGEST - _DIGEST - 1]
    return f"{beginning}~{hashlib.sha256(raw).hexdigest()[:_DIGEST]}"
