"""Filters of SCIM (RFC 7644, 3.4.2.2): read into a tree, then asked of a document. Pure.

userName eq "anna" and (active eq true or emails[type eq "work"].value co "@example.org")
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from catalog.identity.scim.errors import ScimError

LONGEST = 2_000
DEEPEST = 20
_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<sign>[()\[\]])|(?P<word>[^\s()\[\]"]+))""",
)
COMPARISONS = ("eq", "ne", "co", "sw", "ew", "pr", "gt", "ge", "lt", "le")


@dataclass(frozen=True, slots=True)
class Comparison:
    """`path` in parts, lower case, without the prefix of a schema."""

    path: tuple[str, ...]
    sign: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class Both:
    parts: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True)
class Either:
    parts: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    inner: "Filter"


@dataclass(frozen=True, slots=True)
class Among:
    """`emails[type eq "work"]`: one of several values fits."""

    path: tuple[str, ...]
    inner: "Filter"


Filter = Comparison | Both | Either | Not | Among


def parse(text: str) -> Filter:
    """Raises ScimError (invalidFilter)."""
    if len(text) > LONGEST:
        raise _bad("it is too long")
    reader = _Reader(_tokens(text))
    found = reader.either(0)
    if reader.rest:
        raise _bad(f"{reader.rest[0]!r} is one too many")
    return found


def path_of(text: str) -> tuple[str, ...]:
    """`urn:…:User:name.givenName` is (`name`, `givenname`); the enterprise extension keeps its own prefix."""
    lowered = text.lower()
    for prefix in (
        "urn:ietf:params:scim:schemas:core:2.0:user:",
        "urn:ietf:params:scim:schemas:core:2.0:group:",
    ):
        lowered = lowered.removeprefix(prefix)
    if lowered.startswith("urn:"):
        urn, _, last = lowered.rpartition(":")
        return (urn, *last.split("."))
    return tuple(lowered.split("."))


def fits(condition: Filter, document: Any) -> bool:
    """Whether a document (or one value of a list) fulfils the condition."""
    if isinstance(condition, Both):
        return all(fits(part, document) for part in condition.parts)
    if isinstance(condition, Either):
        return any(fits(part, document) for part in condition.parts)
    if isinstance(condition, Not):
        return not fits(condition.inner, document)
    if isinstance(condition, Among):
        return any(fits(condition.inner, item) for item in values_at(document, condition.path))
    found = values_at(document, condition.path)
    if condition.sign == "pr":
        return any(value not in (None, "", [], {}) for value in found)
    if condition.sign == "ne":
        return not any(_compare("eq", value, condition.value) for value in found)
    return any(_compare(condition.sign, value, condition.value) for value in found)


def values_at(document: Any, path: tuple[str, ...]) -> list[Any]:
    """Every value at a path, whatever the capitals of its names; lists are looked through."""
    found = [document]
    for name in path:
        below = [
            value
            for item in found
            if isinstance(item, dict)
            for key, value in item.items()
            if key.lower() == name
        ]
        found = [each for value in below for each in (value if isinstance(value, list) else [value])]
    return found


_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: a == b,
    "co": lambda a, b: b in a,
    "sw": lambda a, b: a.startswith(b),
    "ew": lambda a, b: a.endswith(b),
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
}


def _compare(sign: str, value: Any, wanted: Any) -> bool:
    """Texts without regard to capitals; what cannot be compared does not fit."""
    if isinstance(value, dict) and "value" in value:  # `emails eq "a@b"` means their values
        value = value["value"]
    if isinstance(value, bool) and isinstance(wanted, str):
        wanted = {"true": True, "false": False}.get(wanted.lower(), wanted)
    if isinstance(value, str) and isinstance(wanted, str):
        value, wanted = value.casefold(), wanted.casefold()
    elif type(value) is not type(wanted) or (sign != "eq" and isinstance(value, bool)):
        return False
    try:
        return _SIGNS[sign](value, wanted)
    except (TypeError, AttributeError):
        return False


def _bad(words: str) -> ScimError:
    return ScimError(400, f"The filter cannot be understood: {words}.", "invalidFilter")


def _tokens(text: str) -> list[str]:
    found, place = [], 0
    text = text.rstrip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise _bad(f"at {text[place : place + 20]!r}")
        found.append(match.group().strip())
        place = match.end()
    return found


class _Reader:
    """Recursive descent: `or` binds less than `and`, `and` less than `not`."""

    def __init__(self, tokens: list[str]) -> None:
        self.rest = tokens

    def take(self, *expected: str) -> str:
        if not self.rest:
            raise _bad("it ends too early")
        token = self.rest.pop(0)
        if expected and token.lower() not in expected:
            raise _bad(f"{token!r} stands where {' or '.join(expected)} should")
        return token

    def sees(self, word: str) -> bool:
        return bool(self.rest) and self.rest[0].lower() == word

    def either(self, depth: int) -> Filter:
        if depth > DEEPEST:
            raise _bad("it is nested too deeply")
        parts = [self.both(depth)]
        while self.sees("or"):
            self.take()
            parts.append(self.both(depth))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def both(self, depth: int) -> Filter:
        parts = [self.one(depth)]
        while self.sees("and"):
            self.take()
            parts.append(self.one(depth))
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def one(self, depth: int) -> Filter:
        if self.sees("not"):
            self.take()
            return Not(self.one(depth + 1)) if depth < DEEPEST else self.either(depth + 1)
        if self.sees("("):
            self.take()
            inner = self.either(depth + 1)
            self.take(")")
            return inner
        path = path_of(self.take())
        if self.sees("["):
            self.take()
            inner = self.either(depth + 1)
            self.take("]")
            return self._after(Among(path, inner))
        sign = self.take(*COMPARISONS).lower()
        return Comparison(path, sign) if sign == "pr" else Comparison(path, sign, _value(self.take()))

    def _after(self, among: Among) -> Filter:
        """`emails[type eq "work"].value eq "a"`: the same one value fits both."""
        if not self.rest or not self.rest[0].startswith("."):
            return among
        path = path_of(self.take()[1:])
        sign = self.take(*COMPARISONS).lower()
        last = Comparison(path, sign, None if sign == "pr" else _value(self.take()))
        return Among(among.path, Both((among.inner, last)))


def _value(token: str) -> Any:
    if token.startswith('"'):
        return re.sub(r"\\(.)", r"\1", token[1:-1])
    plain = {"true": True, "false": False, "null": None}
    if token.lower() in plain:
        return plain[token.lower()]
    try:
        return int(token)
    except ValueError:
        raise _bad(f"{token!r} is no value; texts stand in quotation marks") from None
