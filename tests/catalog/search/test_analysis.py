"""Text becomes terms: identifiers, plurals, accents, scripts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.search import analysis


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("customer_id", ["customer", "id"]),
        ("CustomerID", ["customer", "id"]),
        ("HTTPServer.requestCount", ["http", "server", "request", "count"]),
        ("utf8_s3Bucket", ["utf8", "s3", "bucket"]),
        ("__private__", ["private"]),
        ("Ångström naïve ﬁle STRASSE Straße", ["angstrom", "naive", "file", "strasse", "strasse"]),
        ("ΟΔΟΣ οδος", ["οδοσ", "οδοσ"]),
        ("हिन्दी", ["हिन्दी"]),
        ("音楽 x", ["音", "楽", "x"]),
        ("한국어", ["한국어"]),
        ("🎵 , .", []),
        ("½", ["1", "2"]),
    ],
)
def test_words_are_cut_into_folded_parts(text: str, parts: list[str]) -> None:
    assert analysis.parts(text) == parts


@pytest.mark.parametrize(
    ("plural", "singular"),
    [
        ("events", "event"),
        ("queries", "query"),
        ("status", "status"),
        ("address", "address"),
        ("bus", "bus"),
        ("ids", "ids"),
        ("types", "type"),
        ("音楽s", "音楽s"),
    ],
)
def test_plural_endings_go_and_others_stay(plural: str, singular: str) -> None:
    assert analysis.stem(plural) == singular


def test_neighbours_of_unspaced_scripts_make_pairs() -> None:
    assert analysis.terms("音楽配信") == ["音", "楽", "配", "信", "音楽", "楽配", "配信"]
    assert [term for term, _ in analysis.query_terms(("音", "楽", "配"))] == ["音楽", "楽配"]
    assert [term for term, _ in analysis.query_terms(("音",))] == ["音"]


def test_acronyms_come_with_and_without_small_words() -> None:
    assert analysis.acronyms("Playback quality") == {"pq"}
    assert analysis.acronyms("Plays of the day") == {"potd", "pd"}
    assert analysis.acronyms("Single") == frozenset()
    assert analysis.acronyms("one two three four five six seven") == frozenset()


@pytest.mark.parametrize(
    "text", ["Play events", "play-events", "play_events", "PlayEvents", " play  EVENTS "]
)
def test_spellings_of_one_name_are_one(text: str) -> None:
    assert analysis.canonical(text) == "play_events"


@given(st.text())
def test_a_query_of_a_documents_own_text_needs_only_terms_it_has(text: str) -> None:
    held = set(analysis.terms(text))
    for word in analysis.words(text):
        assert {term for term, _ in analysis.query_terms(word)} <= held


@given(st.text())
def test_folding_twice_changes_nothing_more(text: str) -> None:
    parts = analysis.parts(text)
    assert all(0 < len(part) <= analysis.MAX_PART for part in parts)
    assert [piece for part in parts for piece in analysis.parts(part)] == parts
