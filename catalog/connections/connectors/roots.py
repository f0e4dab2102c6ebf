"""Where file connectors may read: below named roots, after symbolic links are resolved, never the portal's own."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from catalog.connections.connectors.errors import SourceError

REMEDY = "Give a path below one of the folders an administrator named in MESHPORTAL_FILE_ROOTS."


@dataclass(frozen=True, slots=True)
class FileRoots:
    """Folders that may be read, and folders or files that never are (the portal's database, keys, index).

    The most specific entry decides: a root inside a forbidden folder may be read, a forbidden folder inside a root
    may not; where both name the same path, it is forbidden.
    """

    roots: tuple[Path, ...] = ()
    forbidden: tuple[Path, ...] = ()
    _identities: frozenset[tuple[int, int]] = field(init=False, default=frozenset())

    def __post_init__(self) -> None:
        object.__setattr__(self, "roots", _resolved(self.roots))
        object.__setattr__(self, "forbidden", _resolved(self.forbidden))
        identities = {(stat.st_dev, stat.st_ino) for path in self.forbidden if (stat := _stat(path))}
        object.__setattr__(self, "_identities", frozenset(identities))

    def resolve(self, path: str | Path) -> Path:
        """The real path of an existing file or folder that may be read.

        Raises SourceError: `not_allowed` outside the roots (the same words whether or not something is there, so
        that nobody can ask what exists on the server), `gone` when nothing is there.
        """
        text = str(path)
        if "\x00" in text or not os.path.isabs(text):
            raise SourceError("not_allowed", "The path must be absolute.", REMEDY)
        try:
            real = Path(os.path.realpath(text))
        except (OSError, ValueError) as error:
            raise SourceError("not_allowed", "The path cannot be followed.", REMEDY) from error
        if not self.allows(real):
            raise SourceError("not_allowed", "The path is not below a folder that may be read.", REMEDY)
        stat = _stat(real)
        if stat is None:
            raise SourceError("gone", f"There is nothing at {text}.", "Check the path, or put the file back.")
        if (stat.st_dev, stat.st_ino) in self._identities:  # a hard link to one of the portal's own files
            raise SourceError("not_allowed", "The path is not below a folder that may be read.", REMEDY)
        return real

    def allows(self, real: Path) -> bool:
        """Whether a real path (links resolved) lies below a root and not in a forbidden place."""
        root = _deepest(real, self.roots)
        return root is not None and root > (_deepest(real, self.forbidden) or -1)


def _resolved(paths: Iterable[str | Path]) -> tuple[Path, ...]:
    return tuple(Path(os.path.realpath(path)) for path in paths)


def _deepest(path: Path, folders: Iterable[Path]) -> int | None:
    depths = [len(folder.parts) for folder in folders if path.is_relative_to(folder)]
    return max(depths, default=None)


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None
