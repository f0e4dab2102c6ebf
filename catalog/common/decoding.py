"""Content encodings undone with a cap: a few kilobytes of gzip can hold gigabytes."""

import zlib
from collections.abc import Iterable, Iterator

PIECE = 256 * 1024


class DecodingError(Exception):
    """The body cannot be decoded, or (`is_bomb`) holds more than the cap."""

    def __init__(self, message: str, is_bomb: bool = False) -> None:
        super().__init__(message)
        self.is_bomb = is_bomb


def decoded(pieces: Iterable[bytes], encoding: str, cap: int) -> Iterator[bytes]:
    """The body without its `Content-Encoding` (gzip, deflate or none), never more than `cap` bytes in all.

    Memory stays bounded by one piece. Raises DecodingError.
    """
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        yield from _capped(pieces, cap)
    elif name in {"gzip", "x-gzip", "deflate"}:
        yield from _capped(_inflated(pieces), cap)
    else:
        raise DecodingError(f"The body is encoded as “{name[:40]}”, which was not asked for.")


def gunzipped(pieces: Iterable[bytes], cap: int) -> Iterator[bytes]:
    """A gzip file's content, several members too; as `decoded`."""
    yield from _capped(_inflated(pieces), cap)


def _capped(pieces: Iterable[bytes], cap: int) -> Iterator[bytes]:
    total = 0
    for piece in pieces:
        total += len(piece)
        if total > cap:
            raise DecodingError(f"The content has more than {cap:,} bytes when decompressed.", is_bomb=True)
        yield piece


def _inflated(pieces: Iterable[bytes]) -> Iterator[bytes]:
    inflater = None
    try:
        for piece in pieces:
            rest = piece
            while rest:
                if inflater is None or inflater.eof:
                    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # gzip or zlib, by its header
                produced = inflater.decompress(rest, PIECE)
                rest = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
                if produced:
                    yield produced
    except zlib.error as error:
        raise DecodingError("The compressed content is damaged.") from error
    if inflater is not None and not inflater.eof:
        raise DecodingError("The compressed content breaks off.")
