"""Lines and tables from bytes, wherever the pieces are cut."""

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.connections.connectors.errors import SourceError, redact
from catalog.connections.connectors.fieldpaths import child_path
from catalog.connections.connectors.nested import read_document
from catalog.connections.connectors.tabular import found_delimiter, found_type, read_csv
from catalog.connections.connectors.text import lines

TEXT = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=60)


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


@given(TEXT, st.integers(1, 7), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_lines_do_not_depend_on_where_the_bytes_are_cut(text: str, size: int, encoding: str) -> None:
    found = lines(cut(text.encode(encoding), size), "utf-8-sig" if encoding != "utf-16" else "utf-16")
    assert "".join(found) == text.removeprefix("\ufeff")


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_place_of_a_wrong_byte_does_not_depend_on_the_cut(size: int) -> None:
    data = "a\nb\ncé\n".encode() + b"d\xff\n"
    with pytest.raises(SourceError, match=r"Line 4 \(byte 10\)"):
        list(lines(cut(data, size)))


@given(st.lists(st.lists(TEXT, min_size=2, max_size=2), min_size=1, max_size=20))
def test_whatever_csv_writes_is_read_back_with_every_row(rows: list[list[str]]) -> None:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(["left", "right"])
    writer.writerows(rows)
    found = read_csv(lines([out.getvalue().encode()]), delimiter=",")
    assert found.seen == len(rows)
    assert [field.name for field in found.fields] == ["left", "right"]


@pytest.mark.parametrize(
    ("first", "delimiter"),
    [
        ("a,b,c\n1,2,3\n", ","),
        ("a;b\n1,5;2\n", ";"),
        ("a\tb\n1\t2\n", "\t"),
        ("a|b\n1|2\n", "|"),
        ("a\n1\n", ","),
    ],
)
def test_delimiter_is_found(first: str, delimiter: str) -> None:
    assert found_delimiter(first.splitlines(keepends=True)) == delimiter


@pytest.mark.parametrize(
    ("cells", "logical"),
    [
        (["1", "-2", ""], "integer"),
        (["1", "2.5", "1e3"], "number"),
        (["007", "12"], "string"),
        (["2026-01-02", "2026-01-02T03:04:05Z"], "timestamp"),
        (["2026-01-02"], "date"),
        (["09:30"], "time"),
        (["true", "False"], "boolean"),
        (["", "NULL"], "unknown"),
        (["1", "x"], "string"),
        (["9" * 30], "string"),
        (["²"], "string"),
        (["١٢"], "string"),
    ],
)
def test_types_are_the_narrowest_that_fit(cells: list[str], logical: str) -> None:
    assert found_type(cells) == logical


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_any_json_document_has_unique_paths_and_parents_first(document: Any) -> None:
    found = read_document(json.dumps(document).encode())
    paths = [field.path for field in found.fields]
    assert len(paths) == len(set(paths))
    for place, field in enumerate(found.fields):
        assert not field.parent_path or field.parent_path in paths[:place]
    assert all(len(row) == len(found.flat) for row in found.rows)


@pytest.mark.parametrize(
    ("name", "path"),
    [("city", "a.city"), ("a.b", 'a."a.b"'), ('q"q', 'a."q""q"'), ("", 'a.""'), ("x[]", 'a."x[]"')],
)
def test_names_that_look_like_paths_are_quoted(name: str, path: str) -> None:
    assert child_path("a", name) == path


@pytest.mark.parametrize(
    "words",
    [
        "could not connect to postgresql://reader:open-sesame@db/play",
        "password=open-sesame host=db",
        "bad token: 'open-sesame'",
        "the server said open-sesame twice: open-sesame",
    ],
)
def test_secrets_are_taken_out_of_messages(words: str) -> None:
    assert "open-sesame" not in redact(words, ["open-sesame"])
    assert len(redact("x" * 10_000)) <= 600
