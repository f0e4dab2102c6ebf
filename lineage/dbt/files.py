"""Uploaded artifacts on their way to a worker: compressed in pieces, so that a file is never whole in memory here and
any worker's host finds it."""

import zlib
from collections.abc import Iterable, Iterator

from catalog.common.decoding import DecodingError, gunzipped
from catalog.common.errors import Invalid, Problem
from catalog.quality.outside.documents import MAX_BYTES
from lineage.dbt.models import DbtImport, DbtImportPiece

MOST_FILES = 5
PIECE = 512 * 1024
_GZIP = b"\x1f\x8b"
NamedPieces = tuple[str, Iterable[bytes]]


def keep_files(job: DbtImport, files: Iterable[NamedPieces]) -> None:
    """Store the files as they come, in a transaction. Raises Invalid for one that is too large, damaged or empty."""
    listed = []
    for place, (name, pieces) in enumerate(files):
        if place >= MOST_FILES:
            raise _refused("files", f"At most {MOST_FILES} files at once.")
        listed.append({"name": name[:200], "bytes": _keep(job, place, name, pieces)})
    if not listed:
        raise _refused(
            "files", "Send manifest.json, and catalog.json, run_results.json and sources.json with it."
        )
    job.files = listed
    job.save(update_fields=["files"])


def _keep(job: DbtImport, place: int, name: str, pieces: Iterable[bytes]) -> int:
    """Store one file; returns its size, gzip undone."""
    size = 0
    packer = zlib.compressobj(3, wbits=31)
    packed = bytearray()
    number = 0
    try:
        for piece in _plain(pieces):
            size += len(piece)
            if size > MAX_BYTES:
                raise _refused(name or "file", f"The file is larger than {MAX_BYTES // 2**20} MB.")
            packed += packer.compress(piece)
            if len(packed) >= PIECE:
                DbtImportPiece.objects.create(job=job, file=place, number=number, data=bytes(packed))
                number, packed = number + 1, bytearray()
    except DecodingError as error:
        raise _refused(name or "file", str(error)) from error
    if not size:
        raise _refused(name or "file", "The file is empty.")
    DbtImportPiece.objects.create(job=job, file=place, number=number, data=bytes(packed + packer.flush()))
    return size


def _plain(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The content without gzip, piece by piece."""
    rest = iter(pieces)
    start = next((piece for piece in rest if piece), b"")
    whole = _chained(start, rest)
    yield from gunzipped(whole, MAX_BYTES) if start.startswith(_GZIP) else whole


def _chained(start: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield start
    yield from rest


def stored_files(job: DbtImport) -> list[tuple[str, bytes]]:
    """The files of an import with their names, compressed as they were stored."""
    found: list[tuple[str, bytes]] = []
    for place, file in enumerate(job.files):
        pieces = job.pieces.filter(file=place).order_by("number").values_list("data", flat=True)
        found.append((str(file["name"]), b"".join(bytes(piece) for piece in pieces)))
    return found


def _refused(path: str, words: str) -> Invalid:
    return Invalid(
        "The files cannot be taken.", "Nothing was changed.", problems=[Problem(path, "file", words)]
    )
