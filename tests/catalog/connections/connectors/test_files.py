"""The file connector on real files and folders: formats, encodings, partitions, and what it must not read."""

import gzip
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from catalog.connections.connectors.base import Wanted
from catalog.connections.connectors.files import FilesConnector
from catalog.connections.connectors.observations import AssetKey, Failure
from catalog.connections.connectors.roots import FileRoots
from tests.catalog.connections.connectors.support import Found, configured, context, crawl

FILES = FilesConnector()


def read(root: Path, path: Path | str, **changes: Any) -> Found:
    options = {
        key: changes.pop(key) for key in ("encoding", "delimiter", "records", "include") if key in changes
    }
    return crawl(FILES, configured(FILES, path=str(path), **options), context(root, **changes))


def failure(root: Path, path: Path, **changes: Any) -> Failure:
    found = read(root, path, **changes)
    error = found.readings[0].error
    assert error is not None
    assert found.readings[0].is_reachable is False
    return error


def test_csv_types_counts_and_file_time(tmp_path: Path) -> None:
    file = tmp_path / "plays.csv"
    file.write_text(
        "id;code;price;day;at;ok;empty\n"
        + "".join(
            f"{n};00{n};{n / 4};2026-10-{n % 28 + 1:02d};2026-10-01T10:00:00Z;true;\n" for n in range(30)
        )
    )
    os.utime(file, (1_790_000_000, 1_790_000_000))
    found = read(tmp_path, file)
    assert {path: f.logical_type for path, f in found.fields().items()} == {
        "id": "integer",
        "code": "string",
        "price": "number",
        "day": "date",
        "at": "timestamp",
        "ok": "boolean",
        "empty": "unknown",
    }
    reading = found.readings[0]
    assert (reading.row_count, reading.row_count_is_estimate, reading.object_count) == (30, False, 1)
    assert reading.fresh_at == datetime.fromtimestamp(1_790_000_000, UTC)
    assert reading.fresh_basis == "file time"
    assert found.profiles["price"].maximum == "7.25"
    assert found.profiles["code"].top_values == ()
    assert found.assets[0].namespace == "file"


def test_quoted_cells_may_hold_delimiters_and_line_ends(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('a,b\n1,"x, y\nz"\n2,\u2028w\n')
    assert read(tmp_path, tmp_path / "a.csv").readings[0].row_count == 2


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"", "empty", "empty"),
        ("name,b\nJosé,1\n".encode("latin-1"), "malformed", "Line 2 (byte 11) is not UTF-8"),
        (b"a,b\n1,2\n1,2,3\n", "malformed", "Line 3 has 3 cells"),
        (b"a,b\n1,\x00\x01\n", "malformed", "zero bytes"),
        (b'a,b\n1,"x\n', "malformed", "Line 2"),
    ],
)
def test_csv_that_cannot_be_read_says_where(tmp_path: Path, content: bytes, code: str, words: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    error = failure(tmp_path, tmp_path / "a.csv")
    assert error.code == code
    assert words in error.message
    assert error.remedy


@pytest.mark.parametrize(
    ("encoding", "chosen"),
    [("latin-1", "latin-1"), ("utf-16", "auto"), ("utf-8-sig", "auto"), ("utf-16-le", "auto")],
)
def test_other_encodings_are_read_when_named_or_marked(tmp_path: Path, encoding: str, chosen: str) -> None:
    (tmp_path / "a.csv").write_bytes("näme,b\né,1\n".encode(encoding))
    assert list(read(tmp_path, tmp_path / "a.csv", encoding=chosen).fields()) == ["näme", "b"]


def test_header_without_rows_is_a_schema_with_zero_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,,a\n")
    found = read(tmp_path, tmp_path / "a.csv")
    assert list(found.fields()) == ["a", "column 2", "a (2)"]
    assert found.readings[0].row_count == 0


def test_large_file_is_sampled_and_its_rows_are_estimated(tmp_path: Path) -> None:
    with (tmp_path / "a.csv").open("w") as file:
        file.write("n,text\n")
        for n in range(60_000):
            file.write(f"{n:06d}1,xxxxxxxxxx\n")
    found = read(tmp_path, tmp_path / "a.csv", max_bytes=300_000)
    reading = found.readings[0]
    assert reading.row_count_is_estimate
    assert reading.row_count == pytest.approx(60_000, rel=0.1)
    assert found.profiles["n"].is_sample


def test_nested_json_lines(tmp_path: Path) -> None:
    records = [
        {
            "id": n,
            "who": {"home": {"city": "Oslo"}},
            "items": [{"sku": "a", "n": 1.5}],
            "tags": ["x"],
            "a.b": 1,
            "at": "2026-10-01T10:00:00Z",
            "odd": n if n % 2 else "text",
            "maybe": None if n else 3,
        }
        for n in range(20)
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps(r) for r in records))
    found = read(tmp_path, tmp_path / "a.jsonl")
    fields = found.fields()
    assert {path: f.logical_type for path, f in fields.items()} == {
        "id": "integer",
        "who": "object",
        "who.home": "object",
        "who.home.city": "string",
        "items": "array",
        "items[].sku": "string",
        "items[].n": "number",
        "tags": "array",
        '"a.b"': "integer",
        "at": "timestamp",
        "odd": "unknown",
        "maybe": "integer",
    }
    assert fields["items[].sku"].parent_path == "items"
    assert fields["maybe"].is_nullable
    assert fields["odd"].physical_type == "integer | string"
    assert found.readings[0].row_count == 20
    assert found.profiles["maybe"].null_share == 0.95


