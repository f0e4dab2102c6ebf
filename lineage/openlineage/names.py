"""Names and texts made to fit their columns, the same each time. Pure."""

import hashlib
import math
from typing import Any

LONGEST = 400  # characters
_MOST_BYTES = 1_200  # of UTF-8: two names must fit one row of an index in PostgreSQL
_DIGEST = 16
_BIGGEST = 2**63 - 1


def fitting(name: str, longest: int = LONGEST) -> str:
    """`name`, or where it is too long its beginning and a digest of the whole."""
    raw = name.encode("utf-8", "replace")
    if len(name) <= longest and len(raw) <= _MOST_BYTES:
        return name
    beginning = raw[: _MOST_BYTES - _DIGEST - 1].decode("utf-8", "ignore")[: longest - _DIGEST - 1]
    return f"{beginning}~{hashlib.sha256(raw).hexdigest()[:_DIGEST]}"


def is_clean(text: str) -> bool:
    """Whether any database can hold the text: no NUL, no half of a surrogate pair."""
    if "\x00" in text:
        return False
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def clean(value: Any) -> Any:
    """JSON as any database can hold it: NUL characters gone, halves of surrogate pairs and odd numbers as text."""
    if isinstance(value, str):
        return value if is_clean(value) else value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {clean(key): clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [clean(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _BIGGEST:
        return str(value)
    return value
