"""Names of datasets by the rules of OpenLineage: when two of them mean the same thing. Pure: no database.

A name is kept as it was written. What is compared is a *loose form*: the platform's own scheme, hosts in lower case
with the default port, no slashes around, identifiers folded as the platform folds them. Two names of one loose form
look alike; `chosen` says which of those that look alike is meant, because a platform may hold `orders` and `"Orders"`
beside each other.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from lineage.datasets.platforms import Fold, Platform, Style, platform_of

LONGEST: Final = 400  # characters of a namespace or name that are stored
_MOST_BYTES: Final = 1_200  # of UTF-8: namespace and name together must fit a row of an index in PostgreSQL
LONGEST_READ: Final = 10_000  # more of a name is not looked at
_SCHEME = re.compile(r"^(?:jdbc:)?([A-Za-z][A-Za-z0-9+.-]*):(.*)$", re.DOTALL)
_PASSWORD = re.compile(r"(//)[^/@\s]*:[^/@]*@")
_QUOTES: Final = {'"': '"', "`": "`", "[": "]"}


@dataclass(frozen=True, slots=True)
class DatasetName:
    """A dataset as an outside document wrote it: `postgres://db.example:5432`, `shop.public.orders`."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace} {self.name}"


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a name between dots. Quoted, its letters are exact."""

    text: str
    is_quoted: bool = False


def fitted(name: DatasetName) -> DatasetName:
    """The name as it is stored: without NUL and lone surrogates, without passwords, no longer than its columns.

    A text that is too long keeps its beginning and ends in a digest of all of it: two long names that differ at their
    end stay two, and the same one finds itself again.
    """
    return DatasetName(_fitted(_PASSWORD.sub(r"\1", name.namespace)), _fitted(name.name))


def _fitted(text: str) -> str:
    if len(text) <= LONGEST and text.isascii() and "\x00" not in text:
        return text
    raw = text.replace("\x00", "\ufffd").encode("utf-8", "replace")
    whole = raw.decode()
    if len(whole) <= LONGEST and len(raw) <= _MOST_BYTES:
        return whole
    digest = hashlib.sha256(raw).hexdigest()[:32]
    beginning = raw[: _MOST_BYTES - 40].decode("utf-8", "ignore")[: LONGEST - 33]
    return f"{beginning}…{digest}"


@lru_cache(maxsize=20_000)
def match_key(name: DatasetName) -> str:
    """What names that look alike have in common, as 64 characters to look up by."""
    namespace, loose = loose_form(name)
    return hashlib.sha256(f"{namespace}\x00{loose}".encode("utf-8", "replace")).hexdigest()


def loose_form(name: DatasetName) -> tuple[str, str]:
    """Namespace and name with everything undone that writers do differently without meaning anything by it."""
    namespace, inside, platform = _namespace(name.namespace[:LONGEST_READ].strip())
    text = name.name[:LONGEST_READ].strip()
    if platform is None:
        return namespace, text
    if platform.style is Style.PATH:
        path = "/".join(piece for piece in (inside, text.strip("/")) if piece)
        return namespace, re.sub(r"/{2,}", "/", path)
    if platform.style is Style.PLAIN:
        return namespace, text
    parts = _parts(platform, namespace, inside, text)
    return namespace, ".".join(_escaped(platform.fold.apply(part.text)) for part in parts)


def kind_of(name: DatasetName) -> str:
    """The kind of asset a name suggests: `table`, `topic`, `files` or `api`."""
    platform = _namespace(name.namespace[:LONGEST_READ].strip())[2]
    return platform.kind if platform else "table"


@dataclass(frozen=True, slots=True)
class Known:
    """A name something is known by. `is_literal`: read from the store itself, so that every letter counts."""

    name: DatasetName
    is_literal: bool = False


def chosen(name: DatasetName, known: Sequence[Known]) -> int | None:
    """The place in `known`, all of the same loose form as `name`, of the one that is meant; None: none, or not clear.

    First the one written the same; then the one the platform makes of it (letters folded where not quoted); last the
    only one there is, unless what is quoted in either says that they differ.
    """
    for place, other in enumerate(known):
        if other.name == name:
            return place
    meant = _exact(Known(name))
    same = [place for place, other in enumerate(known) if _exact(other) == meant]
    if same:
        return same[0]
    return 0 if len(known) == 1 and _may_be_same(name, known[0].name) else None


def parts_of(name: str) -> tuple[Part, ...]:
    """The pieces of a dotted name; dots within quotes ("", ``, []) do not part. Quotes that never end are letters."""
    parts: list[Part] = []
    place = 0
    while place <= len(name):
        closing = _QUOTES.get(name[place : place + 1], "")
        end = _end_of_quote(name, place + 1, closing) if closing else -1
        if end > 0:
            parts.append(Part(name[place + 1 : end].replace(closing * 2, closing), is_quoted=True))
            place = end + 2
            continue
        dot = name.find(".", place)
        dot = len(name) if dot < 0 else dot
        parts.append(Part(name[place:dot]))
        place = dot + 1
    return tuple(parts)


def _end_of_quote(name: str, start: int, closing: str) -> int:
    """Where the quote that begins before `start` ends, if a dot or the end of the name follows; else -1."""
    place = name.find(closing, start)
    while place >= 0:
        after = name[place + 1 : place + 2]
        if after in ("", "."):
            return place
        place = name.find(closing, place + 2 if after == closing else place + 1)
    return -1


def _namespace(namespace: str) -> tuple[str, str, Platform | None]:
    """The namespace in one spelling, what of the name stood in it (a database, a folder), and its platform."""
    found = _SCHEME.match(namespace)
    if found is None:
        bare = platform_of(namespace.rstrip("/"))
        return (bare.scheme, "", bare) if bare else (namespace, "", None)
    platform = platform_of(found[1])
    if platform is None:
        return namespace.rstrip("/") or namespace, "", None
    rest = found[2]
    if (
        not platform.has_host and platform.style is Style.PARTS
    ):  # a database that is a file: the path is the place
        return f"{platform.scheme}://{rest.removeprefix('//').rstrip('/')}", "", platform
    if not rest.startswith("//"):
        return platform.scheme, rest.strip("/"), platform
    authority, _, inside = rest[2:].split("?")[0].partition("/")
    place = _authority(platform, authority)
    return (f"{platform.scheme}://{place}" if place else platform.scheme), inside.strip("/"), platform


def _authority(platform: Platform, authority: str) -> str:
    """Host and port in one spelling; of several brokers the first, as the naming rules say."""
    if not platform.has_host:
        return authority
    place = authority.split(",")[0].lower()
    if platform.style is not Style.PATH:
        place = place.rpartition("@")[2]
    if platform.scheme == "snowflake":
        place = place.removesuffix(".snowflakecomputing.com")
    if platform.port and place and not re.search(r":\d+$", place):
        place = f"{place.rstrip(':')}:{platform.port}"
    return place


def _undone(platform: Platform, name: str) -> str:
    """BigQuery's older `project:dataset.table` is `project.dataset.table`."""
    if platform.scheme == "bigquery" and ":" in name.split(".")[0]:
        return name.replace(":", ".", 1)
    return name