@pytest.mark.parametrize(
    ("document", "records", "rows"),
    [
        ([{"a": 1}, {"a": 2}], "", 2),
        ({"total": 2, "data": [{"a": 1}, {"a": 2}]}, "", 2),
        ({"x": {"y": [1, 2, 3]}}, "x.y", 3),
        ({"a": 1}, "", 1),
    ],
)
def test_records_of_a_json_document_are_found(tmp_path: Path, document: Any, records: str, rows: int) -> None:
    (tmp_path / "a.json").write_text(json.dumps(document))
    assert read(tmp_path, tmp_path / "a.json", records=records).readings[0].row_count == rows


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.json", b'{"a": 1,}', "column"),
        ("a.json", b"[" * 200_000, "nested too deeply"),
        ("a.json", b'{"a": "\xff"}', "not UTF-8"),
        ("a.json", b'{"a": ' + b"9" * 10_000 + b"}", "can be read"),
        ("a.jsonl", b'{"a": 1}\nnot json\n', "Line 2"),
        ("a.parquet", b"PAR1 nothing of the kind PAR1", "Parquet cannot be read"),
        ("a.csv.gz", b"not gzip at all", "damaged"),
        ("a.csv.gz", gzip.compress(b"a,b\n1,2\n", mtime=0)[:-9], "breaks off"),
    ],
)
def test_malformed_files_are_reported_and_never_crash(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    error = failure(tmp_path, tmp_path / name)
    assert error.code == "malformed"
    assert words in error.message


def test_gzip_bomb_ends_at_the_byte_limit(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * 20_000_000, 9, mtime=0))
    found = read(tmp_path, tmp_path / "a.csv.gz", max_bytes=1_000_000)
    assert found.readings[0].row_count_is_estimate
    assert len(found.fields()) == 2


def test_object_with_very_many_keys_is_a_map(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([{"by_user": {f"user-{n}": {"n": n} for n in range(2_000)}}]))
    assert [(f.path, f.logical_type) for f in read(tmp_path, tmp_path / "a.json").fields().values()] == [
        ("by_user", "map")
    ]


