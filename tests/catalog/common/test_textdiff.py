"""The word difference: readable, and always whole."""

import time

from hypothesis import given
from hypothesis import strategies as st

from catalog.common import textdiff
from catalog.common.textdiff import Piece, word_diff

PARTS = st.sampled_from(["a", "b", "Word", " ", "  ", "\n", ".", ",", "ä", "🎧"])
TEXT = st.lists(PARTS, max_size=30).map("".join)


@given(TEXT, TEXT)
def test_pieces_give_both_texts_back(before: str, after: str) -> None:
    pieces = word_diff(before, after)
    assert "".join(piece.text for piece in pieces if piece.kind != "ins") == before
    assert "".join(piece.text for piece in pieces if piece.kind != "del") == after


def test_changed_words_in_a_row_are_one_change() -> None:
    assert word_diff("one old thing here", "one new idea here") == [
        Piece("same", "one "),
        Piece("del", "old thing"),
        Piece("ins", "new idea"),
        Piece("same", " here"),
    ]


def test_equal_texts_have_no_change() -> None:
    assert word_diff("same", "same") == [Piece("same", "same")]
    assert word_diff("", "") == []


def test_very_long_texts_are_compared_by_lines_in_a_moment() -> None:
    before = "\n".join(f"line {number} says something" for number in range(4000))
    started = time.perf_counter()
    pieces = word_diff(before, before.replace("line 7 ", "line seven "))
    assert time.perf_counter() - started < 5
    assert {piece.kind for piece in pieces} == {"same", "ins", "del"}
    assert textdiff.LIMIT < 16_000
