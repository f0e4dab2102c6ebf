"""Marks stand where words matched, and nothing but marks is markup."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.search import analysis, highlights


@pytest.mark.parametrize(
    ("text", "needles", "marked"),
    [
        ("Play events, played.", {"play"}, "<mark>Play</mark> events, played."),
        ("customer_email", {"email"}, "<mark>customer_email</mark>"),
        ("CustomerId x", {"customer", "id"}, "<mark>CustomerId</mark> x"),
        (
            '<b>play</b> & "play"',
            {"play"},
            "&lt;b&gt;<mark>play</mark>&lt;/b&gt; &amp; &quot;<mark>play</mark>&quot;",
        ),
        ("音楽配信です", {"配信"}, "音楽<mark>配信</mark>です"),
        ("Müller", {"muller"}, "<mark>Müller</mark>"),
        ("nothing", set(), "nothing"),
    ],
)
def test_words_are_marked_and_the_rest_escaped(text: str, needles: set[str], marked: str) -> None:
    assert highlights.mark(text, frozenset(needles)) == marked


@given(st.text(), st.text(max_size=12))
def test_nothing_is_lost_and_no_tag_but_mark_appears(text: str, query: str) -> None:
    needles = frozenset(analysis.terms(query) + analysis.terms(text)[:3])
    marked = highlights.mark(text, needles)
    assert set(re.findall(r"<[^>]*>?", marked)) <= {"<mark>", "</mark>"}
    assert unescape(re.sub(r"</?mark>", "", marked)) == text
    snippet = highlights.snippet(text, needles)
    assert set(re.findall(r"<[^>]*>?", snippet)) <= {"<mark>", "</mark>"}


def test_a_snippet_is_the_piece_with_most_matches() -> None:
    text = (
        "# Title\n\n"
        + "filler words here " * 40
        + "the **time** to first [frame](http://x) is time "
        + "more " * 90
    )
    piece = highlights.snippet(text, frozenset({"time", "frame"}))
    assert piece.startswith("…")
    assert piece.endswith("…")
    assert piece.count("<mark>") == 3
    assert "http" not in piece
    assert len(piece) < 260
    assert highlights.snippet("no such word", frozenset({"time"})) == ""


def test_beginnings_are_marked_while_typing() -> None:
    assert highlights.mark_beginnings("Playback <i>", frozenset({"pla"})) == "<mark>Playback</mark> &lt;i&gt;"


def test_the_rule_under_the_head_of_a_table_is_no_words() -> None:
    table = "| field | meaning |\n| --- | :---: |\n| plays | how often |"
    assert highlights.plain(table) == "field meaning plays how often"


def test_markdown_signs_do_not_tear_sentences() -> None:
    text = "# Title\n\n- The listener _was_, **not** the `account_id`; see [docs](http://x).\n\n| a | b |"
    assert highlights.plain(text) == "Title The listener was, not the account_id; see docs. a b"
