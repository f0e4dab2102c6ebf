"""Which objects of a bucket belong together: the same rules as for files, on keys instead of folders."""

import glob
import re
from collections.abc import Iterable, Iterator, Sequence

from catalog.connections.connectors.base import CrawlContext
from catalog.connections.connectors.filesets import FileSet, Folder, format_of, sets_in
from catalog.connections.connectors.s3_client import StoredObject

_PARTS = re.compile(r"\*\*/|\*+|\?|\[!?\]?[^\]]*\]|.", re.DOTALL)
_WILD = {"**/": "(?:.+/)?", "*": "[^/]*", "**": "[^/]*", "?": "[^/]"}


def find_sets(objects: Iterable[StoredObject], prefix: str, context: CrawlContext) -> Iterator[FileSet]:
    """The sets of the objects below a prefix; `prefix` with a wildcard is one set a format."""
    if glob.has_magic(prefix):
        keys = matching([item for item in objects if item.size], prefix)
        formats = {known for item in keys if (known := format_of(_name(item.key)))}
        yield from (FileSet(prefix, *known) for known in sorted(formats))
        return
    tree: dict[str, tuple[dict[str, None], list[str]]] = {"": ({}, [])}
    start = prefix.rpartition("/")[0]
    for item in objects:
        if item.key.endswith("/") or not item.size:  # the empty object by which consoles show a folder
            continue
        inside = item.key[len(start) + 1 :] if start else item.key
        folder, _, name = inside.rpartition("/")
        _plant(tree, folder)
        tree[folder][1].append(name)

    def walk(below: str) -> Iterator[Folder]:
        folders, names = list(tree[below][0]), tree[below][1]
        yield below, folders, names
        for name in folders:
            yield from walk(f"{below}/{name}" if below else name)

    yield from sets_in(start, walk, context)


def _plant(tree: dict[str, tuple[dict[str, None], list[str]]], folder: str) -> None:
    """Enter a folder and those above it."""
    missing = []
    while folder not in tree:
        missing.append(folder)
        folder = folder.rpartition("/")[0]
    for path in reversed(missing):
        above, _, name = path.rpartition("/")
        tree[path] = ({}, [])
        tree[above][0][name] = None


def _name(key: str) -> str:
    return key.rpartition("/")[2]


def matching(objects: Sequence[StoredObject], pattern: str) -> list[StoredObject]:
    """The objects whose key matches a pattern; `**/` stands for any folders, `*` and `?` stay within one."""
    if not glob.has_magic(pattern):
        return [item for item in objects if item.key == pattern]
    expression = re.compile("".join(_expression(part) for part in _PARTS.findall(pattern)) + r"\Z", re.DOTALL)
    return [item for item in objects if expression.match(item.key)]


def _expression(part: str) -> str:
    if part in _WILD:
        return _WILD[part]
    if part.startswith("[") and len(part) > 2:
        inside = part[1:-1]
        is_not, chosen = inside.startswith("!"), re.escape(inside.removeprefix("!")).replace(r"\-", "-")
        return f"[{'^' if is_not else ''}{chosen}]"
    return re.escape(part)


def of_set(objects: Sequence[StoredObject], found: FileSet) -> list[StoredObject]:
    """The objects of a set that hold something, the oldest first."""
    wanted = (found.format, found.is_gzip)
    inside = [o for o in matching(objects, found.pattern) if o.size and format_of(_name(o.key)) == wanted]
    return sorted(inside, key=lambda o: (o.modified_at.timestamp() if o.modified_at else 0.0, o.key))


def fixed_prefix(pattern: str) -> str:
    """What every key of a pattern begins with: the prefix to list."""
    text = ""
    for part in _PARTS.findall(pattern):
        if part in _WILD or (len(part) > 3 and part.startswith("[")):
            break
        text += part[1] if len(part) == 3 and part.startswith("[") and part.endswith("]") else part
    return text
