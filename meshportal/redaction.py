"""Taking secrets out of log lines, wherever in them they stand: messages, arguments, tracebacks.

What is known is taken out by its value (the portal's own keys and passwords); what is not, by its shape: tokens,
one-time links, Authorization headers, cookies, passwords in addresses, `password=…`, encrypted credentials.
"""

import re
from collections.abc import Iterable
from urllib.parse import quote

GONE = "[redacted]"
SHORTEST = 8  # a known value shorter than this may be an ordinary word

# No `\w*` in front: looking for a word's beginning from every place in it makes one long line cost minutes.
_NAMED = r"(?:password|passwd|pwd|secret|api[_-]?key|access[_-]?key|token)"
_SHAPES = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), replacement)
    for pattern, replacement in (
        (r"\bmesh_[A-Za-z0-9_-]{16,}", GONE),
        (r"(/account/link/)[^/\s\"'?]+", rf"\1{GONE}"),
        (r"\bgAAAA[A-Za-z0-9_=-]{20,}", GONE),
        (r"(\bbearer\s+)[^\s\"',;]+", rf"\1{GONE}"),
        (r"(\bbasic\s+)[A-Za-z0-9+/=]{8,}", rf"\1{GONE}"),
        (r"(://[^/\s:@\"']*:)[^/\s@\"']+(@)", rf"\1{GONE}\2"),
        (r"(\b(?:sessionid|csrftoken)[\"']?\s*[=:]\s*[\"']?)[^\s\"';,&]+", rf"\1{GONE}"),
        (rf"({_NAMED}[\"']?\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|[^\s\"',;&)}}\]]+)", rf"\1{GONE}"),
        (r"(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", rf"\1{GONE}"),
    )
)


def known_values(values: Iterable[str]) -> tuple[str, ...]:
    """The values worth looking for, also as they stand in an address, the longest first."""
    long_enough = {value for value in values if len(value) >= SHORTEST}
    return tuple(
        sorted(long_enough | {quote(value, safe="") for value in long_enough}, key=len, reverse=True)
    )


def redact(text: str, known: Iterable[str] = ()) -> str:
    """`text` without the known values and without what looks like a secret."""
    for value in known:
        if value in text:
            text = text.replace(value, GONE)
    for shape, replacement in _SHAPES:
        text = shape.sub(replacement, text)
    return text
