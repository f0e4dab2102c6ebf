"""Words near a misspelt one, compared with the textbook distance."""

from hypothesis import given
from hypothesis import strategies as st

from catalog.search.lexicon import Lexicon

words = st.text(alphabet="abcß語", min_size=1, max_size=7)


def textbook(a: str, b: str) -> int:
    """Optimal string alignment distance, cell by cell."""
    table = {(i, -1): i + 1 for i in range(-1, len(a))} | {(-1, j): j + 1 for j in range(-1, len(b))}
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (x != y))
            if i and j and x == b[j - 1] and a[i - 1] == y:
                table[i, j] = min(table[i, j], table[i - 2, j - 2] + 1)
    return table[len(a) - 1, len(b) - 1]


@given(st.sets(words, max_size=30), words, st.integers(1, 2))
def test_near_words_are_those_of_the_textbook(known: set[str], word: str, errors: int) -> None:
    expected = sorted(
        (distance, other)
        for other in known
        if other[0] == word[0] and 0 < (distance := textbook(word, other)) <= errors
    )
    assert Lexicon(known).near(word, errors) == expected


def test_beginnings_are_listed_in_order() -> None:
    lexicon = Lexicon(["plan", "play", "player", "pray", "語彙"])
    assert lexicon.starting("pla") == ["plan", "play", "player"]
    assert lexicon.starting("語") == ["語彙"]
    assert lexicon.starting("x") == []


def test_no_errors_allowed_finds_nothing() -> None:
    assert Lexicon(["play"]).near("plax", 0) == []
    assert Lexicon([]).near("play", 2) == []
