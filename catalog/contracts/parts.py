"""What ODCS and ODPS have in common: people, links, support, custom properties; read leniently, typed, frozen."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Data = Mapping[str, Any]

BUSINESS_OWNER, TECHNICAL_OWNER, STEWARD = "business_owner", "technical_owner", "steward"
_ROLES = (  # the first pattern found in the words of a role decides
    (re.compile(r"steward|custodian|govern"), STEWARD),
    (re.compile(r"tech|engineer|develop|architect|maintain"), TECHNICAL_OWNER),
    (re.compile(r"owner|product manager|lead"), BUSINESS_OWNER),
)
# Eighteen digits: Python refuses to read numbers of thousands, and no version is one.
_NUMBERS = re.compile(r"v?\s*([0-9]{1,18})(?:\.([0-9]{1,18}))?(?:\.([0-9]{1,18}))?([-+][0-9A-Za-z.+-]+)?\Z")
_SEMVER = re.compile(
    r"(0|[1-9][0-9]{0,17})\.(0|[1-9][0-9]{0,17})\.(0|[1-9][0-9]{0,17})(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?\Z"
)


@dataclass(frozen=True, slots=True)
class Member:
    """A person of the team as the document names them."""

    username: str
    name: str = ""
    role: str = ""
    until: str = ""  # dateOut as written

    @property
    def portal_role(self) -> str:
        """The role in the portal that the words stand for; empty when they stand for none."""
        words = re.sub(r"(?<=[a-z])(?=[A-Z])|[_-]", " ", self.role).lower()
        return next((role for pattern, role in _ROLES if pattern.search(words)), "")

    def has_left(self, today: dt.date) -> bool:
        return bool(self.until) and self.until[:10] < today.isoformat()


@dataclass(frozen=True, slots=True)
class TeamPart:
    name: str = ""
    description: str = ""
    members: tuple[Member, ...] = ()


def read_team(value: Any) -> TeamPart:
    """A team: with name and members, or the older plain list of members."""
    if isinstance(value, list):
        return TeamPart(members=_members(value))
    if not isinstance(value, Mapping):
        return TeamPart()
    return TeamPart(text(value, "name"), text(value, "description"), _members(value.get("members") or []))


def _members(items: Any) -> tuple[Member, ...]:
    return tuple(
        Member(text(item, "username"), text(item, "name"), text(item, "role"), text(item, "dateOut"))
        for item in items
        if isinstance(item, Mapping) and text(item, "username")
    )


def read_links(value: Any) -> tuple[dict[str, str], ...]:
    """authoritativeDefinitions as the portal keeps links: `{"label", "url"}`."""
    return tuple(
        {"label": text(item, "description") or _words(text(item, "type")) or "Link", "url": text(item, "url")}
        for item in value or []
        if isinstance(item, Mapping) and text(item, "url")
    )


def read_support(value: Any) -> tuple[dict[str, str], ...]:
    """Support channels as the portal keeps them: `{"channel", "url", "tool"}`."""
    return tuple(
        {"channel": text(item, "channel"), "url": text(item, "url"), "tool": text(item, "tool")}
        for item in value or []
        if isinstance(item, Mapping) and text(item, "channel")
    )


def read_custom(value: Any) -> dict[str, Any]:
    """customProperties as a mapping; of a property given twice the first counts."""
    found: dict[str, Any] = {}
    for item in value or []:
        if isinstance(item, Mapping) and text(item, "property"):
            found.setdefault(text(item, "property"), item.get("value"))
    return found


def text(data: Data, name: str) -> str:
    """A member as text without surrounding blanks; anything but text and numbers gives an empty string."""
    value = data.get(name)
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def texts(value: Any) -> tuple[str, ...]:
    """The texts of a list, without blanks and repetitions."""
    items = value if isinstance(value, list) else []
    return tuple(dict.fromkeys(item.strip() for item in items if isinstance(item, str) and item.strip()))


def semantic_version(words: str, default: str) -> str:
    """`words` as a semantic version: `v2` -> `2.0.0`; what is none becomes build metadata: `0.0.0+2024-rc`.

    Different words stay different versions, so that two versions of a port never fall together.
    """
    if _SEMVER.match(words):
        return words
    if not words:
        return default
    match = _NUMBERS.match(words)
    if match:
        numbers = ".".join(str(int(part or 0)) for part in match.groups()[:3])
        candidate = numbers + (match.group(4) or "")
        if _SEMVER.match(candidate) and len(candidate) <= 60:
            return candidate
    return f"0.0.0+{re.sub(r'[^0-9A-Za-z]+', '-', words).strip('-')[:50] or 'unnamed'}"


def _words(name: str) -> str:
    """`businessDefinition` -> `Business definition`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).capitalize()
