"""From text to search terms: folding, splitting of identifiers, every script; the same for documents and queries.

Pure Python. A *part* is a folded piece of a word (`customer_id` and `CustomerId` have the parts customer, id); a
*term* is a part with its plural ending removed; the *canonical* form joins parts with `_`, so that `Play events`,
`play-events`, `play_events` and `PlayEvents` are one name.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

MAX_PART = 64  # characters; what is longer is cut, in documents and queries alike
MAX_NAME_PARTS = 6  # longer names get no acronym
STOP_WORDS = frozenset(
    (
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "for",
        "from",
        "in",
        "is",
        "it",
        "of",
        "on",
        "or",
        "the",
        "to",
    )
)

# Scripts written without spaces between words: Thai, Lao, Myanmar, Khmer, kana, Han (with its extensions).
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
)
_UNSPACED += "\U00020000-\U000323af"
# Vowel signs and other marks that Python's \w leaves out though words of many scripts contain them.
_MARKS = "".join(
    chr(code)
    for span in (range(0x0300, 0x1D00), range(0xA800, 0xAC00))
    for code in span
    if unicodedata.category(chr(code)) in ("Mn", "Mc")
)
WORD = re.compile(rf"[\w{_MARKS}]+")
_UNSPACED_START = re.compile(f"[{_UNSPACED}]")
_RUN = re.compile(rf"[{_UNSPACED}]+|[^{_UNSPACED}]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def fold(text: str) -> str:
    """Case, width, ligatures and accents removed: `Ångström` is `angstrom`.

    Combining marks go only in the scripts before Devanagari (Latin, Greek, Cyrillic, Hebrew, Arabic), where they are
    accents or optional points; in later blocks they carry the vowels of the word.
    """
    if text.isascii():
        return text.lower()
    spread = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(c for c in spread if ord(c) >= 0x0900 or not unicodedata.combining(c))
    return unicodedata.normalize("NFC", kept)


def words(text: str) -> Iterator[tuple[str, ...]]:
    """The words of a text, each as its folded parts: identifiers split at `_` and camel humps.

    A run of an unspaced script is cut into its characters, each a part of its own.
    """
    for match in WORD.finditer(text):
        pieces = _split(match[0])
        if pieces:
            yield pieces


@lru_cache(maxsize=16_384)
def _split(word: str) -> tuple[str, ...]:
    return tuple(
        piece
        for chunk in word.split("_")
        if chunk
        for hump in _HUMP.split(chunk)
        for piece in _pieces(fold(hump))
    )


def _pieces(folded: str) -> Iterator[str]:
    if folded.isascii():
        if folded:  # nothing is left of a lone accent
            yield folded[:MAX_PART]
        return
    for piece in WORD.findall(
        folded
    ):  # folding may bring in a space or a slash: a half becomes three characters
        for run in _RUN.findall(piece):
            if is_unspaced(run):
                yield from run
            else:
                yield run[:MAX_PART]


def parts(text: str) -> list[str]:
    """All parts of a text in order."""
    return [part for word in words(text) for part in word]


def is_unspaced(part: str) -> bool:
    """Whether a part belongs to a script without spaces between words."""
    return _UNSPACED_START.match(part) is not None


def canonical(text: str) -> str:
    """The form in which two spellings of one name are equal."""
    return "_".join(parts(text))


def stem(part: str) -> str:
    """Remove an English plural ending: the S stemmer of Harman, How effective is suffixing?, JASIS 42 (1991).

    It is weak on purpose: names of data are nouns, and a stronger stemmer merges words that differ in meaning.
    """
    if len(part) < 4 or not part.isascii() or not part.endswith("s"):
        return part
    if part.endswith("ies") and part[-4] not in "ae":
        return part[:-3] + "y"
    if part.endswith("es") and part[-3] not in "aeo":
        return part[:-1]
    return part if part[-2] in "us" else part[:-1]


def terms(text: str) -> list[str]:
    """What a document is found by: stems of parts, and pairs of neighbours in unspaced scripts."""
    found: list[str] = []
    for word in words(text):
        found.extend(map(stem, word))
        found.extend(a + b for a, b in pairwise(word) if is_pair(a, b))
    return found


def is_pair(first: str, second: str) -> bool:
    """Whether two neighbouring parts make a term together (two characters of unspaced scripts)."""
    return len(first) == len(second) == 1 and is_unspaced(first) and is_unspaced(second)


def query_terms(word_parts: tuple[str, ...]) -> list[tuple[str, str]]:
    """The terms a document needs to match one word of a query, each with the part it came from.

    In unspaced scripts pairs replace the characters they cover.
    """
    needed: list[tuple[str, str]] = []
    for index, part in enumerate(word_parts):
        after = index + 1 < len(word_parts) and is_pair(part, word_parts[index + 1])
        before = index > 0 and is_pair(word_parts[index - 1], part)
        if after:
            needed.append((part + word_parts[index + 1],) * 2)
        elif not before:
            needed.append((stem(part), part))
    return list(dict.fromkeys(needed))


def acronyms(name: str) -> frozenset[str]:
    """Initials of a name of two to six words, with and without the small words: `Plays of the day` is potd and pd."""
    every = parts(name)
    found = set()
    for chosen in (every, [part for part in every if part not in STOP_WORDS]):
        if 2 <= len(chosen) <= MAX_NAME_PARTS and not any(is_unspaced(part) for part in chosen):
            found.add("".join(part[0] for part in chosen))
    return frozenset(found)
