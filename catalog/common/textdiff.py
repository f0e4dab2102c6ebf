"""The difference of two texts by words, for people: what was taken out, what was put in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

WORDS = re.compile(r"\s+|\w+|[^\w\s]")
LIMIT = 4_000  # words a side; above it the texts are compared by lines, which stays quick


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text that stayed (`same`), is new (`ins`) or is gone (`del`)."""

    kind: Literal["same", "ins", "del"]
    text: str


def word_diff(before: str, after: str) -> list[Piece]:
    """Pieces that give `before` when the new are left out and `after` when the gone are left out."""
    left, right = WORDS.findall(before), WORDS.findall(after)
    if max(len(left), len(right)) > LIMIT:
        left, right = before.splitlines(keepends=True), after.splitlines(keepends=True)
    return list(_joined(_pieces(left, right)))


def _pieces(left: list[str], right: list[str]) -> Iterator[Piece]:
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    for kind, start, end, new_start, new_end in matcher.get_opcodes():
        if kind == "equal":
            yield Piece("same", "".join(left[start:end]))
            continue
        if end > start:
            yield Piece("del", "".join(left[start:end]))
        if new_end > new_start:
            yield Piece("ins", "".join(right[new_start:new_end]))


def _joined(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Join changes that only white space keeps apart: `old old` reads better than four alternating pieces."""
    gone = new = ""
    for piece in pieces:
        if piece.kind == "del":
            gone += piece.text
        elif piece.kind == "ins":
            new += piece.text
        elif piece.text.isspace() and "\n" not in piece.text and (gone or new):
            gone, new = gone + piece.text, new + piece.text
        else:
            yield from _change(gone, new)
            yield piece
            gone = new = ""
    yield from _change(gone, new)


def _change(gone: str, new: str) -> Iterator[Piece]:
    tail = ""
    while gone and new and gone[-1] == new[-1] and gone[-1].isspace():
        gone, new, tail = gone[:-1], new[:-1], gone[-1] + tail
    if gone:
        yield Piece("del", gone)
    if new:
        yield Piece("ins", new)
    if tail:
        yield Piece("same", tail)
