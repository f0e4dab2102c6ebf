"""Fragments escape what they are given and refuse names they do not know."""

import pytest
from django.template import engines
from django.utils.safestring import mark_safe
from jinja2 import UndefinedError

from catalog.common.addresses import address
from catalog.common.fragments import render_fragment

HOSTILE = "<script>alert('1')</script>"


def test_values_are_escaped_unless_they_are_safe() -> None:
    drawn = render_fragment("components/domain_path.jinja", steps=[(HOSTILE, "/d/?a=1&b=2")], hue=3)
    assert "<script>" not in drawn
    assert "&lt;script&gt;" in drawn
    assert 'href="/d/?a=1&amp;b=2"' in drawn
    assert "<b>" in render_fragment(
        "components/domain_path.jinja", steps=[(mark_safe("<b>x</b>"), "/")], hue=0
    )


def test_unknown_name_is_an_error() -> None:
    macro = engines["fragments"].env.from_string("{% macro one() %}{{ nobody }}{% endmacro %}").module.one
    with pytest.raises(UndefinedError):
        macro()


@pytest.mark.parametrize("hostile", ['a"b', "a'b", "<i>", "&amp;"])
def test_attributes_cannot_be_left(hostile: str) -> None:
    drawn = render_fragment("components/domain_path.jinja", steps=[("x", hostile)], hue=0)
    inside = drawn.split('href="')[1].split('">')[0]
    assert '"' not in inside
    assert "<" not in inside


def test_remembered_addresses_are_those_of_the_url_configuration() -> None:
    for _ in range(2):
        assert address("products:port", "d", "p", "n", "1.0.0") == "/products/d/p/ports/n/1.0.0/"
