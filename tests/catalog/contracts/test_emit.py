"""YAML out reads back as the same data."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from catalog.common.documents import read_document
from catalog.contracts.emit import to_yaml

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
DATA = st.dictionaries(
    st.text(),
    st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20),
    min_size=1,
)


@given(DATA)
def test_every_json_document_survives(data: dict[str, Any]) -> None:
    raw = json.dumps(data).encode()
    read = read_document(raw)
    if not read.is_readable:  # a null character and the like: never imported, so never exported
        return
    again = read_document(to_yaml(read.data).encode())
    assert again.problems == ()
    assert again.data == read.data


@pytest.mark.parametrize(
    "text", ["2026-01-02", "12:30:00", "yes", "null", "1_000", "<<", "${VAR}", "a: b #c", "\u0085x"]
)
def test_texts_stay_texts_for_other_readers_too(text: str) -> None:
    assert yaml.safe_load(to_yaml({"value": text, text: 1})) == {"value": text, text: 1}


def test_what_stands_twice_is_written_twice() -> None:
    shared = {"a": [1]}
    assert "&" not in to_yaml({"one": shared, "two": shared})
