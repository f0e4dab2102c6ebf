"""Marks, tables, times: what they say beside what they show."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.paginator import Paginator
from django.template import Context, Template, TemplateSyntaxError
from django.test import RequestFactory
from django.utils import timezone

from catalog.templatetags.tables import changed_query


def drawn(source: str, query: str = "", **context: Any) -> str:
    request = RequestFactory().get(f"/list/?{query}")
    template = Template("{% load components %}" + source)
    return template.render(Context({"request": request, **context}))


@dataclass
class Mark:
    label: str
    meaning: str
    value: str
    explanation: str = "Said by a test."
    url: str = ""
    key: str = ""
    is_judged: bool = True


def test_unknown_icons_are_refused_where_they_are_written() -> None:
    with pytest.raises(TemplateSyntaxError, match="no icon"):
        drawn('{% icon "unicorn" %}')


def test_icon_alone_has_a_name_and_beside_a_word_is_silent() -> None:
    assert 'aria-label="Close"' in drawn('{% icon "x" "Close" %}')
    assert 'aria-hidden="true"' in drawn('{% icon "x" %}')


@pytest.mark.parametrize("meaning", ["good", "warning", "bad", "unknown"])
def test_every_meaning_has_shape_and_word(meaning: str) -> None:
    html = drawn("{% trust_strip marks %}", marks=[Mark("Quality", meaning, "92")])
    assert '<svg class="shape"' in html
    assert f"({meaning})" in html
    assert "Said by a test." in html


def test_compact_strip_says_what_is_not_measured_once() -> None:
    marks = [Mark(label, "unknown", "not measured") for label in ("Quality", "Freshness", "Reachable")]
    marks.append(Mark("Owner", "good", "owned", key="owner"))
    compact = drawn('{% trust_strip marks "compact" %}', marks=marks)
    assert compact.count("not measured") == 1
    assert "Quality, Freshness, Reachable" in compact
    assert drawn("{% trust_strip marks %}", marks=marks).count(">not measured<") == 3


def test_compact_strip_keeps_what_nobody_promised_out_of_sight() -> None:
    marks = [Mark("Contract", "unknown", "none", is_judged=False), Mark("Quality", "good", "92")]
    compact = drawn('{% trust_strip marks "compact" %}', marks=marks)
    assert '<li class="visually-hidden"><span class="mark" title="Said by a test.">' in compact
    assert compact.count('visually-hidden"><span class="mark') == 1
    assert '<li class="visually-hidden">' not in drawn("{% trust_strip marks %}", marks=marks)


def test_age_names_the_exact_time_in_the_readers_zone() -> None:
    when = timezone.now() - dt.timedelta(hours=3)
    with timezone.override("Asia/Tokyo"):
        html = drawn("{% age when %}", when=when)
    assert "3 h ago" in html
    assert "JST" in html
    assert when.strftime("%Y-%m-%dT%H:%M:%SZ") in html


@pytest.mark.parametrize("value", [None, "nonsense", ""])
def test_age_of_nothing_is_never(value: Any) -> None:
    assert drawn("{% age when %}", when=value) == "never"


def test_age_takes_a_day_and_an_iso_text() -> None:
    assert "21 Nov 2026" in drawn("{% age when %}", when=dt.date(2026, 11, 21))
    assert "<time" in drawn("{% age when %}", when="2026-11-21T02:03:11+00:00")


def test_sort_header_turns_round_and_begins_at_the_first_page() -> None:
    head = '{% sort_header "name" "Name" default="name" %}'
    assert 'aria-sort="ascending"' in drawn(head)
    assert "?tag=gold&amp;sort=-name" in drawn(head, "tag=gold&page=3")
    assert 'aria-sort="descending"' in drawn(head, "sort=-name")
    assert "aria-sort" not in drawn(head, "sort=rows")
    assert "sort=-rows" in drawn('{% sort_header "rows" "Rows" first="desc" %}')


def test_pagination_names_the_rows_and_keeps_the_filters() -> None:
    page = Paginator(range(120), 25).get_page(2)
    html = drawn('{% pagination page "product" %}', "tag=a&tag=b&page=2", page=page)
    assert "26\u201350 of" in html
    assert "tag=a&amp;tag=b&amp;page=3" in html
    assert 'aria-current="page">2<' in html
    one = drawn('{% pagination page "product" %}', page=Paginator(range(1), 25).get_page(1))
    assert "href" not in one
    assert "product<" in one


def test_fact_without_a_value_is_left_out() -> None:
    assert drawn('{% fact "Region" %} {% endfact %}') == ""
    assert "<dt>Region</dt><dd>eu</dd>" in drawn('{% fact "Region" %}eu{% endfact %}')


def test_query_is_changed_without_losing_repeated_parameters() -> None:
    query = RequestFactory().get("/?tag=a&tag=b&page=4&sort=name").GET
    assert changed_query(query, sort=None) == "?tag=a&tag=b"


def test_diff_is_told_to_those_who_listen() -> None:
    html = drawn('{% diff "old <b>" "new <b>" %}')
    assert "[removed: " in html
    assert "[added: " in html
    assert "<b>" not in html