def write_parquet(path: Path, query: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    duckdb.connect().execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")


def test_nested_parquet(tmp_path: Path) -> None:
    write_parquet(
        tmp_path / "a.parquet",
        "SELECT n::INTEGER AS n, {'city': 'Oslo', 'at': [{'ms': n}]} AS who, MAP {'a': 1} AS m FROM range(40) t(n)",
    )
    found = read(tmp_path, tmp_path / "a.parquet")
    assert {path: f.logical_type for path, f in found.fields().items()} == {
        "n": "integer",
        "who": "object",
        "who.city": "string",
        "who.at": "array",
        "who.at[].ms": "integer",
        "m": "map",
    }
    assert found.readings[0].row_count == 40
    assert found.profiles["n"].maximum == "39"


def test_partitioned_folder_is_one_asset_with_partition_columns(tmp_path: Path) -> None:
    for day in ("2026-10-01", "2026-10-02"):
        write_parquet(tmp_path / "events" / f"day={day}" / "data.parquet", "SELECT 1 AS a")
        (tmp_path / "logs" / f"day={day}").mkdir(parents=True)
        (tmp_path / "logs" / f"day={day}" / "data.csv").write_text("a,b\n1,2\n")
    found = read(tmp_path, tmp_path)
    assert [a.name for a in found.assets] == [f"{tmp_path}/events/**/*.parquet", f"{tmp_path}/logs/**/*.csv"]
    for name in (a.name for a in found.assets):
        assert "day" in found.fields(name)
    assert [(r.row_count, r.object_count) for r in found.readings] == [(2, 2), (2, 2)]


def test_parts_of_one_folder_are_one_asset_and_other_files_their_own(tmp_path: Path) -> None:
    for number in range(3):
        write_parquet(tmp_path / f"part-{number}.parquet", f"SELECT {number} AS n, {number} AS c{number}")
    (tmp_path / "_SUCCESS").touch()
    (tmp_path / "other.csv").write_text("a\n1\n")
    (tmp_path / "notes.txt").write_text("not data")
    found = read(tmp_path, tmp_path)
    assert [a.name for a in found.assets] == [f"{tmp_path}/*.parquet", f"{tmp_path}/other.csv"]
    assert list(found.fields(f"{tmp_path}/*.parquet")) == ["n", "c0", "c1", "c2"]
    assert found.readings[0].object_count == 3


def test_names_with_quotes_wildcards_and_emoji_are_read(tmp_path: Path) -> None:
    folder = tmp_path / 'it\'s odd, "really" 🎵'
    write_parquet(tmp_path / "b.parquet", "SELECT 1 AS n")
    folder.mkdir()
    (tmp_path / "b.parquet").rename(folder / "b's 1;.parquet")
    (folder / "a?b*.csv").write_text("a\n1\n")
    found = read(tmp_path, tmp_path)
    assert [(r.error, r.row_count) for r in found.readings] == [(None, 1), (None, 1)]


def test_link_out_of_the_root_is_refused_in_listings_and_patterns(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "secret.csv").write_text("a\nsecret\n")
    (root / "link.csv").symlink_to(outside / "secret.csv")
    for path in (root, root / "*.csv"):
        result = crawl_or_refuse(root, path)
        assert result == "not_allowed"


def crawl_or_refuse(root: Path, path: Path) -> str:
    check = FILES.check(configured(FILES, path=str(path)), context(root))
    assert not check.ok
    wanted = [Wanted(asset=AssetKey("file", "x"), address={"pattern": str(path), "format": "csv"})]
    if path.is_dir():
        wanted = [
            Wanted(asset=AssetKey("file", "x"), address={"pattern": f"{path}/link.csv", "format": "csv"})
        ]
    reading = crawl(FILES, configured(FILES, path=str(path)), context(root), wanted).readings[0]
    assert reading.error is not None
    return reading.error.code


def test_portals_own_folder_is_refused_inside_a_root(tmp_path: Path) -> None:
    own = tmp_path / "portal"
    own.mkdir()
    (own / "keys.csv").write_text("a\n1\n")
    roots = FileRoots((tmp_path,), (own,))
    check = FILES.check(configured(FILES, path=str(own)), context(tmp_path, roots=roots))
    assert check.failed is not None
    found = crawl(FILES, configured(FILES, path=str(tmp_path)), context(tmp_path, roots=roots))
    assert [r.error and r.error.code for r in found.readings] == ["not_allowed"]


@pytest.mark.parametrize(
    "address", [{}, {"pattern": "/etc/passwd", "format": "csv"}, {"pattern": "x", "format": "exe"}]
)
def test_foreign_addresses_are_not_followed(tmp_path: Path, address: dict[str, Any]) -> None:
    wanted = [Wanted(asset=AssetKey("file", "x"), address=address)]
    reading = crawl(FILES, configured(FILES, path=str(tmp_path)), context(tmp_path), wanted).readings[0]
    assert reading.error is not None
    assert reading.error.code in {"gone", "not_allowed"}


def test_pattern_of_several_formats_is_explained(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n")
    (tmp_path / "a.json").write_text("[]")
    check = FILES.check(configured(FILES, path=str(tmp_path / "*")), context(tmp_path))
    assert check.failed is not None
    assert "several formats" in check.failed.message


@pytest.mark.parametrize("target", ["there", "not-there"])
@pytest.mark.parametrize(
    "pattern", ["{root}/*/../../{name}/../data/plays.csv", "{root}/*/../../{name}/*.csv"]
)
def test_patterns_do_not_tell_what_lies_beside_the_root(tmp_path: Path, target: str, pattern: str) -> None:
    root, beside = tmp_path / "data", tmp_path / "there"
    for folder in (root / "inner", beside):
        folder.mkdir(parents=True)
    for folder in (root, beside):
        (folder / "plays.csv").write_text("a\n1\n")
    path = pattern.format(root=root, name=target)
    (step,) = [s for s in FILES.check(configured(FILES, path=path), context(root)).steps if s.ok is False]
    assert step.message == "A pattern may not lead upwards."
