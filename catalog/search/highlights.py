"""Marking what matched: escaped text with `<mark>` around words of the query, and short pieces of long texts. Pure.

Only what this module writes is markup; every character of the text is escaped.
"""

import re
from functools import lru_cache
from html import escape
from itertools import pairwise

from catalog.search import analysis

Needles = frozenset[str]  # terms, as `SearchHits.needles`

_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_TAG = re.compile(r"</?[A-Za-z][^>]{0,500}>")
_BLOCK_SIGNS = re.compile(r"(?m)^\s*(?:[#>]+|[-*+]|\d+\.)\s+|^[ \t|:]*-{3,}[-|: \t]*$|\|+|```\w*")
_INLINE_SIGNS = re.compile(r"[*`]+|(?<!\w)_+(?=\w)|(?<=\w)_+(?!\w)")


def spans(text: str, needles: Needles) -> list[tuple[int, int]]:
    """Where words of the query stand: (from, to), in order, never touching or crossing."""
    if not _may_match(text, needles):
        return []
    found: list[tuple[int, int]] = []
    for match in analysis.WORD.finditer(text):
        stems = _stems(match[0])
        if stems is None:
            found.extend(_unspaced_spans(match[0], match.start(), needles))
        elif not needles.isdisjoint(stems):
            found.append(match.span())
    return _joined(found)


def _may_match(text: str, needles: Needles) -> bool:
    """False where certainly no word of the query stands, without cutting the text into words: all but the last letter
    of a stem stands in every word it came from."""
    if not text.isascii():
        return bool(needles)
    low = text.lower()
    return any(needle[:-1] in low for needle in needles)


@lru_cache(maxsize=32_768)
def _stems(word: str) -> tuple[str, ...] | None:
    """The terms of a word; None where a part of it belongs to a script without spaces."""
    parts = next(iter(analysis.words(word)), ())
    return None if any(map(analysis.is_unspaced, parts)) else tuple(map(analysis.stem, parts))


def _unspaced_spans(word: str, start: int, needles: Needles) -> list[tuple[int, int]]:
    """In scripts without spaces single characters and pairs are marked."""
    folded = [analysis.fold(letter) for letter in word]
    pairs = [(a + b, at, at + 2) for at, (a, b) in enumerate(pairwise(folded))]
    single = [(letter, at, at + 1) for at, letter in enumerate(folded)]
    return sorted((start + a, start + b) for text, a, b in (*pairs, *single) if text in needles)


def _joined(found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for first, last in found:
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def mark(text: str, needles: Needles) -> str:
    """The whole text, escaped, with `<mark>` around what matched."""
    return _marked(text, spans(text, needles) if needles else [])


def _marked(text: str, found: list[tuple[int, int]]) -> str:
    pieces, at = [], 0
    for first, last in found:
        pieces += [escape(text[at:first]), "<mark>", escape(text[first:last]), "</mark>"]
        at = last
    return "".join([*pieces, escape(text[at:])])


def snippet(text: str, needles: Needles, width: int = 180) -> str:
    """The piece of about `width` characters with most marks in it, escaped and marked; "" when nothing matched."""
    text = plain(text)
    found = spans(text, needles) if needles else []
    if not found:
        return ""
    start = max(found, key=lambda span: (_within(found, span[0], width), -span[0]))[0]
    first = max(start - width // 4, 0)
    if first:
        first = text.rfind(" ", 0, first + 1) + 1 or first
    last = first + width
    if last < len(text):
        space = text.rfind(" ", first + width // 2, last)
        last = space if space > start else last
    inside = [(max(a, first) - first, min(b, last) - first) for a, b in found if a < last and b > first]
    piece = _marked(text[first:last].rstrip(), [(a, b) for a, b in inside if a < b])
    return f"{'…' if first else ''}{piece}{'…' if last < len(text) else ''}"


def _within(found: list[tuple[int, int]], start: int, width: int) -> int:
    return sum(start <= first and last <= start + width for first, last in found)


def opening(text: str, needles: Needles, width: int = 160) -> str:
    """The beginning of a text in one line, escaped and marked."""
    line = plain(text)
    if len(line) > width:
        line = (
            line[: line.rfind(" ", width // 2, width) if " " in line[width // 2 : width] else width].rstrip()
            + "…"
        )
    return mark(line, needles)


def plain(text: str, limit: int = 20_000) -> str:
    """Markdown without its commonest signs, in one line; what is left of others is harmless, being escaped later."""
    return _remembered_plain(text[:limit])


def _plain(text: str) -> str:
    text = _TAG.sub(" ", _LINK.sub(r"\1", text))
    return " ".join(_INLINE_SIGNS.sub("", _BLOCK_SIGNS.sub(" ", text)).split())


_remembered_plain = lru_cache(maxsize=2_048)(
    _plain
)  # the same texts come by again and again; 40 MB at the very most


def mark_beginnings(text: str, typed: frozenset[str]) -> str:
    """The text, escaped, with the words marked that begin with something typed."""
    found = [
        match.span()
        for match in analysis.WORD.finditer(text)
        if any(part.startswith(begun) for part in analysis.parts(match[0]) for begun in typed)
    ]
    return _marked(text, found)
