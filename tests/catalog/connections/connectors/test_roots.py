"""No local file disclosure: only what really lies below a named root is read."""

import os
from pathlib import Path

import pytest

from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.roots import FileRoots


def denied(roots: FileRoots, path: object) -> str:
    with pytest.raises(SourceError) as caught:
        roots.resolve(str(path))
    return caught.value.code


def test_file_below_a_root_is_resolved(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("a\n1\n")
    assert FileRoots((tmp_path,)).resolve(file) == file


def test_links_out_of_the_root_are_refused(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "secret.csv").write_text("s\n")
    (root / "link.csv").symlink_to(outside / "secret.csv")
    (root / "folder").symlink_to(outside)
    roots = FileRoots((root,))
    assert denied(roots, root / "link.csv") == "not_allowed"
    assert denied(roots, root / "folder" / "secret.csv") == "not_allowed"
    assert denied(roots, root / ".." / "outside" / "secret.csv") == "not_allowed"


def test_answer_outside_is_the_same_whether_or_not_a_file_is_there(tmp_path: Path) -> None:
    roots = FileRoots((tmp_path,))
    messages = set()
    for path in ("/etc/passwd", "/etc/no-such-file"):
        with pytest.raises(SourceError) as caught:
            roots.resolve(path)
        messages.add((caught.value.code, caught.value.message))
    assert len(messages) == 1


def test_a_sibling_whose_name_begins_alike_is_outside(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data-private").mkdir()
    assert denied(FileRoots((tmp_path / "data",)), tmp_path / "data-private") == "not_allowed"


def test_the_deepest_entry_decides(tmp_path: Path) -> None:
    home = tmp_path / "portal"
    (home / "demo").mkdir(parents=True)
    (home / "keys").mkdir()
    roots = FileRoots((tmp_path, home / "demo"), (home,))
    assert roots.resolve(home / "demo") == home / "demo"
    assert denied(roots, home / "keys") == "not_allowed"
    assert denied(FileRoots((home,), (home,)), home / "keys") == "not_allowed"


def test_hard_link_to_the_portals_own_database_is_refused(tmp_path: Path) -> None:
    own, root = tmp_path / "portal.sqlite3", tmp_path / "root"
    own.write_text("x")
    root.mkdir()
    os.link(own, root / "innocent.db")
    assert denied(FileRoots((root,), (own,)), root / "innocent.db") == "not_allowed"


@pytest.mark.parametrize("path", ["relative.csv", "", "/tmp/\x00x", "file:///etc/passwd"])  # noqa: S108
def test_paths_that_are_not_absolute_are_refused(tmp_path: Path, path: str) -> None:
    assert denied(FileRoots((tmp_path,)), path) == "not_allowed"


def test_without_roots_nothing_is_read(tmp_path: Path) -> None:
    assert denied(FileRoots(), tmp_path) == "not_allowed"