def _parts(platform: Platform, namespace: str, inside: str, name: str) -> tuple[Part, ...]:
    """The parts of a full name: with the database that stood in the namespace, without the one a file is called by."""
    parts = parts_of(_undone(platform, name))
    if inside and "/" not in inside and len(parts) < platform.depth:
        return (Part(inside), *parts)
    if not platform.has_host and len(parts) == platform.depth + 1:
        stem = namespace.rpartition("/")[2].split(".")[0].lower()
        if parts[0].text.lower() in (stem, "main"):
            return parts[1:]
    return parts


def _escaped(text: str) -> str:
    return f'"{text}"' if "." in text else text


def _read(name: DatasetName) -> tuple[Platform | None, tuple[Part, ...]]:
    namespace, inside, platform = _namespace(name.namespace.strip())
    if platform is None or platform.style is not Style.PARTS:
        return platform, (Part(loose_form(name)[1], is_quoted=True),)
    return platform, _parts(platform, namespace, inside, name.name.strip())


def _exact(known: Known) -> tuple[str, ...]:
    """The identifiers as they are in the store, if the name follows the platform's rules."""
    platform, parts = _read(known.name)
    fold = Fold.KEPT if platform is None or known.is_literal else platform.fold
    return tuple(part.text if part.is_quoted else fold.apply(part.text) for part in parts)


def _may_be_same(one: DatasetName, other: DatasetName) -> bool:
    """Whether nothing quoted in either contradicts the other."""
    mine, yours = _read(one)[1], _read(other)[1]
    pairs = zip(mine, yours, strict=False)
    return all(a.text == b.text or not (a.is_quoted or b.is_quoted) for a, b in pairs)
