"""Documents strangers wrote become data, or one problem that says where and why."""

import gzip

import pytest

from catalog.common import documents
from catalog.common.documents import read_document
from catalog.common.paths import child_path, json_path, parent_path


@pytest.mark.parametrize(
    ("raw", "data"),
    [
        (b"a: 1\nb: [x, 2.5, yes, null]", {"a": 1, "b": ["x", 2.5, True, None]}),
        (b"day: 2024-01-01\nat: 09:30", {"day": "2024-01-01", "at": "09:30"}),
        (b"base: &b {x: 1, y: 1}\nd:\n  <<: *b\n  y: 2", {"base": {"x": 1, "y": 1}, "d": {"x": 1, "y": 2}}),
        (b'{"a": [1, {"b": null}]}', {"a": [1, {"b": None}]}),
        (b"{a: 1}", {"a": 1}),
        (b"1: a\ntrue: b", {"1": "a", "true": "b"}),
        (b'"null": no', {"null": False}),
        ("größe: ß".encode(), {"größe": "ß"}),
        (b"\xef\xbb\xbfa: b", {"a": "b"}),
        ("a: ü".encode("utf-16"), {"a": "ü"}),
        (gzip.compress(b"a: 1", mtime=0), {"a": 1}),
    ],
)
def test_readable_documents_become_plain_data(raw: bytes, data: object) -> None:
    document = read_document(raw)
    assert document.is_readable, document.problems
    assert document.data == data


@pytest.mark.parametrize(
    ("raw", "rule", "path", "words"),
    [
        (b"a: 1\nb:\n  c: 2\n  c: 3", "duplicate-key", "$.b.c", "Line 4"),
        (b'{"a": {"x": 1,\n "x": 2}}', "duplicate-key", "$.a.x", "Line 2"),
        (b"a: [1", "yaml", "$", "did not find expected"),
        (b'{"a": 1', "json", "$", "Line 1"),
        (b'{"a": NaN}', "json", "$", "NaN"),
        (b'a: !!python/object/apply:os.system ["id"]', "tag", "$", "Write a plain list"),
        (b"a: *nowhere", "alias", "$", "points at nothing"),
        (b"a: &x [*x]", "alias", "$.a", "points at nothing"),
        (b"? [a]\n: b", "key", "$", "Keys must be text"),
        (b"a: 1\n---\nb: 2", "several-documents", "$", "one document"),
        (b"", "empty", "$", "empty"),
        (b"# only words\n", "empty", "$", "empty"),
        ("straße: 1".encode("latin-1"), "encoding", "$", "UTF-8"),
        (b"a: \x00b", "encoding", "$", "null characters"),
        (b"\x1f\x8bbroken", "gzip", "$", "damaged"),
        (b"[" * 100_000, "depth", "$", "deeper"),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "depth", "$", "deeper"),
        (b"a: " + b"9" * 10_000, "yaml", "$", "cannot be read"),
    ],
)
def test_unreadable_documents_say_where_and_why(raw: bytes, rule: str, path: str, words: str) -> None:
    document = read_document(raw)
    assert document.data is None
    assert not document.is_readable
    problem = document.problems[0]
    assert problem.rule == rule
    assert problem.path.startswith(path)
    assert words in problem.message


def test_alias_bomb_is_refused_before_it_grows() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    document = read_document("\n".join(lines).encode())
    assert [problem.rule for problem in document.problems] == ["size"]


def test_merge_keys_cannot_be_used_as_a_bomb() -> None:
    wide = "base: &b {" + ", ".join(f"k{n}: 1" for n in range(5_000)) + "}"
    merged = "\n".join(f"m{n}:\n  <<: *b" for n in range(300))
    document = read_document(f"{wide}\n{merged}".encode())
    assert [problem.rule for problem in document.problems] == ["size"]


def test_fifty_megabytes_are_refused_plain_and_compressed() -> None:
    huge = b"a: " + b"x" * (50 * 2**20)
    assert read_document(huge).problems[0].rule == "size"
    assert read_document(gzip.compress(huge, 1, mtime=0)).problems[0].rule == "size"


def test_limit_counts_the_expanded_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MAX_BYTES", 20)
    assert read_document(b"a: " + b"x" * 17).is_readable
    assert not read_document(gzip.compress(b"a: " + b"x" * 18, mtime=0)).is_readable


def test_lines_are_those_of_keys_and_items() -> None:
    document = read_document(b"a: 1\nb:\n- c: 2\n- d:\n    e f: 3\n")
    assert document.line_of("$.b[0].c") == 3
    assert document.line_of('$.b[1].d["e f"]') == 5
    assert document.line_of("$.b[1].missing") == 4
    assert document.line_of("$.nowhere") == 1


def test_paths_quote_what_is_not_a_plain_name() -> None:
    assert json_path(["schema", 0, "odd key"]) == '$.schema[0]["odd key"]'
    assert child_path("$", "a-b") == "$.a-b"
    assert parent_path('$.schema[0]["odd key"]') == "$.schema[0]"
    assert parent_path("$") == ""
