"""Filters and PATCH of SCIM on plain documents, by tables and by properties."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.identity.scim.errors import ScimError
from catalog.identity.scim.filters import fits, parse
from catalog.identity.scim.patch import operations_of, patched

ANNA = {
    "userName": "Anna",
    "active": True,
    "name": {"familyName": "Field"},
    "emails": [{"type": "work", "value": "a@x.org"}, {"type": "home", "value": "b@y.org"}],
    "age": 7,
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('userName eq "anna"', True),
        ('USERNAME EQ "ANNA"', True),
        ('userName ne "anna"', False),
        ('urn:ietf:params:scim:schemas:core:2.0:User:userName sw "an"', True),
        ('name.familyName co "iel"', True),
        ('name.familyName ew "x"', False),
        ("nickName pr", False),
        ("name pr", True),
        ("active eq true", True),
        ('active eq "False"', False),
        ('emails eq "b@y.org"', True),
        ('emails[type eq "work" and value co "x.org"]', True),
        ('emails[type eq "home" and value co "x.org"]', False),
        ('emails[type eq "home"].value eq "b@y.org"', True),
        ('not (userName eq "anna")', False),
        ('userName eq "x" or active eq true and age gt 6', True),
        ('(userName eq "x" or active eq true) and age lt 6', False),
        ('age gt "6"', False),
        (r'userName eq "an\"na"', False),
    ],
)
def test_a_filter_means_what_the_standard_says(text: str, expected: bool) -> None:
    assert fits(parse(text), ANNA) is expected


@pytest.mark.parametrize(
    "text", ["", "a", "a eq", "a xx 1", 'a eq "x', "(a pr", "a pr)", "a[b pr", "not", "a eq b", "(" * 99]
)
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(ScimError, match="filter"):
        parse(text)


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader_of_filters(text: str) -> None:
    try:
        condition = parse(text)
    except ScimError:
        return
    fits(condition, ANNA)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["value", "type", "a"]), inner, max_size=3)
    ),
    max_leaves=6,
)
PATHS = st.sampled_from(
    [
        "",
        "active",
        "emails",
        "name.familyName",
        'emails[type eq "work"]',
        'emails[type eq "new"].value',
        "a.b.c",
        "[",
        "a[b]",
    ]
) | st.text(max_size=12)


@given(
    st.lists(
        st.fixed_dictionaries(
            {"op": st.sampled_from(["add", "Replace", "REMOVE"]), "path": PATHS, "value": VALUES}
        ),
        min_size=1,
        max_size=4,
    )
)
def test_a_patch_changes_a_copy_or_is_refused(operations: list[dict[str, Any]]) -> None:
    before = repr(ANNA)
    with contextlib.suppress(ScimError):
        patched(ANNA, operations_of({"Operations": operations}))
    assert repr(ANNA) == before


@given(st.lists(st.sampled_from(["1", "2", "3"]), max_size=6))
def test_adding_members_again_changes_nothing(values: list[str]) -> None:
    add = {"op": "add", "path": "members", "value": [{"value": value} for value in values]}
    once = patched({"members": []}, [add])
    assert patched(once, [add]) == once


def test_a_path_into_what_is_no_object_is_refused() -> None:
    with pytest.raises(ScimError):
        patched(ANNA, [{"op": "replace", "path": "userName.x", "value": 1}])
