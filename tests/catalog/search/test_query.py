"""Every text is a query; what it means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.search.documents import FacetValue
from catalog.search.query import MAX_CLAUSES, Clause, opened, parse


def shape(text: str) -> list[tuple[str, tuple[str, ...], str]]:
    """Field, parts and signs of each clause: `-` negated, `"` phrase."""
    return [
        (
            clause.field or "/".join(clause.facets),
            clause.parts,
            "-" * clause.is_negated + '"' * clause.is_phrase,
        )
        for clause in parse(text).clauses
    ]


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("play events", [("", ("play",), ""), ("", ("events",), "")]),
        ("customer_id", [("", ("customer", "id"), "")]),
        ('"first frame" x', [("", ("first", "frame"), '"'), ("", ("x",), "")]),
        ('"never closed', [("", ("never", "closed"), '"')]),
        ("-old new", [("", ("old",), "-"), ("", ("new",), "")]),
        ("column:customer_id", [("columns", ("customer", "id"), "")]),
        ("Tag:Gold", [("tag", ("gold",), "")]),
        ('owner:"the team"', [("owner/people", ("the", "team"), '"')]),
        ("-domain:ads", [("domain", ("ads",), "-")]),
        ("foo:bar", [("", ("foo",), ""), ("", ("bar",), "")]),
        ("owner:", [("", ("owner",), "")]),
        ("http://x.io", [("", ("http",), ""), ("", ("x",), ""), ("", ("io",), "")]),
        ("quality of the playback", [("", ("quality",), ""), ("", ("playback",), "")]),
        ("of the", [("", ("of",), ""), ("", ("the",), "")]),
        ('- -- "" \'', []),
    ],
)
def test_texts_mean_what_people_expect(text: str, clauses: list[tuple[str, tuple[str, ...], str]]) -> None:
    assert shape(text) == clauses


@given(st.text(alphabet=st.characters(), max_size=200) | st.from_regex(r'(-?(tag|owner|x):?"?[^\s]* ?)*'))
def test_no_text_is_an_error(text: str) -> None:
    query = parse(text)
    assert len(query.clauses) <= MAX_CLAUSES
    assert all(clause.parts for clause in query.clauses)
    opened(query)


def test_long_texts_are_cut() -> None:
    assert len(parse("word " * 5_000).clauses) == MAX_CLAUSES


def test_only_a_last_plain_word_is_still_being_typed() -> None:
    assert [c.is_open for c in opened(parse("play ev")).clauses] == [False, True]
    assert not any(c.is_open for c in opened(parse("play -ev")).clauses)
    assert not any(c.is_open for c in opened(parse('"play ev"')).clauses)
    assert opened(parse("")).clauses == ()


def test_a_facet_is_meant_by_address_or_words_of_its_label() -> None:
    team = FacetValue("listening-team", "The Listening people")
    named = [
        parse(f"owner:{text}").clauses[0]
        for text in ("listening-team", "listening", "people", '"the people"')
    ]
    assert all(isinstance(clause, Clause) and clause.names(team) for clause in named)
    assert not parse("owner:play").clauses[0].names(team)
