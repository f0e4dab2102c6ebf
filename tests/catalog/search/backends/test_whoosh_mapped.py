"""The files of a segment are read where they are mapped: the same bytes as by Whoosh's own way, and no copies."""

import io
import tracemalloc
from pathlib import Path

import pytest
from whoosh.filedb.compound import CompoundStorage  # noqa: TID251  # what ours is compared with
from whoosh.filedb.filestore import FileStorage  # noqa: TID251  # it makes what is read

from catalog.search.backends.whoosh.mapped import MappedFiles

PARTS = {"terms": bytes(range(256)) * 4_000, "postings": b"line one\nline two\n" * 60_000}


@pytest.fixture
def compound(tmp_path: Path) -> Path:
    """A compound file of two parts, each about a megabyte."""
    storage = FileStorage(str(tmp_path))
    for name, content in PARTS.items():
        with storage.create_file(name) as part:
            part.write(content)
    CompoundStorage.assemble(storage.create_file("all.seg"), storage, list(PARTS))  # closes it
    return tmp_path


def opened(folder: Path, kind: type[CompoundStorage]) -> CompoundStorage:
    return kind(FileStorage(str(folder)).open_file("all.seg"))


def test_parts_read_as_whoosh_reads_them(compound: Path) -> None:
    mapped, plain = opened(compound, MappedFiles), opened(compound, CompoundStorage)
    for name, content in PARTS.items():
        mine, theirs = mapped.open_file(name), plain.open_file(name)
        assert mine.read() == theirs.read() == content
        assert mine.read(5) == b""
        for offset, whence in ((100, io.SEEK_SET), (-7, io.SEEK_END), (-50, io.SEEK_CUR)):
            mine.seek(offset, whence), theirs.seek(offset, whence)
            assert mine.tell() == theirs.tell()
            assert mine.readline() == theirs.readline()
            assert mine.read(11) == theirs.read(11)
        mine.seek(16), theirs.seek(16)
        assert (mine.read_int(), mine.read_varint()) == (theirs.read_int(), theirs.read_varint())
        assert mine.get(40, 9) == theirs.get(40, 9) == content[40:49]
        assert mine.get_array(8, "i", 4) == theirs.get_array(8, "i", 4)
        inner = mine.subset(200, 100)
        assert inner.read(30) + inner.read() == content[200:300]


def test_opening_copies_nothing(compound: Path) -> None:
    def copied(kind: type[CompoundStorage]) -> int:
        storage = opened(compound, kind)
        tracemalloc.start()
        parts = [storage.open_file(name) for name in PARTS]
        size, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(parts) == len(PARTS)
        return size

    assert copied(MappedFiles) < 20_000
    assert copied(CompoundStorage) > 2_000_000  # once this fails, Whoosh has mended it: `mapped` can go
